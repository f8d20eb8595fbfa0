//! Who is told of what: fallback, nobody, operators, and a channel that is dead.

use firemain_domain::judging::Severity;
use firemain_domain::telling::Audience;
use firemain_store::register::telling::{DeliveryState, TellingRegister};
use firemain_store::register::{EpisodeFilter, Register};

use crate::bench::{Bench, NOW, low, until, webhook, with};
use crate::receiver::{OK, Receiver, Reply};

fn complaint(bench: &Bench) -> String {
    let statuses = bench.register.statuses().unwrap();
    let tell = statuses.into_iter().find(|status| status.part == "tell");
    tell.map(|status| status.complaint).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_route_takes_goes_to_the_fallback_and_is_said_to_be_wrong() {
    let receiver = Receiver::new([], OK);
    let mut settings = with([("hook", webhook(&receiver.url()))]);
    settings.fallback_team = Some("duty".into());
    let bench = Bench::new(settings).await;
    bench.team("duty", &[]);
    bench.route("duty", "hook", Audience::Command, 0);
    bench.page(low("TR-1", Severity::Critical));
    until("the fallback is told", || receiver.requests().len() == 1).await;
    assert_eq!(receiver.requests()[0].json()["team"], "duty");
    let totals = bench.register.telling_totals(NOW.plus_ms(-1)).unwrap();
    assert_eq!((totals.fallback, totals.nobody), (1, 0));
    bench.clock.pass_ms(6_000);
    until("it is complained about", || {
        complaint(&bench).contains("taken by no route")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_to_tell_firemain_says_so() {
    let bench = Bench::new(with([])).await;
    until("it says so", || {
        complaint(&bench).contains("no channel is set")
    })
    .await;
    bench.page(low("TR-1", Severity::Critical));
    let nobody = || {
        bench
            .register
            .telling_totals(NOW.plus_ms(-1))
            .unwrap()
            .nobody
    };
    until("the notice reached nobody", || nobody() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_channel_is_told_of_by_another_and_its_alert_ends_by_itself() {
    let dead = Receiver::new([], Reply::Status(503, "", ""));
    let other = Receiver::new([], OK);
    let bench = Bench::new(with([
        ("dead", webhook(&dead.url())),
        ("other", webhook(&other.url())),
    ]))
    .await;
    bench.team("crew", &[]);
    bench.route("crew", "dead", Audience::Team, 0);
    bench.team("ops", &[]);
    bench.route("ops", "dead", Audience::Operators, 0);
    bench.route("ops", "other", Audience::Operators, 0);
    for n in 0..5 {
        bench.page(low(&format!("TR-{n}"), Severity::Critical));
    }
    until("five failed", || {
        bench.deliveries().iter().filter(|d| d.tries > 0).count() == 5
    })
    .await;
    bench.clock.pass_ms(2_500);
    until("the operators are told", || other.requests().len() == 1).await;
    let said = other.requests().remove(0).json();
    assert_eq!(said["subject"], "firemain:channel:dead");
    assert!(
        bench
            .deliveries()
            .iter()
            .all(|d| { d.what.channel != "dead" || !d.what.key.contains("firemain:channel") })
    );
    assert!(
        bench
            .notify
            .channels()
            .iter()
            .any(|c| c.name == "dead" && c.dead)
    );
    dead.now_answers(OK);
    bench.clock.pass_ms(20_000);
    until("what waited is taken", || {
        bench
            .deliveries()
            .iter()
            .any(|d| d.what.channel == "dead" && d.state == DeliveryState::Sent)
    })
    .await;
    bench.clock.pass_ms(2_500);
    until("its end is told", || other.requests().len() == 2).await;
    assert_eq!(other.requests().remove(1).json()["occasion"], "cleared");
    let filter = EpisodeFilter {
        source: Some("firemain:channel:dead".into()),
        ..EpisodeFilter::default()
    };
    let alerts = bench.register.episodes(&filter, None, 10).unwrap();
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].state.cleared_at.is_some());
}
