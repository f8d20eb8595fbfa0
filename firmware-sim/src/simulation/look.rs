//! Looks at the water: a device's, and the truth's.

use firemain_domain::Timestamp;
use firemain_domain::source::{Kind, SupplySchedule};
use firemain_domain::time::{DAY_MS, HOUR_MS};

use super::{SimSettings, Simulation};
use crate::device::Sight;
use crate::noise::draw;
use crate::town::{Place, Town};
use crate::truth::{Calm, Keeper, Limits, Seen, TankSight};
use crate::water::{Mains, OpenWater, Stretch, Tank, demand};

/// What each hydrant owes, as pressures; empty where no truth is kept.
pub(super) fn limits(town: &mut Town, settings: &SimSettings) -> Vec<Limits> {
    if !settings.truth {
        return Vec::new();
    }
    let tests = town.flow_points(settings.start);
    town.sources()
        .iter()
        .zip(&tests)
        .map(|(source, test)| Limits::of(source, test.as_ref()))
        .collect()
}

/// What is usual in each network; `None` where it cannot be told, as its own tanks fill and drain.
pub(super) fn calm(town: &mut Town, settings: &SimSettings) -> Vec<Option<Calm>> {
    if !settings.truth {
        return Vec::new();
    }
    let Town { mains, zones, .. } = town;
    let largest = |m: usize| {
        let on_it = zones.iter().filter(|zone| zone.mains == m);
        on_it
            .map(|zone| zone.hydrant_nodes.clone())
            .max_by_key(|nodes| nodes.len())
    };
    mains
        .iter_mut()
        .enumerate()
        .map(|(m, mains)| calm_of(mains, &largest(m)?, settings.start))
        .collect()
}

fn calm_of(mains: &mut Mains, nodes: &[usize], start: Timestamp) -> Option<Calm> {
    if mains.has_tanks() {
        return None;
    }
    let midnight = start.ms() - (start.ms() + 7 * HOUR_MS).rem_euclid(DAY_MS);
    let (mut usual, mut busy) = (None, None);
    let mut by_hour = Vec::with_capacity(24);
    for hour in 0..24 {
        let at = Timestamp::from_ms(midnight + hour * HOUR_MS);
        let now = mains.solve_calm(at, 1.0, usual.as_ref()).ok()?;
        let more = 1.0 + demand::deviation();
        let then = mains.solve_calm(at, more, busy.as_ref()).ok()?;
        let kpa = nodes.iter().map(|node| {
            let kpa = mains.pressure_kpa(&now, *node);
            let deviation = (kpa - mains.pressure_kpa(&then, *node)).abs();
            (kpa as f32, 3.0 * deviation as f32)
        });
        by_hour.push(kpa.collect());
        (usual, busy) = (Some(now), Some(then));
    }
    let place = |node: &usize| {
        let (x, y) = mains.network().nodes[*node].coordinates.unwrap_or_default();
        (x as f32, y as f32)
    };
    Some(Calm::new(by_hour, nodes.iter().map(place).collect()))
}

/// Whether water was owed over a stretch, by the zone's schedule: stretches are cut at its edges, and
/// told of later.
fn is_owed(schedule: Option<&SupplySchedule>, stretch: &Stretch<'_>) -> bool {
    let middle = stretch.until.since_ms(stretch.from) / 2;
    schedule.is_none_or(|schedule| schedule.is_on(stretch.from.plus_ms(middle)))
}

/// The tanks and the open waters, in the order of their sources.
pub(super) fn stores(town: &Town, seed: u64, start: Timestamp) -> (Vec<Tank>, Vec<OpenWater>) {
    let mut tanks = Vec::new();
    let mut waters = Vec::new();
    for (number, (source, place)) in town.sources().iter().zip(&town.places).enumerate() {
        match (*place, &source.kind) {
            (Place::Tank { .. }, Kind::Tank(geometry)) => tanks.push(Tank::new(**geometry, start)),
            (Place::DrawPoint { mean_m, tide_m, .. }, Kind::DrawPoint(shape)) => {
                let own = draw(seed, 141, number as u64);
                let bed_m = shape.bed_level_m.unwrap_or(0.0);
                waters.push(OpenWater::new(
                    own,
                    f64::from(mean_m),
                    f64::from(tide_m),
                    bed_m,
                ));
            }
            _ => {}
        }
    }
    (tanks, waters)
}

