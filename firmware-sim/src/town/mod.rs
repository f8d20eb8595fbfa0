//! The town: streets, zones and heights, mains that the engine can solve, and the sources of
//! firefighting water that stand on them.
//!
//! In: [`TownSettings`] and a seed, or a water utility's own EPANET `.inp` file. Out: the sources
//! as a register holds them, its CSV, the flow tests a crew would have measured, and the network
//! itself for the simulation. The same seed makes the same town.

mod character;
mod feed;
mod flow_tests;
mod gateways;
mod inp;
mod layout;
mod makes;
mod register;
mod sources;
mod topology;

pub use topology::{Topology, TopologyNode, TopologyPipe, TopologyZone};

use std::collections::HashMap;
use std::sync::Arc;

use firemain_domain::hydraulics::FlowTestPoint;
use firemain_domain::source::{KindName, Source, SourceCode};
use serde::{Deserialize, Serialize};

use crate::water::Mains;

/// The most sources a town may have.
pub const MOST_SOURCES: usize = 2_000_000;
const LARGEST_ZONE: usize = 400;

/// What a generated town has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TownSettings {
    /// From which everything follows.
    pub seed: u64,
    /// Hydrants.
    pub hydrants: usize,
    /// Fire tanks.
    pub tanks: usize,
    /// Draw points at lakes and rivers.
    pub draw_points: usize,
    /// Pressure zones, each a network of its own; 0: one for about 50 hydrants, of about 300 in a
    /// very large town (in a varied one 20 at least, 100 beyond 2,000 hydrants).
    pub zones: usize,
    /// Share of hydrants whose sensor taps the barrel, 0 to 1.
    pub barrel_share: f64,
    /// Share of hydrants with a flow meter, 0 to 1.
    pub metered_share: f64,
    /// Zones (the last ones) with water only at certain hours.
    pub intermittent_zones: usize,
    /// Zones fed in different ways, looped and branched, and sensors of different makes; else all
    /// are alike.
    pub varied: bool,
}

impl Default for TownSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            hydrants: 160,
            tanks: 30,
            draw_points: 10,
            zones: 0,
            barrel_share: 0.08,
            metered_share: 0.7,
            intermittent_zones: 0,
            varied: false,
        }
    }
}

impl TownSettings {
    /// A town of so many sources in all, in the usual mix: 80 % hydrants, 15 % tanks, 5 % draw
    /// points.
    pub fn of_size(seed: u64, sources: usize) -> Self {
        let tanks = sources * 15 / 100;
        let draw_points = sources * 5 / 100;
        Self {
            seed,
            hydrants: sources - tanks - draw_points,
            tanks,
            draw_points,
            ..Self::default()
        }
    }

    /// A varied town of so many sources in all: zones pumped, pumped high, fed by gravity and at the
    /// end of a line, looped and branched, every eighth with water at certain hours only.
    pub fn varied_of_size(seed: u64, sources: usize) -> Self {
        let mut settings = Self {
            varied: true,
            ..Self::of_size(seed, sources)
        };
        settings.intermittent_zones = settings.zone_count() / 8;
        settings
    }

    fn zone_count(&self) -> usize {
        match (self.zones, self.hydrants) {
            (0, n) if self.varied && n <= 400 => n.div_ceil(20).max(4).min(n.max(1)),
            (0, n) if self.varied && (2_001..=20_000).contains(&n) => n.div_ceil(100),
            (0, n) if n <= 2_000 => n.div_ceil(50).max(1),
            (0, n) => n.div_ceil(300),
            (zones, _) => zones,
        }
    }

    fn check(&self) -> Result<(), TownError> {
        let total = self
            .hydrants
            .saturating_add(self.tanks)
            .saturating_add(self.draw_points);
        if total == 0 {
            return Err(TownError::Settings(
                "a town needs at least one source: set hydrants, tanks or draw_points".into(),
            ));
        }
        if total > MOST_SOURCES {
            return Err(TownError::Settings(format!(
                "{total} sources are more than the {MOST_SOURCES} a town may have"
            )));
        }
        for (name, share) in [
            ("barrel_share", self.barrel_share),
            ("metered_share", self.metered_share),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(TownError::Settings(format!(
                    "{name} = {share} must lie between 0 and 1"
                )));
            }
        }
        let zones = self.zone_count();
        if zones > self.hydrants.max(1) {
            return Err(TownError::Settings(format!(
                "{zones} zones are more than the {} hydrants: give each zone at least one",
                self.hydrants
            )));
        }
        let largest = self.hydrants.div_ceil(zones);
        if largest > LARGEST_ZONE {
            return Err(TownError::Settings(format!(
                "{largest} hydrants in one zone are more than {LARGEST_ZONE}: set zones to {} or more, or leave it 0",
                self.hydrants.div_ceil(LARGEST_ZONE)
            )));
        }
        if self.intermittent_zones > zones {
            return Err(TownError::Settings(format!(
                "intermittent_zones = {} is more than the {zones} zones there are",
                self.intermittent_zones
            )));
        }
        Ok(())
    }
}

