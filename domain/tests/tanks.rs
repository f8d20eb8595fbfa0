//! What judging says of tanks: draw-offs, refilling, leaks, and what is to come.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::Quantity::{BatteryPct, BatteryV};
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::judging::{
    EpisodeEvent, Forecast, Foreseen, Judge, Rules, Severity, Verdict, Why,
};
use firemain_domain::source::{Kind, ReportMode, Reporting, Source, TankGeometry};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use support::*;

/// 54 m² and 3 m high; it owes 108 m³, which is a level of 2.0 m.
fn covered(code: &str) -> Source {
    shaped(code, |_| {})
}

fn shaped(code: &str, shape: impl FnOnce(&mut TankGeometry)) -> Source {
    let mut source = tank(code);
    if let Kind::Tank(geometry) = &mut source.kind {
        shape(geometry);
    }
    source.sensor.resolution = Some(0.002);
    source
}

/// A reading each so many minutes, of a level by the minute.
fn plays(told: &mut Told, code: &str, minutes: i64, every: i64, level: impl Fn(i64) -> f64) {
    let begin = told.now;
    for minute in (0..minutes).step_by(every as usize) {
        told.now = begin.plus_ms(minute * MINUTE_MS);
        // Steps of the sensor, and a little noise.
        let noise = [0.0, 0.001, -0.001, 0.002, 0.0, -0.002][(minute / every % 6) as usize];
        let stepped = ((level(minute) + noise) / 0.002).round() * 0.002;
        told.reads(code, &[(LevelM, stepped)]);
    }
    told.now = begin.plus_ms(minutes * MINUTE_MS);
}

fn hourly(told: &mut Told, code: &str, hours: i64, level: impl Fn(f64) -> f64) {
    plays(told, code, hours * 60, 60, |minute| {
        level(minute as f64 / 60.0)
    });
}

/// What happened to alerts of these rules.
fn of(told: &Told, rule: &str) -> Vec<EpisodeEvent> {
    let of_rule = told.episodes().filter(|(_, e)| e.id.rule.name() == rule);
    of_rule.map(|(what, _)| what).collect()
}

fn ahead(told: &Told, code: &str) -> Vec<Forecast> {
    let look = told
        .judge
        .look_at_all()
        .find(|look| &*look.source.code == code);
    look.unwrap().ahead
}

fn foresees(told: &Told, code: &str, what: Foreseen) -> Option<Forecast> {
    ahead(told, code).into_iter().find(|f| f.what == what)
}

use EpisodeEvent::{Cleared, Raised, Reopened};

#[test]
fn a_pump_is_seen_by_two_samples_and_the_event_ends_with_the_fall() {
    let mut told = Told::recording([covered("T")]);
    plays(&mut told, "T", 120, 5, |_| 2.8);
    // 10 L/s for half an hour: 18 m³, a third of a metre.
    plays(&mut told, "T", 30, 5, |minute| 2.8 - minute as f64 / 90.0);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised]);
    let event = told.newest("TANK_DRAWOFF").unwrap();
    assert_eq!((event.severity, event.pages), (Severity::Info, false));
    assert!(
        (event.evidence.measured[0].value - 10.0).abs() < 1.0,
        "{event:?}"
    );
    plays(&mut told, "T", 60, 5, |_| 2.467);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised, Cleared]);
    assert_eq!(told.standing("T").verdict, Verdict::Usable);
}

#[test]
fn an_hourly_gauge_shows_a_pump_that_ran_between_two_readings() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 24, |_| 2.8);
    hourly(&mut told, "T", 4, |_| 2.3);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised, Cleared]);
}

#[test]
fn a_single_low_reading_noise_and_a_leak_are_no_draw_off() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 24, |_| 2.8);
    hourly(&mut told, "T", 1, |_| 2.74);
    hourly(&mut told, "T", 24, |_| 2.8);
    // 8 mm an hour: 10 m³ a day, a bad leak and no pump.
    hourly(&mut told, "T", 48, |hour| 2.8 - 0.008 * hour);
    assert_eq!(of(&told, "TANK_DRAWOFF"), []);
}

