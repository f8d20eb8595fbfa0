//! ZONE_DROP: a burst is one incident with its members, and nothing hides a dead source in a fire.
#![allow(clippy::unwrap_used)]

mod support;

use firemain_domain::change::Change;
use firemain_domain::judging::{
    EpisodeEvent, EpisodeState, Judge, Mute, Reason, RuleName, Rules, Severity, Subject, Verdict,
};
use firemain_domain::source::{Kind, Source, TapPoint};
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use support::*;

const HOUSES: usize = 6;

/// Hydrants of one zone, 100 m from each other.
fn street() -> Vec<Source> {
    (0..HOUSES).map(house).collect()
}

fn house(n: usize) -> Source {
    north_m(100.0 * n as f64, hydrant(&name(n)))
}

fn name(n: usize) -> String {
    format!("H{n}")
}

/// Each quarter of an hour every hydrant reads; a minute lies between two.
fn quarters(told: &mut Told, count: usize, kpa: impl Fn(usize) -> f64) {
    for _ in 0..count {
        for n in 0..HOUSES {
            told.reads(&name(n), &[(PressureKpa, kpa(n))]);
            told.pass_min(1);
        }
        told.pass_min(15 - HOUSES as i64);
    }
}

/// A street that stands at 2 bar and has learned so.
fn learned() -> Told {
    let mut told = Told::recording(street());
    quarters(&mut told, 4 * 96, |_| 200.0);
    told
}

fn of(told: &Told, code: &str, rule: RuleName) -> Option<EpisodeState> {
    let all = told.episodes().filter(|(_, e)| {
        e.id.rule == rule && e.id.source().is_some_and(|source| &**source == code)
    });
    all.last().map(|(_, e)| e.clone())
}

fn pages(told: &Told) -> Vec<String> {
    let paging = told.episodes().filter(|(what, e)| {
        e.pages
            && matches!(
                what,
                EpisodeEvent::Raised | EpisodeEvent::Paged | EpisodeEvent::Reopened
            )
    });
    paging.map(|(_, e)| e.id.to_string()).collect()
}

fn members(told: &Told) -> Vec<String> {
    let incident = told.newest("ZONE_DROP").unwrap();
    let mut members: Vec<String> = incident.members.iter().map(ToString::to_string).collect();
    members.sort();
    members
}

#[test]
fn a_fire_lifts_the_mutes_of_a_zone_drop_for_criticals_and_tells_command() {
    // The fire burns before, while the dwell lasts, and after the incident was raised.
    for fire_after in [0, 1, 2, 3] {
        let mut told = learned();
        for quarter in 0..4 {
            if quarter == fire_after {
                told.change(fire(told.now, 50.0));
            }
            quarters(&mut told, 1, |n| if n < 3 { 5.0 } else { 60.0 });
        }
        for n in 0..3 {
            let alert = of(&told, &name(n), RuleName::LowStatic).unwrap();
            assert_eq!(
                (alert.severity, alert.pages, alert.tells_command),
                (Severity::Critical, true, true),
                "{n} {fire_after}"
            );
        }
        let lesser = of(&told, "H4", RuleName::LowStatic).unwrap();
        assert!(!lesser.pages && lesser.muted_by == Some(Mute::Incident));
        let incident = told.newest("ZONE_DROP").unwrap();
        assert!(incident.pages && incident.tells_command);
    }
    let mut told = learned();
    told.change(fire(told.now, 1_600.0));
    quarters(&mut told, 4, |_| 5.0);
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"], "a fire far away");
}

#[test]
fn a_burst_is_one_incident_and_its_members_do_not_page_beside_it() {
    let mut told = learned();
    let begins = told.now;
    quarters(&mut told, 5, |n| if n < 5 { 60.0 } else { 200.0 });
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"]);
    let incident = told.newest("ZONE_DROP").unwrap();
    assert_eq!(incident.id.subject, Subject::Zone("A".into()));
    assert_eq!(incident.severity, Severity::Critical);
    assert_eq!(incident.began_at, begins);
    // The third of them is down after two minutes; two intervals from there.
    assert_eq!(incident.raised_at, begins.plus_ms((2 + 30) * MINUTE_MS));
    assert_eq!(members(&told), ["H0", "H1", "H2", "H3", "H4"]);
    let shown = &incident.evidence.measured;
    assert_eq!(shown.len(), 4);
    assert!((shown[0].margin.unwrap() + 140.0).abs() < 0.2);
    for n in 0..5 {
        let alert = of(&told, &name(n), RuleName::LowStatic).unwrap();
        assert_eq!(alert.muted_by, Some(Mute::Incident));
        assert_eq!(alert.incident, Some(incident.id.clone()));
        assert_eq!(told.standing(&name(n)).verdict, Verdict::Degraded);
    }
    let waited = told.episodes().any(|(what, e)| {
        what == EpisodeEvent::Raised
            && e.id.rule == RuleName::LowStatic
            && e.muted_by == Some(Mute::ZoneDrop)
    });
    assert!(waited, "a member's own page waits while the dwell lasts");
}

