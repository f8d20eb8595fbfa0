//! What devices say of themselves: battery, tilt, tamper, clocks, and old things again.
#![allow(clippy::unwrap_used)]

mod support;

use Quantity::{BatteryPct, BatteryV, Tamper, TiltDeg, VolumeTotalM3};
use firemain_domain::change::Change;
use firemain_domain::judging::{Detail, Judge, Reason, Rules, Severity, Verdict, What};
use firemain_domain::report::{DeviceEvent, EventKind, Mark, Report, Sample};
use firemain_domain::source::{ReportMode, Reporting, Source};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use firemain_domain::{Quantity, Timestamp};
use support::*;

/// A quarter of an hour with a reading of a well main and something about the device.
fn says(told: &mut Told, quantity: Quantity, value: f64) {
    told.reads("H", &[(PressureKpa, 200.0), (quantity, value)]);
    told.pass_min(15);
}

/// The device's alerts by rule and event, without what else happened.
fn of_rule(told: &Told, rule: &str) -> Vec<String> {
    let mut alerts = told.alerts();
    alerts.retain(|alert| alert.starts_with(rule));
    alerts
}

#[test]
fn a_low_battery_is_told_after_two_messages_and_cleared_by_two_of_a_new_one() {
    for (quantity, low, end, well) in [(BatteryPct, 15.0, 8.0, 100.0), (BatteryV, 3.2, 3.0, 3.6)] {
        let mut told = Told::recording([hydrant("H")]);
        says(&mut told, quantity, low);
        assert!(told.alerts().is_empty(), "one message is not enough");
        says(&mut told, quantity, low);
        assert_eq!(told.alerts(), ["DEVICE Raised"]);
        let alert = told.newest("DEVICE").unwrap();
        assert_eq!(
            (alert.severity, alert.pages, alert.detail),
            (Severity::Minor, false, Some(Detail::Battery))
        );
        assert_eq!(alert.evidence.measured[0].value, low);
        assert_eq!(told.standing("H").verdict, Verdict::Usable);
        says(&mut told, quantity, end);
        let ends = told.newest("DEVICE").unwrap().evidence.measured[0];
        assert!(ends.limit < alert.evidence.measured[0].limit);
        says(&mut told, quantity, well);
        assert_eq!(told.alerts(), ["DEVICE Raised", "DEVICE Changed"]);
        says(&mut told, quantity, well);
        says(&mut told, quantity, low);
        says(&mut told, quantity, low);
        assert_eq!(
            told.alerts()[2..],
            ["DEVICE Cleared", "DEVICE Reopened"],
            "back within the hour"
        );
    }
}

#[test]
fn a_battery_that_is_low_once_or_between_the_limits_is_not_told() {
    let mut told = Told::recording([hydrant("H")]);
    for pct in [19.0, 30.0, 19.0, 30.0, 22.0, 22.0] {
        says(&mut told, BatteryPct, pct);
    }
    for nonsense in [f64::NAN, f64::INFINITY, -3.0, 250.0] {
        says(&mut told, BatteryPct, nonsense);
    }
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
}

#[test]
fn a_battery_once_low_stays_low_while_nothing_is_said_of_it() {
    let mut told = Told::recording([hydrant("H")]);
    says(&mut told, BatteryPct, 12.0);
    says(&mut told, BatteryPct, 12.0);
    told.steady("H", 200.0, 96 * 3);
    assert_eq!(told.alerts(), ["DEVICE Raised"]);
}

#[test]
fn several_things_wrong_with_a_device_are_one_alert() {
    let mut told = Told::recording([hydrant("H")]);
    let both = [(PressureKpa, 200.0), (BatteryPct, 12.0), (TiltDeg, 35.0)];
    for _ in 0..2 {
        told.reads("H", &both);
        told.pass_min(15);
    }
    let alert = told.newest("DEVICE").unwrap();
    assert_eq!(told.alerts(), ["DEVICE Raised", "DEVICE Changed"]);
    assert_eq!(alert.detail, Some(Detail::Tilt));
    assert_eq!(alert.evidence.measured.len(), 2);
    says(&mut told, TiltDeg, 1.0);
    says(&mut told, TiltDeg, 1.0);
    let alert = told.newest("DEVICE").unwrap();
    assert_eq!(
        (alert.detail, alert.cleared_at),
        (Some(Detail::Battery), None)
    );
}

