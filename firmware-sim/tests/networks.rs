//! A water utility's own network, with a pump and a tower that fills and drains.

use firemain_domain::Timestamp;
use firemain_domain::time::{HOUR_MS, MINUTE_MS};
use firemain_firmware_sim::{
    Event, EventKind, Scenario, SimSettings, Simulation, Town, TownSettings,
};

fn start() -> Timestamp {
    Timestamp::parse("2026-11-22T17:00:00Z").expect("a time")
}

fn tower(scenario: Scenario) -> Simulation {
    let settings = TownSettings {
        hydrants: 0,
        barrel_share: 0.0,
        ..TownSettings::default()
    };
    let town = Town::from_inp(include_str!("networks/tower.inp"), &settings).expect("a network");
    Simulation::new(town, scenario, SimSettings::from(start())).expect("a simulation")
}

/// Pressure of the hydrant at each quarter of an hour.
fn pressures(simulation: &mut Simulation, code: &str, hours: i64) -> Vec<f64> {
    let quarters = 0..hours * 4;
    quarters
        .map(|_| {
            simulation.advance(simulation.now().plus_ms(15 * MINUTE_MS), |_| {});
            simulation
                .true_water(code)
                .expect("a source")
                .pressure_kpa
                .expect("a pressure")
        })
        .collect()
}

#[test]
fn a_network_with_a_tower_lives_through_a_day() {
    let mut simulation = tower(Scenario::none());
    let codes: Vec<_> = simulation
        .town()
        .sources()
        .iter()
        .map(|s| s.code.to_string())
        .collect();
    assert_eq!(codes.len(), 6, "one hydrant on each junction: {codes:?}");
    let day = pressures(&mut simulation, "TR-0005", 24);
    assert_eq!(simulation.counts().unsolved, 0);
    let (low, high) = day
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
    assert!(low > 150.0 && high < 400.0, "{low} to {high} kPa");
    assert!(
        high - low > 5.0,
        "the tower neither filled nor drained: {low} to {high} kPa"
    );
    assert!(simulation.counts().messages > 6 * 90);
}

#[test]
fn the_tower_carries_the_village_while_the_pump_stands_still_and_drains() {
    let stop = Event::new(EventKind::PumpStop, HOUR_MS).lasting(6 * HOUR_MS);
    let mut stopped = tower(Scenario::of([stop]));
    let mut running = tower(Scenario::none());
    let without = pressures(&mut stopped, "TR-0005", 6);
    let with = pressures(&mut running, "TR-0005", 6);
    assert!(without[23] > 100.0, "the tower still gives: {without:?}");
    assert!(
        with[23] - without[23] > 5.0,
        "{} with the pump, {} without",
        with[23],
        without[23]
    );
    let fell = without[8..]
        .windows(2)
        .filter(|pair| pair[1] < pair[0])
        .count();
    assert!(fell >= 12, "it drains: {without:?}");
}

#[test]
fn the_same_network_gives_the_same_bytes() {
    let bytes = || {
        let mut simulation = tower(Scenario::everyday(3, 1));
        let mut all = Vec::new();
        simulation.advance(start().plus_ms(12 * HOUR_MS), |message| all.push(message));
        all
    };
    assert!(bytes() == bytes());
}
