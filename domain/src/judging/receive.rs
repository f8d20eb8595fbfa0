//! A loss of data by our own fault: it pages nobody about hydrants, and one person about us.
//!
//! Cut off for five minutes, or a gap of five minutes in the journal when the receiver starts anew: the
//! alert `firemain:receive`. It clears when what queued up meanwhile has been taken in. A receiver that
//! is dead journals nothing that could tell so: whoever runs the fold then says it by the wall clock
//! ([`silent`]), and its next heartbeat while connected and drained clears that.

use serde::{Deserialize, Serialize};

use super::condition::Moment;
use super::group::{Group, Opening};
use super::heeding;
use super::input::Control;
use super::judge::{Due, Judge};
use super::outcome::{Detail, Effect, EpisodeState, Evidence, RuleName, Severity, Subject};
use crate::time::{MINUTE_MS, Timestamp};

/// The part's name.
pub const PART: &str = "receive";
/// So long it may be cut off before it alerts.
const CUT_OFF_MS: i64 = 5 * MINUTE_MS;

/// Whether we receive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receiving {
    group: Group,
    /// Since when it is cut off, and the steady time at which that alerts, ms.
    cut_off: Option<(Timestamp, i64)>,
    /// The journal's last words were those of a receiver, not of history.
    watched: bool,
}

impl Receiving {
    /// Its alerts.
    pub const fn group(&self) -> &Group {
        &self.group
    }

    /// Its alerts, to change them.
    pub const fn group_mut(&mut self) -> &mut Group {
        &mut self.group
    }

    /// Whether its alert stands.
    pub fn is_told(&self) -> bool {
        self.group.standing().is_some()
    }

    /// When it is to be looked at, steady ms.
    pub fn deadline_ms(&self) -> Option<i64> {
        self.cut_off.map(|(_, at)| at)
    }
}

/// Takes a word of the receiver about itself. `before`: the moment of the word before it.
pub fn hear(judge: &mut Judge, control: &Control, before: Moment, effects: &mut Vec<Effect>) {
    if judge.world.clocks.is_recording() {
        return;
    }
    let now = judge.world.clocks.now();
    let receiving = &mut judge.world.receiving;
    let watched = std::mem::replace(
        &mut receiving.watched,
        !matches!(control, Control::History { .. }),
    );
    match control {
        Control::Started if watched && now.steady_ms - before.steady_ms > CUT_OFF_MS => {
            cut_off(judge, None);
            raise(judge, before.journal, effects);
        }
        Control::Started | Control::Disconnected => {
            let since = receiving.cut_off.map_or(now.journal, |(since, _)| since);
            if receiving.cut_off.is_none() && receiving.group.standing().is_none() {
                cut_off(judge, Some((since, now.steady_ms + CUT_OFF_MS)));
            }
        }
        // While history is played in nobody is cut off from anything.
        Control::Connected { .. } | Control::History { .. } => cut_off(judge, None),
        Control::Drained => {
            receiving.group.clear(now, effects);
            cut_off(judge, None);
        }
        // One that was merely held up goes on where it was, and says nothing else.
        Control::Heartbeat { .. } if judge.world.clocks.receiving() == (true, true) => {
            receiving.group.clear(now, effects);
        }
        Control::Heartbeat { .. } | Control::ClockStepped { .. } => {}
    }
}

/// Nothing was journalled after `since`, as was noticed at `at` by the wall clock. What was said
/// before something came after all is not true any more.
pub fn silent(
    judge: &mut Judge,
    since: Option<Timestamp>,
    at: Timestamp,
    effects: &mut Vec<Effect>,
) {
    let clocks = &judge.world.clocks;
    let now = clocks.now();
    let heard_after = match since {
        Some(since) => now.journal > since,
        None => clocks.receiving() != (false, false),
    };
    if clocks.is_recording() || clocks.history || heard_after {
        return;
    }
    cut_off(judge, None);
    let noticed = Moment {
        journal: at.max(now.journal),
        ..now
    };
    raise_at(judge, since.unwrap_or(at), noticed, effects);
}

/// It has been cut off for long enough.
pub fn look_at_due(judge: &mut Judge, effects: &mut Vec<Effect>) {
    let now = judge.world.clocks.now();
    let due = judge.world.receiving.cut_off;
    if let Some((since, _)) = due.filter(|(_, at)| *at <= now.steady_ms) {
        cut_off(judge, None);
        raise(judge, since, effects);
    }
}

fn cut_off(judge: &mut Judge, cut_off: Option<(Timestamp, i64)>) {
    let before = std::mem::replace(&mut judge.world.receiving.cut_off, cut_off);
    if let Some((_, at)) = before {
        judge.group_deadlines.remove(&(at, Due::Receiving));
    }
    if let Some((_, at)) = cut_off {
        judge.group_deadlines.insert((at, Due::Receiving));
    }
}

fn raise(judge: &mut Judge, began_at: Timestamp, effects: &mut Vec<Effect>) {
    let now = judge.world.clocks.now();
    raise_at(judge, began_at, now, effects);
}

fn raise_at(judge: &mut Judge, began_at: Timestamp, now: Moment, effects: &mut Vec<Effect>) {
    let reopen_ms = i64::from(judge.world.rules.shared().common.reopen_within_s) * 1_000;
    let world = &mut judge.world;
    let group = &mut world.receiving.group;
    if group.standing().is_some() {
        return;
    }
    let opening = Opening {
        subject: Subject::Part(PART.into()),
        rule: RuleName::Stale,
        severity: Severity::Major,
        began_at,
        evidence: Evidence::default(),
        detail: Some(Detail::Receiving),
        members: Vec::new(),
        tells_command: false,
    };
    group.raise(opening, reopen_ms, false, &world.silences, now, effects);
    heeding::enter_deadline(judge);
}

/// Holds the alert to what was told of it: see [`Judge::hold_to`].
pub fn hold_to(judge: &mut Judge, told: Option<EpisodeState>, effects: &mut Vec<Effect>) {
    let now = judge.world.clocks.now();
    judge.world.receiving.group.hold_to(told, now, effects);
}