#[test]
fn a_tamper_event_is_told_once_a_second_message_does_not_take_it_back() {
    let mut told = Told::recording([hydrant("H")]);
    told.happens("H", EventKind::Tamper);
    assert!(told.alerts().is_empty());
    told.pass_min(15);
    told.steady("H", 200.0, 1);
    assert_eq!(told.alerts(), ["DEVICE Raised"]);
    assert_eq!(told.newest("DEVICE").unwrap().detail, Some(Detail::Tamper));
    told.steady("H", 200.0, 94);
    assert_eq!(told.alerts().len(), 1, "it stands for a day");
    told.steady("H", 200.0, 2);
    assert_eq!(told.alerts(), ["DEVICE Raised", "DEVICE Cleared"]);

    let mut told = Told::recording([hydrant("H")]);
    told.happens("H", EventKind::Tilt);
    says(&mut told, TiltDeg, 2.0);
    says(&mut told, TiltDeg, 2.0);
    assert!(told.alerts().is_empty(), "it stands upright after all");
}

#[test]
fn tamper_by_value_clears_by_two_messages_that_say_so() {
    let mut told = Told::recording([hydrant("H")]);
    for value in [1.0, 1.0, 0.0, 0.0] {
        says(&mut told, Tamper, value);
    }
    assert_eq!(told.alerts(), ["DEVICE Raised", "DEVICE Cleared"]);
}

#[test]
fn a_clock_ahead_is_told_by_how_much_and_the_time_of_receipt_stands() {
    let mut told = Told::recording([hydrant("H")]);
    for n in 0..3 {
        let at = told.now.plus_ms(30 * MINUTE_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
        assert_eq!(told.alerts().len(), usize::from(n > 0));
        told.pass_min(15);
    }
    let alert = told.newest("CLOCK").unwrap();
    assert_eq!(
        (alert.detail, alert.clock_off_s, alert.severity),
        (Some(Detail::ClockAhead), Some(1_800), Severity::Minor)
    );
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.steady("H", 200.0, 1);
    assert_eq!(told.alerts(), ["CLOCK Raised"]);
    told.steady("H", 200.0, 1);
    assert_eq!(told.alerts(), ["CLOCK Raised", "CLOCK Cleared"]);
}

#[test]
fn a_clock_a_little_ahead_or_a_message_without_a_time_says_nothing() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..4 {
        let at = told.now.plus_ms(5 * MINUTE_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
        told.pass_min(15);
        told.reads_at("H", None, &[(PressureKpa, 201.0)]);
        told.pass_min(15);
    }
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
}

#[test]
fn a_clock_never_set_is_told_and_cleared_when_it_is_set() {
    let mut told = Told::recording([hydrant("H")]);
    for n in 0..3 {
        let at = Timestamp::from_ms(n * 15 * MINUTE_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
        told.pass_min(15);
    }
    assert_eq!(
        told.newest("CLOCK").unwrap().detail,
        Some(Detail::ClockUnset)
    );
    told.steady("H", 200.0, 2);
    assert_eq!(told.alerts(), ["CLOCK Raised", "CLOCK Cleared"]);
}

#[test]
fn a_clock_behind_by_a_constant_is_put_right_and_told_by_how_much() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..5 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
        told.pass_min(15);
    }
    let alert = told.newest("CLOCK").unwrap();
    assert_eq!(
        (alert.detail, alert.clock_off_s),
        (Some(Detail::ClockBehind), Some(-5 * 3_600))
    );
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    told.steady("H", 200.0, 2);
    assert_eq!(told.alerts(), ["CLOCK Raised", "CLOCK Cleared"]);
}

#[test]
fn a_clock_that_falls_behind_one_day_is_put_right_from_its_third_message() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 5);
    for n in 0..6 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 60.0)]);
        told.pass_min(15);
        if n >= 3 {
            assert_eq!(told.standing("H").reasons, [Reason::LowStatic], "{n}");
        }
    }
    assert_eq!(of_rule(&told, "LOW_STATIC"), ["LOW_STATIC Raised"]);
}

#[test]
fn late_messages_say_nothing_of_a_clock() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 3);
    told.pass_min(600);
    for minutes_ago in (0..600).rev().step_by(15) {
        let at = told.now.plus_ms(-minutes_ago * MINUTE_MS);
        told.now = told.now.plus_ms(SECOND_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
    }
    told.steady("H", 200.0, 4);
    assert!(of_rule(&told, "CLOCK").is_empty(), "{:?}", told.alerts());
    assert!(of_rule(&told, "REPLAY").is_empty(), "{:?}", told.alerts());
}