#[test]
fn a_draw_off_that_goes_on_within_the_hour_is_the_same_event() {
    let mut told = Told::recording([covered("T")]);
    plays(&mut told, "T", 120, 5, |_| 2.9);
    plays(&mut told, "T", 20, 5, |minute| 2.9 - minute as f64 * 0.01);
    plays(&mut told, "T", 30, 5, |_| 2.7);
    plays(&mut told, "T", 20, 5, |minute| 2.7 - minute as f64 * 0.01);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised, Cleared, Reopened]);
}

/// 30 mm an hour by day from 6 to 22, filled by 120 mm an hour from midnight to four.
fn daily(hour: f64) -> f64 {
    let of_day = (hour + 8.0).rem_euclid(24.0);
    let used = (of_day.clamp(6.0, 22.0) - 6.0) * 0.03;
    let filled = if of_day < 4.0 {
        0.48 - of_day * 0.12
    } else {
        0.0
    };
    2.9 - used - filled
}

#[test]
fn daily_use_is_no_draw_off_once_or_before_it_is_known_and_a_pump_is_seen_through_it() {
    let source = shaped("T", |shape| shape.daily_use = true);
    let mut told = Told::recording([source]);
    hourly(&mut told, "T", 12 * 24, daily);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [], "{:?}", told.alerts());
    assert_eq!(of(&told, "TANK_LEAK"), []);
    // At two in the afternoon somebody takes 100 mm beside what is usual.
    hourly(&mut told, "T", 6, daily);
    hourly(&mut told, "T", 3, |hour| daily(hour + 6.0) - 0.1);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised, Cleared]);
}

#[test]
fn a_tank_not_refilled_in_its_hours_pages_and_is_late_until_it_is_full() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 24, |_| 2.8);
    hourly(&mut told, "T", 3, |_| 1.5);
    let ended = told
        .newest("TANK_DRAWOFF")
        .unwrap()
        .began_at
        .plus_ms(HOUR_MS);
    let due = foresees(&told, "T", Foreseen::RefillDue).unwrap();
    assert_eq!(due.at, ended.plus_ms(24 * HOUR_MS));
    // A second draw-off while it is low does not give more time.
    hourly(&mut told, "T", 18, |_| 1.2);
    assert_eq!(foresees(&told, "T", Foreseen::RefillDue), Some(due));
    assert_eq!(of(&told, "REFILL_LATE"), []);
    hourly(&mut told, "T", 6, |_| 1.2);
    assert_eq!(of(&told, "REFILL_LATE"), [Raised]);
    let late = told.newest("REFILL_LATE").unwrap();
    assert_eq!(
        late.raised_at, due.at,
        "by time alone, between two readings"
    );
    assert_eq!((late.severity, late.pages), (Severity::Major, true));
    assert_eq!(late.began_at, ended);
    hourly(&mut told, "T", 2, |_| 1.9);
    assert_eq!(of(&told, "REFILL_LATE"), [Raised]);
    hourly(&mut told, "T", 1, |_| 2.1);
    assert_eq!(of(&told, "REFILL_LATE"), [Raised, Cleared]);
    hourly(&mut told, "T", 1, |_| 1.9);
    assert_eq!(
        of(&told, "REFILL_LATE"),
        [Raised, Cleared, Reopened],
        "not yet recovered"
    );
    hourly(&mut told, "T", 4, |_| 2.5);
    assert_eq!(foresees(&told, "T", Foreseen::RefillDue), None);
}

#[test]
fn a_tank_refilled_in_time_or_that_holds_enough_is_not_late() {
    let mut told = Told::recording([covered("T"), shaped("U", |s| s.refill_hours = Some(72.0))]);
    hourly(&mut told, "T", 24, |_| 2.8);
    hourly(&mut told, "T", 30, |_| 2.2);
    assert_eq!(foresees(&told, "T", Foreseen::RefillDue), None);
    hourly(&mut told, "T", 20, |_| 1.4);
    hourly(&mut told, "T", 30, |_| 2.6);
    assert_eq!(of(&told, "REFILL_LATE"), []);
    hourly(&mut told, "U", 24, |_| 2.8);
    hourly(&mut told, "U", 70, |_| 1.5);
    assert_eq!(of(&told, "REFILL_LATE"), []);
    hourly(&mut told, "U", 6, |_| 1.5);
    assert_eq!(
        of(&told, "REFILL_LATE"),
        [Raised],
        "72 hours for a small settlement"
    );
}

