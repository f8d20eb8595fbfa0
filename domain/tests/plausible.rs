//! What cannot be so, and what nobody can tell: no reading of it pages as water, and no loss of water
//! hides behind it.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::change::Change;
use firemain_domain::judging::{Basis, Detail, Mute, Reason, Severity, Verdict};
use firemain_domain::source::{Kind, Sensor, Source};
use firemain_domain::time::{HOUR_MS, MINUTE_MS};
use support::*;

fn says(told: &mut Told, kpa: f64, times: u32) {
    for _ in 0..times {
        told.reads("H", &[(PressureKpa, kpa)]);
        told.pass_min(15);
    }
}

#[test]
fn a_device_of_which_no_reading_can_be_is_told_of_and_is_not_silent() {
    let mut told = Told::recording([hydrant("H")]);
    says(&mut told, 200.0, 8);
    says(&mut told, 9_000.0, 3);
    assert!(told.newest("DEVICE").is_none(), "a few may be chance");
    says(&mut told, 9_000.0, 30 * 4);
    let device = told.newest("DEVICE").unwrap();
    assert_eq!(device.detail, Some(Detail::Invalid));
    assert_eq!((device.severity, device.pages), (Severity::Minor, false));
    assert_eq!(device.evidence.measured[0].value, 9_000.0);
    assert!(told.newest("STALE").is_none(), "{:?}", told.alerts());
    assert_eq!(told.standing("H").verdict, Verdict::Unknown);
    assert_eq!(told.standing("H").reasons, [Reason::Stale]);
    // From its last word on it is as silent as any.
    told.pass_min(24 * 60 - 30);
    assert!(told.newest("STALE").is_none());
    told.pass_min(31);
    assert!(told.newest("STALE").unwrap().pages);
    says(&mut told, 200.0, 3);
    assert!(told.newest("STALE").unwrap().cleared_at.is_some());
    assert!(told.newest("DEVICE").unwrap().cleared_at.is_some());
    assert_eq!(told.standing("H").verdict, Verdict::Usable);
}

#[test]
fn what_is_no_number_is_told_of_without_one() {
    let mut told = Told::recording([hydrant("H")]);
    says(&mut told, 200.0, 8);
    says(&mut told, f64::NAN, 6);
    let device = told.newest("DEVICE").unwrap();
    assert_eq!(device.detail, Some(Detail::Invalid));
    assert!(device.evidence.measured.is_empty());
}

/// A covered tank that owes 108 m³, 2.0 m; its outlet lies 0.2 m above its floor.
fn covered() -> Source {
    let mut source = tank("T");
    if let Kind::Tank(shape) = &mut source.kind {
        shape.outlet_level_m = Some(0.2);
        shape.refill_hours = Some(24.0);
    }
    source.sensor = Sensor {
        resolution: Some(0.001),
        accuracy: Some(0.01),
        range_max: Some(15.0),
    }
    .into();
    source
}

/// A tank that has stood at 2.69 m for a day.
fn that_stood() -> Told {
    let mut told = Told::recording([covered()]);
    levels(&mut told, [2.69, 2.688, 2.689].into_iter().cycle().take(96));
    told
}

fn levels(told: &mut Told, levels: impl IntoIterator<Item = f64>) {
    for level in levels {
        told.reads("T", &[(LevelM, level)]);
        told.pass_min(15);
    }
}

#[test]
fn a_tank_that_reads_a_thousandth_at_once_is_wrongly_scaled_and_not_empty() {
    for factor in [10.0, 100.0, 1_000.0] {
        let mut told = that_stood();
        let scaled = (2.69_f64 / factor * 1_000.0).round() / 1_000.0;
        levels(&mut told, std::iter::repeat_n(scaled, 26 * 4));
        let device = told.newest("DEVICE").unwrap();
        assert_eq!(device.detail, Some(Detail::WrongScale), "{factor}");
        let paged: Vec<_> = told.episodes().filter(|(_, e)| e.pages).collect();
        assert!(paged.is_empty(), "{factor}: {paged:?}");
        assert_eq!(told.standing("T").verdict, Verdict::Unknown);
        levels(&mut told, [2.69; 3]);
        assert!(told.newest("DEVICE").unwrap().cleared_at.is_some());
        assert_eq!(told.standing("T").verdict, Verdict::Usable);
    }
}

