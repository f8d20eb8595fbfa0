//! The life of an alert as people live it.

use firemain_domain::change::Change;
use firemain_domain::handling::{Act, Attachment, Outcome, Silence, Silenced, Stage};
use firemain_domain::judging::{EpisodeEvent, Severity};
use firemain_store::journal::Position;
use firemain_store::register::{EpisodeFilter, Register, Step, WatchCommit};

use crate::register_support::{at, episode, step};

const ID: &str = "TR-1/LOW_STATIC/1";

fn did(act: Act) -> Change {
    Change::EpisodeHandled {
        episode: ID.into(),
        by: "lan".into(),
        act,
    }
}

fn refused(register: &dyn Register, change: Change) -> String {
    register
        .change("lan", at(70), &[change])
        .unwrap_err()
        .to_string()
}

fn stage(register: &dyn Register) -> Stage {
    register.episode(ID).unwrap().unwrap().stage()
}

/// The alert was acknowledged, and data cleared it; it comes back, and goes its way.
#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
pub fn an_alert_goes_its_way(register: &dyn Register) {
    assert_eq!(stage(register), Stage::Resolved, "by data");
    let back = episode("TR-1", 1, Severity::Major, 10);
    let commit = |upto: u64, event: EpisodeEvent, cleared| WatchCommit {
        upto: Position(upto),
        episodes: vec![firemain_domain::judging::EpisodeState {
            cleared_at: cleared,
            ..back.clone()
        }],
        steps: vec![step(ID, event)],
        ..WatchCommit::default()
    };
    register
        .commit(&commit(111, EpisodeEvent::Reopened, None))
        .unwrap();
    assert_eq!(stage(register), Stage::Open, "people begin anew");

    let acts = [
        (
            Act::Assigned {
                to: "Đội 1".into()
            },
            Stage::Open,
        ),
        (
            Act::Dispatched {
                crew: Some("Tổ 2".into()),
            },
            Stage::Dispatched,
        ),
        (Act::OnSite, Stage::OnSite),
        (
            Act::Resolved {
                outcome: Outcome::ValveOpened,
                note: None,
                photos: Vec::new(),
            },
            Stage::Resolved,
        ),
    ];
    for (act, then) in acts {
        register.change("lan", at(65), &[did(act.clone())]).unwrap();
        assert_eq!(stage(register), then, "{act:?}");
        assert!(refused(register, did(act)).contains("so before"));
    }
    let comment = |id: &str, photos: Vec<String>| {
        did(Act::Commented {
            id: id.into(),
            text: "xong".into(),
            photos,
        })
    };
    register
        .change("lan", at(66), &[comment("c-1", Vec::new())])
        .unwrap();
    assert!(refused(register, comment("c-1", Vec::new())).contains("taken"));
    assert!(refused(register, comment("c-2", vec!["none".into()])).contains("no photo"));
    let nowhere = did(Act::Attached {
        attachment: Attachment::Incident { id: "i-1".into() },
    });
    assert!(refused(register, nowhere).contains("no use of water"));

    let filtered = |filter: EpisodeFilter| {
        let rows = register.episodes(&filter, None, 9).unwrap();
        rows.iter()
            .map(|row| row.state.id.to_string())
            .collect::<Vec<_>>()
    };
    let of = |stage| EpisodeFilter {
        stage: Some(stage),
        ..EpisodeFilter::default()
    };
    assert_eq!(filtered(of(Stage::Resolved)), [ID]);
    assert_eq!(filtered(of(Stage::Open)).len(), 2);
    let theirs = EpisodeFilter {
        assigned_to: Some("Đội 1".into()),
        ..EpisodeFilter::default()
    };
    assert_eq!(filtered(theirs), [ID]);
    for (waits, n) in [(true, 2), (false, 1)] {
        let filter = EpisodeFilter {
            unacknowledged: Some(waits),
            ..EpisodeFilter::default()
        };
        assert_eq!(filtered(filter).len(), n, "{waits}");
    }
    let subject = ID.split('/').next().unwrap();
    for (codes, n) in [
        (vec![subject, "no-such"], 1),
        (vec!["no-such"], 0),
        (vec![], 0),
    ] {
        let filter = EpisodeFilter {
            sources: Some(codes.into_iter().map(Into::into).collect()),
            stage: Some(Stage::Resolved),
            ..EpisodeFilter::default()
        };
        assert_eq!(filtered(filter).len(), n);
    }
    let handled = register.being_handled().unwrap();
    assert!(
        handled
            .iter()
            .any(|(id, h)| id == ID && h.on_site.is_some())
    );

    // The readings clear it; a day later it closes by itself, once.
    let cleared = commit(112, EpisodeEvent::Cleared, Some(at(80)));
    register.commit(&cleared).unwrap();
    assert_eq!(register.close_cleared(at(79), at(81), 9).unwrap(), 0);
    assert_eq!(register.close_cleared(at(80), at(90), 9).unwrap(), 1);
    assert_eq!(register.close_cleared(at(80), at(91), 9).unwrap(), 0);
    let row = register.episode(ID).unwrap().unwrap();
    assert_eq!(row.handling.closed.unwrap().at, at(90));
    assert!(refused(register, did(Act::OnSite)).contains("closed"));
    register
        .change("lan", at(92), &[comment("c-2", Vec::new())])
        .unwrap();

    let names: Vec<String> = register
        .timeline(ID, 0, 99)
        .unwrap()
        .into_iter()
        .map(|step| match step.step {
            Step::Judged { event, .. } => format!("{event:?}"),
            Step::Acted { did } => did.name().to_owned(),
            _ => "acknowledged".to_owned(),
        })
        .collect();
    assert_eq!(
        names,
        [
            "Raised",
            "acknowledged",
            "Reopened",
            "assigned",
            "dispatched",
            "on_site",
            "resolved",
            "commented",
            "Cleared",
            "commented"
        ]
    );
}