#[test]
fn silence_loses_no_clock_and_raises_nothing() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 24, |_| 2.8);
    hourly(&mut told, "T", 3, |_| 1.5);
    told.pass_min(30 * 60);
    assert_eq!(of(&told, "REFILL_LATE"), []);
    assert!(foresees(&told, "T", Foreseen::RefillDue).is_some());
    hourly(&mut told, "T", 1, |_| 1.5);
    assert_eq!(
        of(&told, "REFILL_LATE"),
        [Raised],
        "the first word says it is still low"
    );
}

#[test]
fn a_fall_whose_end_nobody_reported_ends_with_its_last_word() {
    let mut told = Told::recording([covered("T")]);
    plays(&mut told, "T", 120, 60, |_| 2.5);
    plays(&mut told, "T", 60, 5, |minute| 2.5 - minute as f64 * 0.012);
    let last = told.now.plus_ms(-5 * MINUTE_MS);
    told.pass_min(4 * 60);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised, Cleared]);
    let due = foresees(&told, "T", Foreseen::RefillDue).unwrap();
    assert_eq!(due.at, last.plus_ms(24 * HOUR_MS));
}

#[test]
fn of_an_on_change_device_the_same_level_said_once_is_late_by_time_alone() {
    let mut source = covered("T");
    source.reporting = Reporting {
        interval_s: Some(86_400),
        mode: ReportMode::OnChange,
    };
    let mut told = Told::recording([source]);
    hourly(&mut told, "T", 3, |_| 2.8);
    told.reads("T", &[(LevelM, 1.6)]);
    let said = told.now;
    told.pass_min(16);
    assert_eq!(of(&told, "TANK_DRAWOFF"), [Raised, Cleared]);
    told.pass_min(25 * 60);
    let late = told.newest("REFILL_LATE").unwrap();
    assert_eq!(late.raised_at, said.plus_ms(24 * HOUR_MS));
}

#[test]
fn a_covered_tank_that_falls_five_millimetres_a_day_leaks() {
    let mut told = Told::recording([covered("T"), shaped("O", |shape| shape.open = true)]);
    let begin = told.now;
    for code in ["T", "O"] {
        told.now = begin.max(told.now);
        hourly(&mut told, code, 4 * 24, |_| 2.8);
        hourly(&mut told, code, 6 * 24, |hour| 2.8 - 0.005 * hour / 24.0);
    }
    let leaks = told.episodes().map(|(_, e)| e.id.to_string());
    let leaks: Vec<_> = leaks.filter(|id| id.contains("LEAK")).collect();
    assert_eq!(
        leaks,
        ["T/TANK_LEAK/1"],
        "the sun takes as much from an open one"
    );
    let leak = told.newest("TANK_LEAK").unwrap();
    assert_eq!((leak.severity, leak.pages), (Severity::Minor, false));
    // 5 mm a day of 54 m² are 0.27 m³ a day.
    let lps = leak.evidence.measured[0];
    assert!((lps.value - 0.27e3 / 86_400.0).abs() < 0.001, "{lps:?}");
    assert!(lps.margin.unwrap() < 0.0);
}

#[test]
fn a_sound_tank_a_refilled_one_and_a_drawn_one_do_not_leak() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 5 * 24, |_| 2.8);
    hourly(&mut told, "T", 5 * 24, |_| 2.4);
    hourly(&mut told, "T", 5 * 24, |hour| (2.4 + 0.1 * hour).min(2.9));
    hourly(&mut told, "T", 5 * 24, |_| 2.3);
    assert_eq!(of(&told, "TANK_LEAK"), []);
}

