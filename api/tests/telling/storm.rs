//! Too much at once: digests, and the fire that lifts them.

use firemain_domain::clock::Clock;
use firemain_domain::judging::Severity;
use firemain_domain::telling::Audience;
use firemain_domain::time::MINUTE_MS;
use firemain_store::register::telling::{DeliveryState, Occasion};

use crate::bench::{Bench, low, some_turns, until, webhook, with};
use crate::receiver::{OK, Receiver};

async fn told(receiver: &Receiver) -> Bench {
    let bench = Bench::new(with([("hook", webhook(&receiver.url()))])).await;
    bench.team("crew", &[]);
    bench.route("crew", "hook", Audience::Team, 0);
    bench.team("command", &[]);
    bench.route("command", "hook", Audience::Command, 0);
    bench
}

fn count(bench: &Bench, state: DeliveryState) -> usize {
    bench
        .deliveries()
        .iter()
        .filter(|d| d.state == state)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fire_lifts_what_a_digest_holds() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    let alerts: Vec<_> = (0..14)
        .map(|n| low(&format!("TR-{n}"), Severity::Critical))
        .collect();
    bench.judge(alerts.iter().map(|alert| (Occasion::Paged, alert.clone())));
    until("ten are sent", || count(&bench, DeliveryState::Sent) == 10).await;
    until("four are held", || count(&bench, DeliveryState::Held) == 4).await;
    some_turns().await;
    assert_eq!(receiver.requests().len(), 10);
    // A fire is opened near one that is held: command is told, and its crew at once.
    let held = bench
        .deliveries()
        .into_iter()
        .find(|d| d.state == DeliveryState::Held)
        .unwrap();
    let held = held.what.episode.unwrap();
    let mut near = alerts
        .into_iter()
        .find(|a| a.id.to_string() == held)
        .unwrap();
    near.tells_command = true;
    bench.judge([(Occasion::Command, near)]);
    until("command and its crew are told", || {
        receiver.requests().len() == 12
    })
    .await;
    let mut last: Vec<_> = receiver.requests()[10..]
        .iter()
        .map(|request| {
            let body = request.json();
            (body["team"].to_string(), body["subject"].to_string())
        })
        .collect();
    last.sort();
    let subject = format!("\"{}\"", held.split('/').next().unwrap());
    assert_eq!(
        last,
        [
            ("\"command\"".to_owned(), subject.clone()),
            ("\"crew\"".to_owned(), subject)
        ]
    );
    // One that burns already is not held at all.
    let mut burning = low("TR-99", Severity::Critical);
    burning.tells_command = true;
    bench.page(burning);
    until("it is told at once", || receiver.requests().len() == 13).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_alerts_become_digests() {
    let receiver = Receiver::new([], OK);
    let bench = told(&receiver).await;
    for thousand in 0..10 {
        let alerts = (0..1_000).map(|n| {
            let severity = if n % 100 == 0 {
                Severity::Critical
            } else {
                Severity::Major
            };
            (
                Occasion::Paged,
                low(&format!("TR-{thousand}-{n}"), severity),
            )
        });
        bench.judge(alerts);
    }
    until("all but ten are held", || {
        count(&bench, DeliveryState::Held) == 9_990
    })
    .await;
    until("ten are sent", || count(&bench, DeliveryState::Sent) == 10).await;
    bench.clock.pass_ms(10 * MINUTE_MS as u64);
    until("the digest is sent", || receiver.requests().len() >= 11).await;
    let digest = receiver
        .requests()
        .into_iter()
        .find(|r| r.json()["occasion"] == "digest");
    let digest = digest.unwrap().json();
    let title = digest["title"].as_str().unwrap();
    assert!(title.starts_with("[TỔNG HỢP] 9990 tin:"), "{title}");
    assert!(
        digest["text"].as_str().unwrap().contains("KHẨN"),
        "{digest}"
    );
    assert_eq!(count(&bench, DeliveryState::Digested), 9_990);
    // Steps of escalation come with the same clock, and are a storm themselves: held again.
    some_turns().await;
    assert!(
        receiver.requests().len() <= 25,
        "{}",
        receiver.requests().len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_let_majors_wait_and_never_criticals() {
    use firemain_domain::telling::{Contact, Language, QuietHours, Team};
    let receiver = Receiver::new([], OK);
    let bench = Bench::new(with([("hook", webhook(&receiver.url()))])).await;
    let contact = Contact {
        id: "night".into(),
        name: "Night".into(),
        language: Language::En,
        addresses: [("hook".to_owned(), "x".to_owned())].into(),
        shifts: Vec::new(),
        off_until: None,
        // NOW is 23:00 in Hanoi.
        quiet: Some(QuietHours {
            from: "22:00".parse().unwrap(),
            until: "05:00".parse().unwrap(),
        }),
    };
    bench.enter_team(Team {
        id: "crew".into(),
        name: "Crew".into(),
        contacts: vec![contact],
    });
    bench.route("crew", "hook", Audience::Team, 0);
    bench.page(low("TR-1", Severity::Major));
    bench.page(low("TR-2", Severity::Critical));
    until("the critical is told", || receiver.requests().len() == 1).await;
    some_turns().await;
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(receiver.requests()[0].json()["subject"], "TR-2");
    let waiting = bench
        .deliveries()
        .into_iter()
        .find(|d| d.state == DeliveryState::Waiting)
        .unwrap();
    let until_ms = waiting.what.due_at.since_ms(bench.clock.now());
    assert_eq!(until_ms, 6 * 60 * MINUTE_MS);
    // It is over before they end: nobody need hear of it at all.
    let mut over = low("TR-1", Severity::Major);
    over.cleared_at = Some(bench.clock.now());
    bench.judge([(Occasion::Cleared, over)]);
    until("it is overtaken", || {
        count(&bench, DeliveryState::Overtaken) == 1
    })
    .await;
    some_turns().await;
    assert_eq!(receiver.requests().len(), 1);
}