#[test]
fn a_fire_near_lifts_the_doubt_about_a_tank() {
    let mut told = that_stood();
    levels(&mut told, [0.003; 3]);
    let low = told.newest("TANK_LOW").unwrap();
    assert_eq!((low.severity, low.pages), (Severity::Critical, false));
    let at = told.now;
    told.change(fire(at, 300.0));
    let low = told.newest("TANK_LOW").unwrap();
    assert!(low.pages && low.tells_command);
}

#[test]
fn a_tank_that_is_drawn_empty_pages_however_low_it_reads() {
    // 45 L/s: 0.75 m in a quarter of an hour; then what is below the outlet stays.
    let mut told = that_stood();
    levels(&mut told, [1.94, 1.19, 0.44, 0.2, 0.2]);
    let low = told.newest("TANK_LOW").unwrap();
    assert_eq!((low.severity, low.pages), (Severity::Critical, true));
    // A floor that gives way: below the outlet, but by no factor of scale.
    let mut told = that_stood();
    levels(&mut told, [0.13, 0.05, 0.0, 0.0]);
    assert!(told.newest("TANK_LOW").unwrap().pages);
    // What reads nothing at all is not told from nothing.
    let mut told = that_stood();
    levels(&mut told, [0.0; 4]);
    assert!(told.newest("TANK_LOW").unwrap().pages);
}

/// 17.5 L/s at the test's 220 kPa, 15 at about 189.
fn tested(accuracy: Option<f64>) -> Told {
    tested_with(accuracy, None)
}

fn tested_with(accuracy: Option<f64>, gauge_accuracy_kpa: Option<f64>) -> Told {
    let mut source = owing_flow("H");
    source.sensor = Sensor {
        accuracy,
        ..Sensor::default()
    }
    .into();
    let mut told = Told::recording([source]);
    says(&mut told, 220.0, 8);
    let mut test = flow_test("H", told.now, 220.0, 150.0, 13.0);
    test.gauge_accuracy_kpa = gauge_accuracy_kpa;
    told.change(Change::FlowTestEntered { test });
    says(&mut told, 220.0, 2);
    assert_eq!(told.alerts(), [""; 0]);
    told
}

#[test]
fn flow_short_by_an_estimate_pages_after_its_dwell() {
    let mut told = tested(None);
    says(&mut told, 184.0, 2);
    assert_eq!(told.standing("H").reasons, [Reason::FlowDeficit]);
    says(&mut told, 184.0, 1);
    let short = told.newest("FLOW_DEFICIT").unwrap();
    assert_eq!((short.severity, short.pages), (Severity::Major, true));
    let evidence = short.evidence.measured[0];
    assert_eq!(evidence.basis, Basis::Estimated);
    assert!((14.0..15.0).contains(&evidence.value), "{evidence:?}");
    says(&mut told, 220.0, 2);
    assert!(told.newest("FLOW_DEFICIT").unwrap().cleared_at.is_some());
}

#[test]
fn flow_short_by_less_than_the_sensor_of_its_estimate_can_tell_wakes_nobody_unless_it_goes_on() {
    let pages = |accuracy, kpa, quarters| {
        let mut told = tested(accuracy);
        says(&mut told, kpa, quarters);
        let short = told.newest("FLOW_DEFICIT").unwrap();
        assert!(told.standing("H").reasons.contains(&Reason::FlowDeficit));
        assert_eq!(short.muted_by, (!short.pages).then_some(Mute::Unsure));
        short.pages
    };
    assert!(!pages(Some(8.0), 184.0, 4));
    assert!(pages(Some(8.0), 184.0, 98), "it goes on");
    assert!(pages(Some(1.0), 184.0, 4), "it can tell that");
    assert!(pages(Some(8.0), 177.0, 4), "short by more");
}