#[test]
fn rain_and_refills_between_do_not_hide_a_leak_and_it_is_over_when_it_is_mended() {
    let mut told = Told::recording([shaped("T", |shape| shape.open = true)]);
    // 20 mm a day, and a shower of 40 mm each second day.
    hourly(&mut told, "T", 8 * 24, |hour| {
        2.8 - 0.02 * hour / 24.0 + 0.04 * (hour / 48.0).floor()
    });
    assert_eq!(of(&told, "TANK_LEAK"), [Raised], "{:?}", told.alerts());
    hourly(&mut told, "T", 4 * 24, |_| 2.8);
    assert_eq!(of(&told, "TANK_LEAK"), [Raised, Cleared]);
    hourly(&mut told, "T", 6 * 24, |hour| 2.8 - 0.03 * hour / 24.0);
    assert_eq!(of(&told, "TANK_LEAK"), [Raised, Cleared, Raised]);
    assert_eq!(told.newest("TANK_LEAK").unwrap().id.n, 2);
}

#[test]
fn a_leaking_tank_will_be_short_on_a_day_that_its_slope_tells() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 7 * 24, |hour| 2.5 - 0.02 * hour / 24.0);
    let short = foresees(&told, "T", Foreseen::TankShort).unwrap();
    assert_eq!(short.why, Why::LevelFalls);
    // 2.36 m now, 2.0 m owed: 18 days.
    let days = short.at.since_ms(told.now) as f64 / DAY_MS as f64;
    assert!((days - 18.0).abs() < 1.5, "{days}");
    let latest = short.latest.unwrap();
    assert!(short.earliest <= short.at && short.at <= latest);
    let truly = told.now.plus_ms(18 * DAY_MS);
    assert!(short.earliest <= truly && truly <= latest, "{short:?}");
    let mut sound = Told::recording([covered("T")]);
    hourly(&mut sound, "T", 7 * 24, |_| 2.5);
    assert_eq!(ahead(&sound, "T"), []);
}

#[test]
fn while_a_pump_runs_its_rate_tells_when_the_tank_is_short() {
    let mut told = Told::recording([covered("T")]);
    plays(&mut told, "T", 120, 5, |_| 2.8);
    plays(&mut told, "T", 30, 5, |minute| 2.8 - minute as f64 * 0.01);
    let short = foresees(&told, "T", Foreseen::TankShort).unwrap();
    assert_eq!(short.why, Why::DrawOff);
    let minutes = short.at.since_ms(told.now) / MINUTE_MS;
    assert!((40..60).contains(&minutes), "{minutes}");
}

#[test]
fn a_battery_that_falls_ends_on_a_day_and_one_that_stands_does_not() {
    let mut told = Told::recording([hydrant("F"), hydrant("S")]);
    for day in 0..9 * 7_i64 {
        told.now = START.plus_ms(day * DAY_MS);
        let falling = ((3.5 - 0.002 * day as f64) * 100.0).round() / 100.0;
        told.reads("F", &[(PressureKpa, 200.0), (BatteryV, falling)]);
        let standing = if day % 3 == 0 { 3.59 } else { 3.6 };
        told.reads("S", &[(PressureKpa, 200.0), (BatteryV, standing)]);
    }
    let end = foresees(&told, "F", Foreseen::BatteryEnds).unwrap();
    let days = end.at.since_ms(START) as f64 / DAY_MS as f64;
    assert!(
        (185.0..215.0).contains(&days),
        "0.4 V at 2 mV a day: {days}"
    );
    assert!(end.earliest <= end.at && Some(end.at) <= end.latest);
    assert_eq!(ahead(&told, "S"), []);
    told.reads("F", &[(PressureKpa, 200.0), (BatteryPct, 8.0)]);
    let low = foresees(&told, "F", Foreseen::BatteryEnds).unwrap();
    assert_eq!((low.why, low.at), (Why::BatteryLow, told.now));
}

