//! Who is paged, when, and what holds a page back: clause by clause.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::change::{Change, Permit, PermitPurpose};
use firemain_domain::judging::{EpisodeEvent, Mute, Reason, Severity, Verdict};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use support::*;

fn paged(told: &Told) -> usize {
    told.episodes()
        .filter(|(what, e)| {
            e.pages
                && matches!(
                    what,
                    EpisodeEvent::Raised | EpisodeEvent::Paged | EpisodeEvent::Reopened
                )
        })
        .count()
}

#[test]
fn a_fire_within_500_m_lifts_the_mute_of_a_critical_and_tells_command() {
    for (metres, pages) in [(490.0, true), (510.0, false)] {
        let mut told = Told::recording([hydrant("H")]);
        let until = told.now.plus_ms(DAY_MS);
        told.change(window("H", told.now, until));
        told.steady("H", 10.0, 3);
        assert!(!told.newest("LOW_STATIC").unwrap().pages);
        told.change(fire(told.now, metres));
        let alert = told.newest("LOW_STATIC").unwrap();
        assert_eq!(
            (alert.pages, alert.tells_command),
            (pages, pages),
            "{metres}"
        );
        assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    }
}

#[test]
fn a_fire_lifts_no_mute_of_a_lesser_alert_and_tells_command_of_what_had_paged() {
    let mut told = Told::recording([hydrant("LOW"), hydrant("DRY")]);
    let until = told.now.plus_ms(DAY_MS);
    told.change(window("LOW", told.now, until));
    for _ in 0..3 {
        told.reads("LOW", &[(PressureKpa, 60.0)]);
        told.steady("DRY", 10.0, 1);
    }
    told.change(fire(told.now, 100.0));
    let of = |code: &str| {
        let all = told
            .episodes()
            .filter(|(_, e)| e.id.source().is_some_and(|source| &**source == code));
        all.last().unwrap().1.clone()
    };
    assert_eq!((of("LOW").pages, of("LOW").tells_command), (false, false));
    assert_eq!((of("DRY").pages, of("DRY").tells_command), (true, true));
    assert_eq!(paged(&told), 1, "nobody is paged twice");
}

#[test]
fn one_that_turns_critical_near_a_fire_pages_through_its_mute() {
    let mut told = Told::recording([hydrant("H")]);
    let until = told.now.plus_ms(DAY_MS);
    told.change(window("H", told.now, until));
    told.change(fire(told.now, 100.0));
    told.steady("H", 60.0, 3);
    assert!(!told.newest("LOW_STATIC").unwrap().pages);
    told.steady("H", 10.0, 2);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!(
        (alert.severity, alert.pages, alert.tells_command),
        (Severity::Critical, true, true)
    );
}

#[test]
fn a_permitted_test_pages_but_does_not_call_command() {
    let mut told = Told::recording([hydrant("H")]);
    let permit = Permit {
        id: "p".into(),
        source: "H".into(),
        purpose: PermitPurpose::Test,
        from: told.now,
        until: told.now.plus_ms(HOUR_MS),
        by: "me".into(),
        note: None,
    };
    told.change(Change::PermitGranted { permit });
    told.reads("H", &[(PressureKpa, 60.0), (FlowLps, 12.0)]);
    told.pass_min(3);
    let alert = told.newest("LOW_RESIDUAL").unwrap();
    assert_eq!((alert.pages, alert.tells_command), (true, false));
    assert_eq!(alert.raised_at, START.plus_ms(2 * MINUTE_MS));
}

/// A neighbour draws while H stands at `kpa`, normally at 120.
fn beside_a_use(kpa: f64, then_kpa: f64) -> Told {
    let mut told = Told::recording([hydrant("H"), north_m(200.0, hydrant("USER"))]);
    told.may_draw("USER");
    told.steady("H", 120.0, 8);
    for minute in 0..40 {
        told.reads("USER", &[(PressureKpa, 150.0), (FlowLps, 12.0)]);
        if minute % 5 == 0 {
            let kpa = if minute < 25 { kpa } else { then_kpa };
            told.reads("H", &[(PressureKpa, kpa)]);
        }
        told.pass_min(1);
    }
    told
}