#[test]
fn an_estimate_is_worth_no_more_than_the_gauge_of_its_test() {
    for (gauge_accuracy_kpa, pages) in [(None, true), (Some(2.0), true), (Some(8.0), false)] {
        let mut told = tested_with(None, gauge_accuracy_kpa);
        says(&mut told, 184.0, 4);
        let short = told.newest("FLOW_DEFICIT").unwrap();
        assert_eq!(short.pages, pages, "{gauge_accuracy_kpa:?}");
    }
}

#[test]
fn an_estimate_from_a_reading_that_calm_neighbours_gainsay_wakes_nobody_unless_it_goes_on() {
    let street = ["H", "N1", "N2", "N3"];
    let sources = street.into_iter().zip(0..).map(|(code, n)| {
        let source = if n == 0 {
            owing_flow(code)
        } else {
            hydrant(code)
        };
        north_m(f64::from(n) * 40.0, source)
    });
    for neighbours_fall in [false, true] {
        let mut told = Told::recording(sources.clone());
        let read = |told: &mut Told, own: f64, others: f64, quarters: u32| {
            for n in 0..quarters {
                let noise = f64::from(n % 3);
                told.reads("H", &[(PressureKpa, own + noise)]);
                for code in &street[1..] {
                    told.reads(code, &[(PressureKpa, others - noise)]);
                }
                told.now = told.now.plus_ms(15 * MINUTE_MS);
            }
        };
        read(&mut told, 220.0, 230.0, 5 * 96);
        let test = flow_test("H", told.now, 220.0, 150.0, 13.0);
        told.change(Change::FlowTestEntered { test });
        read(&mut told, 220.0, 230.0, 2);
        let others = if neighbours_fall { 205.0 } else { 230.0 };
        read(&mut told, 182.0, others, 8);
        let short = told.newest("FLOW_DEFICIT").unwrap();
        assert_eq!(short.pages, neighbours_fall);
        read(&mut told, 182.0, others, 96);
        assert!(told.newest("FLOW_DEFICIT").unwrap().pages, "it goes on");
    }
}

/// A hydrant with water by the hour: the test begins at 08:00, it has none from 09:00 to 16:00.
fn by_hours() -> Told {
    let mut told = Told::recording([Source {
        supply_schedule: Some("05:00-09:00,16:00-23:00".parse().unwrap()),
        ..hydrant("H")
    }]);
    says(&mut told, 200.0, 4);
    says(&mut told, 1.0, 8);
    told
}

#[test]
fn what_was_dry_before_supply_began_is_dry_by_a_reading_since_or_not_at_all() {
    // It falls silent at 11:00: nobody knows whether water came at 16:00.
    let mut silent = by_hours();
    silent.pass_min(8 * 60);
    assert!(silent.newest("LOW_STATIC").is_none_or(|low| !low.pages));
    assert_eq!(
        silent.standing("H").verdict,
        Verdict::Unusable,
        "silence improves nothing"
    );
    says(&mut silent, 1.0, 2);
    assert!(
        silent.newest("LOW_STATIC").unwrap().pages,
        "a late word of it"
    );
    // It goes on to say so: water has not come.
    let mut dry = by_hours();
    says(&mut dry, 1.0, 20);
    dry.pass_min(61);
    assert!(dry.newest("LOW_STATIC").is_none_or(|low| !low.pages));
    let mut dry = by_hours();
    says(&mut dry, 1.0, 25);
    let low = dry.newest("LOW_STATIC").unwrap();
    assert!(low.pages);
    let supply_begins = START.plus_ms(8 * HOUR_MS);
    assert_eq!(low.raised_at, supply_begins.plus_ms(HOUR_MS));
    assert!(low.began_at < supply_begins);
}
