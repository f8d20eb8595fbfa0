//! What is wrong with a device: one DEVICE and one CLOCK alert a source, each with its details.
//!
//! A message says of each thing that can be wrong that it is, that it is well, or nothing
//! ([`Word`]). Said by enough messages in a row it stands, and ends likewise. Nothing of it is kept
//! for a device that is well, and none of it changes a verdict.

use serde::{Deserialize, Serialize};

use super::condition::Moment;
use super::episode::{self, Grounds, base_severity, raise, tell};
use super::outcome::{Detail, Effect, EpisodeEvent, Evidence, Measured, RuleName};
use super::rules::Word;
use super::state::One;
use super::world::World;
use crate::quantity::Quantity;
use crate::report::{EventKind, Report};
use crate::time::{SECOND_MS, Timestamp};

/// One thing that a device, or judging, says is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ailment {
    /// What.
    pub detail: Detail,
    /// Messages in a row that said so.
    held: u8,
    /// Messages in a row that said that it is well.
    well: u8,
    /// Whether it counts: enough said so.
    pub stands: bool,
    /// Said by an event, which a device tells once.
    by_event: bool,
    /// When it was last said: journal time.
    said_at: Timestamp,
    /// The same by listening time, ms.
    pub said_listening_ms: i64,
    /// When it was first said in this run.
    began_at: Timestamp,
    /// By which number.
    number: Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Number {
    Measured(Measured),
    OffS(i64),
    None,
}

/// How a word is taken.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    /// Messages that must say so, and that must say that all is well.
    pub messages: u8,
    /// Said by an event: the next message that does not contradict it is the second.
    pub by_event: bool,
    /// Not said for so long while the device goes on speaking, it is over, ms.
    pub unsaid_ms: Option<i64>,
}

impl Taking {
    /// By so many messages; over only when the device says so.
    pub const fn by(messages: u8) -> Self {
        Self {
            messages,
            by_event: false,
            unsaid_ms: None,
        }
    }
}

/// The alert that tells of it.
const fn rule_of(detail: Detail) -> RuleName {
    match detail {
        Detail::ClockAhead | Detail::ClockBehind | Detail::ClockUnset => RuleName::Clock,
        _ => RuleName::Device,
    }
}

/// Which of several stands first: what makes readings doubtful, then what somebody did, then what
/// can wait.
const fn rank(detail: Detail) -> u8 {
    match detail {
        Detail::WrongScale => 0,
        Detail::Invalid => 1,
        Detail::Erratic => 2,
        Detail::Tamper => 3,
        Detail::Tilt => 4,
        _ => 5,
    }
}

/// Takes what one message says of one thing that can be wrong with a device; its alert follows.
pub fn hold_device(
    one: &mut One,
    index: u32,
    detail: Detail,
    word: Word,
    taking: Taking,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let known = one.state.ailments().iter().any(|a| a.detail == detail);
    if !known && matches!(word, Word::Well | Word::Nothing) {
        return;
    }
    let now = world.clocks.now();
    let number = match word {
        Word::Wrong(measured) => Some(Number::Measured(measured)),
        Word::ClockOff(seconds) => Some(Number::OffS(seconds)),
        Word::Unreadable => Some(Number::None),
        Word::Well | Word::Nothing => None,
    };
    let changed = one.state.change_ailments(|all| match number {
        Some(number) => is_wrong(all, detail, number, taking, now),
        None => is_not_wrong(all, detail, word == Word::Well, taking, now),
    });
    if changed {
        tell_of(one, index, rule_of(detail), world, effects);
    }
}

/// Returns whether the alert is another by it.
fn is_wrong(
    all: &mut Vec<Ailment>,
    detail: Detail,
    number: Number,
    taking: Taking,
    now: Moment,
) -> bool {
    let place = all.iter().position(|a| a.detail == detail);
    let place = place.unwrap_or_else(|| {
        all.push(Ailment {
            detail,
            held: 0,
            well: 0,
            stands: false,
            by_event: false,
            said_at: now.journal,
            said_listening_ms: now.listening_ms,
            began_at: now.wall,
            number,
        });
        all.len() - 1
    });
    let ailment = &mut all[place];
    ailment.held = ailment.held.saturating_add(1);
    ailment.well = 0;
    ailment.by_event = taking.by_event;
    ailment.said_at = now.journal;
    ailment.said_listening_ms = now.listening_ms;
    let before = std::mem::replace(&mut ailment.number, number);
    let stood = ailment.stands;
    ailment.stands |= ailment.held >= taking.messages;
    ailment.stands && (!stood || is_another(before, number))
}

