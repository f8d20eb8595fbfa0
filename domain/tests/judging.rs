//! What judging says of sources, told as stories.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, Incident, MaintenanceWindow};
use firemain_domain::handling::Area;
use firemain_domain::judging::{
    Control, EpisodeEvent, Judge, Mute, Reason, Rules, Severity, Verdict,
};
use firemain_domain::source::{
    Kind, Position, ReportMode, Reporting, Requirement, Source, Status, TapPoint,
};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use support::*;

fn owing_flow(code: &str) -> Source {
    Source {
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            flow_lps: Some(15.0),
            volume_m3: None,
        }
        .into(),
        ..hydrant(code)
    }
}

#[test]
fn a_first_low_reading_shows_at_once_and_a_second_ten_minutes_later_alerts() {
    let mut told = Told::recording([hydrant("H")]);
    assert_eq!(told.standing("H").reasons, [Reason::NoData]);
    told.reads_at("H", None, &[(PressureKpa, 20.0)]);
    assert_eq!(
        told.standing("H").verdict,
        Verdict::Degraded,
        "critical by one sample only"
    );
    assert_eq!(told.standing("H").reasons, [Reason::LowStatic]);
    told.pass_min(10);
    assert!(told.alerts().is_empty(), "one sample raises nothing");
    told.reads_at("H", None, &[(PressureKpa, 20.0)]);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!((alert.severity, alert.pages), (Severity::Critical, true));
    assert_eq!(alert.began_at, START);
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
}

#[test]
fn two_samples_and_a_dwell_that_ends_between_them_raise_at_its_end() {
    let mut told = Told::recording([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 60.0)]);
    told.pass_min(1);
    told.reads("H", &[(PressureKpa, 60.0)]);
    told.pass_min(20);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!(alert.raised_at, START.plus_ms(10 * MINUTE_MS));
    assert_eq!(alert.severity, Severity::Major);
}

#[test]
fn a_dip_that_is_over_before_the_dwell_alerts_nobody() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 3);
    told.reads("H", &[(PressureKpa, 90.0)]);
    told.pass_min(5);
    told.reads("H", &[(PressureKpa, 100.0)]);
    told.pass_min(60);
    assert!(told.alerts().is_empty());
}

#[test]
fn an_alert_clears_when_pressure_has_been_back_for_half_an_hour_and_reopens_within_the_hour() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 2);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    told.steady("H", 105.0, 4);
    assert_eq!(
        told.alerts().len(),
        1,
        "above the requirement, but not by the margin"
    );
    assert_eq!(
        told.standing("H").verdict,
        Verdict::Usable,
        "the map tells the truth at once"
    );
    told.steady("H", 200.0, 3);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised", "LOW_STATIC Cleared"]);
    told.steady("H", 60.0, 2);
    assert_eq!(told.alerts().last().unwrap(), "LOW_STATIC Reopened");
    assert_eq!(told.newest("LOW_STATIC").unwrap().id.n, 1);
}

#[test]
fn a_main_that_stands_close_above_its_requirement_can_clear_too() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 110.0, 8);
    told.steady("H", 60.0, 3);
    told.steady("H", 110.0, 4);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised", "LOW_STATIC Cleared"]);
}

#[test]
fn silence_makes_unknown_after_three_intervals_and_alerts_after_a_day() {
    let mut told = Told::recording([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 200.0)]);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.pass_min(44);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.pass_min(1);
    assert_eq!(told.standing("H").reasons, [Reason::Stale]);
    told.pass_min(24 * 60 - 46);
    assert!(told.alerts().is_empty());
    told.pass_min(2);
    assert_eq!(told.alerts(), ["STALE Raised"]);
    told.reads("H", &[(PressureKpa, 200.0)]);
    assert_eq!(told.alerts().len(), 1);
    told.pass_min(1);
    told.reads("H", &[(PressureKpa, 200.0)]);
    assert_eq!(told.alerts(), ["STALE Raised", "STALE Cleared"]);
}

#[test]
fn silence_never_improves_a_verdict() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 10.0, 3);
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    told.pass_min(10 * 60);
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    assert_eq!(
        told.alerts(),
        ["LOW_STATIC Raised"],
        "nor does it clear anything"
    );
}

