//! What is found becomes an alert, and ends it.

use super::reading::Reading;
use crate::judging::device::{Taking, hold_device};
use crate::judging::episode::{self, Grounds, base_severity};
use crate::judging::outcome::{Basis, Detail, Effect, Evidence, Measured, RuleName};
use crate::judging::rules::Word;
use crate::judging::state::One;
use crate::judging::world::World;
use crate::quantity::Quantity;
use crate::source::Kind;
use crate::time::Timestamp;

/// What an alert about a sensor consists of.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rule: RuleName,
    pub(super) detail: Option<Detail>,
    pub(super) measured: Measured,
    pub(super) began_at: Timestamp,
}

pub(super) fn measured(one: &One, reading: Reading, limit: Option<f64>) -> Measured {
    let (basis, quantity) = match one.settings.source.kind {
        Kind::Hydrant { .. } => (Basis::StaticPressure, Quantity::PressureKpa),
        Kind::Tank(_) | Kind::DrawPoint(_) => (Basis::Level, Quantity::LevelM),
    };
    Measured {
        basis,
        quantity,
        value: reading.value,
        limit,
        margin: None,
        at: reading.at,
    }
}

/// Tells of something wrong with a device (`None`: no more) in its one DEVICE alert.
pub(super) fn tell_device(
    one: &mut One,
    index: u32,
    detail: Detail,
    wrong: Option<Measured>,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let word = wrong.map_or(Word::Well, Word::Wrong);
    hold_device(one, index, detail, word, Taking::by(1), world, effects);
}

pub(super) fn end(one: &mut One, rule: RuleName, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    if let Some(condition) = one.state.conditions.iter_mut().find(|c| c.rule == rule) {
        episode::clear(condition, now, effects);
    }
}

/// Raises an alert.
#[expect(clippy::needless_pass_by_value, reason = "what was found is told once")]
pub(super) fn raise(
    one: &mut One,
    index: u32,
    found: Found,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let place = one.state.condition_place(found.rule);
    let grounds = Grounds {
        began_at: found.began_at,
        severity: base_severity(found.rule),
        evidence: Evidence {
            measured: vec![found.measured],
        },
        detail: found.detail,
        clock_off_s: None,
    };
    episode::raise(one, index, place, grounds, world, effects);
}