impl Simulation {
    /// What the device of `number` sees at `at`.
    pub(super) fn sight(&mut self, number: usize, at: Timestamp) -> Sight {
        match self.town.places[number] {
            Place::Hydrant { zone, local, .. } => {
                self.bring_water_to(zone as usize, at);
                let district = &self.districts[zone as usize];
                Sight {
                    main: district.pressure_kpa(local as usize, at),
                    flow_lps: district.drawn_lps(local as usize, at),
                }
            }
            Place::Tank { .. } => Sight {
                main: self.tanks[number - self.hydrants].level_m(at),
                flow_lps: 0.0,
            },
            Place::DrawPoint { .. } => {
                let water = &self.waters[number - self.hydrants - self.tanks.len()];
                Sight {
                    main: water.level_m(at),
                    flow_lps: 0.0,
                }
            }
        }
    }

    pub(super) fn bring_water_to(&mut self, zone: usize, at: Timestamp) {
        let Self {
            town,
            districts,
            truths,
            causes,
            limits,
            schedules,
            calm,
            settings,
            step_ms,
            ..
        } = self;
        let district = &mut districts[zone];
        if district.covers(at) {
            return;
        }
        let first_source = town.zones[zone].first_source;
        let (schedule, tested) = (schedules[zone].as_ref(), settings.flow_tested);
        let calm = calm.get(district.mains).and_then(Option::as_ref);
        let mains = &mut town.mains[district.mains];
        district.advance(mains, at, *step_ms, |stretch| {
            truths.see(&Seen {
                zone,
                first_source,
                stretch,
                limits,
                calm,
                is_owed: is_owed(schedule, stretch),
                tested,
                causes,
            });
        });
    }

    /// What is usual at a hydrant, with its place in its zone.
    pub(super) fn calm_of(&self, number: usize) -> Option<(&Calm, usize)> {
        let Place::Hydrant { zone, local, .. } = self.town.places[number] else {
            return None;
        };
        let mains = self.town.zones[zone as usize].mains;
        Some((self.calm.get(mains)?.as_ref()?, local as usize))
    }

    /// Looks at all water for the truth.
    pub(super) fn tick(&mut self, at: Timestamp) {
        for zone in 0..self.districts.len() {
            self.bring_water_to(zone, at);
        }
        if self.truths.keeps() {
            let span = (self.ticked_at, at);
            let Self {
                town,
                tanks,
                tank_eyes,
                waters,
                truths,
                causes,
                hydrants,
                ..
            } = self;
            let first_water = *hydrants + tanks.len();
            for (i, (tank, eye)) in tanks.iter_mut().zip(tank_eyes).enumerate() {
                let number = *hydrants + i;
                tank.level_m(at);
                let sight = TankSight {
                    volume_m3: tank.volume_m3(),
                    draws: tank.draws(),
                    leaks: tank.leaks(),
                };
                let place = (town.places[number].zone(), number as u32);
                truths.see_tank(place, &town.sources()[number], eye, sight, span, causes);
            }
            for (i, water) in waters.iter().enumerate() {
                let number = first_water + i;
                let place = (town.places[number].zone(), number as u32);
                truths.see_draw_point(
                    place,
                    &town.sources()[number],
                    water.level_m(at),
                    span,
                    causes,
                );
            }
        }
        self.ticked_at = at;
    }

    /// Adds what is not yet over to the truth.
    pub(super) fn look_so_far(&self, keeper: &mut Keeper) {
        for (zone, district) in self.districts.iter().enumerate() {
            let first_source = self.town.zones[zone].first_source;
            district.so_far(self.now, |stretch: &Stretch<'_>| {
                keeper.see(&Seen {
                    zone,
                    first_source,
                    stretch,
                    limits: &self.limits,
                    calm: self.calm.get(district.mains).and_then(Option::as_ref),
                    is_owed: is_owed(self.schedules[zone].as_ref(), stretch),
                    tested: self.settings.flow_tested,
                    causes: &self.causes,
                });
            });
        }
        for (number, (device, source)) in self.devices.iter().zip(self.town.sources()).enumerate() {
            let since = device.heard_at();
            if self.now.since_ms(since)
                > firemain_domain::time::DAY_MS.max(3 * source.interval_ms())
            {
                let zone = self.town.places[number].zone();
                let cause = self.causes.of_silence(zone, number as u32, since, self.now);
                keeper.silent(number as u32, since, None, cause);
            }
        }
    }
}