#[test]
fn a_use_nearby_explains_a_drop_of_30_kpa_and_no_more() {
    let told = beside_a_use(91.0, 91.0);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!((alert.pages, alert.muted_by), (false, Some(Mute::InUse)));
    let told = beside_a_use(89.0, 89.0);
    assert!(told.newest("LOW_STATIC").unwrap().pages);
}

#[test]
fn a_page_that_waits_for_a_use_goes_out_when_the_drop_grows_or_the_pressure_turns_critical() {
    // The first reading of 10 kPa pages, for the drop grew; the second makes it critical: that is
    // worse news, and pages again.
    for (then_kpa, pages, severity) in [(70.0, 1, Severity::Major), (10.0, 2, Severity::Critical)] {
        let told = beside_a_use(92.0, then_kpa);
        let alert = told.newest("LOW_STATIC").unwrap();
        assert!(alert.pages, "{then_kpa}");
        assert_eq!(alert.paged_as, Some(severity));
        assert_eq!((paged(&told), alert.paged), (pages, pages as u16));
    }
}

#[test]
fn a_page_that_waits_for_a_use_goes_out_when_the_use_ends() {
    let mut told = beside_a_use(91.0, 91.0);
    for _ in 0..8 {
        told.reads("USER", &[(PressureKpa, 150.0), (FlowLps, 0.0)]);
        told.reads("H", &[(PressureKpa, 91.0)]);
        told.pass_min(1);
    }
    assert!(told.newest("LOW_STATIC").unwrap().pages);
}

#[test]
fn a_maintenance_window_makes_unusable_from_its_beginning_to_its_end() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 1);
    told.change(window(
        "H",
        told.now.plus_ms(10 * MINUTE_MS),
        told.now.plus_ms(40 * MINUTE_MS),
    ));
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.pass_min(10);
    assert_eq!(told.standing("H").reasons, [Reason::Maintenance]);
    told.reads("H", &[(PressureKpa, 200.0)]);
    told.pass_min(29);
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
    told.pass_min(1);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn a_batch_up_to_two_intervals_old_completes_a_dwell_at_once() {
    let mut told = Told::recording([hydrant("H")]);
    told.pass_min(60);
    told.batch("H", &[(29, 60.0), (20, 60.0), (16, 60.0)]);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!((alert.raised_at, alert.pages), (told.now, true));
    let mut told = Told::recording([hydrant("H")]);
    told.pass_min(180);
    told.batch("H", &[(120, 60.0), (60, 60.0), (31, 60.0)]);
    told.pass_min(60);
    assert!(told.alerts().is_empty(), "older data pages nobody");
}

#[test]
fn a_backlog_in_one_message_pages_once_if_its_newest_reading_is_current_and_low() {
    let backlog = |newest_kpa: f64| {
        let mut told = Told::recording([hydrant("H")]);
        told.pass_min(600);
        let mut readings: Vec<_> = (1..30).rev().map(|n| (n * 15, 20.0)).collect();
        readings.push((0, newest_kpa));
        told.batch("H", &readings);
        told.pass_min(10);
        told
    };
    let told = backlog(20.0);
    assert_eq!((told.alerts().len(), paged(&told)), (1, 1));
    let told = backlog(200.0);
    assert!(told.newest("LOW_STATIC").is_none(), "{:?}", told.alerts());
    let mut told = told;
    told.reads("H", &[(PressureKpa, 200.0)]);
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn readings_out_of_order_decide_nothing() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 2);
    for minutes_ago in [20, 25, 29] {
        let at = told.now.plus_ms(-minutes_ago * MINUTE_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 10.0)]);
    }
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.pass_min(15);
    assert!(told.alerts().is_empty());
}

#[test]
fn a_clock_a_little_ahead_does_not_put_off_the_dwell() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..3 {
        let at = told.now.plus_ms(4 * MINUTE_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 60.0)]);
        told.pass_min(4);
    }
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!(alert.raised_at, START.plus_ms(10 * MINUTE_MS));
}

