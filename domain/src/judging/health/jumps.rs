//! Readings that jump about, or spike often.

use super::Health;
use super::reading::Reading;
use super::surroundings;
use super::telling::{measured, tell_device};
use crate::judging::outcome::{Detail, Effect};
use crate::judging::sample::Taken;
use crate::judging::state::One;
use crate::judging::surroundings::Calm;
use crate::judging::world::World;
use crate::source::Kind;
use crate::time::{DAY_MS, Timestamp};

pub(super) fn examine_jumps(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let rule = &world.rules.of(&one.settings.source).erratic;
    let hydrant = matches!(one.settings.source.kind, Kind::Hydrant { .. });
    let floor = if hydrant {
        rule.floor_kpa
    } else {
        rule.floor_m
    };
    let low = is_low(one, reading.value);
    let jumps = &mut health.jumps;
    jumps.take(rule, reading.value, low, reading.is_usual(floor), floor);
    if jumps.stands {
        if jumps.is_over() {
            jumps.stands = false;
            // What looked like spikes meanwhile was the same.
            health.forget_spikes();
            tell_erratic(one, index, health, reading, world, effects);
        }
        return;
    }
    if jumps.is_erratic(rule.jumps) && !health.is_wrongly_scaled() {
        let enough = match surroundings(one, index, reading.at, world).calm() {
            Calm::Calm => true,
            Calm::Unknown => health.jumps.is_erratic(rule.unsure_jumps),
            Calm::Moving => false,
        };
        if enough {
            health.jumps.stands = true;
            tell_erratic(one, index, health, reading, world, effects);
        }
    }
    note_spikes(one, index, health, reading, None, world, effects);
}

fn is_low(one: &One, value: f64) -> bool {
    let required = &one.settings.source.requirement;
    match &one.settings.source.kind {
        Kind::Hydrant { .. } => required.pressure_kpa.is_some_and(|least| value < least),
        Kind::Tank(tank) => tank
            .volume_m3(value)
            .zip(required.volume_m3)
            .is_some_and(|(volume, least)| volume < least),
        Kind::DrawPoint(_) => false,
    }
}

/// A reading turned out to be a spike.
pub fn spiked(one: &mut One, index: u32, spike: &Taken, world: &World, effects: &mut Vec<Effect>) {
    let Some(mut health) = one.state.health.take() else {
        return;
    };
    if let Some(value) = spike.main_quantity(&one.settings.source) {
        let rules = world.rules.of(&one.settings.source);
        let reading = Reading::of(one, spike.at, value, rules);
        note_spikes(
            one,
            index,
            &mut health,
            reading,
            Some(spike.at),
            world,
            effects,
        );
    }
    one.state.health = Some(health);
}

/// Counts the spikes of a day, one more now perhaps.
pub(super) fn note_spikes(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    spike: Option<Timestamp>,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    if spike.is_none() && health.doubts.is_none() {
        return;
    }
    let most = usize::from(world.rules.of(&one.settings.source).erratic.spikes_a_day).max(1);
    let doubts = health.doubts.get_or_insert_default();
    doubts.spikes.extend(spike);
    doubts.spikes.retain(|at| reading.at.since_ms(*at) < DAY_MS);
    let surplus = doubts.spikes.len().saturating_sub(most);
    doubts.spikes.drain(..surplus);
    let was = doubts.spiking;
    // Once it is one, it is until a day without.
    doubts.spiking = doubts.spikes.len() >= most || (was && !doubts.spikes.is_empty());
    let changed = doubts.spiking != was;
    health.drop_empty();
    if changed {
        tell_erratic(one, index, health, reading, world, effects);
    }
}

fn tell_erratic(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let wrong = health.jumps.stands || health.is_spiking();
    let measured = wrong.then(|| measured(one, reading, reading.usual));
    tell_device(one, index, Detail::Erratic, measured, world, effects);
}
