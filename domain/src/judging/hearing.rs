//! A device's message: whose it is, whether it is news, when its samples were taken.

use std::sync::Arc;

use super::arrival::{BURST_MS, is_current};
use super::battery::Battery;
use super::condition::Coming;
use super::device::{hear_device, hear_readable};
use super::episode;
use super::health;
use super::judge::Judge;
use super::outcome::{Basis, Effect, LeftOut, Measured, RuleName};
use super::reading::{left_out, take};
use super::replaying;
use super::rules::Word;
use super::sample::{Taken, main_quantity};
use super::state::{One, State, fingerprint};
use super::world::World;
use crate::quantity::Quantity;
use crate::report::{EventKind, Mark, Report, Sample, usable_time};
use crate::source::Kind;
use crate::time::{MINUTE_MS, Timestamp};

/// Takes in a device's message.
pub fn hear(
    judge: &mut Judge,
    report: &Report,
    retained: bool,
    copy: bool,
    effects: &mut Vec<Effect>,
) {
    let Some(index) = judge.index_of_device(&report.device) else {
        return;
    };
    if report.samples.is_empty() && report.events.is_empty() {
        return;
    }
    enter_gateway(judge, index, report.via.as_ref());
    judge.with_one(index, effects, |one, world, effects| {
        if retained {
            effects.push(whole(one, world, LeftOut::Retained));
        } else if is_copy(one, report, copy, world) {
            effects.push(whole(one, world, LeftOut::Duplicate));
            if !copy {
                replaying::hear_old(one, index, report, world, effects);
            }
        } else if replaying::repeats_history(one, report, world) {
            effects.push(whole(one, world, LeftOut::Duplicate));
            replaying::hear_old(one, index, report, world, effects);
        } else {
            one.state.remember_mark(report, world.clocks.now());
            take_in(one, index, report, world, effects);
        }
    });
}

/// The gateway that a device speaks through now. One that names none leaves what is known.
fn enter_gateway(judge: &mut Judge, index: u32, via: Option<&Arc<str>>) {
    judge.write_if_due(index);
    let Some(one) = judge.ones.get_mut(index as usize) else {
        return;
    };
    if let (Some(one), true) = (one.as_deref_mut(), via.is_some())
        && one.state.via.as_ref() != via
    {
        let before = one.state.via.take();
        let outages = &mut judge.world.outages;
        one.state.via = outages.speaks_through(index, before.as_ref(), via);
    }
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
    let now = world.clocks.now();
    let known = one.state.marks.contains(&fingerprint(report));
    match (newest_usable(report, now.wall), report.mark) {
        (Some(newest), _) => known && one.state.newest_at.is_some_and(|at| newest <= at),
        (None, Mark::Sequence(_)) => one.state.untimed_before(report, now),
        (None, Mark::Hash(_)) => copy,
    }
}

pub fn newest_usable(report: &Report, wall: Timestamp) -> Option<Timestamp> {
    report
        .samples
        .iter()
        .filter_map(|sample| usable_time(sample.at, wall))
        .max()
}

fn take_in(one: &mut One, index: u32, report: &Report, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let interval_ms = one.settings.fresh_interval_ms();
    one.state.note_boot(report, now.wall);
    let newest_own = newest_usable(report, now.wall);
    let goes_on = newest_own.is_none_or(|at| one.state.arrivals.goes_on(at, report.mark));
    let in_burst = one.state.arrivals.is_burst(now.steady_ms);
    let skew_ms = newest_own.map_or(0, |newest| {
        let before_ms = one.state.arrivals.skew_ms();
        let lag_ms = now.wall.since_ms(newest);
        let skew_ms = one
            .state
            .arrivals
            .note(newest, report.mark, lag_ms, now.steady_ms);
        if skew_ms > before_ms {
            one.state.shift(skew_ms - before_ms, now.wall);
        }
        skew_ms
    });
    let taken = samples(one, index, report, skew_ms, world, effects);
    // A reading timed by its receipt is news by definition, whatever a clock was set to.
    let by_receipt = one.state.timed_by_receipt;
    let age_ms = |at| {
        if by_receipt {
            0
        } else {
            now.wall.since_ms(at).max(0)
        }
    };
    let in_date_ms = world
        .rules
        .of(&one.settings.source)
        .stale
        .verdict_after_ms(one.settings.source.interval_ms());
    let is_news = |age_ms: i64| age_ms <= 2 * interval_ms;
    // Of a backlog only the newest reading decides; what it passed through on the way is history.
    let backlog = taken.iter().any(|taken| !is_news(age_ms(taken.at)));
    let newest = taken.last().map(|taken| taken.at);
    let settle_ms = if newest.is_some_and(|at| is_followed(one, age_ms(at), taken.len(), in_burst))
    {
        BURST_MS
    } else {
        0
    };
    let mut heard = None;
    for taken in taken {
        if one.state.newest_at.is_some_and(|newest| taken.at < newest) {
            effects.push(left_out(one, taken, LeftOut::Late));
            continue;
        }
        let age_ms = age_ms(taken.at);
        if age_ms < in_date_ms && is_evidence(one, &taken) {
            heard = Some(age_ms);
        }
        let decides = is_news(age_ms) && (!backlog || Some(taken.at) == newest);
        let coming = Coming {
            at: taken.at,
            current: decides,
            on_change: one.settings.on_change(),
            settle_ms,
        };
        take(one, index, taken, coming, world, effects);
    }
    if in_burst && !one.state.suspects().is_empty() {
        // The newest of a backlog looks like a spike, but may be the truth: the next will tell.
        let until_ms = now.steady_ms + interval_ms + MINUTE_MS;
        for condition in &mut one.state.conditions {
            condition.put_off(until_ms);
        }
    }
    if !goes_on {
        replaying::hear_old(one, index, report, world, effects);
    } else if one.settings.is_in_service() {
        hear_device(one, index, report, world, effects);
    }
    if heard.is_some() && goes_on {
        replaying::hear_new(one, world, effects);
    }
    if heard.is_some() {
        hear_readable(one, index, Word::Well, world, effects);
    }
    if let Some(age_ms) = heard.or_else(|| heartbeat(one, report, skew_ms, world)) {
        is_heard(one, age_ms, world, effects);
    }
}