#[test]
fn an_hours_stop_raises_no_stale_and_loses_no_dwell() {
    let mut told = Told::live([hydrant("H"), hydrant("DRY")]);
    for _ in 0..3 {
        told.reads("H", &[(PressureKpa, 200.0)]);
        told.pass_min(15);
    }
    told.reads("H", &[(PressureKpa, 200.0)]);
    told.reads("DRY", &[(PressureKpa, 10.0)]);
    told.pass_min(1);
    told.reads("DRY", &[(PressureKpa, 10.0)]);
    told.now = told.now.plus_ms(HOUR_MS);
    told.control(Control::Started);
    assert!(
        told.alerts().is_empty(),
        "what queued up may yet say otherwise"
    );
    told.control(Control::Connected {
        session_present: true,
    });
    told.now = told.now.plus_ms(1_000);
    told.control(Control::Drained);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    assert_eq!(
        told.alerts(),
        ["LOW_STATIC Raised"],
        "the dwell passed, uncontradicted"
    );
}

#[test]
fn a_backlog_that_contradicts_comes_before_the_deadline_that_passed_meanwhile() {
    let mut told = Told::live([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 60.0)]);
    told.pass_min(1);
    told.reads("H", &[(PressureKpa, 60.0)]);
    let back_at = told.now.plus_ms(2 * MINUTE_MS);
    told.now = told.now.plus_ms(20 * MINUTE_MS);
    told.control(Control::Started);
    told.control(Control::Connected {
        session_present: true,
    });
    told.reads_at("H", Some(back_at), &[(PressureKpa, 200.0)]);
    told.control(Control::Drained);
    assert!(told.alerts().is_empty());
}

#[test]
fn clock_steps_of_an_hour_raise_no_stale_and_lose_no_dwell() {
    for by_ms in [HOUR_MS, -HOUR_MS] {
        let mut told = Told::live([hydrant("H"), hydrant("DRY")]);
        told.steady("H", 200.0, 3);
        told.reads("H", &[(PressureKpa, 200.0)]);
        told.reads("DRY", &[(PressureKpa, 10.0)]);
        told.pass_min(1);
        told.reads("DRY", &[(PressureKpa, 10.0)]);
        let true_now = told.now;
        if by_ms > 0 {
            told.now = told.now.plus_ms(by_ms);
        }
        let offset = by_ms.min(0);
        let now = told.now;
        use firemain_domain::judging::What;
        told.tell_at(now, offset, What::Control(Control::ClockStepped { by_ms }));
        assert!(told.alerts().is_empty(), "{by_ms}");
        // The devices' own clocks were right all along.
        for minute in 0..30 {
            let at = true_now.plus_ms(minute * MINUTE_MS);
            for _ in 0..12 {
                let beat = told.now.plus_ms(5_000);
                told.tell_at(
                    beat,
                    offset,
                    What::Control(Control::Heartbeat { settled: 0 }),
                );
            }
            if minute % 15 == 14 {
                told.reads_with_offset("H", at.plus_ms(MINUTE_MS), offset, 200.0);
            }
        }
        assert_eq!(told.standing("H").verdict, Verdict::Usable, "{by_ms}");
        assert_eq!(told.alerts(), ["LOW_STATIC Raised"], "{by_ms}");
        let raised = told.newest("LOW_STATIC").unwrap().raised_at;
        let waited = raised.since_ms(now);
        assert!(
            (8 * MINUTE_MS..10 * MINUTE_MS).contains(&waited),
            "{by_ms}: {waited}"
        );
    }
}

/// Minutes in which a device without a clock says the same; `offset_ms`: how far ours is behind.
fn says_each_minute(told: &mut Told, minutes: i64, offset_ms: i64, kpa: f64) {
    for _ in 0..minutes {
        told.now = told.now.plus_ms(MINUTE_MS);
        told.reads_untimed_with_offset("H", offset_ms, kpa);
    }
}

#[test]
fn of_a_device_without_a_clock_ours_set_back_and_right_again_shifts_no_dwell_and_no_clearing() {
    use firemain_domain::judging::What;
    let mut told = Told::live([hydrant("H")]);
    let set_back = |told: &mut Told| {
        let (now, by_ms) = (told.now, -HOUR_MS);
        told.tell_at(now, by_ms, What::Control(Control::ClockStepped { by_ms }));
    };
    says_each_minute(&mut told, 1, 0, 200.0);
    let low_from = told.now.plus_ms(MINUTE_MS);
    says_each_minute(&mut told, 3, 0, 50.0);
    set_back(&mut told);
    says_each_minute(&mut told, 3, -HOUR_MS, 50.0);
    // Set right again: journal time takes no part in it, and nothing is told.
    says_each_minute(&mut told, 3, 0, 50.0);
    assert!(told.alerts().is_empty(), "not before its ten minutes");
    says_each_minute(&mut told, 3, 0, 50.0);
    let raised_at = told.newest("LOW_STATIC").unwrap().raised_at;
    assert_eq!(raised_at, low_from.plus_ms(10 * MINUTE_MS));

    says_each_minute(&mut told, 10, 0, 200.0);
    set_back(&mut told);
    says_each_minute(&mut told, 18, -HOUR_MS, 200.0);
    assert_eq!(
        told.alerts(),
        ["LOW_STATIC Raised"],
        "not before its half hour"
    );
    says_each_minute(&mut told, 4, -HOUR_MS, 200.0);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised", "LOW_STATIC Cleared"]);
}

