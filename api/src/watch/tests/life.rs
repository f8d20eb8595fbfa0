//! What people do about alerts, and a kill in between.

use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::handling::{Act, Outcome, Silence, Silenced};
use firemain_domain::judging::EpisodeEvent;
use firemain_domain::time::MINUTE_MS;
use firemain_store::journal::{Envelope, Journal};
use firemain_store::register::{AlertRegister, Register, Step};

use super::{START, Town, judged, kill, two_hours, until};

const ALERT: &str = "H1/LOW_STATIC/1";

/// H1 is dry from 30 min on. It is silenced from 40 until 60, and resolved by hand at 70, to re-open
/// half an hour later.
fn changes(minute: i64) -> Vec<Change> {
    let at = |minute: i64| START.plus_ms(minute * MINUTE_MS);
    match minute {
        40 => vec![
            Change::RulesSet {
                scope: firemain_domain::judging::RuleScope::All,
                parameters: serde_json::from_str(r#"{"common":{"resolved_wait_s":1800}}"#).unwrap(),
            },
            Change::SilenceEntered {
                silence: Silence {
                    id: "quiet".into(),
                    over: Silenced::Source("H1".into()),
                    from: at(40),
                    until: at(60),
                    reason: "đang sửa".into(),
                    by: "lan".into(),
                },
            },
        ],
        70 => vec![Change::EpisodeHandled {
            episode: ALERT.into(),
            by: "lan".into(),
            act: Act::Resolved {
                outcome: Outcome::ValveOpened,
                note: Some("đã mở van".into()),
                photos: Vec::new(),
            },
        }],
        _ => Vec::new(),
    }
}

/// The story, told in pieces; `kills`: judging is killed before and after every piece and change.
async fn story(kills: bool) -> Town {
    let envelopes = two_hours(7);
    let town = Town::of(4);
    let mut watch = town.watch();
    until("the sources are judged", || watch.status().change == 4).await;
    let mut from = 0;
    for minute in [40, 50, 65, 70, 95, 110, 120] {
        let upto = START.plus_ms(minute * MINUTE_MS);
        let rest: &[Envelope] = &envelopes[from..];
        let n = rest.iter().take_while(|e| e.received_at <= upto).count();
        let head = town.append(&rest[..n]);
        from += n;
        if kills {
            // In the middle of it, somewhere.
            kill(watch).await;
            watch = town.watch();
        }
        judged(&watch, head).await;
        let changes = changes(minute);
        if !changes.is_empty() {
            let number = town.register.change("lan", upto, &changes).unwrap();
            watch.look();
            assert!(watch.applied(number).await);
        }
        if kills {
            kill(watch).await;
            watch = town.watch();
            judged(&watch, head).await;
        }
    }
    judged(&watch, town.journal.head().unwrap()).await;
    watch.stop().await;
    town
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_and_a_resolution_by_hand_survive_kills_and_are_told_once() {
    let expected = story(false).await;
    let killed = story(true).await;
    assert_eq!(killed.told(), expected.told());
    let steps = |town: &Town| town.register.timeline(ALERT, 0, 1_000).unwrap();
    assert_eq!(steps(&killed), steps(&expected), "the history too");

    let row = expected.register.episode(ALERT).unwrap().unwrap();
    assert_eq!(row.state.reopened, 1, "{row:?}");
    let minute = |at: Timestamp| at.since_ms(START) / MINUTE_MS;
    assert_eq!(row.handling.reopened_at.map(minute), Some(100));
    let mut pages = Vec::new();
    for step in steps(&expected) {
        if let Step::Judged {
            event,
            pages: true,
            muted_by: None,
            ..
        } = step.step
            && event != EpisodeEvent::Changed
        {
            pages.push(minute(step.at));
        }
    }
    assert_eq!(pages[0], 60, "not while it was silenced: {pages:?}");
    let quiet = pages.iter().all(|at| !(70..100).contains(at));
    assert!(
        quiet && pages.contains(&100),
        "nor while it was resolved: {pages:?}"
    );
    assert_eq!(pages.len(), usize::from(row.state.paged), "{pages:?}");
    assert_eq!(row.handling.resolved, None, "re-opened: people begin anew");
    assert!(row.handling.reopened_at.is_some());
    let names: Vec<String> = steps(&expected)
        .into_iter()
        .map(|step| match step.step {
            Step::Judged { event, .. } => format!("{event:?}"),
            Step::Acted { did } => did.name().to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    let wanted = ["Raised", "Paged", "resolved", "Reopened"];
    let mut found = names.iter();
    for name in wanted {
        assert!(found.any(|n| n == name), "{name} in its place in {names:?}");
    }
}