/// Whether a message that tells of `age_ms` ago is likely followed at once by others: a backlog sent
/// as messages of their own, the newest last. A reading as old as that has a newer one behind it.
fn is_followed(one: &One, age_ms: i64, samples: usize, in_burst: bool) -> bool {
    let late_ms = if one.settings.on_change() {
        MINUTE_MS
    } else {
        one.settings.source.interval_ms()
    };
    age_ms >= late_ms && (in_burst || samples == 1)
}

/// Whether a sample says anything of what the source is judged by: a meter that still counts does not
/// make up for a pressure sensor that is dead.
fn is_evidence(one: &One, taken: &Taken) -> bool {
    let source = &one.settings.source;
    match source.kind {
        Kind::Hydrant { .. } if source.taps_main() && source.requirement.pressure_kpa.is_some() => {
            taken.pressure_kpa.is_some()
        }
        Kind::Hydrant { .. } => true,
        Kind::Tank(_) | Kind::DrawPoint(_) => taken.level_m.is_some(),
    }
}

/// A device that reports on change says by any valid message that nothing changed: how old that
/// word is, ms. Unless its sensor shows what cannot be.
fn heartbeat(one: &One, report: &Report, skew_ms: i64, world: &World) -> Option<i64> {
    let now = world.clocks.now();
    let source = &one.settings.source;
    let newest = report.samples.iter().max_by_key(|sample| sample.at)?;
    let invalid = &world.rules.of(&one.settings.source).invalid;
    let valid = |(quantity, value): &(Quantity, f64)| invalid.is_valid(source, *quantity, *value);
    let well = !newest.values.is_empty() && newest.values.iter().all(valid);
    let at = usable_time(newest.at, now.wall).map_or(now.wall, |at| at.plus_ms(skew_ms));
    let current = is_current(at, now.wall, one.settings.fresh_interval_ms());
    (one.settings.on_change() && well && current).then(|| now.wall.since_ms(at).max(0))
}

/// The message's samples and cap events as cleaned samples, oldest first.
fn samples(
    one: &mut One,
    index: u32,
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
        note_battery(&mut one.state, sample, at);
        if clean.main_quantity(&one.settings.source).is_none() {
            hear_invalid(one, index, sample, at, world, effects);
        }
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

/// Takes note of how the device's battery goes.
fn note_battery(state: &mut State, sample: &Sample, at: Timestamp) {
    for &(quantity, value) in &sample.values {
        let is_battery = matches!(quantity, Quantity::BatteryPct | Quantity::BatteryV);
        if is_battery && value > 0.0 && value <= 100.0 {
            Battery::note(&mut state.battery, at, quantity, value);
        }
    }
}

/// What the source is judged by was measured, and cannot be.
fn hear_invalid(
    one: &mut One,
    index: u32,
    sample: &Sample,
    at: Timestamp,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let main = main_quantity(&one.settings.source.kind);
    let measured = sample.values.iter().find(|(quantity, _)| *quantity == main);
    let now = world.clocks.now();
    let current = is_current(at, now.wall, one.settings.fresh_interval_ms());
    let newest = one.state.newest_at.is_none_or(|newest| newest <= at);
    if let Some((_, value)) = measured.filter(|_| current && newest) {
        one.state.newest_invalid = true;
        health::examine_invalid(one, index, at, *value, world, effects);
        if one.settings.is_in_service() && one.state.silent {
            let measured = Measured {
                basis: Basis::Device,
                quantity: main,
                value: *value,
                limit: None,
                margin: None,
                at,
            };
            let readable = value.is_finite();
            let word = if readable {
                Word::Wrong(measured)
            } else {
                Word::Unreadable
            };
            hear_readable(one, index, word, world, effects);
        }
    }
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
    Taken::clean(
        sample,
        at,
        source,
        &world.rules.of(&one.settings.source).invalid,
        &mut note,
    )
}

/// A valid, current reading came: silence is over, and its alert after two of them.
fn is_heard(one: &mut One, age_ms: i64, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    one.state.heard_at = Some(now.journal);
    one.state.heard_listening_ms = one.state.heard_listening_ms.max(now.listening_ms - age_ms);
    one.state.silent = false;
    one.state.newest_invalid = false;
    if !one.state.is_open(RuleName::Stale) {
        return;
    }
    one.state.heard_again = one.state.heard_again.saturating_add(1);
    if one.state.heard_again >= world.rules.of(&one.settings.source).stale.end_messages {
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
