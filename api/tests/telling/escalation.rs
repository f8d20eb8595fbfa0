//! Who is told when nobody takes it.

use firemain_domain::clock::Clock;
use firemain_domain::judging::Severity;
use firemain_domain::telling::Audience;
use firemain_domain::time::MINUTE_MS;

use crate::bench::{Bench, low, some_turns, until, webhook, with};
use crate::receiver::{OK, Receiver};

const MINUTE: u64 = MINUTE_MS as u64;

async fn told(receiver: &Receiver) -> Bench {
    let bench = Bench::new(with([("hook", webhook(&receiver.url()))])).await;
    for (level, team) in ["crew", "lead", "company", "area"].into_iter().enumerate() {
        bench.team(team, &[]);
        bench.route(team, "hook", Audience::Team, level as u8);
    }
    bench
}

fn teams(receiver: &Receiver) -> Vec<String> {
    let team =
        |request: &crate::receiver::Request| request.json()["team"].as_str().unwrap().to_owned();
    receiver.requests().iter().map(team).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_that_nobody_takes_goes_on_step_by_step() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Critical));
    until("the crew is told", || teams(&receiver) == ["crew"]).await;
    bench.clock.pass_ms(10 * MINUTE - 1_000);
    some_turns().await;
    assert_eq!(teams(&receiver), ["crew"]);
    bench.clock.pass_ms(1_000);
    until("the shift lead is told", || {
        teams(&receiver) == ["crew", "lead"]
    })
    .await;
    bench.clock.pass_ms(20 * MINUTE);
    until("the company is told", || {
        teams(&receiver) == ["crew", "lead", "company"]
    })
    .await;
    bench.clock.pass_ms(30 * MINUTE);
    until("the area is told", || teams(&receiver).len() == 4).await;
    bench.clock.pass_ms(600 * MINUTE);
    some_turns().await;
    assert_eq!(teams(&receiver), ["crew", "lead", "company", "area"]);
    let last = receiver.requests().remove(3).json();
    assert_eq!(last["id"], "TR-1/LOW_STATIC/1/escalated-0-3/hook/area/");
    assert!(
        last["text"].as_str().unwrap().contains("chưa có ai nhận"),
        "{last}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_it_stops_the_steps_but_for_the_slow_ones() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    let alert = low("TR-1", Severity::Critical);
    bench.page(alert.clone());
    until("the crew is told", || teams(&receiver) == ["crew"]).await;
    bench.clock.pass_ms(5 * MINUTE);
    bench.acknowledge(&alert);
    bench.clock.pass_ms(59 * MINUTE);
    some_turns().await;
    assert_eq!(teams(&receiver), ["crew"]);
    // An hour after it was taken nobody is on the way.
    bench.clock.pass_ms(MINUTE);
    until("the shift lead is told", || {
        teams(&receiver) == ["crew", "lead"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_fires_nothing() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Critical));
    until("the crew is told", || teams(&receiver) == ["crew"]).await;
    bench.clock.step_ms(180 * MINUTE_MS);
    some_turns().await;
    assert_eq!(teams(&receiver), ["crew"]);
    bench.clock.pass_ms(10 * MINUTE);
    until("the shift lead is told", || {
        teams(&receiver) == ["crew", "lead"]
    })
    .await;
    bench.clock.step_ms(-180 * MINUTE_MS);
    some_turns().await;
    bench.clock.pass_ms(20 * MINUTE);
    until("the company is told", || {
        teams(&receiver) == ["crew", "lead", "company"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_long_stop_one_step_is_taken_at_a_time() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Critical));
    until("the crew is told", || teams(&receiver) == ["crew"]).await;
    bench.notify.stop().await;
    bench.clock.pass_ms(300 * MINUTE);
    let bench = bench.restarted().await;
    until("the shift lead is told", || {
        teams(&receiver) == ["crew", "lead"]
    })
    .await;
    some_turns().await;
    assert_eq!(teams(&receiver), ["crew", "lead"]);
    bench.clock.pass_ms(20 * MINUTE);
    until("the company is told", || {
        teams(&receiver) == ["crew", "lead", "company"]
    })
    .await;
    assert!(bench.clock.now().ms() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_without_a_route_is_told_to_those_of_the_step_below() {
    let receiver = Receiver::new([], OK);
    let bench = Bench::new(with([("hook", webhook(&receiver.url()))])).await;
    for (level, team) in [(0, "crew"), (1, "lead"), (3, "area")] {
        bench.team(team, &[]);
        bench.route(team, "hook", Audience::Team, level);
    }
    bench.page(low("TR-1", Severity::Critical));
    until("the crew is told", || teams(&receiver) == ["crew"]).await;
    bench.clock.pass_ms(10 * MINUTE);
    until("the shift lead is told", || teams(&receiver).len() == 2).await;
    bench.clock.pass_ms(20 * MINUTE);
    until("the shift lead is told again", || {
        teams(&receiver) == ["crew", "lead", "lead"]
    })
    .await;
    let again = receiver.requests().remove(2).json();
    assert_eq!(again["id"], "TR-1/LOW_STATIC/1/escalated-0-2/hook/lead/");
    assert!(
        again["sms"]
            .as_str()
            .unwrap()
            .contains("30 phut chua ai nhan"),
        "{again}"
    );
    bench.clock.pass_ms(30 * MINUTE);
    until("the area is told", || {
        teams(&receiver) == ["crew", "lead", "lead", "area"]
    })
    .await;
}
