//! Whether an alert pages now, waits, or stays quiet.
//!
//! Mutes delay or withhold pages; they never improve a verdict. An open incident within reach lifts
//! every one of them for criticals: nothing may hide a dead source during a fire.

use super::baseline::local_hour;
use super::condition::{Condition, Moment};
use super::flow::may_reach;
use super::health::{doubted_until, is_sick, may_be_the_sensor};
use super::outcome::{Basis, Detail, EpisodeId, EpisodeState, Measured, Mute, RuleName, Severity};
use super::state::One;
use super::world::World;
use crate::time::{HOUR_MS, Timestamp};

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
    if is_standing_order(one, condition) {
        return Some(Muted {
            by: Mute::EveryDay,
            until: None,
        });
    }
    if is_lifted(one, episode, world) {
        return None;
    }
    if condition.rule == RuleName::LowResidual {
        return by_people(episode);
    }
    by_people(episode)
        .or_else(|| by_sickness(one, condition.rule, world))
        .or_else(|| by_maintenance(one, now))
        .or_else(|| by_supply_hours(one, condition.rule, world, now))
        .or_else(|| by_doubt(one, condition, world, now))
        .or_else(|| by_scale(one, condition.rule, world, now))
        .or_else(|| {
            (!critical)
                .then(|| by_smallness(one, index, condition, world, now))
                .flatten()
        })
        .or_else(|| by_zone(one, index, condition.rule, world, now))
        .or_else(|| by_outage(one, index, condition, world))
}

/// What need not wake anybody unless it is critical: a use explains it, its sensor cannot tell, or it
/// comes every day.
fn by_smallness(
    one: &One,
    index: u32,
    condition: &Condition,
    world: &World,
    now: Moment,
) -> Option<Muted> {
    let low = condition.rule == RuleName::LowStatic;
    low.then(|| by_use_nearby(one, index, condition, world, now))
        .flatten()
        .or_else(|| by_accuracy(one, index, condition, world, now))
        .or_else(|| {
            low.then(|| by_every_day(one, condition, world, now))
                .flatten()
        })
}

/// A tank's level may be off by a factor of scale: some more readings will tell.
fn by_scale(one: &One, rule: RuleName, world: &World, now: Moment) -> Option<Muted> {
    let rules = world.rules.of(&one.settings.source);
    let until = doubted_until(one, rules).filter(|until| *until > now.wall)?;
    (rule == RuleName::TankLow).then_some(Muted {
        by: Mute::Unsure,
        until: Some(until),
    })
}

/// Why an alert that has paged before does not page again now, though a page is owed again.
pub fn mute_again(
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
    if is_lifted(one, episode, world) {
        return None;
    }
    let held = by_people(episode);
    if condition.rule == RuleName::LowResidual {
        return held;
    }
    held.or_else(|| by_sickness(one, condition.rule, world))
        .or_else(|| by_maintenance(one, now))
        .or_else(|| by_supply_hours(one, condition.rule, world, now))
        .or_else(|| by_zone(one, index, condition.rule, world, now))
        .or_else(|| by_outage(one, index, condition, world))
}

/// Whether a fire within reach lifts every mute of an alert.
pub fn is_lifted(one: &One, episode: &EpisodeState, world: &World) -> bool {
    episode.severity == Severity::Critical && world.incident_near(one.settings.source.position)
}

/// Somebody resolved it by hand, or silenced it.
fn by_people(episode: &EpisodeState) -> Option<Muted> {
    let resolved = episode.resolution().map(|r| (Mute::Resolved, r.until));
    let silenced = episode.silenced_until().map(|until| (Mute::Silence, until));
    resolved.or(silenced).map(|(by, until)| Muted {
        by,
        until: Some(until),
    })
}

/// Its zone is dropping: until the dwell of that is over, one page for all may come of it; then the
/// incident has paged.
fn by_zone(one: &One, index: u32, rule: RuleName, world: &World, now: Moment) -> Option<Muted> {
    let explained = world.zone_explains(index, &one.settings.source, rule)?;
    Some(match explained {
        Ok(_) => Muted {
            by: Mute::Incident,
            until: None,
        },
        Err(dwell_ms) => Muted {
            by: Mute::ZoneDrop,
            until: Some(now.wall.plus_ms(dwell_ms - now.steady_ms)),
        },
    })
}

/// It fell silent with others: the outage has paged.
fn by_outage(one: &One, index: u32, condition: &Condition, world: &World) -> Option<Muted> {
    outage_of(one, index, condition, world).map(|_| Muted {
        by: Mute::Incident,
        until: None,
    })
}

