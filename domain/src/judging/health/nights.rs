//! Nights, by which a sensor is seen to wander off from its neighbours.

use super::reading::Reading;
use super::telling::{Found, end, measured, raise};
use super::{Health, is_sick_by};
use crate::judging::outcome::{Effect, RuleName};
use crate::judging::rules::Course;
use crate::judging::state::One;
use crate::judging::world::World;

pub(super) fn examine_night(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    if !one.settings.source.taps_main() {
        return;
    }
    let sick = is_sick_by(one, health);
    let nights = health.nights.get_or_insert_default();
    nights.take(reading.at, reading.value, reading.everyday && !sick);
    let Some(night) = nights.due(reading.at) else {
        return;
    };
    let rule = &world.rules.of(&one.settings.source).drift;
    let around = world.night_changes(index, &one.settings.source, night);
    match nights.compare(rule, around) {
        Some(Course::Drifts(off_kpa)) if !one.state.is_open(RuleName::Drift) => {
            let mut measured = measured(one, reading, Some(reading.value - off_kpa));
            measured.margin = Some(off_kpa);
            let found = Found {
                rule: RuleName::Drift,
                detail: None,
                began_at: measured.at,
                measured,
            };
            raise(one, index, found, world, effects);
        }
        Some(Course::Back) => end(one, RuleName::Drift, world, effects),
        _ => {}
    }
}