#[test]
fn a_flow_test_expires_by_age_or_when_the_main_is_another() {
    let mut told = Told::recording([owing_flow("H")]);
    let tested = START.plus_ms(-1_500 * DAY_MS);
    let test = flow_test("H", tested, 300.0, 220.0, 15.0);
    told.change(Change::FlowTestEntered { test });
    told.steady("H", 300.0, 2);
    let expires = foresees(&told, "H", Foreseen::FlowTestExpires).unwrap();
    assert_eq!(
        (expires.why, expires.at),
        (Why::Age, tested.plus_ms(1_826 * DAY_MS))
    );
    told.steady("H", 200.0, 4);
    let expired = foresees(&told, "H", Foreseen::FlowTestExpires).unwrap();
    assert_eq!(expired.why, Why::StaticMoved);
    assert!(expired.at <= told.now);
    let test = flow_test("H", told.now, 200.0, 150.0, 12.0);
    told.change(Change::FlowTestEntered { test });
    assert_eq!(foresees(&told, "H", Foreseen::FlowTestExpires), None);
}

#[test]
fn a_judge_restored_in_the_middle_of_a_tanks_story_goes_on_the_same() {
    let sources = || [covered("T"), shaped("D", |shape| shape.daily_use = true)];
    let script = |told: &mut Told, from: i64, until: i64| {
        for hour in from..until {
            told.now = START.plus_ms(hour * HOUR_MS);
            let level = match hour {
                ..200 => 2.9 - 0.000_4 * hour as f64,
                200..210 => 2.9 - 0.11 * (hour - 199) as f64,
                210..260 => 1.8,
                _ => 2.6,
            };
            told.reads("T", &[(LevelM, level), (BatteryV, 3.5)]);
            let drawn = if hour > 250 { 0.2 } else { 0.0 };
            told.reads("D", &[(LevelM, daily(hour as f64) - drawn)]);
        }
    };
    let mut whole = Told::recording(sources());
    script(&mut whole, 0, 340);
    for rule in ["TANK_DRAWOFF", "REFILL_LATE", "TANK_LEAK"] {
        assert!(!of(&whole, rule).is_empty(), "{rule}");
    }
    for cut in (1..340).step_by(7) {
        let mut told = Told::recording(sources());
        script(&mut told, 0, cut);
        let global = told.judge.begin_save();
        let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
        let mut restored = Judge::of_a_recording(Rules::default());
        restored.restore(&global, saved).unwrap();
        told.judge = restored;
        script(&mut told, cut, 340);
        assert_eq!(told.alerts(), whole.alerts(), "cut at {cut}");
        for code in ["T", "D"] {
            assert_eq!(ahead(&told, code), ahead(&whole, code), "cut at {cut}");
        }
    }
}

#[test]
fn a_tank_that_becomes_a_hydrant_takes_its_tank_alerts_with_it() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 24, |_| 2.8);
    hourly(&mut told, "T", 30, |_| 1.5);
    assert_eq!(of(&told, "REFILL_LATE"), [Raised]);
    told.change(Change::SourceSet {
        source: Box::new(hydrant("T")),
    });
    assert_eq!(of(&told, "REFILL_LATE"), [Raised, Cleared]);
    assert_eq!(ahead(&told, "T"), []);
}

#[test]
fn late_readings_start_the_clock_and_raise_nothing_by_themselves() {
    let mut told = Told::recording([covered("T")]);
    hourly(&mut told, "T", 24, |_| 2.8);
    let drawn: Timestamp = told.now;
    told.pass_min(40 * 60);
    for (hours, level) in [(0, 1.6), (1, 1.5), (2, 1.5), (3, 1.5)] {
        let at = drawn.plus_ms(hours * HOUR_MS);
        told.reads_at("T", Some(at), &[(LevelM, level)]);
    }
    assert_eq!(
        told.alerts()
            .iter()
            .filter(|a| a.starts_with("TANK"))
            .count(),
        0
    );
    hourly(&mut told, "T", 1, |_| 1.5);
    assert_eq!(
        of(&told, "REFILL_LATE"),
        [Raised],
        "a current reading tells"
    );
}