#[test]
fn late_data_fills_the_history_and_pages_nobody() {
    let mut told = Told::recording([hydrant("H")]);
    told.pass_min(600);
    for minutes_ago in (120..600).rev().step_by(15) {
        let at = told.now.plus_ms(-minutes_ago * MINUTE_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 20.0)]);
    }
    told.pass_min(120);
    let alerts: Vec<String> = told
        .alerts()
        .into_iter()
        .filter(|a| !a.contains("STALE"))
        .collect();
    assert!(alerts.is_empty(), "{alerts:?}");
}

#[test]
fn a_burst_whose_newest_reading_is_current_pages_once() {
    let mut told = Told::recording([hydrant("H")]);
    told.pass_min(600);
    for minutes_ago in (0..600).rev().step_by(15) {
        let at = told.now.plus_ms(-minutes_ago * MINUTE_MS);
        told.now = told.now.plus_ms(10);
        told.reads_at("H", Some(at), &[(PressureKpa, 20.0)]);
    }
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    assert!(told.newest("LOW_STATIC").unwrap().pages);
}

#[test]
fn a_spike_is_left_out_and_a_step_is_believed() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 10);
    told.reads("H", &[(PressureKpa, 10.0)]);
    assert_eq!(
        told.standing("H").reasons,
        [Reason::LowStatic],
        "the map says so at once"
    );
    told.pass_min(15);
    told.steady("H", 200.0, 3);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    assert!(told.alerts().is_empty());
    told.steady("H", 10.0, 2);
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    told.reads("H", &[(PressureKpa, 200.0)]);
    told.pass_min(1);
    assert_eq!(told.alerts().len(), 1);
}

#[test]
fn what_cannot_be_is_left_out() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 2);
    for value in [f64::NAN, f64::INFINITY, 1_700.0, -200.0] {
        told.reads("H", &[(PressureKpa, value)]);
        told.pass_min(1);
    }
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    assert!(told.alerts().is_empty());
}

#[test]
fn low_pressure_in_use_calls_command_at_once() {
    let mut told = Told::recording([owing_flow("H")]);
    told.steady("H", 200.0, 10);
    told.reads("H", &[(PressureKpa, 60.0), (FlowLps, 12.0)]);
    told.pass_min(2);
    let alert = told.newest("LOW_RESIDUAL").unwrap();
    assert_eq!(
        (alert.severity, alert.pages, alert.tells_command),
        (Severity::Critical, true, true)
    );
    assert_eq!(
        told.newest("IN_USE")
            .unwrap()
            .raised_at
            .since_ms(alert.began_at),
        30_000
    );
    told.reads("H", &[(PressureKpa, 200.0), (FlowLps, 0.0)]);
    assert!(told.newest("LOW_RESIDUAL").unwrap().cleared_at.is_some());
    assert_eq!(
        told.standing("H").reasons,
        [Reason::FlowDeficit],
        "that use has shown it to be short"
    );
}

#[test]
fn a_neighbour_in_use_holds_back_the_non_critical_page_for_an_hour() {
    let far = Source {
        position: Position {
            lat: 21.04,
            lon: 105.85,
        },
        ..hydrant("FAR")
    };
    let mut told = Told::recording([hydrant("H"), hydrant("USER"), far]);
    told.may_draw("USER");
    for _ in 0..8 {
        for code in ["H", "FAR"] {
            told.reads(code, &[(PressureKpa, 110.0)]);
        }
        told.pass_min(15);
    }
    for minute in 0..80 {
        told.reads("USER", &[(PressureKpa, 150.0), (FlowLps, 12.0)]);
        if minute % 5 == 0 {
            for code in ["H", "FAR"] {
                told.reads(code, &[(PressureKpa, 90.0)]);
            }
        }
        if minute == 30 {
            let of = |code: &str| {
                told.episodes()
                    .filter(|(_, e)| e.id.source().is_some_and(|source| &**source == code))
                    .last()
                    .unwrap()
                    .1
                    .clone()
            };
            assert!(of("FAR").pages);
            assert_eq!(
                (of("H").pages, of("H").muted_by),
                (false, Some(Mute::InUse))
            );
        }
        told.pass_min(1);
    }
    let paged = told
        .episodes()
        .find(|(what, _)| *what == EpisodeEvent::Paged)
        .unwrap();
    assert_eq!(paged.1.id.to_string().split('/').next(), Some("H"));
}

