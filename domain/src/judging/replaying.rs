//! Devices that say old things again. What they say raises nothing, clears nothing and ends no
//! silence; one event tells of it, until new readings come.

use serde::{Deserialize, Serialize};

use super::episode::{self, Grounds, base_severity, raise};
use super::outcome::{Basis, Effect, Evidence, Measured, RuleName};
use super::state::One;
use super::world::World;
use crate::quantity::Quantity;
use crate::report::{Mark, Report};
use crate::source::Kind;
use crate::time::{SECOND_MS, Timestamp};

/// Old messages in a row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// How many, each some time after the one before.
    messages: u8,
    /// When the newest that was counted came: steady time, ms.
    heard_ms: i64,
    /// When the first came.
    began_at: Timestamp,
}

/// Whether a message without time and sequence, together with those before it, says what was said
/// before.
pub fn repeats_history(one: &mut One, report: &Report, world: &World) -> bool {
    let timed = report.samples.iter().any(|sample| sample.at.is_some());
    if timed || report.samples.is_empty() || matches!(report.mark, Mark::Sequence(_)) {
        return false;
    }
    let rule = &world.rules.of(&one.settings.source).replay;
    one.state.payloads().repeats(rule, report.payload_hash)
}

/// A message that says old things.
pub fn hear_old(
    one: &mut One,
    index: u32,
    report: &Report,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let now = world.clocks.now();
    let rule = &world.rules.of(&one.settings.source).replay;
    let repeats = match one.state.repeats() {
        None => Repeats {
            messages: 1,
            heard_ms: now.steady_ms,
            began_at: now.wall,
        },
        Some(before) if now.steady_ms - before.heard_ms < i64::from(rule.spaced_s) * SECOND_MS => {
            return;
        }
        Some(before) => Repeats {
            messages: before.messages.saturating_add(1),
            heard_ms: now.steady_ms,
            ..*before
        },
    };
    one.state.set_repeats(Some(repeats));
    let stands = one.state.is_open(RuleName::Replay);
    if stands || repeats.messages < rule.messages || !one.settings.is_in_service() {
        return;
    }
    let place = one.state.condition_place(RuleName::Replay);
    let grounds = Grounds {
        began_at: repeats.began_at,
        severity: base_severity(RuleName::Replay),
        evidence: Evidence {
            measured: said_again(one, report).into_iter().collect(),
        },
        detail: None,
        clock_off_s: None,
    };
    raise(one, index, place, grounds, world, effects);
}

/// The newest main quantity of a message, with the time that the device gives.
fn said_again(one: &One, report: &Report) -> Option<Measured> {
    let quantity = match one.settings.source.kind {
        Kind::Hydrant { .. } => Quantity::PressureKpa,
        Kind::Tank(_) | Kind::DrawPoint(_) => Quantity::LevelM,
    };
    let sample = report.samples.iter().max_by_key(|sample| sample.at)?;
    Some(Measured {
        basis: Basis::Device,
        quantity,
        value: sample.get(quantity).filter(|value| value.is_finite())?,
        limit: None,
        margin: None,
        at: sample.at.or(one.state.newest_at)?,
    })
}

/// A reading that is new: the replay is over.
pub fn hear_new(one: &mut One, world: &World, effects: &mut Vec<Effect>) {
    if one.state.repeats().is_none() {
        return;
    }
    one.state.set_repeats(None);
    for condition in &mut one.state.conditions {
        if condition.rule == RuleName::Replay {
            episode::clear(condition, world.clocks.now(), effects);
        }
    }
}
