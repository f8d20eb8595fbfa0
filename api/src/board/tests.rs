//! The board, filled by hand.

use std::sync::Arc;

use firemain_domain::clock::HandClock;
use firemain_domain::judging::{
    Basis, EpisodeId, Evidence, Measured, Reason, RuleName, Severity, Subject,
};
use firemain_domain::source::{Kind, Requirement, TapPoint};
use firemain_domain::time::MINUTE_MS;
use firemain_domain::{Quantity, Timestamp};

use firemain_domain::judging::rules::RuleBook;
use firemain_domain::judging::{RuleScope, Rules};
use firemain_domain::source::KindName;

use super::*;

const NOW: Timestamp = Timestamp::from_ms(1_795_395_600_000);

fn source(code: &str, lat: f64) -> Arc<Source> {
    Arc::new(Source {
        code: code.into(),
        kind: Kind::Hydrant {
            tap_point: TapPoint::Main,
        },
        name: String::new(),
        position: Position { lat, lon: 105.85 },
        device: None,
        unit: None,
        zone: None,
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            ..Requirement::default()
        }
        .into(),
        reporting: firemain_domain::source::Reporting::default(),
        access: firemain_domain::source::Access::default().into(),
        status: firemain_domain::source::Status::InService,
        supply_schedule: None,
        elevation_m: None,
        sensor: firemain_domain::source::Sensor::default().into(),
    })
}

fn standing(verdict: Verdict, reasons: &[Reason], kpa: f64) -> Standing {
    let pressure = Measured {
        basis: Basis::StaticPressure,
        quantity: Quantity::PressureKpa,
        value: kpa,
        limit: Some(98.1),
        margin: Some(kpa - 98.1),
        at: NOW,
    };
    Standing {
        verdict,
        reasons: reasons.to_vec(),
        notes: Vec::new(),
        evidence: Evidence {
            measured: vec![pressure],
        },
        since: NOW,
        heard_at: Some(NOW),
        available_flow: None,
    }
}

fn board() -> (Board, Arc<HandClock>) {
    let clock = HandClock::at(NOW);
    (Board::new(clock.clone(), &Stale::default()), clock)
}

fn set(board: &Board, code: &str, lat: f64, standing: Standing) {
    board.take([Told::Stands(
        source(code, lat),
        standing,
        Vec::new(),
        Vec::new(),
    )]);
}

#[test]
fn what_is_read_is_what_was_told() {
    let (board, _) = board();
    let told = standing(
        Verdict::Degraded,
        &[Reason::LowStatic, Reason::FlowDeficit],
        61.7,
    );
    set(&board, "A", 21.0, told.clone());
    let entry = board.get("A").unwrap();
    assert_eq!(entry.standing, told);
    assert!(board.get("B").is_none());
}

#[test]
fn evidence_ages_by_the_wall_clock_and_never_to_the_better() {
    let (board, clock) = board();
    set(&board, "FINE", 21.0, standing(Verdict::Usable, &[], 200.0));
    set(
        &board,
        "DRY",
        21.0,
        standing(Verdict::Unusable, &[Reason::LowStatic], 5.0),
    );
    clock.pass_ms(45 * MINUTE_MS as u64 - 1);
    assert_eq!(board.get("FINE").unwrap().standing.verdict, Verdict::Usable);
    clock.pass_ms(1);
    let aged = board.get("FINE").unwrap().standing;
    assert_eq!(
        (aged.verdict, aged.reasons),
        (Verdict::Unknown, vec![Reason::Stale])
    );
    assert_eq!(aged.since, NOW.plus_ms(45 * MINUTE_MS));
    assert_eq!(
        board.get("DRY").unwrap().standing.verdict,
        Verdict::Unusable
    );
    let counts = board.counts(|_| true);
    assert_eq!((counts.usable, counts.unknown, counts.unusable), (0, 1, 1));
}

