//! Webhooks: signed, once, and again until they are taken.

use firemain_api::notify::{NotifySettings, webhook_signature};
use firemain_domain::clock::Clock;
use firemain_domain::judging::Severity;
use firemain_domain::telling::Audience;
use firemain_store::register::telling::{DeliveryState, Occasion, TellingRegister, TryOutcome};

use crate::bench::{Bench, SECRET, low, some_turns, until, webhook, with};
use crate::receiver::{OK, Receiver, Reply};

async fn told(receiver: &Receiver) -> Bench {
    let bench = Bench::new(with([("hook", webhook(&receiver.url()))])).await;
    bench.team("crew", &[]);
    bench.route("crew", "hook", Audience::Team, 0);
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reaches_its_team_signed_and_once() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Critical));
    until("it is sent", || {
        bench
            .deliveries()
            .iter()
            .any(|d| d.state == DeliveryState::Sent)
    })
    .await;
    // A replay says it again.
    bench.page(low("TR-1", Severity::Critical));
    some_turns().await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    let at_s: i64 = request.headers["firemain-timestamp"].parse().unwrap();
    assert_eq!(at_s, bench.clock.now().ms() / 1_000);
    let wanted = webhook_signature(SECRET, at_s, request.body.as_bytes());
    assert_eq!(request.headers["firemain-signature"], wanted);
    let body = request.json();
    assert_eq!(body["id"], "TR-1/LOW_STATIC/1/paged-0/hook/crew/");
    assert_eq!(body["id"], request.headers["firemain-id"].as_str());
    assert_eq!(body["severity"], "critical");
    assert_eq!(body["alert"]["evidence"]["measured"][0]["value"], 30.0);
    assert!(
        body["acknowledge"]
            .as_str()
            .unwrap()
            .starts_with("https://fire.example/a/")
    );
    assert!(
        body["sms"]
            .as_str()
            .unwrap()
            .contains("MAT AP 0,3 bar <1,0"),
        "{body}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_again_under_its_key_until_it_is_taken() {
    let failing = [
        Reply::Status(500, "", "broken"),
        Reply::Close,
        Reply::Hang,
        Reply::Status(302, "location: http://127.0.0.1:1/\r\n", ""),
        Reply::Status(401, "", "who are you"),
    ];
    let receiver = Receiver::new(failing, OK);
    // The replies are for this one message: nothing else is told meanwhile.
    let settings = NotifySettings {
        critical_after_min: [100_000; 3],
        ..with([("hook", webhook(&receiver.url()))])
    };
    let bench = Bench::new(settings).await;
    bench.team("crew", &[]);
    bench.route("crew", "hook", Audience::Team, 0);
    bench.page(low("TR-1", Severity::Critical));
    for tries in 1..=6 {
        until("it is tried", || {
            bench.deliveries().iter().any(|d| d.tries >= tries)
        })
        .await;
        bench.clock.pass_ms(1_000_000);
    }
    let delivery = bench.deliveries().remove(0);
    assert_eq!((delivery.state, delivery.tries), (DeliveryState::Sent, 6));
    let tries = bench.register.tries(delivery.number).unwrap();
    let outcomes: Vec<_> = tries.iter().map(|tried| tried.outcome).collect();
    assert_eq!(outcomes[..5], [TryOutcome::Failed; 5]);
    assert_eq!(outcomes[5], TryOutcome::Accepted);
    assert!(tries[0].answer.contains("500 broken"), "{:?}", tries[0]);
    assert!(
        tries[2].answer.contains("no answer in time"),
        "{:?}",
        tries[2]
    );
    assert!(tries[0].next_at.is_some() && tries[5].next_at.is_none());
    let keys: std::collections::BTreeSet<_> = receiver
        .requests()
        .iter()
        .map(|request| request.headers["firemain-id"].clone())
        .collect();
    assert_eq!(keys.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_final_and_shown() {
    let receiver = Receiver::new([Reply::Status(422, "", "no such thing")], OK);
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Critical));
    until("it is refused", || {
        bench
            .deliveries()
            .iter()
            .any(|d| d.state == DeliveryState::Refused)
    })
    .await;
    bench.clock.pass_ms(1_000_000);
    some_turns().await;
    let about_it = |request: &&crate::receiver::Request| request.json()["occasion"] == "paged";
    assert_eq!(receiver.requests().iter().filter(about_it).count(), 1);
    let tries = bench.register.tries(bench.deliveries()[0].number).unwrap();
    assert_eq!(tries[0].answer, "422 no such thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_to_wait_is_left_alone() {
    let script = [Reply::Status(429, "retry-after: 90\r\n", "slow down")];
    let receiver = Receiver::new(script, OK);
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Critical));
    until("it is tried", || {
        bench.deliveries().iter().any(|d| d.tries == 1)
    })
    .await;
    // Not even with another message.
    bench.page(low("TR-2", Severity::Critical));
    bench.clock.pass_ms(80_000);
    some_turns().await;
    assert_eq!(receiver.requests().len(), 1);
    bench.clock.pass_ms(10_001);
    until("both are sent", || {
        let sent = |d: &firemain_store::register::telling::Delivery| d.state == DeliveryState::Sent;
        bench.deliveries().iter().filter(|d| sent(d)).count() == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_nobody_takes_for_a_day_is_given_up() {
    let receiver = Receiver::new([], Reply::Status(503, "", ""));
    let bench = told(&receiver).await;
    bench.page(low("TR-1", Severity::Major));
    until("it is tried", || {
        bench.deliveries().iter().any(|d| d.tries >= 1)
    })
    .await;
    bench.clock.pass_ms(24 * 3_600_000);
    until("it is given up", || {
        bench.deliveries()[0].state == DeliveryState::Expired
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_paged_is_told_when_it_is_over() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    let mut alert = low("TR-1", Severity::Critical);
    bench.page(alert.clone());
    until("it is told", || receiver.requests().len() == 1).await;
    // Another route is there by then: who was not told that it began need not know that it ended.
    bench.team("others", &[]);
    bench.route("others", "hook", Audience::Team, 0);
    alert.cleared_at = Some(bench.clock.now());
    bench.judge([(Occasion::Cleared, alert)]);
    until("the end is told", || receiver.requests().len() >= 2).await;
    some_turns().await;
    assert_eq!(receiver.requests().len(), 2);
    let end = receiver.requests().remove(1).json();
    assert_eq!(
        (&end["occasion"], &end["team"]),
        (&"cleared".into(), &"crew".into())
    );
    assert!(end["acknowledge"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_tells_what_waits_and_nothing_twice() {
    let receiver = Receiver::new([], Reply::Status(503, "", ""));
    let bench = told(&receiver).await;
    for n in 0..5 {
        bench.page(low(&format!("TR-{n}"), Severity::Major));
    }
    until("they are tried", || {
        bench.deliveries().iter().filter(|d| d.tries > 0).count() == 5
    })
    .await;
    receiver.now_answers(OK);
    let bench = bench.restarted().await;
    bench.clock.pass_ms(100_000);
    until("all are sent", || {
        let sent = bench
            .deliveries()
            .iter()
            .filter(|d| d.state == DeliveryState::Sent)
            .count();
        sent >= 5
    })
    .await;
    some_turns().await;
    let accepted = bench
        .deliveries()
        .iter()
        .flat_map(|d| bench.register.tries(d.number).unwrap())
        .filter(|tried| tried.outcome == TryOutcome::Accepted)
        .count();
    assert_eq!(accepted, bench.deliveries().len());
}
