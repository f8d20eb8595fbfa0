//! Where a scenario's events happen.

use firemain_domain::source::{KindName, Source};

use super::{SimError, Simulation};
use crate::noise::draw;
use crate::scenario::{Event, ScenarioError, Target};

const RANDOM: &str = "random";
const ALL: &str = "all";
/// How often chance tries to find a source that suits.
const TRIES: u64 = 16;

/// Where an event happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// At a source.
    Source(usize),
    /// In a whole zone.
    Zone(usize),
    /// Everywhere.
    Town,
}

impl Simulation {
    /// Whether every place that the scenario names is there.
    pub(super) fn check_places(&self) -> Result<(), SimError> {
        for (i, event) in self.scenario.events.iter().enumerate() {
            match self.find(event, draw(self.settings.seed, 201, i as u64)) {
                Ok(Some(_)) => {}
                Ok(None) if event.optional => {}
                Ok(None) => {
                    let why = "there is no source in this town that it could befall: leave it out, or choose a town that has one";
                    return Err(ScenarioError::of(event, why).into());
                }
                Err(why) => return Err(ScenarioError::of(event, why).into()),
            }
        }
        Ok(())
    }

    /// Where `event` happens this time; `None` where the town has no such place.
    pub(super) fn find(&self, event: &Event, chance: u64) -> Result<Option<Where>, String> {
        let zone = match event.zone.as_deref() {
            Some(ALL) => return Ok(Some(Where::Town)),
            Some(RANDOM) => Some(chance as usize % self.town.zones.len().max(1)),
            Some(name) => Some(self.zone_named(name)?),
            None => None,
        };
        let target = event.kind.target();
        if target == Target::Zone {
            return Ok(self.pick_zone(event, zone, chance).map(Where::Zone));
        }
        match event.source.as_deref() {
            Some(RANDOM) | None => {
                if let (Target::Devices, None, Some(zone)) = (target, &event.source, zone) {
                    return Ok(Some(Where::Zone(zone)));
                }
                Ok(self
                    .pick_source(event, target, zone, chance)
                    .map(Where::Source))
            }
            Some(code) => {
                let number = self.source_coded(code)?;
                let source = &self.town.sources()[number];
                if !suits(target, source) {
                    return Err(format!(
                        "{code} is a {}, which this cannot befall",
                        source.kind_name().name()
                    ));
                }
                Ok(Some(Where::Source(number)))
            }
        }
    }

    pub(super) fn zone_named(&self, name: &str) -> Result<usize, String> {
        self.town
            .zones
            .iter()
            .position(|z| &*z.name == name)
            .ok_or_else(|| {
                let names = self.town.zone_names();
                let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
                let more = if names.len() > 8 { " …" } else { "" };
                format!("there is no zone `{name}`; there are {shown}{more}, or write \"random\"")
            })
    }

    pub(super) fn source_coded(&self, code: &str) -> Result<usize, String> {
        self.town.find(code).ok_or_else(|| {
            let first = self.town.sources().first().map_or("", |s| &*s.code);
            let last = self.town.sources().last().map_or("", |s| &*s.code);
            format!(
                "there is no source `{code}`; codes go from {first} to {last}, or write \"random\""
            )
        })
    }

    fn pick_zone(&self, event: &Event, zone: Option<usize>, chance: u64) -> Option<usize> {
        let zones = self.town.zones.len();
        let good = |zone: usize| {
            event.kind != crate::scenario::EventKind::PumpStop
                || self.town.mains[self.town.zones[zone].mains].has_pumps()
        };
        match zone {
            Some(zone) => good(zone).then_some(zone),
            None => (0..zones)
                .map(|i| (chance as usize).wrapping_add(i) % zones)
                .find(|zone| good(*zone)),
        }
    }

    fn pick_source(
        &self,
        event: &Event,
        target: Target,
        zone: Option<usize>,
        chance: u64,
    ) -> Option<usize> {
        let range = match target {
            Target::Hydrant => 0..self.hydrants,
            Target::Tank => self.hydrants..self.hydrants + self.tanks.len(),
            Target::DrawPoint => self.hydrants + self.tanks.len()..self.devices.len(),
            Target::Device | Target::Devices | Target::Gateway | Target::Zone => {
                0..self.devices.len()
            }
        };
        if range.is_empty() {
            return None;
        }
        let in_zone =
            |number: usize| zone.is_none_or(|zone| self.town.places[number].zone() == zone);
        let drawn = |i: u64| range.start + (draw(chance, 202, i) % range.len() as u64) as usize;
        // A sensor on a barrel or with another fault shows nothing of its own.
        let telling = |number: usize| {
            let source = &self.town.sources()[number];
            source.kind_name() != KindName::Hydrant || source.taps_main()
        };
        let by_chance = (0..TRIES)
            .map(drawn)
            .find(|number| in_zone(*number) && telling(*number));
        let _ = event;
        by_chance.or_else(|| {
            let from = drawn(0) - range.start;
            (0..range.len())
                .map(|i| range.start + (from + i) % range.len())
                .find(|number| in_zone(*number))
        })
    }

    /// The `count` hydrants of its zone nearest to a hydrant, itself the first.
    pub(super) fn hydrants_near(&self, number: usize, count: usize) -> Vec<usize> {
        let zone = &self.town.zones[self.town.places[number].zone()];
        let range = zone.first_source..zone.first_source + zone.hydrant_nodes.len();
        self.nearest_of(number, range.collect(), count)
    }

    /// The `count` sources of its zone nearest to a source, itself the first.
    pub(super) fn sources_near(&self, number: usize, count: usize) -> Vec<usize> {
        let zone = self.town.places[number].zone();
        let all = (0..self.devices.len())
            .filter(|n| self.town.places[*n].zone() == zone)
            .collect();
        self.nearest_of(number, all, count)
    }

    fn nearest_of(&self, number: usize, mut among: Vec<usize>, count: usize) -> Vec<usize> {
        let sources = self.town.sources();
        let from = sources[number].position;
        let squared = |n: &usize| {
            let to = sources[*n].position;
            let east = (to.lon - from.lon) * from.lat.to_radians().cos();
            (to.lat - from.lat).powi(2) + east.powi(2)
        };
        among.sort_by(|a, b| squared(a).total_cmp(&squared(b)).then(a.cmp(b)));
        among.truncate(count.max(1));
        among
    }
}

fn suits(target: Target, source: &Source) -> bool {
    match target {
        Target::Hydrant => source.kind_name() == KindName::Hydrant,
        Target::Tank => source.kind_name() == KindName::Tank,
        Target::DrawPoint => source.kind_name() == KindName::DrawPoint,
        Target::Zone => false,
        Target::Device | Target::Devices | Target::Gateway => true,
    }
}
