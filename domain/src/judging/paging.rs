//! Whether an alert pages now, waits, or stays quiet.
//!
//! Mutes delay or withhold pages; they never improve a verdict. An open incident within reach lifts
//! every one of them for criticals: nothing may hide a dead source during a fire.

use super::condition::{Condition, Moment};
use super::outcome::{Mute, RuleName, Severity};
use super::state::One;
use super::world::World;
use crate::time::Timestamp;

/// A mute, and when it is to be looked at again (journal time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Muted {
    /// Why.
    pub by: Mute,
    /// When it may be over.
    pub until: Option<Timestamp>,
}

/// Why the alert of `condition` does not page now; `None`: it does.
pub fn mute(
    one: &One,
    index: u32,
    condition: &Condition,
    world: &World,
    now: Moment,
) -> Option<Muted> {
    if world.clocks.history {
        return Some(Muted {
            by: Mute::LateData,
            until: None,
        });
    }
    let episode = condition.episode.as_ref()?;
    let critical = episode.severity == Severity::Critical;
    if critical && world.incident_near(one.settings.source.position) {
        return None;
    }
    if condition.rule == RuleName::LowResidual {
        return None;
    }
    by_maintenance(one, now)
        .or_else(|| by_supply_hours(one, world, now))
        .or_else(|| {
            let explained = condition.rule == RuleName::LowStatic && !critical;
            explained
                .then(|| by_use_nearby(one, index, condition, world, now))
                .flatten()
        })
}

fn by_maintenance(one: &One, now: Moment) -> Option<Muted> {
    let until = one
        .settings
        .windows
        .iter()
        .filter(|w| w.from <= now.wall && now.wall < w.until)
        .map(|w| w.until)
        .max()?;
    Some(Muted {
        by: Mute::Maintenance,
        until: Some(until),
    })
}

fn by_supply_hours(one: &One, world: &World, now: Moment) -> Option<Muted> {
    let hours = one.settings.source.supply_schedule.as_ref()?;
    let grace_ms = i64::from(world.rules.common.supply_grace_s) * 1_000;
    let by = Mute::SupplyHours;
    if !hours.is_on(now.wall) {
        return Some(Muted {
            by,
            until: hours.next_change(now.wall).map(|t| t.plus_ms(grace_ms)),
        });
    }
    let back_since = hours
        .next_change(now.wall.plus_ms(-grace_ms))
        .filter(|t| *t <= now.wall)?;
    Some(Muted {
        by,
        until: Some(back_since.plus_ms(grace_ms)),
    })
}

/// Water drawn here or on the same main explains a moderate drop for a while.
fn by_use_nearby(
    one: &One,
    index: u32,
    condition: &Condition,
    world: &World,
    now: Moment,
) -> Option<Muted> {
    let nearby = one.state.is_drawing() || world.shares_main_with_use(index, &one.settings.source);
    let run = condition.run.as_ref()?;
    let drop_kpa = f64::from(one.state.normal?) - run.measured.value;
    let raised_at = condition.episode.as_ref()?.raised_at;
    let until = raised_at.plus_ms(i64::from(world.rules.common.use_wait_s) * 1_000);
    let explained = nearby && drop_kpa <= world.rules.common.use_drop_kpa && now.journal < until;
    explained.then_some(Muted {
        by: Mute::InUse,
        until: Some(until),
    })
}