/// Hours of silence, then what was kept, as messages of their own a second apart, oldest first.
/// `low`: whether the reading of so many minutes ago was.
fn backlog(on_change: bool, low: impl Fn(i64) -> bool) -> Told {
    let mode = if on_change {
        ReportMode::OnChange
    } else {
        ReportMode::Periodic
    };
    let reporting = Reporting {
        interval_s: None,
        mode,
    };
    let mut told = Told::recording([Source {
        reporting,
        ..hydrant("H")
    }]);
    told.steady("H", 200.0, 2);
    told.pass_min(300);
    let sent_from = told.now;
    for minutes_ago in (0..=300).rev().step_by(if on_change { 4 } else { 15 }) {
        let at = sent_from.plus_ms(-minutes_ago * MINUTE_MS);
        told.now = told.now.plus_ms(SECOND_MS);
        let kpa = if low(minutes_ago) { 20.0 } else { 200.0 };
        told.reads_at("H", Some(at), &[(PressureKpa, kpa)]);
    }
    told
}

#[test]
fn a_backlog_as_messages_of_their_own_pages_nobody_if_its_newest_reading_is_well() {
    // Low until a quarter of an hour ago, and back by now.
    let mut told = backlog(false, |minutes_ago| minutes_ago >= 10);
    told.pass_min(14);
    told.steady("H", 200.0, 1);
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    let mut told = backlog(true, |minutes_ago| minutes_ago >= 3);
    told.pass_min(14);
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
}

#[test]
fn a_backlog_as_messages_of_their_own_pages_once_if_its_newest_reading_is_low() {
    let mut told = backlog(false, |_| true);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    told.pass_min(14);
    let alert = told.newest("LOW_STATIC").unwrap();
    assert_eq!((told.alerts().len(), alert.pages), (1, true));
}

#[test]
fn a_backlog_that_breaks_off_pages_when_nothing_has_followed() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 1);
    told.pass_min(90);
    let sent_from = told.now;
    for minutes_ago in [75, 60, 45, 30, 16] {
        let at = sent_from.plus_ms(-minutes_ago * MINUTE_MS);
        told.now = told.now.plus_ms(SECOND_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 60.0)]);
    }
    assert!(told.alerts().is_empty(), "more may follow");
    told.pass_min(1);
    let alert = told.newest("LOW_STATIC").unwrap();
    let waited_ms = alert.raised_at.since_ms(sent_from);
    assert_eq!((alert.pages, waited_ms), (true, 25_000));
}

#[test]
fn a_backlog_that_says_well_clears_only_if_its_newest_reading_does() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 60.0, 3);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
    told.pass_min(90);
    let sent_from = told.now;
    for (minutes_ago, kpa) in [(60, 200.0), (29, 200.0), (16, 200.0), (1, 60.0)] {
        let at = sent_from.plus_ms(-minutes_ago * MINUTE_MS);
        told.now = told.now.plus_ms(SECOND_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, kpa)]);
    }
    told.pass_min(10);
    assert_eq!(told.alerts(), ["LOW_STATIC Raised"]);
}

/// Eight messages of their own, each at its time, then the same again, round after round.
fn replays(told: &mut Told, rounds: u32) {
    let from = told.now;
    for round in 0..=rounds {
        for seq in 0..8 {
            let at = from.plus_ms(seq * 15 * MINUTE_MS);
            told.reads_numbered("H", at, 100 + seq as u64, 200.0 + seq as f64);
            told.pass_min(15);
            let _ = round;
        }
    }
}

#[test]
fn a_device_that_says_old_things_again_is_told_once_and_still_falls_silent() {
    let mut told = Told::recording([hydrant("H")]);
    replays(&mut told, 13);
    assert_eq!(told.alerts(), ["REPLAY Raised", "STALE Raised"]);
    let alert = told.newest("REPLAY").unwrap();
    assert_eq!((alert.severity, alert.pages), (Severity::Info, false));
    assert_eq!(told.standing("H").reasons, [Reason::Stale]);
    for seq in 0..2 {
        told.reads_numbered("H", told.now, 1_000 + seq, 200.0);
        told.pass_min(15);
    }
    assert_eq!(told.alerts()[2..], ["REPLAY Cleared", "STALE Cleared"]);
}