#[test]
fn the_incident_clears_after_half_an_hour_and_one_still_low_pages_alone() {
    let mut told = Told::recording((0..HOUSES).map(house).chain([north_m(900.0, hydrant("X"))]));
    let all = |told: &mut Told, count: usize, kpa: &dyn Fn(usize) -> f64| {
        for _ in 0..count {
            told.reads("X", &[(PressureKpa, kpa(9))]);
            for n in 0..5 {
                told.reads(&format!("Y{n}"), &[(PressureKpa, 200.0)]);
            }
            quarters(told, 1, kpa);
        }
    };
    for n in 0..5 {
        let source = north_m(950.0 + 10.0 * f64::from(n), hydrant(&format!("Y{n}")));
        told.change(Change::SourceSet {
            source: Box::new(source),
        });
    }
    all(&mut told, 4 * 96, &|_| 200.0);
    all(&mut told, 4, &|_| 60.0);
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"]);
    let recovered = told.now;
    all(&mut told, 2, &|n| if n == 0 { 60.0 } else { 200.0 });
    assert!(told.newest("ZONE_DROP").unwrap().cleared_at.is_none());
    all(&mut told, 2, &|n| if n == 0 { 60.0 } else { 200.0 });
    let cleared = told.newest("ZONE_DROP").unwrap().cleared_at.unwrap();
    assert!(cleared.since_ms(recovered) >= 30 * MINUTE_MS);
    assert_eq!(
        pages(&told),
        ["zone:A/ZONE_DROP/1", "H0/LOW_STATIC/1"],
        "one still low pages alone"
    );
    let alone = of(&told, "H0", RuleName::LowStatic).unwrap();
    assert_eq!((alone.incident, alone.muted_by), (None, None));
    // Down again within the hour: the same incident.
    all(&mut told, 4, &|_| 60.0);
    let again = told.newest("ZONE_DROP").unwrap();
    assert_eq!((again.id.n, again.reopened), (1, 1));
    assert!(again.cleared_at.is_none());
}

#[test]
fn two_or_few_or_slow_or_shallow_or_brief_is_no_burst() {
    type Course = fn(usize, usize) -> f64;
    let cases: [(&str, Course); 4] = [
        ("two of six", |n, _| if n < 2 { 60.0 } else { 200.0 }),
        ("one by one, 45 min apart", |n, quarter| {
            if n < 4 && quarter >= 3 * n {
                150.0
            } else {
                200.0
            }
        }),
        ("0.29 bar", |_, _| 171.0),
        (
            "one interval only",
            |_, quarter| {
                if quarter == 0 { 60.0 } else { 200.0 }
            },
        ),
    ];
    for (case, kpa) in cases {
        let mut told = learned();
        for quarter in 0..12 {
            quarters(&mut told, 1, |n| kpa(n, quarter));
        }
        assert!(told.newest("ZONE_DROP").is_none(), "{case}");
        assert!(told.episodes().all(|(_, e)| e.incident.is_none()), "{case}");
    }
}

#[test]
fn what_is_usual_in_the_evening_is_no_burst() {
    let mut told = Told::recording(street());
    let evening = |told: &mut Told, days: i64| {
        for _ in 0..days * 96 {
            let hour = (told.now.ms() / 3_600_000 + 7) % 24;
            let kpa = if (18..21).contains(&hour) {
                140.0
            } else {
                200.0
            };
            quarters(told, 1, |n| kpa - n as f64);
        }
    };
    evening(&mut told, 5);
    told.effects.clear();
    evening(&mut told, 2);
    assert!(told.newest("ZONE_DROP").is_none());
}