/// The outage that explains a source's silence; one that is heard again, and whose alert ends with its
/// next message, belongs to it still.
fn outage_of<'a>(
    one: &One,
    index: u32,
    condition: &'a Condition,
    world: &'a World,
) -> Option<&'a EpisodeId> {
    if condition.rule != RuleName::Stale {
        return None;
    }
    let belonged = condition.episode.as_ref().filter(|_| !one.state.silent);
    let before = belonged.and_then(|episode| episode.incident.as_ref());
    world.outages.of(index).or(before)
}

/// The incident that the alert of a rule at a source belongs to.
pub fn incident_of<'a>(
    one: &One,
    index: u32,
    condition: &'a Condition,
    world: &'a World,
) -> Option<&'a EpisodeId> {
    let explained = world.zone_explains(index, &one.settings.source, condition.rule);
    let outage = || outage_of(one, index, condition, world);
    explained.and_then(Result::ok).or_else(outage)
}

/// Whether it is an alert about every day's low hour, and nothing is low now, or not for longer than
/// the dwell: there is nothing that could page.
fn is_standing_order(one: &One, condition: &Condition) -> bool {
    let muted_by = condition.episode.as_ref().and_then(|e| e.muted_by);
    let low_now = condition
        .run
        .as_ref()
        .is_some_and(|run| run.samples >= 2 || one.settings.on_change());
    muted_by == Some(Mute::EveryDay) && !(low_now && condition.has_dwelt())
}

/// The same low hour as on the days before is work for the water company; it is looked at again when
/// the hour is over. Not while a fire burns near.
fn by_every_day(one: &One, condition: &Condition, world: &World, now: Moment) -> Option<Muted> {
    let source = &one.settings.source;
    let run = condition.run.as_ref()?;
    let hours = one.state.low_hours()?;
    let rule = &world.rules.of(source).every_day;
    let hour = local_hour(now.wall);
    let usual = hours.is_usual(rule, hour, run.measured.value);
    let rest_ms = HOUR_MS - now.wall.ms().rem_euclid(HOUR_MS);
    (usual && !world.incident_near(source.position)).then_some(Muted {
        by: Mute::EveryDay,
        until: Some(now.wall.plus_ms(rest_ms)),
    })
}

/// Whether an alert that data would clear stands on as a work order: it pages nobody, and the hour
/// will come again.
pub fn stays_as_order(one: &One, condition: &Condition, world: &World, now: Moment) -> bool {
    let Some(episode) = &condition.episode else {
        return false;
    };
    let rule = &world.rules.of(&one.settings.source).every_day;
    episode.muted_by == Some(Mute::EveryDay)
        && one
            .state
            .low_hours()
            .is_some_and(|hours| hours.has_pattern(rule, local_hour(now.wall)))
}

fn by_maintenance(one: &One, now: Moment) -> Option<Muted> {
    let until = one
        .settings
        .windows()
        .iter()
        .filter(|w| w.is_on(now.wall))
        .filter_map(|w| w.next_change(now.wall))
        .max()?;
    Some(Muted {
        by: Mute::Maintenance,
        until: Some(until),
    })
}

/// What a sick sensor says of the water pages nobody: its own alert is enough.
fn by_sickness(one: &One, rule: RuleName, world: &World) -> Option<Muted> {
    let rests_on_readings = matches!(
        rule,
        RuleName::LowStatic
            | RuleName::HighPressure
            | RuleName::FlowDeficit
            | RuleName::TankLow
            | RuleName::RefillLate
            | RuleName::DrawLow
    );
    let sick = rests_on_readings && is_sick(one, world.rules.of(&one.settings.source));
    sick.then_some(Muted {
        by: Mute::SensorSick,
        until: None,
    })
}

/// Low while the neighbours are calm may be a closed valve, or the sensor: more readings will tell.
fn by_doubt(one: &One, condition: &Condition, world: &World, now: Moment) -> Option<Muted> {
    let episode = condition.episode.as_ref()?;
    if episode.detail != Some(Detail::DryOrBroken) {
        return None;
    }
    let rule = &world.rules.of(&one.settings.source).low_static;
    let until = episode.began_at.plus_ms(i64::from(rule.unsure_s) * 1_000);
    let Some(run) = condition.run.as_ref() else {
        // Not low by its newest reading: nothing new to wake somebody for yet.
        return (now.wall < until).then_some(Muted {
            by: Mute::Unsure,
            until: Some(until),
        });
    };
    // What raised the alert counts too, where a spike came between.
    let again = run.since > episode.began_at;
    let waits = now.wall < until || (!again && run.samples < rule.unsure_samples);
    waits.then_some(Muted {
        by: Mute::Unsure,
        until: (now.wall < until).then_some(until),
    })
}