#[test]
fn old_things_raise_nothing_and_clear_nothing() {
    let mut told = Told::recording([hydrant("H")]);
    for seq in 0..4 {
        told.reads_numbered("H", told.now, seq, 200.0);
        told.pass_min(15);
    }
    for seq in 4..8 {
        told.reads_numbered("H", told.now, seq, 60.0);
        told.pass_min(15);
    }
    for seq in 0..4 {
        let at = START.plus_ms(seq * 15 * MINUTE_MS);
        told.reads_numbered("H", at, seq as u64, 200.0);
        told.pass_min(15);
    }
    assert_eq!(told.alerts(), ["LOW_STATIC Raised", "REPLAY Raised"]);
}

#[test]
fn a_message_stuck_in_a_device_is_a_replay_and_a_second_copy_is_none() {
    let mut told = Told::recording([hydrant("H")]);
    told.reads_numbered("H", START, 7, 200.0);
    for _ in 0..5 {
        told.reads_numbered("H", START, 7, 200.0);
    }
    told.pass_min(15);
    assert!(told.alerts().is_empty());
    for _ in 0..3 {
        told.reads_numbered("H", START, 7, 200.0);
        told.pass_min(15);
    }
    assert_eq!(told.alerts(), ["REPLAY Raised"]);
}

