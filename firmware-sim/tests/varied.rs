//! Towns of several hydraulics: what a varied town's zones and devices are like.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::source::{Kind, ReportMode};
use firemain_domain::time::HOUR_MS;
use firemain_firmware_sim::{
    About, Event, EventKind, Scenario, SimSettings, Simulation, Town, TownSettings,
};

fn start() -> Timestamp {
    Timestamp::parse("2026-11-08T17:00:00Z").expect("local midnight")
}

fn town(sources: usize) -> Town {
    Town::generate(&TownSettings::varied_of_size(3, sources)).expect("a town")
}

#[test]
fn four_zones_are_high_usual_and_only_just_enough() {
    let mut simulation =
        Simulation::new(town(50), Scenario::none(), SimSettings::from(start())).expect("it fits");
    let hydrants: Vec<_> = simulation
        .town()
        .sources()
        .iter()
        .filter(|s| matches!(s.kind, Kind::Hydrant { .. }))
        .map(|s| (s.zone.clone().expect("a zone"), s.code.clone()))
        .collect();
    let mut of_zone: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for hour in 1..=24 {
        simulation.advance(start().plus_ms(hour * HOUR_MS), |_| {});
        for (zone, code) in &hydrants {
            let kpa = simulation
                .true_water(code)
                .expect("a source")
                .pressure_kpa
                .expect("a pressure");
            of_zone.entry(zone.to_string()).or_default().push(kpa);
        }
    }
    assert_eq!(simulation.counts().unsolved, 0);
    let range = |zone: &str| {
        let all = &of_zone[zone];
        let low = all.iter().copied().fold(f64::MAX, f64::min);
        (low, all.iter().copied().fold(f64::MIN, f64::max))
    };
    let (low, high) = range("KV-01");
    assert!(low > 150.0 && high < 340.0, "pumped: {low} to {high}");
    let (low, high) = range("KV-02");
    assert!(low > 170.0 && high < 340.0, "gravity: {low} to {high}");
    let (low, high) = range("KV-03");
    assert!(low > 330.0 && high < 590.0, "pumped high: {low} to {high}");
    let (low, high) = range("KV-04");
    assert!(low > 85.0 && low < 115.0, "end of line by evening: {low}");
    assert!(high > 120.0 && high < 145.0, "end of line by night: {high}");
}

#[test]
fn devices_are_of_many_makes_and_zones_have_their_hours() {
    let town = town(1_000);
    let mut intervals: BTreeMap<u32, usize> = BTreeMap::new();
    let mut accuracies = std::collections::BTreeSet::new();
    let (mut on_change, mut by_hours, mut daily) = (0, 0, 0);
    for source in town.sources() {
        on_change += usize::from(source.reporting.mode == ReportMode::OnChange);
        by_hours += usize::from(source.supply_schedule.is_some());
        if let Kind::Tank(tank) = &source.kind {
            daily += usize::from(tank.daily_use);
        } else if source.taps_main() {
            *intervals
                .entry(source.reporting.interval_s.expect("given"))
                .or_default() += 1;
            accuracies.insert(source.sensor.accuracy.expect("given").to_string());
        }
    }
    for seconds in [60, 300, 600, 900, 86_400] {
        assert!(intervals[&seconds] > 20, "{intervals:?}");
    }
    assert_eq!(accuracies.len(), 4);
    assert!(on_change > 80 && by_hours > 80 && daily > 10);
    assert!(by_hours < 200, "{by_hours}");
}

#[test]
fn in_a_branched_zone_a_shut_valve_dries_what_lies_behind_it_and_solves() {
    // KV-02 is a tree.
    let mut dried = 0;
    for n in 0..10 {
        let probe = town(50);
        let of_zone: Vec<_> = probe
            .sources()
            .iter()
            .filter(|s| s.zone.as_deref() == Some("KV-02") && s.code.starts_with("TR"))
            .map(|s| s.code.clone())
            .collect();
        let shut = Event::new(EventKind::ClosedMain, HOUR_MS).at_source(&of_zone[n]);
        let mut simulation =
            Simulation::new(probe, Scenario::of([shut]), SimSettings::from(start()))
                .expect("it fits");
        simulation.advance(start().plus_ms(2 * HOUR_MS), |_| {});
        assert_eq!(simulation.counts().unsolved, 0, "{}", of_zone[n]);
        let dry = of_zone.iter().filter(|code| {
            let water = simulation.true_water(code).expect("a source");
            water.pressure_kpa < Some(30.0)
        });
        dried = dried.max(dry.count());
    }
    assert!(dried > 1, "only the shut hydrants themselves were dry");
}

#[test]
fn on_change_devices_tell_at_once_that_they_fall_below_their_limit() {
    let probe = town(1_000);
    let quiet = probe
        .sources()
        .iter()
        .find(|s| s.reporting.mode == ReportMode::OnChange && s.taps_main())
        .expect("one");
    let (code, device) = (quiet.code.clone(), quiet.device.clone().expect("one"));
    let shut = Event::new(EventKind::ClosedMain, 3 * HOUR_MS).at_source(&code);
    let mut simulation =
        Simulation::new(probe, Scenario::of([shut]), SimSettings::from(start())).expect("it fits");
    let mut heard = Vec::new();
    simulation.advance(start().plus_ms(4 * HOUR_MS), |message| {
        if message.device == device && message.topic.ends_with("telemetry") {
            heard.push(message.at);
        }
    });
    let fell = start().plus_ms(3 * HOUR_MS);
    assert!(heard.len() < 8, "it is quiet: {heard:?}");
    assert!(
        heard
            .iter()
            .any(|at| *at > fell && at.since_ms(fell) < 90_000),
        "{heard:?}"
    );
    let truths = simulation.truths();
    assert!(
        truths
            .iter()
            .any(|t| t.about == About::Water && t.source == code && t.critical_from.is_some())
    );
}