#[test]
fn maintenance_mutes_pages_not_the_map_and_a_fire_lifts_it() {
    let mut told = Told::recording([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 200.0)]);
    let window = MaintenanceWindow {
        id: "w".into(),
        over: Area::Source("H".into()),
        from: told.now,
        until: told.now.plus_ms(8 * HOUR_MS),
        weekly: None,
        reason: "valve".into(),
        by: "crew".into(),
    };
    told.change(Change::WindowEntered { window });
    assert_eq!(told.standing("H").reasons, [Reason::Maintenance]);
    told.pass_min(15);
    told.steady("H", 10.0, 3);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!(
        (alert.pages, alert.muted_by),
        (false, Some(Mute::Maintenance))
    );
    let incident = Incident {
        id: "fire".into(),
        position: Position {
            lat: 21.033,
            lon: 105.85,
        },
        at: told.now,
        name: "Cháy nhà".into(),
        by: "114".into(),
        required_flow_lps: None,
    };
    told.change(Change::IncidentOpened { incident });
    let alert = told.newest("LOW_STATIC").unwrap();
    assert!(alert.pages, "nothing may hide a dead source during a fire");
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
}

#[test]
fn a_window_ends_by_itself_and_what_is_still_low_pages_then() {
    let mut told = Told::recording([hydrant("H")]);
    let until = told.now.plus_ms(HOUR_MS);
    let window = MaintenanceWindow {
        id: "w".into(),
        over: Area::Source("H".into()),
        from: told.now,
        until,
        weekly: None,
        reason: "valve".into(),
        by: "crew".into(),
    };
    told.change(Change::WindowEntered { window });
    told.steady("H", 60.0, 6);
    let paged = told
        .episodes()
        .find(|(what, _)| *what == EpisodeEvent::Paged)
        .unwrap()
        .1;
    assert!(paged.pages);
    assert_eq!(told.standing("H").reasons, [Reason::LowStatic]);
}

#[test]
fn outside_supply_hours_it_is_unusable_and_water_not_back_an_hour_after_pages() {
    let source = Source {
        supply_schedule: Some("05:00-09:00".parse().unwrap()),
        ..hydrant("H")
    };
    let mut told = Told::recording([source]);
    // From 08:00 to 09:00 there is water, then none.
    told.steady("H", 200.0, 4);
    told.steady("H", 5.0, 4 * 20 - 1);
    assert!(told.standing("H").reasons.contains(&Reason::SupplyHours));
    assert!(
        told.alerts().is_empty(),
        "nothing is missed that is not owed"
    );
    told.steady("H", 5.0, 1);
    let five = told.now;
    assert_eq!(told.standing("H").reasons, [Reason::LowStatic]);
    told.steady("H", 5.0, 3);
    assert_eq!(told.standing("H").reasons, [Reason::LowStatic]);
    assert!(told.alerts().is_empty());
    told.steady("H", 5.0, 2);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert!(alert.pages);
    assert_eq!(alert.raised_at, five.plus_ms(HOUR_MS));
}

#[test]
fn flow_is_proven_by_a_test_or_a_use_and_by_nothing_else() {
    let mut told = Told::recording([owing_flow("H")]);
    told.steady("H", 300.0, 2);
    assert_eq!(told.standing("H").reasons, [Reason::FlowUnproven]);
    let test = flow_test("H", told.now, 300.0, 220.0, 15.0);
    told.change(Change::FlowTestEntered { test });
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.steady("H", 300.0, 1);
    let flow = told.standing("H").available_flow.unwrap();
    assert!((flow.value - 24.73).abs() < 0.01, "{flow:?}");
    told.steady("H", 200.0, 3);
    assert_eq!(
        told.standing("H").reasons,
        [Reason::FlowUnproven],
        "another main than the test's"
    );

    let mut told = Told::recording([owing_flow("H")]);
    told.reads("H", &[(PressureKpa, 150.0), (FlowLps, 16.0)]);
    told.pass_min(1);
    told.reads("H", &[(PressureKpa, 300.0), (FlowLps, 0.0)]);
    assert_eq!(
        told.standing("H").verdict,
        Verdict::Usable,
        "both reached the requirement"
    );
}