/// A reading without time and sequence: what tells it from others is its payload alone.
fn bare(told: &mut Told, kpa: f64) {
    let payload_hash = (kpa.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let report = Report {
        device: "H".into(),
        mark: Mark::Hash(payload_hash),
        payload_hash,
        samples: vec![Sample {
            at: None,
            index: 0,
            values: vec![(PressureKpa, kpa)],
        }],
        events: Vec::new(),
        online: None,
        via: None,
        unknown_fields: 0,
    };
    told.tell(What::Report {
        report,
        retained: false,
        copy: false,
    });
    told.pass_min(15);
}

#[test]
fn payloads_without_time_and_sequence_that_come_again_in_their_order_are_a_replay() {
    let mut told = Told::recording([hydrant("H")]);
    for n in 0..120 {
        bare(&mut told, 200.0 + f64::from(n % 8));
    }
    assert_eq!(told.alerts(), ["REPLAY Raised", "STALE Raised"]);
    bare(&mut told, 212.3);
    assert_eq!(told.alerts().last().unwrap(), "REPLAY Cleared");
}

#[test]
fn a_main_at_rest_that_says_the_same_few_values_is_no_replay() {
    let mut told = Told::recording([hydrant("H")]);
    for n in 0..200_i32 {
        bare(&mut told, 200.0 + f64::from((n * n / 3) % 3));
    }
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn what_the_broker_kept_is_no_replay_and_ends_nothing() {
    let mut told = Told::recording([hydrant("H")]);
    told.steady("H", 200.0, 2);
    for _ in 0..100 {
        told.reads_retained("H", &[(PressureKpa, 200.0), (BatteryPct, 5.0)]);
        told.pass_min(15);
    }
    assert_eq!(told.alerts(), ["STALE Raised"]);
}

fn boots(told: &mut Told, at: Option<Timestamp>, seq: u64) {
    let report = Report {
        device: "H".into(),
        mark: Mark::Sequence(seq),
        payload_hash: 99,
        samples: Vec::new(),
        events: vec![DeviceEvent {
            at,
            what: EventKind::Boot,
        }],
        online: None,
        via: None,
        unknown_fields: 0,
    };
    told.tell(What::Report {
        report,
        retained: false,
        copy: false,
    });
}

#[test]
fn after_a_boot_the_same_sequence_is_no_copy() {
    let mut told = Told::recording([hydrant("H")]);
    for seq in 0..5 {
        told.reads_untimed("H", seq, 200.0);
        told.pass_min(15);
    }
    boots(&mut told, None, 0);
    for seq in 1..5 {
        told.reads_untimed("H", seq, 200.0);
        told.pass_min(15);
        assert_eq!(told.standing("H").verdict, Verdict::Usable);
    }
    assert!(told.alerts().is_empty());
}

#[test]
fn a_clock_that_a_boot_sets_back_is_put_right_and_an_old_word_of_a_boot_is_none() {
    let mut told = Told::recording([hydrant("H")]);
    for seq in 0..4 {
        told.reads_numbered("H", told.now, 500 + seq, 200.0);
        told.pass_min(15);
    }
    boots(&mut told, None, 0);
    for seq in 1..6 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_numbered("H", at, seq, 200.0);
        told.pass_min(15);
    }
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
    assert_eq!(of_rule(&told, "CLOCK"), ["CLOCK Raised"]);

    let mut told = Told::recording([hydrant("H")]);
    for seq in 0..8 {
        told.reads_numbered("H", told.now, 500 + seq, 200.0);
        told.pass_min(15);
    }
    for _ in 0..10 {
        boots(&mut told, Some(START), 499);
        for seq in 0..8 {
            let at = START.plus_ms(seq * 15 * MINUTE_MS);
            told.reads_numbered("H", at, 500 + seq as u64, 200.0);
            told.pass_min(15);
        }
    }
    assert_eq!(told.standing("H").reasons, [Reason::Stale]);
}

#[test]
fn another_device_starts_anew_and_the_series_goes_on() {
    let mut told = Told::recording([hydrant("H")]);
    for _ in 0..6 {
        let at = told.now.plus_ms(-5 * HOUR_MS);
        told.reads_at("H", Some(at), &[(PressureKpa, 60.0), (BatteryPct, 5.0)]);
        told.pass_min(15);
    }
    let mut open = told.alerts();
    open.sort();
    assert_eq!(open, ["CLOCK Raised", "DEVICE Raised", "LOW_STATIC Raised"]);
    told.change(Change::SourceSet {
        source: Box::new(Source {
            device: Some("NEW".into()),
            ..hydrant("H")
        }),
    });
    let ended = told.alerts()[3..].to_vec();
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended.contains(&"DEVICE Cleared".into()) && ended.contains(&"CLOCK Cleared".into()));
    told.reads_numbered("NEW", told.now, 1, 60.0);
    assert_eq!(told.standing("H").reasons, [Reason::LowStatic]);
    for seq in 2..6 {
        told.pass_min(15);
        told.reads_numbered("NEW", told.now, seq, 200.0);
    }
    assert_eq!(told.alerts().last().unwrap(), "LOW_STATIC Cleared");
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn counters_that_wrap_or_start_again_say_nothing() {
    let mut told = Told::recording([hydrant("H")]);
    for total in [65_534.0, 65_535.0, 0.3, 1.0, f64::NAN, 0.0, 65_000.0] {
        says(&mut told, VolumeTotalM3, total);
    }
    for seq in [65_534, 65_535, 0, 1, 2] {
        told.reads_numbered("H", told.now, seq, 200.0);
        told.pass_min(15);
    }
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn a_device_at_a_source_out_of_service_is_not_judged() {
    let mut told = Told::recording([Source {
        status: firemain_domain::source::Status::OutOfService,
        ..hydrant("H")
    }]);
    for _ in 0..5 {
        told.reads("H", &[(PressureKpa, 200.0), (BatteryPct, 5.0)]);
        let at = told.now.plus_ms(DAY_MS);
        told.pass_min(15);
        told.reads_at("H", Some(at), &[(PressureKpa, 200.0)]);
    }
    assert!(told.alerts().is_empty(), "{:?}", told.alerts());
}

#[test]
fn what_is_wrong_with_devices_is_restored_at_any_moment() {
    let script = |told: &mut Told, from: i64, to: i64| {
        for step in from..to {
            let ahead = if (4..9).contains(&step) { 30 } else { 0 };
            let battery = if step % 7 < 4 { 9.0 } else { 90.0 };
            let at = told.now.plus_ms(ahead * MINUTE_MS);
            told.reads_at(
                "H",
                Some(at),
                &[(PressureKpa, 200.0), (BatteryPct, battery)],
            );
            let old = START.plus_ms(step % 3 * MINUTE_MS);
            told.reads_numbered(
                "R",
                if step < 3 { told.now } else { old },
                step as u64 % 3,
                200.0,
            );
            if step % 10 == 9 {
                told.happens("H", EventKind::Tamper);
            }
            told.pass_min(15);
        }
    };
    let sources = || [hydrant("H"), hydrant("R")];
    let mut whole = Told::live(sources());
    script(&mut whole, 0, 24);
    for rule in ["DEVICE", "CLOCK", "REPLAY"] {
        assert!(whole.newest(rule).is_some(), "{rule} is in the story");
    }
    for cut in 0..24 {
        let mut told = Told::live(sources());
        script(&mut told, 0, cut);
        let mut restored = Judge::new(Rules::default());
        let global = told.judge.begin_save();
        let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
        restored.restore(&global, saved).unwrap();
        told.judge = restored;
        script(&mut told, cut, 24);
        assert_eq!(told.effects, whole.effects, "cut at {cut}");
    }
}
