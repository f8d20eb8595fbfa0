//! Three days of everyday: what the truth says is what the water does.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::source::{Kind, Source};
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_firmware_sim::{
    About, Everyday, Scenario, SimSettings, Simulation, Town, TownSettings, TrueWater, Truth,
};

const DAYS: i64 = 3;
const REQUIRED_KPA: f64 = 98.1;
/// Spans are joined over five minutes, and levels looked at each five.
const BLUR_MS: i64 = 5 * MINUTE_MS + 1_000;

fn start() -> Timestamp {
    Timestamp::parse("2026-11-01T00:00:00Z").expect("a time")
}

/// Ten times as much as in a real city, so that three days see everything.
fn eventful() -> Scenario {
    let usual = Everyday::default();
    let everyday = Everyday {
        seed: 7,
        days: Some(3),
        fires: usual.fires * 10.0,
        thefts: usual.thefts * 10.0,
        bursts: usual.bursts * 10.0,
        closed_mains: usual.closed_mains * 10.0,
        pump_stops: usual.pump_stops * 10.0,
        tank_draws: usual.tank_draws * 10.0,
        tank_leaks: usual.tank_leaks * 10.0,
        lake_falls: usual.lake_falls * 30.0,
        outages: usual.outages * 10.0,
        ..usual
    };
    Scenario {
        events: Vec::new(),
        everyday: Some(everyday),
    }
}

struct Days {
    sources: Vec<Source>,
    truths: Vec<Truth>,
    /// By source and moment.
    water: BTreeMap<(usize, Timestamp), TrueWater>,
    messages: u64,
}

fn live() -> Days {
    let town = Town::generate(&TownSettings::of_size(7, 400)).expect("a town");
    let mut simulation =
        Simulation::new(town, eventful(), SimSettings::from(start())).expect("a simulation");
    let sources = simulation.town().sources().to_vec();
    let mut water = BTreeMap::new();
    while simulation.now() < start().plus_ms(DAYS * DAY_MS) {
        simulation.advance(simulation.now().plus_ms(20 * MINUTE_MS), |_| {});
        for (number, source) in sources.iter().enumerate() {
            water.insert(
                (number, simulation.now()),
                simulation.true_water(&source.code).expect("a source"),
            );
        }
    }
    assert_eq!(simulation.counts().unsolved, 0);
    Days {
        sources,
        truths: simulation.truths(),
        water,
        messages: simulation.counts().messages,
    }
}

/// Whether `value` lies below `limit`; `None` within `blur` of it.
fn below(value: Option<f64>, limit: f64, blur: f64) -> Option<bool> {
    value
        .filter(|value| (value - limit).abs() > blur)
        .map(|value| value < limit)
}

impl Days {
    /// Holds each look at a source's water against the truths of `what`: where one holds, `is` must
    /// say yes; where none does, no; at the very limit it may say `None`. Returns in how many looks
    /// it held.
    fn agree(
        &self,
        what: &str,
        concerns: impl Fn(&Source) -> bool,
        is: impl Fn(&Source, &TrueWater) -> Option<bool>,
    ) -> usize {
        let mut held = 0;
        for ((number, at), water) in &self.water {
            let source = &self.sources[*number];
            if !concerns(source) {
                continue;
            }
            let own = || {
                self.truths
                    .iter()
                    .filter(|t| t.what == what && t.source == source.code)
            };
            let end = |t: &Truth| t.until.unwrap_or(Timestamp::MAX);
            let near = own().any(|t| {
                (at.since_ms(t.from)).abs() <= BLUR_MS
                    || t.until
                        .is_some_and(|until| at.since_ms(until).abs() <= BLUR_MS)
            });
            if near {
                continue;
            }
            let holds = own().any(|t| t.from <= *at && *at <= end(t));
            held += usize::from(holds);
            let is = is(source, water).unwrap_or(holds);
            assert_eq!(is, holds, "{what} of {} at {at}: {water:?}", source.code);
        }
        held
    }
}

