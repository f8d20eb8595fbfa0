//! The everyday: happenings by chance, at rates like those of a real city.

use serde::{Deserialize, Serialize};

use super::{EventKind, Scenario};
use crate::device::Fault;
use crate::noise::{between, draw};

/// How often what happens by itself. All rates are per day; devices' are per 1,000 of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Everyday {
    /// From which chance is drawn, together with the simulation's own seed.
    pub seed: u64,
    /// For how many days from the start; `None`: always.
    pub days: Option<u32>,
    /// Fires at which hydrants are opened, per 1,000 hydrants and day.
    pub fires: f64,
    /// Uses of hydrants without leave, per 1,000 hydrants and day.
    pub thefts: f64,
    /// Uses of hydrants with a permit, per 1,000 hydrants and day.
    pub permitted_uses: f64,
    /// Flow tests, per 1,000 hydrants and day.
    pub flow_tests: f64,
    /// Bursts, per 1,000 hydrants and day.
    pub bursts: f64,
    /// Sections shut, per 1,000 hydrants and day.
    pub closed_mains: f64,
    /// Sections shut in a maintenance window, per 1,000 hydrants and day.
    pub maintenances: f64,
    /// Pumping stations that stop, per 100 zones and day.
    pub pump_stops: f64,
    /// Reducing valves that fail, per 100 zones and day.
    pub overpressures: f64,
    /// Tanks drawn from, per 1,000 tanks and day; seven of ten are filled again within 18 h.
    pub tank_draws: f64,
    /// Tanks that begin to leak, per 1,000 tanks and day.
    pub tank_leaks: f64,
    /// Tanks that begin to lose millimetres, per 1,000 tanks and day.
    pub tank_seeps: f64,
    /// Waters that begin to fall, per 1,000 draw points and day.
    pub lake_falls: f64,
    /// Network outages of a few neighbouring devices, per 1,000 devices and day.
    pub outages: f64,
    /// Gateways that go silent with all their devices, per 1,000 devices and day.
    pub gateway_faults: f64,
    /// Sensors and devices that fail, per 1,000 devices and day.
    pub sensor_faults: f64,
}

impl Default for Everyday {
    fn default() -> Self {
        Self {
            seed: 1,
            days: None,
            fires: 1.5,
            thefts: 2.0,
            permitted_uses: 3.0,
            flow_tests: 1.0,
            bursts: 0.8,
            closed_mains: 0.8,
            maintenances: 0.5,
            pump_stops: 2.0,
            overpressures: 0.5,
            tank_draws: 4.0,
            tank_leaks: 1.0,
            tank_seeps: 1.5,
            lake_falls: 4.0,
            outages: 0.6,
            gateway_faults: 0.3,
            sensor_faults: 30.0,
        }
    }
}

/// How big a happening by chance is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Size {
    /// As its kind usually is.
    Usual,
    /// Between two sizes.
    Between(f64, f64),
    /// A sensor's fault, by its name.
    OfFault(&'static str),
}

/// A happening that chance may bring: its rate per 1,000 of what, its shortest and longest length
/// in minutes and its size.
pub(crate) struct Chance {
    pub(crate) kind: EventKind,
    pub(crate) per_1000: f64,
    pub(crate) minutes: (f64, f64),
    pub(crate) size: Size,
}