/// Whether a number says something else than before: beyond another limit, or far from it.
fn is_another(before: Number, after: Number) -> bool {
    match (before, after) {
        (Number::Measured(before), Number::Measured(after)) => before.limit != after.limit,
        (Number::OffS(before), Number::OffS(after)) => (before - after).abs() > before.abs() / 2,
        (Number::None, Number::None) => false,
        _ => true,
    }
}

/// Returns whether the alert is another by it.
fn is_not_wrong(
    all: &mut Vec<Ailment>,
    detail: Detail,
    well: bool,
    taking: Taking,
    now: Moment,
) -> bool {
    let Some(place) = all.iter().position(|a| a.detail == detail) else {
        return false;
    };
    let ailment = &mut all[place];
    if well {
        ailment.held = 0;
        ailment.well = ailment.well.saturating_add(1);
    } else if ailment.by_event && !ailment.stands {
        ailment.held = ailment.held.saturating_add(1);
        ailment.stands = ailment.held >= taking.messages;
        return ailment.stands;
    }
    let unsaid = taking
        .unsaid_ms
        .is_some_and(|limit| now.journal.since_ms(ailment.said_at) >= limit);
    let over = unsaid || (well && (!ailment.stands || ailment.well >= taking.messages));
    over && all.remove(place).stands
}

/// Raises, changes or clears the one alert of a rule by what stands.
fn tell_of(one: &mut One, index: u32, rule: RuleName, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let mut standing: Vec<Ailment> = one.state.ailments().to_vec();
    standing.retain(|a| a.stands && rule_of(a.detail) == rule);
    standing.sort_by_key(|a| rank(a.detail));
    let place = one.state.condition_place(rule);
    let Some(first) = standing.first() else {
        episode::clear(&mut one.state.conditions[place], now, effects);
        one.state.drop_idle(place);
        return;
    };
    let evidence = Evidence {
        measured: standing
            .iter()
            .filter_map(|a| match a.number {
                Number::Measured(measured) => Some(measured),
                Number::OffS(_) | Number::None => None,
            })
            .collect(),
    };
    let clock_off_s = match first.number {
        Number::OffS(seconds) => Some(seconds),
        Number::Measured(_) | Number::None => None,
    };
    let condition = &mut one.state.conditions[place];
    let open = condition
        .episode
        .as_mut()
        .filter(|e| e.cleared_at.is_none());
    if let Some(episode) = open {
        episode.detail = Some(first.detail);
        episode.evidence = evidence;
        episode.clock_off_s = clock_off_s;
        tell(condition, now, EpisodeEvent::Changed, effects);
        return;
    }
    let grounds = Grounds {
        began_at: first.began_at,
        severity: base_severity(rule),
        evidence,
        detail: Some(first.detail),
        clock_off_s,
    };
    raise(one, index, place, grounds, world, effects);
}

/// What a source is judged by was measured, and whether that can be. A device that for three intervals
/// has said nothing but what cannot be is not silent: its alert tells of it.
pub fn hear_readable(
    one: &mut One,
    index: u32,
    word: Word,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let taking = Taking::by(world.rules.of(&one.settings.source).stale.end_messages);
    hold_device(one, index, Detail::Invalid, word, taking, world, effects);
}

/// When a device that says nothing but what cannot be last said so: listening time, ms.
pub fn spoke_nonsense_ms(one: &One) -> Option<i64> {
    let mut all = one.state.ailments().iter();
    all.find(|a| a.stands && a.detail == Detail::Invalid)
        .map(|a| a.said_listening_ms)
}

