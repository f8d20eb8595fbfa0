//! Readings off by a factor of scale.

use super::Health;
use super::reading::Reading;
use super::surroundings;
use super::telling::{measured, tell_device};
use crate::judging::outcome::{Detail, Effect};
use crate::judging::rules::{Rules, Scaled, ScaledSensor, Scaling, WrongScale};
use crate::judging::state::One;
use crate::judging::surroundings::Calm;
use crate::judging::world::World;
use crate::source::Kind;
use crate::time::{SECOND_MS, Timestamp};

/// So many times its step, or the difference that is typical of its readings, a scaled one must be.
const NOISES: f64 = 4.0;

pub(super) fn examine_scale(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let rule = &world.rules.of(&one.settings.source).wrong_scale;
    let Some(usual) = reading.usual else { return };
    let usual = rule.usual(usual, reading.within);
    let Some(mut scaled) = health.scaled().copied() else {
        let before = one.state.last().main_quantity(&one.settings.source);
        let step = before.and_then(|before| {
            // Among a few steps, or within its noise, no factor can be told; but a tank cannot be
            // drawn empty at once.
            let noise = reading.step.max(health.jumps.typical());
            let least = if is_emptied_at_once(one, before, reading, rule) {
                0.0
            } else {
                reading.accuracy.max(NOISES * noise)
            };
            let sensor = ScaledSensor {
                least,
                step: reading.step,
            };
            rule.step(reading.value, before, usual, sensor, reading.at)
        });
        if step.is_some() {
            health.set_scaled(step);
        }
        return;
    };
    let stood = scaled.stands;
    let scaling = rule.take(&mut scaled, reading.value, usual, reading.step);
    if !stood && scaling == Scaling::Bears {
        let calm = surroundings(one, index, reading.at, world).calm();
        // A hydrant whose neighbours do not vouch for the water is taken at its word; a tank has none.
        let tank = !one.settings.source.taps_main();
        let calm = calm == Calm::Calm && !tank;
        let may_be_water = scaled.is_down() && !calm && !tank;
        scaled.stands = !may_be_water && rule.is_found(&scaled, reading.value, calm);
    }
    let water = scaled.stands && is_water_after_all(one, index, &scaled, reading, world);
    if scaling == Scaling::Over || water {
        health.set_scaled(None);
        if stood {
            tell_device(one, index, Detail::WrongScale, None, world, effects);
        }
        return;
    }
    health.set_scaled(Some(scaled));
    if scaled.stands && !stood {
        let measured = measured(one, reading, Some(f64::from(scaled.before)));
        tell_device(
            one,
            index,
            Detail::WrongScale,
            Some(measured),
            world,
            effects,
        );
    }
}

/// Whether a tank's level fell from one reading to the next as no water can: well below the outlet
/// through which it is drawn, or faster than anybody draws.
fn is_emptied_at_once(one: &One, before: f64, reading: Reading, rule: &WrongScale) -> bool {
    let Kind::Tank(tank) = &one.settings.source.kind else {
        return false;
    };
    let fall_m = before - reading.value;
    let below_outlet = tank
        .outlet_level_m
        .is_some_and(|outlet| before > outlet && reading.value < outlet - reading.accuracy);
    let seconds = reading.at.since_ms(one.state.last().at).max(1) as f64 / SECOND_MS as f64;
    let too_fast = tank
        .area_m2
        .is_some_and(|area_m2| fall_m * area_m2 * 1_000.0 / seconds > rule.most_outflow_lps);
    fall_m > 0.0 && (below_outlet || too_fast)
}

/// Until when a tank's level is doubted: it fell by a factor of scale, and too few readings have said
/// so yet to tell that from water.
pub fn doubted_until(one: &One, rules: &Rules) -> Option<Timestamp> {
    let tank = matches!(one.settings.source.kind, Kind::Tank(_));
    let scaled = one.state.health.as_deref()?.scaled()?;
    let samples = i64::from(rules.wrong_scale.unsure_samples);
    (tank && !scaled.stands).then(|| {
        let wait_ms = samples * one.settings.source.interval_ms();
        scaled.since.plus_ms(wait_ms)
    })
}

/// Whether a neighbour turns out to be down too, within two intervals of the step.
fn is_water_after_all(
    one: &One,
    index: u32,
    scaled: &Scaled,
    reading: Reading,
    world: &World,
) -> bool {
    let soon = reading.at.since_ms(scaled.since) <= 2 * one.settings.fresh_interval_ms();
    let main = one.settings.source.taps_main();
    main && scaled.is_down() && soon && surroundings(one, index, reading.at, world).any_down()
}
