//! Readings that do not move though they should.

use super::Health;
use super::reading::Reading;
use super::surroundings;
use super::telling::{Found, end, measured, raise};
use crate::judging::outcome::{Detail, Effect, RuleName};
use crate::judging::state::One;
use crate::judging::world::World;
use crate::source::Kind;
use crate::time::SECOND_MS;

/// Still readings are held against the neighbours at every second only: that costs a search.
const ASK_EVERY: u16 = 2;

pub(super) fn examine_stillness(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let tank = matches!(one.settings.source.kind, Kind::Tank(_));
    if one.settings.on_change() || !(tank || one.settings.source.taps_main()) {
        return;
    }
    let rule = &world.rules.of(&one.settings.source).flatline;
    let Reading {
        at, value, step, ..
    } = reading;
    let open = one.state.is_open(RuleName::Flatline);
    let still = &mut health.still;
    let moved = still.take(at, value, step, reading.everyday && !open);
    if open {
        if moved {
            end(one, RuleName::Flatline, world, effects);
        }
        return;
    }
    // Flat at nothing, or at any low, is low: that alert says all there is to say.
    let nothing = value.abs() <= reading.accuracy;
    if nothing || !reading.everyday || !still.usually_moves(rule, step) {
        return;
    }
    let Some(still_ms) = still.still_ms(at) else {
        return;
    };
    let long_s = if tank {
        rule.tank_still_s
    } else {
        rule.still_s
    };
    let long = still_ms >= i64::from(long_s) * SECOND_MS;
    let asks =
        !tank && still_ms >= i64::from(rule.moved_within_s) * SECOND_MS && still.asks(ASK_EVERY);
    let alone = || {
        let around = surroundings(one, index, at, world);
        let least = usize::from(rule.neighbours).max(around.reporting().div_ceil(2));
        around.moved(rule.moved_kpa) >= least.max(1)
    };
    if long || (asks && alone()) {
        let since = still.since();
        let measured = measured(one, reading, None);
        let found = Found {
            rule: RuleName::Flatline,
            detail: Some(Detail::ValveOrSensor),
            measured,
            began_at: since,
        };
        raise(one, index, found, world, effects);
    }
}