#[test]
fn the_worst_is_flagged_first_and_what_owes_nothing_not_at_all() {
    let (board, _) = board();
    set(&board, "FINE", 21.0, standing(Verdict::Usable, &[], 200.0));
    set(
        &board,
        "UNPROVEN",
        21.0,
        standing(Verdict::Degraded, &[Reason::FlowUnproven], 200.0),
    );
    set(
        &board,
        "SILENT",
        21.0,
        standing(Verdict::Unknown, &[Reason::Stale], 200.0),
    );
    set(
        &board,
        "LOW",
        21.0,
        standing(Verdict::Degraded, &[Reason::LowStatic], 90.0),
    );
    set(
        &board,
        "LOWER",
        21.0,
        standing(Verdict::Degraded, &[Reason::LowStatic], 60.0),
    );
    set(
        &board,
        "CLOSED",
        21.0,
        standing(Verdict::Unusable, &[Reason::OutOfService], 200.0),
    );
    set(
        &board,
        "PLAN",
        21.0,
        standing(Verdict::Unusable, &[Reason::Planned], 200.0),
    );
    set(
        &board,
        "BARE",
        21.0,
        standing(Verdict::Unknown, &[Reason::NoRequirement], 200.0),
    );
    let id = EpisodeId {
        subject: Subject::Source("FIRE".into()),
        rule: RuleName::LowResidual,
        n: 1,
    };
    let alert = OpenAlert {
        id,
        severity: Severity::Critical,
        raised_at: NOW,
        pages: true,
        muted_by: None,
        handling: None,
    };
    let short = standing(Verdict::Degraded, &[Reason::LowResidual], 60.0);
    board.take([Told::Stands(
        source("FIRE", 21.0),
        short,
        vec![alert],
        Vec::new(),
    )]);

    let codes = |flagged: &Flagged| -> Vec<String> {
        flagged
            .entries
            .iter()
            .map(|e| e.source.code.to_string())
            .collect()
    };
    let all = board.flags(0, 10, |_| true);
    assert_eq!(
        codes(&all),
        ["FIRE", "CLOSED", "LOWER", "LOW", "SILENT", "UNPROVEN"]
    );
    let second_page = board.flags(2, 2, |_| true);
    assert_eq!(codes(&second_page), ["LOWER", "LOW"]);
    assert_eq!(second_page.total, 6);
}

#[test]
fn the_nearest_come_first_and_none_from_beyond() {
    let (board, _) = board();
    for (code, lat) in [
        ("FAR", 21.02),
        ("NEAR", 21.001),
        ("MID", 21.005),
        ("GONE", 21.0),
    ] {
        set(&board, code, lat, standing(Verdict::Usable, &[], 200.0));
    }
    set(&board, "MOVED", 21.0, standing(Verdict::Usable, &[], 200.0));
    set(
        &board,
        "MOVED",
        21.006,
        standing(Verdict::Usable, &[], 200.0),
    );
    board.take([Told::Gone("GONE".into())]);
    let mut found = Vec::new();
    board.nearest(
        Position {
            lat: 21.0,
            lon: 105.85,
        },
        2_000.0,
        |distance_m, view| {
            found.push((view.source().code.to_string(), distance_m.round()));
            ControlFlow::Continue(())
        },
    );
    let codes: Vec<_> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["NEAR", "MID", "MOVED"]);
    assert_eq!(found[0].1, 111.0);
}

#[test]
fn lists_go_on_after_a_code() {
    let (board, _) = board();
    for code in ["C", "A", "B", "D"] {
        set(&board, code, 21.0, standing(Verdict::Usable, &[], 200.0));
    }
    let codes = |after| -> Vec<String> {
        let list = board.list(after, 2, |view| &*view.source().code != "B");
        list.iter().map(|e| e.source.code.to_string()).collect()
    };
    assert_eq!(codes(None), ["A", "C"]);
    assert_eq!(codes(Some("C")), ["D"]);
    assert_eq!(board.len(), 4);
}

#[test]
fn evidence_ages_by_what_is_set_for_its_kind_or_itself() {
    let (board, clock) = board();
    for code in ["A", "B"] {
        set(&board, code, 21.0, standing(Verdict::Usable, &[], 200.0));
    }
    let intervals = |n: u8| {
        let stale = serde_json::json!({ "stale": { "verdict_intervals": n } });
        stale.as_object().unwrap().clone()
    };
    let mut book = RuleBook::new(Rules::default());
    book.put(RuleScope::Kind(KindName::Hydrant), intervals(6))
        .unwrap();
    book.put(RuleScope::Source("B".into()), intervals(2))
        .unwrap();
    board.take([Told::Ages(Ages::of(&book))]);
    let verdicts = || ["A", "B"].map(|code| board.get(code).unwrap().standing.verdict);
    clock.pass_ms(30 * MINUTE_MS as u64);
    assert_eq!(verdicts(), [Verdict::Usable, Verdict::Unknown]);
    clock.pass_ms(60 * MINUTE_MS as u64 - 1);
    assert_eq!(verdicts(), [Verdict::Usable, Verdict::Unknown]);
    clock.pass_ms(1);
    assert_eq!(verdicts(), [Verdict::Unknown, Verdict::Unknown]);
}