#[test]
fn the_truths_of_three_days_are_what_the_water_did() {
    let days = live();
    assert!(days.messages > 60_000, "{}", days.messages);

    let main_tap = |s: &Source| s.taps_main();
    // A pressure that swings about the limit within minutes is one truth.
    let low = days.agree("low_static", main_tap, |_, w| {
        below(w.pressure_kpa, REQUIRED_KPA, 1.0)
    });
    let hydrant = |s: &Source| matches!(s.kind, Kind::Hydrant { .. });
    let used = days.agree("in_use", hydrant, |_, w| w.flow_lps.map(|q| q > 1.0));
    let short = |s: &Source, w: &TrueWater| match &s.kind {
        Kind::Tank(tank) => below(
            tank.volume_m3(w.level_m.expect("a level")),
            s.requirement.volume_m3?,
            0.1,
        ),
        _ => None,
    };
    let tank_low = days.agree("tank_low", |s| matches!(s.kind, Kind::Tank(_)), short);
    let dry = |s: &Source, w: &TrueWater| match (&s.kind, w.level_m) {
        (Kind::DrawPoint(shape), Some(level)) => {
            let deep = below(shape.below_apron_m(level).map(|m| -m), -5.0, 0.01)?;
            let thin = below(shape.layer_m(level), 0.5, 0.01)?;
            Some(deep || thin)
        }
        _ => None,
    };
    let draw_low = days.agree("draw_low", |s| matches!(s.kind, Kind::DrawPoint(_)), dry);
    assert!(
        low > 100 && used > 20 && tank_low > 50 && draw_low > 20,
        "{low} {used} {tank_low} {draw_low}"
    );
}

#[test]
fn causes_are_those_that_can_be() {
    let days = live();
    for truth in &days.truths {
        let possible: &[&str] = match &*truth.what {
            "low_static" | "low_residual" | "flow_deficit" => &[
                "demand",
                "fire",
                "theft",
                "burst",
                "closed_main",
                "pump_stop",
                "supply_stop",
                "permitted_use",
                "flow_test",
                "maintenance",
                "overpressure",
            ],
            "in_use" => &["fire", "theft", "permitted_use", "flow_test"],
            "unauthorised_use" => &["theft"],
            "tank_drawoff" | "refill_late" => &["tank_draw", "tank_leak", "tank_seep"],
            "tank_leak" => &["tank_leak", "tank_seep"],
            "tank_low" => &["use", "tank_draw", "tank_leak", "tank_seep"],
            "draw_low" => &["lake_fall", "weather"],
            "stale" => &[
                "outage",
                "gateway_dead",
                "gateway_cut",
                "sensor_dead_battery",
                "sensor_replay",
                "sensor_lost_messages",
            ],
            _ => continue,
        };
        assert!(possible.contains(&&*truth.cause), "{truth:?}");
        assert!(
            truth.until.is_none_or(|until| until >= truth.from),
            "{truth:?}"
        );
    }
    let whats: std::collections::BTreeSet<_> = days.truths.iter().map(|t| &*t.what).collect();
    for what in [
        "low_static",
        "in_use",
        "unauthorised_use",
        "tank_drawoff",
        "tank_low",
        "draw_low",
        "device",
    ] {
        assert!(whats.contains(what), "no {what} in {whats:?}");
    }
}

#[test]
fn a_sensor_is_at_fault_on_about_every_tenth_source_day() {
    const MONTH: i64 = 30;
    let town = Town::generate(&TownSettings::of_size(5, 100)).expect("a town");
    let mut simulation = Simulation::new(
        town,
        Scenario::everyday(11, MONTH as u32),
        SimSettings::from(start()),
    )
    .expect("a simulation");
    simulation.advance(start().plus_ms(MONTH * DAY_MS), |_| {});
    let mut days = std::collections::BTreeSet::new();
    for truth in simulation.truths() {
        if truth.about == About::Device {
            let until = truth.until.unwrap_or(simulation.now());
            let day = |at: Timestamp| at.since_ms(start()).div_euclid(DAY_MS);
            days.extend((day(truth.from)..=day(until)).map(|day| (truth.source.clone(), day)));
        }
    }
    let share = days.len() as f64 / (100 * MONTH) as f64;
    assert!((0.07..0.13).contains(&share), "{share}");
}