/// Short by less than its sensor can tell, or by an estimate from a reading that its calm neighbours
/// gainsay: shown at once, but nobody is woken for what may not be so, unless it goes on.
fn by_accuracy(
    one: &One,
    index: u32,
    condition: &Condition,
    world: &World,
    now: Moment,
) -> Option<Muted> {
    let source = &one.settings.source;
    let rules = world.rules.of(source);
    let (most_kpa, waits_s) = match condition.rule {
        RuleName::LowStatic => (
            rules.low_static.within_accuracy_most_kpa,
            rules.low_static.within_accuracy_s,
        ),
        RuleName::FlowDeficit => (
            rules.flow_deficit.within_accuracy_most_kpa,
            rules.flow_deficit.within_accuracy_s,
        ),
        _ => return None,
    };
    // An accuracy entered wrongly must not quieten a real loss of water.
    let accuracy_kpa = source.sensor.accuracy.map(|kpa| kpa.min(most_kpa));
    let low = condition.rule == RuleName::LowStatic;
    if low && accuracy_kpa.is_none() {
        return None;
    }
    let accuracy_kpa = accuracy_kpa.unwrap_or(0.0);
    let within = |measured: &Measured| {
        if low {
            return measured
                .margin
                .is_some_and(|margin| -margin <= accuracy_kpa);
        }
        // An estimate is worth no more than the reading it is made of.
        measured.basis == Basis::Estimated
            && (may_reach(
                &one.settings,
                &one.state,
                rules,
                now.wall,
                accuracy_kpa,
                most_kpa,
            ) || one
                .state
                .at_rest_kpa
                .is_some_and(|kpa| may_be_the_sensor(one, index, kpa, one.state.last().at, world)))
    };
    // Where the newest reading is not low at all, there is less to wake somebody for still.
    let run = condition.run.as_ref();
    let within = run.is_none_or(|run| within(&run.measured));
    let began_at = condition.episode.as_ref()?.began_at;
    let until = began_at.plus_ms(i64::from(waits_s) * 1_000);
    (within && now.wall < until).then_some(Muted {
        by: Mute::Unsure,
        until: Some(until),
    })
}

/// Whether a low pressure that has not paged may be its sensor's. `None`: nothing newer than before is
/// known.
pub fn is_doubtful(one: &One, index: u32, condition: &Condition, world: &World) -> Option<bool> {
    let run = condition.run.as_ref()?;
    let waits = condition.episode.as_ref().is_some_and(|e| !e.pages);
    if !waits || condition.rule != RuleName::LowStatic {
        return None;
    }
    Some(may_be_the_sensor(
        one,
        index,
        run.measured.value,
        run.newest,
        world,
    ))
}

/// Outside supply hours nothing pages; for an hour after they begin water may still be on its way.
fn by_supply_hours(one: &One, rule: RuleName, world: &World, now: Moment) -> Option<Muted> {
    let grace_ms = i64::from(world.rules.of(&one.settings.source).common.supply_grace_s) * 1_000;
    let owed_from = one.settings.water_owed_from(now.wall, grace_ms)?;
    let applies = waits_for_supply(rule) || !one.settings.supplied(now.wall);
    applies.then_some(Muted {
        by: Mute::SupplyHours,
        until: Some(owed_from),
    })
}

/// The rules whose condition is nothing but missing water.
pub const fn waits_for_supply(rule: RuleName) -> bool {
    matches!(rule, RuleName::LowStatic | RuleName::FlowDeficit)
}

/// Whether command is to be told of the alert: of low pressure in use unless it is a test, and of
/// every critical while a fire is near.
pub fn tells_command(one: &One, condition: &Condition, world: &World, now: Moment) -> bool {
    let Some(episode) = &condition.episode else {
        return false;
    };
    let in_use = condition.rule == RuleName::LowResidual && !one.settings.test_permitted(now.wall);
    let at_a_fire = episode.severity == Severity::Critical
        && !world.clocks.history
        && world.incident_near(one.settings.source.position);
    in_use || at_a_fire
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
    let until = raised_at
        .plus_ms(i64::from(world.rules.of(&one.settings.source).common.use_wait_s) * 1_000);
    let explained = nearby
        && drop_kpa <= world.rules.of(&one.settings.source).common.use_drop_kpa
        && now.journal < until;
    explained.then_some(Muted {
        by: Mute::InUse,
        until: Some(until),
    })
}