#[test]
fn a_test_that_falls_short_alerts_at_once() {
    let mut told = Told::recording([owing_flow("H")]);
    told.steady("H", 140.0, 2);
    let test = flow_test("H", told.now, 140.0, 110.0, 10.0);
    told.change(Change::FlowTestEntered { test });
    assert_eq!(told.alerts(), ["FLOW_DEFICIT Raised"]);
    assert_eq!(told.standing("H").reasons, [Reason::FlowDeficit]);
}

#[test]
fn the_devices_own_estimate_is_judged_after_half_an_hour_and_never_taken_for_water_drawn() {
    let mut told = Told::recording([owing_flow("H")]);
    told.reads("H", &[(PressureKpa, 300.0), (AvailableFlowLps, 9.0)]);
    assert_eq!(told.standing("H").reasons, [Reason::FlowDeficit]);
    told.pass_min(29);
    assert!(told.alerts().is_empty());
    told.pass_min(1);
    assert_eq!(told.alerts(), ["FLOW_DEFICIT Raised"]);
}

#[test]
fn a_barrel_at_rest_proves_nothing_and_disproves_nothing() {
    let barrel = Source {
        kind: Kind::Hydrant {
            tap_point: TapPoint::Barrel,
        },
        ..owing_flow("H")
    };
    let mut told = Told::recording([barrel]);
    told.steady("H", 0.0, 6);
    assert_eq!(told.standing("H").reasons, [Reason::FlowUnproven]);
    assert!(told.alerts().is_empty());
    let test = flow_test("H", told.now, 300.0, 220.0, 15.0);
    told.change(Change::FlowTestEntered { test });
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn a_tank_owes_its_volume() {
    let mut told = Told::recording([tank("T")]);
    told.reads("T", &[(LevelM, 2.5)]);
    assert_eq!(told.standing("T").verdict, Verdict::Usable);
    told.pass_min(60);
    told.reads("T", &[(LevelM, 1.5)]);
    assert_eq!(told.standing("T").reasons, [Reason::TankLow]);
    told.pass_min(30);
    assert_eq!(told.newest("TANK_LOW").unwrap().severity, Severity::Major);
    told.pass_min(30);
    told.reads("T", &[(LevelM, 0.8)]);
    told.pass_min(60);
    told.reads("T", &[(LevelM, 0.8)]);
    let alert = told.newest("TANK_LOW").unwrap();
    assert_eq!((alert.severity, alert.id.n), (Severity::Critical, 1));
    assert_eq!(told.standing("T").verdict, Verdict::Unusable);
    told.reads("T", &[(LevelM, 2.5)]);
    assert!(told.newest("TANK_LOW").unwrap().cleared_at.is_some());
}

#[test]
fn a_draw_point_out_of_reach_is_unusable_by_two_samples_and_alerts_after_the_tide() {
    let mut told = Told::recording([draw_point("D")]);
    told.reads("D", &[(LevelM, 3.0)]);
    assert_eq!(told.standing("D").verdict, Verdict::Usable);
    told.pass_min(360);
    told.reads("D", &[(LevelM, 1.8)]);
    assert_eq!(told.standing("D").verdict, Verdict::Degraded);
    told.pass_min(60);
    told.reads("D", &[(LevelM, 1.7)]);
    assert_eq!(told.standing("D").verdict, Verdict::Unusable);
    assert!(told.alerts().is_empty());
    told.pass_min(300);
    assert_eq!(told.alerts(), ["DRAW_LOW Raised"]);
}

#[test]
fn high_pressure_is_minor_and_beyond_what_a_hydrant_bears_critical() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 620.0, 3);
    let alert = told.newest("HIGH_PRESSURE").unwrap();
    assert_eq!((alert.severity, alert.pages), (Severity::Minor, false));
    assert_eq!(told.standing("H").verdict, Verdict::Degraded);
    told.steady("H", 1_050.0, 2);
    let alert = told.newest("HIGH_PRESSURE").unwrap();
    assert_eq!((alert.severity, alert.pages), (Severity::Critical, true));
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    told.steady("H", 500.0, 1);
    assert!(told.newest("HIGH_PRESSURE").unwrap().cleared_at.is_some());
}

