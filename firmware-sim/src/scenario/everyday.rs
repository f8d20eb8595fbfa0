//! The everyday: happenings by chance, at rates like those of a real city.

use serde::{Deserialize, Serialize};

use super::{EventKind, Scenario};
use crate::device::Fault;

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
    /// Bursts, per 1,000 hydrants and day.
    pub bursts: f64,
    /// Sections shut, per 1,000 hydrants and day.
    pub closed_mains: f64,
    /// Pumping stations that stop, per 100 zones and day.
    pub pump_stops: f64,
    /// Tanks drawn from, per 1,000 tanks and day.
    pub tank_draws: f64,
    /// Tanks that begin to leak, per 1,000 tanks and day.
    pub tank_leaks: f64,
    /// Waters that begin to fall, per 1,000 draw points and day.
    pub lake_falls: f64,
    /// Gateways that go silent with their devices, per 1,000 devices and day.
    pub outages: f64,
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
            bursts: 0.8,
            closed_mains: 0.8,
            pump_stops: 2.0,
            tank_draws: 4.0,
            tank_leaks: 1.0,
            lake_falls: 4.0,
            outages: 0.6,
            sensor_faults: 2.5,
        }
    }
}

/// A happening that chance may bring: its rate per 1,000 of what, its shortest and longest length
/// in minutes and its smallest and largest size.
pub(crate) struct Chance {
    pub(crate) kind: EventKind,
    pub(crate) per_1000: f64,
    pub(crate) minutes: (f64, f64),
    pub(crate) size: Option<(f64, f64)>,
}

impl Everyday {
    /// The rates by name, for checking.
    pub(crate) const fn rates(&self) -> [(&'static str, f64); 10] {
        [
            ("fires", self.fires),
            ("thefts", self.thefts),
            ("bursts", self.bursts),
            ("closed_mains", self.closed_mains),
            ("pump_stops", self.pump_stops),
            ("tank_draws", self.tank_draws),
            ("tank_leaks", self.tank_leaks),
            ("lake_falls", self.lake_falls),
            ("outages", self.outages),
            ("sensor_faults", self.sensor_faults),
        ]
    }

    pub(crate) fn chances(&self) -> Vec<Chance> {
        let chance = |kind, per_1000, minutes, size| Chance {
            kind,
            per_1000,
            minutes,
            size,
        };
        let mut all = vec![
            chance(
                EventKind::Fire,
                self.fires,
                (40.0, 240.0),
                Some((10.0, 45.0)),
            ),
            chance(
                EventKind::Theft,
                self.thefts,
                (10.0, 90.0),
                Some((2.0, 8.0)),
            ),
            chance(
                EventKind::Burst,
                self.bursts,
                (120.0, 900.0),
                Some((20.0, 120.0)),
            ),
            chance(
                EventKind::ClosedMain,
                self.closed_mains,
                (120.0, 4_320.0),
                Some((1.0, 5.0)),
            ),
            chance(
                EventKind::PumpStop,
                self.pump_stops * 10.0,
                (20.0, 300.0),
                None,
            ),
            chance(
                EventKind::TankDraw,
                self.tank_draws,
                (30.0, 180.0),
                Some((5.0, 20.0)),
            ),
            chance(
                EventKind::TankLeak,
                self.tank_leaks,
                (5_760.0, 20_160.0),
                Some((1.0, 12.0)),
            ),
            chance(
                EventKind::LakeFall,
                self.lake_falls,
                (2_880.0, 8_640.0),
                Some((0.3, 1.2)),
            ),
            chance(
                EventKind::Outage,
                self.outages,
                (30.0, 2_400.0),
                Some((2.0, 20.0)),
            ),
        ];
        let each = self.sensor_faults / Fault::NAMES.len() as f64;
        all.extend(
            Fault::NAMES.map(|name| chance(EventKind::Sensor(name), each, (240.0, 5_760.0), None)),
        );
        all
    }
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