#[test]
fn sick_and_used_and_maintained_sources_do_not_count() {
    let mut told = learned();
    let until = told.now.plus_ms(DAY_MS);
    told.change(window("H0", told.now, until));
    for _ in 0..4 {
        for n in 0..HOUSES {
            let kpa = if n < 3 { 150.0 } else { 200.0 };
            let flow = if n == 1 { 10.0 } else { 0.0 };
            told.reads(&name(n), &[(PressureKpa, kpa), (FlowLps, flow)]);
            told.pass_min(1);
        }
        told.pass_min(15 - HOUSES as i64);
    }
    assert!(told.newest("ZONE_DROP").is_none());
}

#[test]
fn a_zone_drops_in_its_first_days_too() {
    let mut told = Told::recording(street());
    quarters(&mut told, 24, |_| 200.0);
    quarters(&mut told, 4, |_| 160.0);
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"]);
    // A slow evening decline does not look like one.
    let mut told = Told::recording(street());
    quarters(&mut told, 24, |_| 200.0);
    for quarter in 0..16 {
        quarters(&mut told, 1, |_| 200.0 - 4.0 * f64::from(quarter));
    }
    assert!(told.newest("ZONE_DROP").is_none());
}

#[test]
fn a_cluster_in_a_large_zone_is_the_zones_incident_and_a_second_joins_it() {
    let far = |n: usize| north_m(5_000.0 + 1_000.0 * n as f64, hydrant(&format!("F{n}")));
    let other = |n: usize| north_m(-4_000.0 - 100.0 * n as f64, hydrant(&format!("O{n}")));
    let sources = street()
        .into_iter()
        .chain((0..18).map(far))
        .chain((0..3).map(other));
    let mut told = Told::recording(sources);
    let all = |told: &mut Told, count: usize, street: f64, others: f64| {
        for _ in 0..count {
            for n in 0..18 {
                told.reads(&format!("F{n}"), &[(PressureKpa, 200.0)]);
            }
            for n in 0..3 {
                told.reads(&format!("O{n}"), &[(PressureKpa, others)]);
            }
            quarters(told, 1, |_| street);
        }
    };
    all(&mut told, 4 * 96, 200.0, 200.0);
    all(&mut told, 4, 150.0, 200.0);
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"]);
    assert_eq!(members(&told).len(), HOUSES);
    all(&mut told, 1, 150.0, 150.0);
    assert_eq!(members(&told).len(), HOUSES + 3);
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"]);
}

#[test]
fn members_that_fall_silent_clear_nothing() {
    let mut told = learned();
    quarters(&mut told, 4, |_| 60.0);
    told.pass_min(180);
    assert!(told.newest("ZONE_DROP").unwrap().cleared_at.is_none());
    assert_eq!(told.standing("H0").verdict, Verdict::Unknown);
}

#[test]
fn a_barrel_in_a_dropping_zone_is_unknown_until_it_shows_that_it_gives_water() {
    let barrel = Source {
        kind: Kind::Hydrant {
            tap_point: TapPoint::Barrel,
        },
        ..north_m(50.0, owing_flow("B"))
    };
    let mut told = Told::recording(street().into_iter().chain([barrel]));
    let with_barrel = |told: &mut Told, count: usize, kpa: f64| {
        for _ in 0..count {
            told.reads("B", &[(PressureKpa, 0.0)]);
            quarters(told, 1, |_| kpa);
        }
    };
    with_barrel(&mut told, 4 * 96, 200.0);
    told.change(Change::FlowTestEntered {
        test: flow_test("B", told.now.plus_ms(-DAY_MS), 300.0, 220.0, 20.0),
    });
    assert_eq!(told.standing("B").verdict, Verdict::Usable);
    with_barrel(&mut told, 1, 60.0);
    assert_eq!(told.standing("B").verdict, Verdict::Unknown);
    assert_eq!(told.standing("B").reasons, [Reason::ZoneDropping]);
    told.reads("B", &[(PressureKpa, 150.0), (FlowLps, 16.0)]);
    assert_ne!(told.standing("B").reasons, [Reason::ZoneDropping]);
    told.pass_min(1);
    with_barrel(&mut told, 4, 200.0);
    assert!(!told.standing("B").reasons.contains(&Reason::ZoneDropping));
}

