//! Water drawn that nobody has a fire or a permit for.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::change::{Change, Permit, PermitPurpose};
use firemain_domain::judging::{Control, Judge, Mute, Rules, Severity};
use firemain_domain::source::{Kind, ReportMode, Reporting, Source, TapPoint};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use firemain_domain::{Quantity, Timestamp};
use support::*;

const USE: &str = "UNAUTHORISED_USE";

fn of_rule(told: &Told) -> Vec<String> {
    let mut alerts = told.alerts();
    alerts.retain(|alert| alert.starts_with(USE));
    alerts
}

/// Water is drawn for so many minutes, told once a minute.
fn draws(told: &mut Told, minutes: i64) {
    for _ in 0..minutes {
        told.reads("H", &[(PressureKpa, 180.0), (FlowLps, 4.0)]);
        told.pass_min(1);
    }
}

fn stops(told: &mut Told) {
    for _ in 0..7 {
        told.reads("H", &[(PressureKpa, 200.0), (FlowLps, 0.0)]);
        told.pass_min(1);
    }
}

fn permit(from: Timestamp, until: Timestamp) -> Change {
    Change::PermitGranted {
        permit: Permit {
            id: "p".into(),
            source: "H".into(),
            purpose: PermitPurpose::Other,
            from,
            until,
            by: "me".into(),
            note: None,
        },
    }
}

#[test]
fn a_use_without_fire_or_permit_is_asked_at_once_and_pages_after_a_quarter_of_an_hour() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 2);
    let began = told.now;
    draws(&mut told, 14);
    let asked = told.newest(USE).unwrap();
    assert_eq!(
        (asked.severity, asked.pages, asked.began_at),
        (Severity::Minor, false, began)
    );
    assert_eq!(asked.raised_at, began.plus_ms(30_000));
    assert_eq!(asked.evidence.measured[0].value, 4.0);
    draws(&mut told, 3);
    let paged = told.newest(USE).unwrap();
    assert_eq!((paged.severity, paged.pages), (Severity::Major, true));
    assert_eq!(
        of_rule(&told),
        [
            "UNAUTHORISED_USE Raised",
            "UNAUTHORISED_USE Changed",
            "UNAUTHORISED_USE Paged"
        ]
    );
    stops(&mut told);
    assert!(told.newest(USE).unwrap().cleared_at.is_some());
    draws(&mut told, 1);
    assert_eq!(of_rule(&told).last().unwrap(), "UNAUTHORISED_USE Reopened");
    assert_eq!(told.newest(USE).unwrap().severity, Severity::Minor);
}

#[test]
fn a_use_that_ends_before_it_is_answered_pages_nobody() {
    let mut told = Told::recording([hydrant("H")]);
    draws(&mut told, 5);
    stops(&mut told);
    told.pass_min(30);
    assert_eq!(
        of_rule(&told),
        ["UNAUTHORISED_USE Raised", "UNAUTHORISED_USE Cleared"]
    );
}

#[test]
fn a_use_near_a_fire_or_by_permit_is_nobodys_question() {
    let mut told = Told::recording([hydrant("H")]);
    told.change(fire(told.now, 490.0));
    draws(&mut told, 20);
    assert!(of_rule(&told).is_empty(), "{:?}", told.alerts());
    let mut told = Told::recording([hydrant("H")]);
    told.change(permit(told.now, told.now.plus_ms(HOUR_MS)));
    draws(&mut told, 20);
    assert!(of_rule(&told).is_empty());
    let mut told = Told::recording([hydrant("H")]);
    told.change(fire(told.now, 510.0));
    draws(&mut told, 20);
    assert!(told.newest(USE).unwrap().pages, "too far from the fire");
}

#[test]
fn the_answer_ends_it_and_its_end_asks_again() {
    let mut told = Told::recording([hydrant("H")]);
    draws(&mut told, 5);
    told.change(fire(told.now, 100.0));
    assert_eq!(of_rule(&told).last().unwrap(), "UNAUTHORISED_USE Cleared");
    draws(&mut told, 20);
    told.change(Change::IncidentEnded {
        id: "fire".into(),
        at: told.now,
    });
    assert_eq!(of_rule(&told).last().unwrap(), "UNAUTHORISED_USE Reopened");
    assert!(!told.newest(USE).unwrap().pages);
    draws(&mut told, 14);
    assert!(!told.newest(USE).unwrap().pages, "it was asked 14 min ago");
    draws(&mut told, 2);
    assert!(told.newest(USE).unwrap().pages);

    let mut told = Told::recording([hydrant("H")]);
    draws(&mut told, 2);
    told.change(permit(told.now, told.now.plus_ms(10 * MINUTE_MS)));
    assert_eq!(of_rule(&told).last().unwrap(), "UNAUTHORISED_USE Cleared");
    draws(&mut told, 10);
    assert_eq!(
        of_rule(&told).last().unwrap(),
        "UNAUTHORISED_USE Reopened",
        "a permit ends by itself"
    );
}

#[test]
fn a_use_during_maintenance_is_asked_and_does_not_page() {
    let mut told = Told::recording([hydrant("H")]);
    told.change(window("H", told.now, told.now.plus_ms(DAY_MS)));
    draws(&mut told, 20);
    let alert = told.newest(USE).unwrap();
    assert_eq!(
        (alert.pages, alert.muted_by),
        (false, Some(Mute::Maintenance))
    );
}