/// A town that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    /// Numbers that make no town.
    #[error("the town's settings: {0}")]
    Settings(String),
    /// A network file that cannot be used.
    #[error("the network file: {0}")]
    Network(String),
}

/// Where a source's water comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// A hydrant: its zone, its place among the zone's hydrants, whether it has a meter.
    Hydrant {
        zone: u32,
        local: u32,
        metered: bool,
    },
    /// A tank in a zone.
    Tank { zone: u32 },
    /// A draw point in a zone: mean level and tide, m.
    DrawPoint { zone: u32, mean_m: f32, tide_m: f32 },
}

impl Place {
    /// The zone it lies in.
    pub(crate) const fn zone(self) -> usize {
        match self {
            Self::Hydrant { zone, .. } | Self::Tank { zone } | Self::DrawPoint { zone, .. } => {
                zone as usize
            }
        }
    }
}

/// A pressure zone.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) name: Arc<str>,
    pub(crate) mains: usize,
    pub(crate) seed: u64,
    /// Node of each of its hydrants in its mains.
    pub(crate) hydrant_nodes: Arc<[usize]>,
    /// Source number of its first hydrant; they follow each other.
    pub(crate) first_source: usize,
    /// Where its network's own origin lies from the town's centre, m east and north.
    pub(crate) origin_m: (f64, f64),
    pub(crate) supply_schedule: Option<firemain_domain::source::SupplySchedule>,
}

/// A simulated town.
pub struct Town {
    pub(crate) seed: u64,
    pub(crate) mains: Vec<Mains>,
    pub(crate) zones: Vec<Zone>,
    pub(crate) places: Vec<Place>,
    sources: Vec<Source>,
    by_code: HashMap<SourceCode, usize>,
    /// The gateway that hears each source's device.
    gateways: Vec<u32>,
}

impl std::fmt::Debug for Town {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Town of {} sources in {} zones, seed {}",
            self.sources.len(),
            self.zones.len(),
            self.seed
        )
    }
}

impl Town {
    /// Makes a town.
    ///
    /// # Errors
    /// Settings that make no town; the text says which and what to change.
    pub fn generate(settings: &TownSettings) -> Result<Self, TownError> {
        settings.check()?;
        let (mains, zones) = layout::zones(settings)?;
        let (sources, places) = sources::of(settings, &mains, &zones);
        let mains = mains.into_iter().map(|m| m.mains).collect();
        Ok(Self::assemble(settings.seed, mains, zones, sources, places))
    }

    fn assemble(
        seed: u64,
        mains: Vec<Mains>,
        zones: Vec<Zone>,
        sources: Vec<Source>,
        places: Vec<Place>,
    ) -> Self {
        let by_code = sources
            .iter()
            .enumerate()
            .map(|(i, s)| (s.code.clone(), i))
            .collect();
        let (gateways, _) = gateways::assign(&sources, &places, zones.len());
        Self {
            seed,
            mains,
            zones,
            places,
            sources,
            by_code,
            gateways,
        }
    }

    /// Its sources, as a register holds them: hydrants, then tanks, then draw points.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The number of the source with that code.
    pub fn find(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// The gateway that hears the device of the source of that number, from 0.
    pub(crate) fn gateway(&self, number: usize) -> u32 {
        self.gateways.get(number).copied().unwrap_or_default()
    }

    /// The codes of the sources whose devices the same gateway hears as that source's: a gateway
    /// that dies takes them all. Empty where there is no such source.
    pub fn behind_gateway_of(&self, code: &str) -> Vec<&str> {
        let Some(number) = self.find(code) else {
            return Vec::new();
        };
        let gateway = self.gateway(number);
        let all = self.sources.iter().enumerate();
        all.filter(|(n, _)| self.gateway(*n) == gateway)
            .map(|(_, source)| &*source.code)
            .collect()
    }

    /// The names of its pressure zones.
    pub fn zone_names(&self) -> Vec<&str> {
        self.zones.iter().map(|z| &*z.name).collect()
    }

    /// The seed it grew from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn of_kind(&self, kind: KindName) -> impl Iterator<Item = usize> + '_ {
        self.sources
            .iter()
            .enumerate()
            .filter(move |(_, s)| s.kind_name() == kind)
            .map(|(i, _)| i)
    }

    /// What a flow test at each hydrant would measure, by source number; `None` for other sources.
    pub(crate) fn flow_points(
        &mut self,
        at: firemain_domain::Timestamp,
    ) -> Vec<Option<FlowTestPoint>> {
        flow_tests::points(self, at)
    }
}