#[test]
fn history_played_in_pages_no_zone_until_a_current_reading_says_the_same() {
    use firemain_domain::judging::Control;
    let mut told = Told::live(street());
    told.control(Control::History { begins: true });
    quarters(&mut told, 24, |_| 200.0);
    quarters(&mut told, 4, |_| 60.0);
    told.control(Control::History { begins: false });
    let incident = told.newest("ZONE_DROP").unwrap();
    assert_eq!(
        (incident.pages, incident.muted_by),
        (false, Some(Mute::LateData))
    );
    quarters(&mut told, 1, |_| 60.0);
    assert!(told.newest("ZONE_DROP").unwrap().pages);
    assert_eq!(pages(&told), ["zone:A/ZONE_DROP/1"]);
}

#[test]
fn a_restored_judge_goes_on_with_its_zones_as_if_nothing_had_happened() {
    let script = |told: &mut Told, from: usize, to: usize| {
        for step in from..to {
            let (quarter, n) = (step / HOUSES, step % HOUSES);
            let low = (2..7).contains(&quarter) || quarter > 10;
            let kpa = if low && n != 5 {
                55.0 + n as f64
            } else {
                200.0
            };
            told.reads(&name(n), &[(PressureKpa, kpa)]);
            told.pass_min(1);
            if n == HOUSES - 1 {
                told.pass_min(15 - HOUSES as i64);
            }
        }
    };
    let steps = 18 * HOUSES;
    let start = || {
        let mut told = Told::live(street());
        quarters(&mut told, 24, |_| 200.0);
        told.effects.clear();
        told
    };
    let mut whole = start();
    script(&mut whole, 0, steps);
    assert!(whole.alerts().contains(&"ZONE_DROP Cleared".to_owned()));
    assert!(
        whole.alerts().contains(&"ZONE_DROP Reopened".to_owned()),
        "{:?}",
        whole.alerts()
    );
    for cut in (0..steps).step_by(7) {
        let mut told = start();
        script(&mut told, 0, cut);
        let mut restored = Judge::new(Rules::default());
        let global = told.judge.begin_save();
        let saved = told.judge.save_some(usize::MAX).unwrap_or_default();
        restored.restore(&global, saved).unwrap();
        told.judge = restored;
        script(&mut told, cut, steps);
        assert_eq!(told.effects, whole.effects, "cut at {cut}");
    }
}

#[test]
fn a_judge_held_to_what_was_told_keeps_the_incident_until_data_clears_it() {
    let mut told = learned();
    quarters(&mut told, 4, |_| 60.0);
    let known: std::collections::BTreeMap<String, EpisodeState> = told
        .episodes()
        .map(|(_, e)| (e.id.to_string(), e.clone()))
        .collect();
    let mut fresh = Told::recording([]);
    fresh.now = told.now;
    for source in street() {
        let source = Box::new(source);
        fresh.change(Change::SourceSet { source });
    }
    let mut effects = Vec::new();
    fresh.judge.hold_to(known.into_values(), &mut effects);
    quarters(&mut fresh, 2, |_| 60.0);
    assert!(fresh.newest("ZONE_DROP").is_none(), "nothing new to tell");
    assert!(pages(&fresh).is_empty());
    quarters(&mut fresh, 8, |_| 200.0);
    let cleared = fresh.newest("ZONE_DROP").unwrap();
    assert_eq!(cleared.id.n, 1);
    assert!(cleared.cleared_at.is_some());
}

#[test]
fn water_that_comes_and_goes_by_the_hour_is_no_drop_of_its_zone() {
    let by_hours = street().into_iter().map(|mut source| {
        source.supply_schedule = Some("05:00-08:00,16:00-20:00".parse().unwrap());
        source
    });
    let mut told = Told::recording(by_hours);
    let hours: firemain_domain::source::SupplySchedule = "05:00-08:00,16:00-20:00".parse().unwrap();
    for _ in 0..4 * 96 {
        let kpa = if hours.is_on(told.now) { 200.0 } else { 1.0 };
        quarters(&mut told, 1, |_| kpa);
    }
    let dropped = told
        .episodes()
        .filter(|(_, e)| e.id.rule == RuleName::ZoneDrop);
    assert_eq!(dropped.count(), 0);
}