#[test]
fn a_copy_that_comes_late_does_not_upset_a_clock_that_lags() {
    let mut told = Told::recording([hydrant("H")]);
    for n in 0..12 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
        if n == 6 {
            told.pass_min(1);
            told.reads_at("H", Some(at.plus_ms(-2 * HOUR_MS)), &[(PressureKpa, 200.0)]);
            told.pass_min(14);
        } else {
            told.pass_min(15);
        }
        if n >= 3 {
            assert_eq!(told.standing("H").verdict, Verdict::Usable, "{n}");
        }
    }
}

#[test]
fn a_device_that_says_old_things_again_is_silent_not_late() {
    let mut told = Told::recording([hydrant("H")]);
    for seq in 0..8 {
        told.reads_numbered("H", told.now, 100 + seq, 200.0 + seq as f64);
        told.pass_min(15);
    }
    // Its last eight messages, again and again, each at its old time: a constant lag in each round.
    for round in 0..20 {
        for seq in 0..8 {
            let at = START.plus_ms(seq as i64 * 15 * MINUTE_MS);
            told.reads_numbered("H", at, 100 + seq, 200.0 + seq as f64);
            told.pass_min(15);
            if round > 0 {
                let verdict = told.standing("H").verdict;
                assert_eq!(verdict, Verdict::Unknown, "round {round}, message {seq}");
            }
        }
    }
    assert_eq!(told.alerts(), ["REPLAY Raised", "STALE Raised"]);
}

#[test]
fn a_clock_that_is_put_right_is_believed_at_once() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..5 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
        told.pass_min(15);
    }
    told.steady("H", 10.0, 2);
    assert_eq!(told.standing("H").verdict, Verdict::Unusable);
}

#[test]
fn copies_without_a_time_are_known_by_their_sequence_for_a_day() {
    let mut told = Told::recording([hydrant("H")]);
    for seq in 0..5 {
        told.reads_untimed("H", seq, if seq == 0 { 10.0 } else { 200.0 });
        told.pass_min(15);
    }
    for _ in 0..3 {
        told.reads_untimed("H", 0, 10.0);
        told.pass_min(15);
    }
    assert_ne!(told.standing("H").verdict, Verdict::Degraded);
    assert_eq!(told.alerts(), ["REPLAY Raised"], "nothing else");
}

#[test]
fn a_source_that_never_spoke_alerts_after_a_day() {
    let mut told = Told::recording([hydrant("H")]);
    told.pass_min(24 * 60 - 1);
    assert!(told.alerts().is_empty());
    told.pass_min(1);
    assert_eq!(told.alerts(), ["STALE Raised"]);
    assert!(told.newest("STALE").unwrap().pages);
}

#[test]
fn a_reading_that_comes_as_the_dwell_or_a_silence_ends_is_in_time() {
    let mut told = Told::recording([hydrant("H")]);
    for kpa in [60.0, 60.0, 200.0] {
        told.reads("H", &[(PressureKpa, kpa)]);
        told.now = told.now.plus_ms(5 * MINUTE_MS);
    }
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
    told.now = START.plus_ms(10 * MINUTE_MS + 45 * MINUTE_MS);
    let before = told.effects.len();
    told.reads("H", &[(PressureKpa, 200.0)]);
    assert_eq!(told.effects.len(), before, "no flicker of `stale`");
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..3 {
        told.reads("H", &[(PressureKpa, 60.0)]);
        told.now = told.now.plus_ms(5 * MINUTE_MS);
    }
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!(alert.raised_at, START.plus_ms(10 * MINUTE_MS));
}

#[test]
fn a_reading_less_than_three_intervals_old_is_evidence_but_pages_nobody() {
    let mut told = Told::recording([hydrant("H")]);
    told.pass_min(60);
    let at = told.now.plus_ms(-40 * MINUTE_MS);
    told.reads_at("H", Some(at), &[(PressureKpa, 60.0)]);
    assert_eq!(told.standing("H").reasons, [Reason::LowStatic]);
    told.pass_min(5);
    assert_eq!(told.standing("H").reasons, [Reason::Stale]);
    assert!(told.alerts().is_empty());
}
