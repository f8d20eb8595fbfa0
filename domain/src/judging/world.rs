//! What judging knows beyond single sources: the rules, the clocks, who is drawing, and fires.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::areas::Areas;
use super::heeding::Silences;
use super::listening::Listening;
use super::neighbours::Neighbourhood;
use super::outages::Outages;
use super::pulse::Pulse;
use super::receive::Receiving;
use super::rules::RuleBook;
use super::zones::Zones;
use crate::change::Incident;
use crate::source::{Commons, Position, Source};

/// What judging knows beyond single sources.
#[derive(Clone, Debug)]
pub struct World {
    /// The rules and their parameters.
    pub rules: RuleBook,
    /// The clocks.
    pub clocks: Listening,
    /// Where water is being drawn: few at any time.
    pub using: Using,
    /// Where all sources stand.
    pub places: Neighbourhood,
    /// How every source stands to what is usual, by its number.
    pub pulses: Vec<Pulse>,
    /// What sources have in common.
    pub commons: Commons,
    /// What is known of pressure zones.
    pub zones: Zones,
    /// Outages of gateways and zones.
    pub outages: Outages,
    /// Whether we ourselves receive.
    pub receiving: Receiving,
    /// Open incidents.
    pub incidents: BTreeMap<String, Incident>,
    /// What people set for whole zones and units.
    pub areas: Areas,
    /// What people silenced.
    pub silences: Silences,
}

impl World {
    /// Whether an open incident lies within reach of `position`.
    pub fn incident_near(&self, position: Position) -> bool {
        let reach = self.rules.shared().common.incident_reach_m;
        self.incidents
            .values()
            .any(|i| i.position.distance_m(&position) <= reach)
    }

    /// Enters how a source of a zone stands to what is usual.
    pub fn enter_pulse(&mut self, index: u32, zone: Option<&Arc<str>>, pulse: Pulse) {
        let place = index as usize;
        if place >= self.pulses.len() {
            self.pulses.resize(place + 1, Pulse::default());
        }
        let before = std::mem::replace(&mut self.pulses[place], pulse);
        if let Some(zone) = zone {
            self.zones.note(zone, index, &before, &self.pulses[place]);
        }
    }

    /// Whether another source of the same zone, within reach, is drawing.
    pub fn shares_main_with_use(&self, index: u32, source: &Source) -> bool {
        let reach_m = self.rules.of(source).common.neighbour_m;
        self.using
            .places
            .any(index, source.zone.as_ref(), source.position, reach_m)
    }

    /// The other sources of a zone within reach of a place, in the order of their numbers.
    pub fn neighbours(&self, index: u32, zone: Option<&Arc<str>>, position: Position) -> Vec<u32> {
        let reach_m = self.rules.shared().common.neighbour_m;
        let near = self.places.within(zone, position, reach_m);
        let mut near: Vec<u32> = near.filter(|other| *other != index).collect();
        near.sort_unstable();
        near
    }
}

/// Where water is being drawn.
#[derive(Clone, Debug, Default)]
pub struct Using {
    by_index: HashMap<u32, Place>,
    places: Neighbourhood,
}

/// A zone and a position in it.
pub type Place = (Option<Arc<str>>, Position);

impl Using {
    /// Where the source draws, as entered.
    pub fn get(&self, index: u32) -> Option<&Place> {
        self.by_index.get(&index)
    }

    /// Draws there from now on.
    pub fn insert(&mut self, index: u32, place: Place) {
        self.remove(index);
        self.places.insert(index, place.0.as_ref(), place.1);
        self.by_index.insert(index, place);
    }

    /// Draws no more.
    pub fn remove(&mut self, index: u32) {
        if let Some((zone, position)) = self.by_index.remove(&index) {
            self.places.remove(index, zone.as_ref(), position);
        }
    }
}