#[test]
fn an_on_change_device_that_says_it_once_is_asked_and_paged() {
    let reporting = Reporting {
        interval_s: None,
        mode: ReportMode::OnChange,
    };
    let mut told = Told::recording([Source {
        reporting,
        ..hydrant("H")
    }]);
    told.reads("H", &[(PressureKpa, 180.0), (FlowLps, 4.0)]);
    told.pass_min(16);
    assert!(told.newest(USE).unwrap().pages);
    told.reads("H", &[(PressureKpa, 200.0), (FlowLps, 0.0)]);
    told.pass_min(6);
    assert!(told.newest(USE).unwrap().cleared_at.is_some());
}

#[test]
fn a_barrel_and_a_main_without_a_meter_are_in_use_by_cap_and_pressure() {
    let barrel = Source {
        kind: Kind::Hydrant {
            tap_point: TapPoint::Barrel,
        },
        ..hydrant("H")
    };
    let cap = |off: f64| (Quantity::CapOpen, off);
    for (source, rest_kpa, use_kpa) in [(barrel, 0.0, 150.0), (hydrant("H"), 200.0, 170.0)] {
        let mut told = Told::recording([source]);
        for _ in 0..3 {
            told.reads("H", &[(PressureKpa, rest_kpa), cap(0.0)]);
            told.pass_min(15);
        }
        told.reads("H", &[(PressureKpa, rest_kpa), cap(1.0)]);
        told.pass_min(15);
        assert!(of_rule(&told).is_empty(), "a cap off alone draws nothing");
        told.reads("H", &[(PressureKpa, use_kpa), cap(1.0)]);
        told.pass_min(16);
        assert!(told.newest(USE).unwrap().pages, "{rest_kpa}");
        told.reads("H", &[(PressureKpa, rest_kpa), cap(0.0)]);
        assert!(told.newest(USE).unwrap().cleared_at.is_some());
    }
}

#[test]
fn a_use_that_falls_silent_ends_and_its_question_too() {
    let mut told = Told::recording([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 180.0), (FlowLps, 4.0)]);
    told.pass_min(50);
    assert!(told.newest(USE).unwrap().cleared_at.is_some());
}

#[test]
fn a_source_taken_out_of_service_while_asked_leaves_nothing_behind() {
    let mut told = Told::recording([hydrant("H")]);
    draws(&mut told, 3);
    told.change(Change::SourceSet {
        source: Box::new(Source {
            status: firemain_domain::source::Status::OutOfService,
            ..hydrant("H")
        }),
    });
    assert!(told.newest(USE).unwrap().cleared_at.is_some());
    told.pass_min(60);
    assert!(!told.newest(USE).unwrap().pages);
}

#[test]
fn a_question_is_restored_at_any_moment() {
    let script = |told: &mut Told, from: usize, to: usize| {
        for step in from..to {
            let flow = if (2..22).contains(&step) { 4.0 } else { 0.0 };
            told.reads("H", &[(PressureKpa, 180.0), (FlowLps, flow)]);
            told.pass_min(1);
        }
    };
    let mut whole = Told::live([hydrant("H")]);
    script(&mut whole, 0, 30);
    assert!(whole.newest(USE).unwrap().pages);
    for cut in 0..30 {
        let mut told = Told::live([hydrant("H")]);
        script(&mut told, 0, cut);
        let mut restored = Judge::new(Rules::default());
        let global = told.judge.begin_save();
        let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
        restored.restore(&global, saved).unwrap();
        told.judge = restored;
        script(&mut told, cut, 30);
        assert_eq!(told.effects, whole.effects, "cut at {cut}");
    }
}

/// At 09:00, an hour after the test's clock began, the supply ends, and the main runs dry.
fn without_supply(kpa: f64) -> Told {
    let mut told = Told::recording([Source {
        supply_schedule: Some("05:00-09:00".parse().unwrap()),
        ..hydrant("H")
    }]);
    told.steady("H", 200.0, 4);
    told.steady("H", kpa, 12);
    assert!(
        told.alerts().is_empty(),
        "nothing is missed that is not owed"
    );
    told
}

#[test]
fn a_fire_is_told_of_what_is_dry_outside_its_supply_hours() {
    for (metres, kpa, told_of) in [
        (490.0, 5.0, true),
        (510.0, 5.0, false),
        (100.0, 60.0, false),
    ] {
        let mut told = without_supply(kpa);
        told.change(fire(told.now, metres));
        let alert = told.newest("LOW_STATIC");
        let said = alert.is_some_and(|a| a.pages && a.tells_command);
        assert_eq!(said, told_of, "{metres} {kpa}");
    }
}

#[test]
fn what_runs_dry_outside_its_supply_hours_during_a_fire_is_told_after_its_dwell() {
    let mut told = Told::recording([Source {
        supply_schedule: Some("05:00-09:00".parse().unwrap()),
        ..hydrant("H")
    }]);
    told.steady("H", 200.0, 4);
    told.change(fire(told.now, 100.0));
    told.steady("H", 200.0, 1);
    let dry_from = told.now;
    for _ in 0..12 {
        told.reads("H", &[(PressureKpa, 5.0)]);
        told.pass_min(1);
    }
    let alert = told.newest("LOW_STATIC").unwrap();
    assert!(alert.pages && alert.tells_command);
    assert_eq!(alert.raised_at, dry_from.plus_ms(10 * MINUTE_MS));
    told.change(Change::IncidentEnded {
        id: "fire".into(),
        at: told.now,
    });
    told.steady("H", 5.0, 4);
    assert!(told.newest("LOW_STATIC").unwrap().cleared_at.is_none());
}

#[test]
fn a_use_known_from_history_pages_when_a_current_reading_says_the_same() {
    let mut told = Told::live([hydrant("H")]);
    told.control(Control::History { begins: true });
    draws(&mut told, 20);
    told.control(Control::History { begins: false });
    assert!(!told.newest(USE).unwrap().pages);
    draws(&mut told, 1);
    assert!(told.newest(USE).unwrap().pages);
}
