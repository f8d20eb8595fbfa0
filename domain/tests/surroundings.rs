//! What is usual is learned from readings, and neighbours say whether the water is calm.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::judging::{Calm, Judge, Rules};
use firemain_domain::source::{Kind, Source, TapPoint};
use support::*;

/// Hydrants of one zone, 100 m from each other.
fn street(houses: usize) -> Vec<Source> {
    let hydrants = (0..houses).map(|n| north_m(100.0 * n as f64, hydrant(&format!("H{n}"))));
    hydrants.collect()
}

/// Every hydrant reads the same each quarter of an hour.
fn quarters(told: &mut Told, houses: usize, count: usize, kpa: impl Fn(usize, usize) -> f64) {
    for quarter in 0..count {
        for n in 0..houses {
            told.reads(&format!("H{n}"), &[(PressureKpa, kpa(n, quarter))]);
        }
        told.pass_min(15);
    }
}

#[test]
fn a_street_is_calm_once_it_has_learned_and_moves_when_a_neighbour_is_down() {
    let mut told = Told::recording(street(5));
    let calm = |told: &Told, code: &str| told.judge.surroundings(code).unwrap().calm();
    quarters(&mut told, 5, 96, |_, _| 200.0);
    assert_eq!(
        calm(&told, "H2"),
        Calm::Unknown,
        "nothing is learned in a day"
    );
    quarters(&mut told, 5, 3 * 96, |_, _| 200.0);
    assert_eq!(calm(&told, "H2"), Calm::Calm);
    quarters(&mut told, 5, 2, |n, _| if n == 0 { 170.0 } else { 200.0 });
    let around = told.judge.surroundings("H2").unwrap();
    assert_eq!((around.calm(), around.any_down()), (Calm::Moving, true));
    assert_eq!(around.moved(20.0), 1);
    assert_eq!(calm(&told, "H0"), Calm::Calm, "its neighbours stand");
}

#[test]
fn neighbours_that_are_silent_or_worked_on_or_drawn_from_are_no_witnesses() {
    let mut told = Told::recording(street(6));
    quarters(&mut told, 6, 4 * 96, |_, _| 200.0);
    let asked = |told: &Told| told.judge.surroundings("H0").unwrap().reporting();
    assert_eq!(asked(&told), 5);
    told.change(window("H1", told.now, told.now.plus_ms(3_600_000)));
    assert_eq!(asked(&told), 4);
    told.reads("H2", &[(PressureKpa, 190.0), (FlowLps, 10.0)]);
    assert_eq!(asked(&told), 3);
    for _ in 0..4 {
        told.reads("H0", &[(PressureKpa, 200.0)]);
        told.pass_min(15);
    }
    assert_eq!(asked(&told), 0, "two intervals without a word of them");
}

#[test]
fn barrels_and_fire_tanks_learn_nothing_and_a_moved_sensor_learns_anew() {
    let barrel = Source {
        kind: Kind::Hydrant {
            tap_point: TapPoint::Barrel,
        },
        ..hydrant("B")
    };
    let mut told = Told::recording([barrel, hydrant("H"), tank("T")]);
    for _ in 0..(4 * 96) {
        told.reads("B", &[(PressureKpa, 0.0)]);
        told.reads("H", &[(PressureKpa, 200.0)]);
        told.reads("T", &[(LevelM, 2.5)]);
        told.pass_min(15);
    }
    assert!(told.judge.baseline("B").is_none() && told.judge.baseline("T").is_none());
    let [weekday, _] = told.judge.baseline("H").unwrap();
    assert!((weekday[9].unwrap().mean - 200.0).abs() < 0.1);
    told.change(firemain_domain::change::Change::SourceSet {
        source: Box::new(Source {
            device: Some("other".into()),
            ..hydrant("H")
        }),
    });
    assert!(told.judge.baseline("H").is_none());
}

#[test]
fn a_restored_judge_knows_what_is_usual_and_how_neighbours_stand() {
    let mut told = Told::live(street(4));
    quarters(&mut told, 4, 4 * 96 + 2, |n, quarter| {
        200.0 + (quarter % 5) as f64 - if n == 1 && quarter > 380 { 40.0 } else { 0.0 }
    });
    let mut restored = Judge::new(Rules::default());
    let global = told.judge.begin_save();
    let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
    restored.restore(&global, saved).unwrap();
    for n in 0..4 {
        let code = format!("H{n}");
        assert_eq!(restored.baseline(&code), told.judge.baseline(&code));
        let before = told.judge.surroundings(&code).unwrap();
        assert_eq!(restored.surroundings(&code).unwrap(), before);
        assert_eq!(before.reporting(), 3);
    }
}