#[test]
fn of_an_on_change_device_one_sample_holds_and_counts_as_the_second_when_the_dwell_ends() {
    let reporting = Reporting {
        interval_s: None,
        mode: ReportMode::OnChange,
    };
    let mut told = Told::recording([Source {
        reporting,
        ..hydrant("H")
    }]);
    told.reads("H", &[(PressureKpa, 200.0)]);
    told.pass_min(600);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.reads("H", &[(PressureKpa, 10.0)]);
    assert_eq!(told.standing("H").verdict, Verdict::Degraded);
    told.pass_min(10);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    assert_eq!(
        told.newest("LOW_STATIC").unwrap().severity,
        Severity::Critical
    );
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
}

#[test]
fn without_a_requirement_or_out_of_service_nothing_is_judged() {
    let bare = Source {
        requirement: Requirement::default().into(),
        ..hydrant("BARE")
    };
    let out = Source {
        status: Status::OutOfService,
        ..hydrant("OUT")
    };
    let mut told = Told::recording([bare, out]);
    for _ in 0..3 {
        told.reads("OUT", &[(PressureKpa, 5.0)]);
        told.steady("BARE", 5.0, 1);
    }
    assert_eq!(told.standing("BARE").reasons, [Reason::NoRequirement]);
    assert_eq!(told.standing("OUT").reasons, [Reason::OutOfService]);
    assert!(told.alerts().is_empty());
}

#[test]
fn clocks_years_off_are_replaced_by_the_time_of_receipt() {
    let mut told = Told::recording([hydrant("H")]);
    for at in [Timestamp::from_ms(1_000), START.plus_ms(400 * DAY_MS)] {
        told.reads_at("H", Some(at), &[(PressureKpa, 60.0)]);
        told.pass_min(10);
    }
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
}

#[test]
fn a_clock_that_lags_by_a_constant_is_put_right() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..6 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 20.0)]);
        told.pass_min(15);
    }
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised", "CLOCK Raised"]);
}

#[test]
fn the_same_again_with_the_same_sequence_is_a_copy_and_decides_nothing() {
    let mut told = Told::recording([hydrant("H")]);
    told.reads("H", &[(PressureKpa, 20.0)]);
    let effects = told.effects.len();
    told.repeat_last("H", Some(START), &[(PressureKpa, 20.0)]);
    assert_eq!(told.standing("H").verdict, Verdict::Degraded);
    assert_eq!(
        told.effects.len(),
        effects + 1,
        "only the word that a copy was left out"
    );
}

#[test]
fn a_restored_judge_goes_on_as_if_nothing_had_happened() {
    let script = |told: &mut Told, from: usize, to: usize| {
        for step in from..to {
            let kpa = if (4..12).contains(&step) { 20.0 } else { 200.0 };
            told.reads("H", &[(PressureKpa, kpa)]);
            told.reads("T", &[(LevelM, if step > 6 { 0.5 } else { 2.5 })]);
            if step == 5 {
                told.reads("U", &[(PressureKpa, 90.0), (FlowLps, 12.0)]);
            }
            told.pass_min(15);
        }
    };
    let sources = || [hydrant("H"), tank("T"), owing_flow("U")];
    let mut whole = Told::live(sources());
    script(&mut whole, 0, 20);
    for cut in 0..20 {
        let mut told = Told::live(sources());
        script(&mut told, 0, cut);
        let mut restored = Judge::new(Rules::default());
        let global = told.judge.begin_save();
        let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
        restored.restore(&global, saved).unwrap();
        told.judge = restored;
        script(&mut told, cut, 20);
        assert_eq!(told.alerts(), whole.alerts(), "cut at {cut}");
        for code in ["H", "T", "U"] {
            assert_eq!(told.standing(code), whole.standing(code), "cut at {cut}");
        }
    }
}

#[test]
fn history_played_in_pages_nobody_until_a_current_reading_says_the_same() {
    let mut told = Told::live([hydrant("H")]);
    told.control(Control::History { begins: true });
    told.steady("H", 10.0, 3);
    told.control(Control::History { begins: false });
    told.pass_min(10);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!((alert.pages, alert.muted_by), (false, Some(Mute::LateData)));
    told.steady("H", 10.0, 3);
    assert!(told.newest("LOW_STATIC").unwrap().pages);
    let paged = told
        .episodes()
        .filter(|(what, _)| *what == EpisodeEvent::Paged);
    assert_eq!(paged.count(), 1);
}