impl Everyday {
    /// The rates by name, for checking.
    pub(crate) const fn rates(&self) -> [(&'static str, f64); 16] {
        [
            ("fires", self.fires),
            ("thefts", self.thefts),
            ("permitted_uses", self.permitted_uses),
            ("flow_tests", self.flow_tests),
            ("bursts", self.bursts),
            ("closed_mains", self.closed_mains),
            ("maintenances", self.maintenances),
            ("pump_stops", self.pump_stops),
            ("overpressures", self.overpressures),
            ("tank_draws", self.tank_draws),
            ("tank_leaks", self.tank_leaks),
            ("tank_seeps", self.tank_seeps),
            ("lake_falls", self.lake_falls),
            ("outages", self.outages),
            ("gateway_faults", self.gateway_faults),
            ("sensor_faults", self.sensor_faults),
        ]
    }

    pub(crate) fn chances(&self) -> Vec<Chance> {
        use EventKind as K;
        use Size::{Between, Usual};
        let chance = |kind, per_1000, minutes, size| Chance {
            kind,
            per_1000,
            minutes,
            size,
        };
        #[rustfmt::skip]
        let mut all = vec![
            chance(K::Fire, self.fires, (40.0, 240.0), Between(10.0, 45.0)),
            chance(K::Theft, self.thefts, (10.0, 90.0), Between(2.0, 8.0)),
            chance(K::PermittedUse, self.permitted_uses, (20.0, 120.0), Between(3.0, 15.0)),
            chance(K::FlowTest, self.flow_tests, (10.0, 15.0), Between(15.0, 25.0)),
            chance(K::Burst, self.bursts, (120.0, 900.0), Between(20.0, 120.0)),
            chance(K::ClosedMain, self.closed_mains, (120.0, 4_320.0), Between(1.0, 5.0)),
            chance(K::Maintenance, self.maintenances, (60.0, 480.0), Between(1.0, 5.0)),
            // Per 100 zones, where the others are per 1,000.
            chance(K::PumpStop, self.pump_stops * 10.0, (20.0, 300.0), Usual),
            chance(K::Overpressure, self.overpressures * 10.0, (60.0, 600.0), Between(100.0, 500.0)),
            chance(K::TankDraw, self.tank_draws, (30.0, 180.0), Between(5.0, 20.0)),
            chance(K::TankLeak, self.tank_leaks, (5_760.0, 20_160.0), Between(1.0, 12.0)),
            chance(K::TankSeep, self.tank_seeps, (14_400.0, 28_800.0), Between(3.0, 30.0)),
            chance(K::LakeFall, self.lake_falls, (2_880.0, 8_640.0), Between(0.3, 1.2)),
            chance(K::Outage, self.outages, (30.0, 2_400.0), Between(2.0, 20.0)),
            chance(K::GatewayDead, self.gateway_faults / 2.0, (60.0, 2_880.0), Usual),
            chance(K::GatewayCut, self.gateway_faults / 2.0, (60.0, 2_880.0), Usual),
        ];
        let each = self.sensor_faults / Fault::NAMES.len() as f64;
        all.extend(Fault::NAMES.map(|name| {
            chance(
                K::Sensor(name),
                each,
                minutes_of_fault(name),
                Size::OfFault(name),
            )
        }));
        all
    }
}

/// How long a fault lasts by chance, minutes.
fn minutes_of_fault(name: &str) -> (f64, f64) {
    match name {
        // Slow things show only after weeks.
        "drift" => (14_400.0, 40_320.0),
        "offset" | "stuck" | "low_battery" | "flapping_battery" => (720.0, 10_080.0),
        "replaced" | "counter_wrap" => (60.0, 120.0),
        "duplicate_storm" => (60.0, 600.0),
        _ => (240.0, 5_760.0),
    }
}

/// How big a fault is by chance; `None`: it has no size. `level`: of a tank or draw point.
pub(crate) fn size_of_fault(name: &str, chance: u64, level: bool) -> Option<f64> {
    let of = |what: u64| draw(chance, what, 0);
    let sign = if of(1) & 1 == 0 { 1.0 } else { -1.0 };
    // Small sizes are as frequent as great ones: drawn by their logarithm.
    let log = |low: f64, high: f64| between(of(2), low.ln(), high.ln()).exp();
    let by_kind = |hydrant: (f64, f64), other: (f64, f64)| {
        let (low, high) = if level { other } else { hydrant };
        log(low, high)
    };
    Some(match name {
        "spike" | "spike_pair" => by_kind((40.0, 400.0), (0.1, 2.5)),
        "erratic" => by_kind((20.0, 120.0), (0.1, 0.8)),
        "drift" => sign * by_kind((0.7, 2.5), (0.003, 0.03)),
        "offset" => sign * by_kind((15.0, 60.0), (0.05, 0.6)),
        // A decimal point, psi for kPa, psi for bar.
        "wrong_scale" => {
            let factor = [10.0, 100.0, 1_000.0, 6.895, 14.5][(of(3) % 5) as usize];
            if sign > 0.0 { factor } else { 1.0 / factor }
        }
        "clock_skew" => sign * log(400.0, 20_000.0),
        "duplicate_storm" => log(5.0, 40.0).round(),
        "lost_messages" => between(of(2), 0.1, 0.6),
        "dead_battery" => log(12.0, 96.0),
        "low_battery" => between(of(2), 3.0, 3.25),
        "tilt" => between(of(2), 18.0, 80.0),
        _ => return None,
    })
}

impl Scenario {
    /// Happenings by chance, at realistic rates, for so many days.
    pub fn everyday(seed: u64, days: u32) -> Self {
        let everyday = Everyday {
            seed,
            days: Some(days),
            ..Everyday::default()
        };
        Self {
            events: Vec::new(),
            everyday: Some(everyday),
        }
    }
}