pub fn silences_hold_for_a_while(register: &dyn Register) {
    let silence = |id: &str, days: i64| Silence {
        id: id.into(),
        over: Silenced::Alert(ID.into()),
        from: at(100),
        until: at(100).plus_ms(days * 86_400_000),
        reason: "đang sửa".into(),
        by: "lan".into(),
    };
    let enter = |silence: Silence| Change::SilenceEntered { silence };
    assert!(refused(register, enter(silence("s-1", 8))).contains("seven days"));
    let nobodys = Silence {
        over: Silenced::Alert("TR-1/STALE/9".into()),
        ..silence("s-1", 1)
    };
    assert!(refused(register, enter(nobodys)).contains("no alert"));
    register
        .change("lan", at(100), &[enter(silence("s-1", 7))])
        .unwrap();
    assert_eq!(
        register.silences_in_force(at(101)).unwrap(),
        [silence("s-1", 7)]
    );
    assert!(
        register
            .silences_in_force(at(100 + 7 * 1_440))
            .unwrap()
            .is_empty()
    );
    let end = Change::SilenceEnded {
        id: "s-1".into(),
        at: at(102),
    };
    register
        .change("huy", at(102), std::slice::from_ref(&end))
        .unwrap();
    assert!(register.silences_in_force(at(103)).unwrap().is_empty());
    assert!(refused(register, end).contains("already ended"));
    let steps = register.timeline(ID, 0, 99).unwrap();
    let last = steps.last().unwrap();
    assert!(matches!(last.step, Step::Unsilenced { .. }));
    assert_eq!(last.by.as_deref(), Some("huy"));
}

pub fn zones_have_supply_hours(register: &dyn Register) {
    let set = |hours: Option<&str>| Change::ZoneSupplySet {
        zone: "A".into(),
        schedule: hours.map(|hours| hours.parse().unwrap()),
        by: "lan".into(),
    };
    assert!(refused(register, set(None)).contains("no supply hours"));
    for hours in ["05:00-09:00", "05:00-09:00,17:00-22:00"] {
        register
            .change("lan", at(110), &[set(Some(hours))])
            .unwrap();
        assert_eq!(register.zone_supplies().unwrap()[0].hours, hours);
    }
    register.change("lan", at(111), &[set(None)]).unwrap();
    assert!(register.zone_supplies().unwrap().is_empty());
}