/// What a message that is news says of its device itself, and of its clock.
pub fn hear_device(
    one: &mut One,
    index: u32,
    report: &Report,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    hear_clock(one, index, report, world, effects);
    let mut said = Said::of(report);
    let ailing = !one.state.ailments().is_empty();
    if !ailing && said.is_empty() {
        return;
    }
    let rules = world.rules.of(&one.settings.source);
    said.drop_invalid(|quantity, value| {
        rules
            .invalid
            .is_valid(&one.settings.source, quantity, value)
    });
    let at = world.clocks.now().wall;
    let rule = &rules.device;
    let once = Taking {
        unsaid_ms: Some(i64::from(rule.unsaid_s) * SECOND_MS),
        ..Taking::by(rule.messages)
    };
    let by_event = |happened: bool| Taking {
        by_event: happened,
        ..once
    };
    let words = [
        (
            Detail::Battery,
            rule.battery(said.battery_pct, said.battery_v, at),
            Taking::by(rule.messages),
        ),
        (
            Detail::Tilt,
            rule.tilt(said.tilt_deg.or(said.tilted.then_some(90.0)), at),
            by_event(said.tilted && said.tilt_deg.is_none()),
        ),
        (
            Detail::Tamper,
            rule.tamper(said.tamper.or(said.tampered.then_some(1.0)), at),
            by_event(said.tampered && said.tamper.is_none()),
        ),
    ];
    for (detail, word, taking) in words {
        hold_device(one, index, detail, word, taking, world, effects);
    }
}

fn hear_clock(
    one: &mut One,
    index: u32,
    report: &Report,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let Some(at) = report.samples.iter().filter_map(|sample| sample.at).max() else {
        return;
    };
    let rule = &world.rules.of(&one.settings.source).clock;
    let ours_ms = one.state.arrivals.ours_ms();
    let wall = world.clocks.now().wall.plus_ms(-ours_ms);
    let said = rule.assess(at, wall, one.state.arrivals.skew_ms() - ours_ms);
    let taking = Taking::by(rule.messages);
    for (detail, word) in [
        (Detail::ClockAhead, said.ahead),
        (Detail::ClockUnset, said.unset),
        (Detail::ClockBehind, said.behind),
    ] {
        hold_device(one, index, detail, word, taking, world, effects);
    }
}

/// The newest of what a message says of its device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Said {
    battery_pct: Option<f64>,
    battery_v: Option<f64>,
    tilt_deg: Option<f64>,
    tamper: Option<f64>,
    tilted: bool,
    tampered: bool,
}

impl Said {
    fn of(report: &Report) -> Self {
        let mut said = Self::default();
        for sample in &report.samples {
            for &(quantity, value) in &sample.values {
                match quantity {
                    Quantity::BatteryPct => said.battery_pct = Some(value),
                    Quantity::BatteryV => said.battery_v = Some(value),
                    Quantity::TiltDeg => said.tilt_deg = Some(value),
                    Quantity::Tamper => said.tamper = Some(value),
                    _ => {}
                }
            }
        }
        for event in &report.events {
            match event.what {
                EventKind::Tilt => said.tilted = true,
                EventKind::Tamper => said.tampered = true,
                _ => {}
            }
        }
        said
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn drop_invalid(&mut self, is_valid: impl Fn(Quantity, f64) -> bool) {
        for (quantity, value) in [
            (Quantity::BatteryPct, &mut self.battery_pct),
            (Quantity::BatteryV, &mut self.battery_v),
            (Quantity::TiltDeg, &mut self.tilt_deg),
            (Quantity::Tamper, &mut self.tamper),
        ] {
            *value = value.filter(|value| is_valid(quantity, *value));
        }
    }
}

/// Another device speaks for the source from now on: what was wrong with the one before is over.
pub fn start_anew(one: &mut One, now: Moment, effects: &mut Vec<Effect>) {
    one.state.change_ailments(Vec::clear);
    for condition in &mut one.state.conditions {
        if matches!(
            condition.rule,
            RuleName::Device | RuleName::Clock | RuleName::Replay
        ) {
            episode::clear(condition, now, effects);
        }
    }
    one.state.forget_device(now);
}
