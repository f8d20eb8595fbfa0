//! What judging knows beyond single sources: the rules, the clocks, who is drawing, and fires.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listening::Listening;
use super::rules::Rules;
use crate::change::Incident;
use crate::source::{Position, Source};

/// What judging knows beyond single sources.
#[derive(Clone, Debug)]
pub struct World {
    /// The rules and their parameters.
    pub rules: Rules,
    /// The clocks.
    pub clocks: Listening,
    /// Where water is being drawn: few at any time.
    pub using: BTreeMap<u32, (Position, Option<Arc<str>>)>,
    /// Open incidents.
    pub incidents: BTreeMap<String, Incident>,
}

impl World {
    /// Whether an open incident lies within reach of `position`.
    pub fn incident_near(&self, position: Position) -> bool {
        let reach = self.rules.common.incident_reach_m;
        self.incidents
            .values()
            .any(|i| i.position.distance_m(&position) <= reach)
    }

    /// Whether another source of the same zone, within reach, is drawing.
    pub fn shares_main_with_use(&self, index: u32, source: &Source) -> bool {
        self.using.iter().any(|(other, (position, zone))| {
            *other != index && self.is_neighbour(source, *position, zone.as_ref())
        })
    }

    /// Whether `source` lies within reach of a place of the same zone.
    pub fn is_neighbour(
        &self,
        source: &Source,
        position: Position,
        zone: Option<&Arc<str>>,
    ) -> bool {
        zone.is_some()
            && source.zone.as_ref() == zone
            && source.position.distance_m(&position) <= self.rules.common.neighbour_m
    }
}
