//! A device's message: whose it is, whether it is news, when its samples were taken.

use super::arrival::is_current;
use super::episode;
use super::judge::Judge;
use super::outcome::{Effect, LeftOut, RuleName};
use super::reading::{left_out, take};
use super::sample::Taken;
use super::state::One;
use super::world::World;
use crate::quantity::Quantity;
use crate::report::{EventKind, Mark, Report, Sample, usable_time};
use crate::time::Timestamp;

/// Takes in a device's message.
pub fn hear(
    judge: &mut Judge,
    report: &Report,
    retained: bool,
    copy: bool,
    effects: &mut Vec<Effect>,
) {
    let Some(&index) = judge.by_device.get(&report.device) else {
        return;
    };
    if report.samples.is_empty() && report.events.is_empty() {
        return;
    }
    judge.with_one(index, effects, |one, world, effects| {
        if retained {
            effects.push(whole(one, world, LeftOut::Retained));
        } else if is_copy(one, report, copy, world) {
            effects.push(whole(one, world, LeftOut::Duplicate));
        } else {
            one.state.marks.rotate_right(1);
            one.state.marks[0] = (report.mark.number(), report.payload_hash);
            take_in(one, index, report, world, effects);
        }
    });
}

fn whole(one: &One, world: &World, why: LeftOut) -> Effect {
    let at = world.clocks.now().journal;
    left_out(
        one,
        Taken {
            at,
            ..Taken::default()
        },
        why,
    )
}

/// Whether the message was taken in before. A device that says the same again has measured again,
/// unless it says it with the same sequence or the same time, or the receiver knows it for a
/// redelivery.
fn is_copy(one: &One, report: &Report, copy: bool, world: &World) -> bool {
    let known = one
        .state
        .marks
        .contains(&(report.mark.number(), report.payload_hash));
    let newest = newest_usable(report, world.clocks.now().wall);
    match (newest, report.mark) {
        (Some(newest), _) => known && one.state.newest_at.is_some_and(|at| newest <= at),
        (None, Mark::Sequence(_)) => known,
        (None, Mark::Hash(_)) => copy,
    }
}

fn newest_usable(report: &Report, wall: Timestamp) -> Option<Timestamp> {
    report
        .samples
        .iter()
        .filter_map(|sample| usable_time(sample.at, wall))
        .max()
}

fn take_in(one: &mut One, index: u32, report: &Report, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let interval_ms = one.settings.fresh_interval_ms();
    let skew_ms = newest_usable(report, now.wall).map_or(0, |newest| {
        one.state
            .arrivals
            .note(now.wall.since_ms(newest), now.steady_ms, interval_ms)
    });
    let mut heard = None;
    for taken in samples(one, report, skew_ms, world, effects) {
        if one.state.newest_at.is_some_and(|newest| taken.at < newest) {
            effects.push(left_out(one, taken, LeftOut::Late));
            continue;
        }
        // A reading timed by its receipt is news by definition, whatever a clock was set to.
        let age_ms = if one.state.timed_by_receipt {
            0
        } else {
            now.wall.since_ms(taken.at).max(0)
        };
        let current = age_ms == 0 || is_current(taken.at, now.wall, interval_ms);
        if current {
            heard = Some(age_ms);
        }
        take(one, index, taken, current, world, effects);
    }
    if let Some(age_ms) = heard {
        is_heard(one, age_ms, world, effects);
    }
}

/// The message's samples and cap events as cleaned samples, oldest first.
fn samples(
    one: &mut One,
    report: &Report,
    skew_ms: i64,
    world: &World,
    effects: &mut Vec<Effect>,
) -> Vec<Taken> {
    let now = world.clocks.now();
    let mut taken = Vec::with_capacity(report.samples.len() + report.events.len());
    let mut by_receipt = false;
    let mut time = |at: Option<Timestamp>| match usable_time(at, now.wall) {
        Some(at) => at.plus_ms(skew_ms),
        None => {
            by_receipt = true;
            now.journal
        }
    };
    for sample in &report.samples {
        let at = time(sample.at);
        let clean = clean(one, sample, at, world, effects);
        if sample.at.is_some() && usable_time(sample.at, now.wall).is_none() {
            effects.push(left_out(one, clean, LeftOut::ClockAhead));
        }
        if !clean.is_empty() {
            taken.push(clean);
        }
    }
    for event in &report.events {
        let cap_open = match event.what {
            EventKind::CapOpen => Some(true),
            EventKind::CapClosed => Some(false),
            _ => continue,
        };
        taken.push(Taken {
            at: time(event.at),
            cap_open,
            ..Taken::default()
        });
    }
    one.state.timed_by_receipt = by_receipt;
    taken.sort_by_key(|t| t.at);
    taken
}

fn clean(
    one: &One,
    sample: &Sample,
    at: Timestamp,
    world: &World,
    effects: &mut Vec<Effect>,
) -> Taken {
    let source = &one.settings.source;
    let mut note = |quantity: Quantity, why| {
        effects.push(Effect::LeftOut {
            source: source.code.clone(),
            at,
            quantity,
            why,
        });
    };
    Taken::clean(sample, at, source, &world.rules.invalid, &mut note)
}

/// A valid, current reading came: silence is over, and its alert after two of them.
fn is_heard(one: &mut One, age_ms: i64, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    one.state.heard_at = Some(now.journal);
    one.state.heard_listening_ms = one.state.heard_listening_ms.max(now.listening_ms - age_ms);
    one.state.silent = false;
    if !one.state.is_open(RuleName::Stale) {
        return;
    }
    one.state.heard_again = one.state.heard_again.saturating_add(1);
    if one.state.heard_again >= world.rules.stale.end_messages {
        one.state.heard_again = 0;
        if let Some(stale) = one
            .state
            .conditions
            .iter_mut()
            .find(|c| c.rule == RuleName::Stale)
        {
            episode::clear(stale, now, effects);
        }
    }
}
