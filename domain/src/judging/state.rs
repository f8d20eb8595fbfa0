//! What judging remembers of one source.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::arrival::Arrivals;
use super::baseline::{Baseline, Expected};
use super::battery::Battery;
use super::codes::{Notes, Reasons};
use super::condition::{Condition, Moment};
use super::device::Ailment;
use super::health::Health;
use super::hearing::newest_usable;
use super::outcome::{RuleName, Verdict};
use super::replaying::Repeats;
use super::rules::{Band, LowHours, Payloads};
use super::sample::{Newest, Taken};
use super::settings::Settings;
use super::tank::TankLife;
use crate::report::{EventKind, Mark, Report, usable_time};
use crate::time::{DAY_MS, Timestamp};

/// Within this time the same sequence and payload without a usable time are a copy.
const COPY_MS: i64 = DAY_MS;
/// Messages without a usable time that are kept in mind per source: a day's at one in six minutes.
const UNTIMED_KEPT: usize = 240;

/// Mark and payload of a message as one number.
pub fn fingerprint(report: &Report) -> u64 {
    report.payload_hash
        ^ report
            .mark
            .number()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(17)
}

/// One source: what people set, and what its readings led to.
#[derive(Clone, Debug)]
pub struct One {
    /// What people set.
    pub settings: Settings,
    /// What its readings led to.
    pub state: State,
    /// The settings changed since the last checkpoint.
    pub settings_dirty: bool,
    /// Anything changed since the last checkpoint.
    pub dirty: bool,
    /// It is to be written to the checkpoint being taken before anything changes it.
    pub due: bool,
    /// Its readings or standing changed since somebody last looked.
    pub touched: bool,
    /// The steady time at which it is to be looked at, as entered in the list of deadlines, ms.
    pub deadline_ms: Option<i64>,
    /// The listening time at which it is to be looked at, likewise.
    pub silence_ms: Option<i64>,
}

/// What the readings of one source led to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// When it was last heard with a valid, current reading: journal time.
    pub heard_at: Option<Timestamp>,
    /// The same by listening time, less the reading's own age, ms. Before the first reading: when
    /// it was entered.
    pub heard_listening_ms: i64,
    /// Valid messages since its silence alerted.
    pub heard_again: u8,
    /// The verdict's silence has set in.
    pub silent: bool,
    /// The gateway through which it was last heard, if its network names one.
    pub via: Option<Arc<str>>,
    /// The newest of each believed value.
    last: Newest,
    /// Reading time of the newest sample judged.
    pub newest_at: Option<Timestamp>,
    /// Mark and payload of the newest messages, as one number each.
    pub marks: [u64; 2],
    /// What few sources have.
    rare: Option<Box<Rare>>,
    /// Its times are the times of receipt.
    pub timed_by_receipt: bool,
    /// The main quantity's last accepted values.
    pub band: Band,
    /// What the main quantity normally is, kPa or m.
    pub normal: Option<f32>,
    /// What the main quantity usually is at each hour; of hydrants on the main and of tanks that
    /// also serve daily use.
    pub baseline: Option<Box<Baseline>>,
    /// Reading time since when it has been so far below what is usual that it counts as dropped.
    pub down_since: Option<Timestamp>,
    /// The health of its sensor.
    pub health: Option<Box<Health>>,
    /// The newest reading of what it is judged by cannot be.
    pub newest_invalid: bool,
    /// Pressure when last at rest, kPa.
    pub at_rest_kpa: Option<f64>,
    /// Reading time of the newest sample that confirmed its use.
    pub use_seen_at: Option<Timestamp>,
    /// The newest use that proved, or disproved, what it owes.
    pub use_proof: Option<Box<UseProof>>,
    /// What only tanks have.
    pub tank: Option<Box<TankLife>>,
    /// Its device's battery, where that is told.
    pub battery: Option<Box<Battery>>,
    /// How late its readings come.
    pub arrivals: Arrivals,
    /// The conditions that hold, or have held.
    pub conditions: Vec<Condition>,
    /// How it stands.
    pub stance: Stance,
}

/// What few sources have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Rare {
    /// Samples outside the band.
    suspects: Vec<Taken>,
    /// Those of the last day's messages that had a sequence but no usable time, oldest first, with
    /// the journal time of each: to know their copies.
    untimed: Vec<(u64, Timestamp)>,
    /// What is wrong with its device.
    ailments: Vec<Ailment>,
    /// What makes its device look like one that says old things again.
    repeats: Option<Repeats>,
    /// The newest payloads, where messages have neither time nor sequence.
    payloads: Payloads,
    /// When it was asked whose the water is that is drawn: steady time, ms.
    asked_ms: Option<i64>,
    /// The hours of the last days at which it was low.
    low_hours: Option<Box<LowHours>>,
    /// When its device last gave its own estimate of the flow to be had: reading time.
    estimate_at: Option<Timestamp>,
}

/// A use in which flow and pressure were measured together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UseProof {
    /// When.
    pub at: Timestamp,
    /// L/s.
    pub flow_lps: f64,
    /// kPa.
    pub pressure_kpa: f64,
    /// Pressure at rest before it, kPa.
    pub static_kpa: Option<f64>,
    /// Whether both reached the requirement.
    pub met: bool,
}

/// How a source stands, without the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stance {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons.
    pub reasons: Reasons,
    /// Its notes.
    pub notes: Notes,
    /// Since when verdict and reasons are so.
    pub since: Timestamp,
    /// Whether anybody was told.
    pub told: bool,
}

impl One {
    /// A source that was never heard.
    pub fn new(settings: Settings, now: Timestamp, listening_ms: i64) -> Self {
        let stance = Stance {
            verdict: Verdict::Unknown,
            reasons: Reasons::default(),
            notes: Notes::default(),
            since: now,
            told: false,
        };
        let state = State {
            heard_at: None,
            heard_listening_ms: listening_ms,
            heard_again: 0,
            silent: false,
            via: None,
            last: Newest::default(),
            newest_at: None,
            marks: [0; 2],
            rare: None,
            timed_by_receipt: false,
            band: Band::default(),
            normal: None,
            baseline: None,
            down_since: None,
            health: None,
            newest_invalid: false,
            at_rest_kpa: None,
            use_seen_at: None,
            use_proof: None,
            tank: None,
            battery: None,
            arrivals: Arrivals::default(),
            conditions: Vec::new(),
            stance,
        };
        Self {
            settings,
            state,
            settings_dirty: true,
            dirty: false,
            due: false,
            touched: false,
            deadline_ms: None,
            silence_ms: None,
        }
    }
}

impl One {
    /// What the main quantity usually is at `at`; `None`: not learned, or of a kind that learns none.
    pub fn expected(&self, at: Timestamp) -> Option<Expected> {
        let baseline = self.state.baseline.as_deref()?;
        baseline.expected(at, self.settings.source.sensor.resolution)
    }
}

impl One {
    /// The pressure that is usual at `at`, kPa: of that hour, or, where that is not learned, what it
    /// normally is.
    pub fn usual_kpa(&self, at: Timestamp) -> Option<f64> {
        let learned = self.expected(at).map(|expected| expected.mean);
        learned.or(self.state.normal.map(f64::from))
    }
}

impl State {
    /// The newest of each believed value.
    pub fn last(&self) -> Taken {
        self.last.into()
    }

    /// Lays a sample over the newest of each value.
    pub fn take_newest(&mut self, taken: Taken) {
        self.last = taken.over(self.last()).into();
    }

    /// A rule's condition, if it holds or ever held.
    pub fn condition(&self, rule: RuleName) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.rule == rule)
    }

    /// Whether a rule's condition holds by the newest samples.
    pub fn holds(&self, rule: RuleName) -> bool {
        self.condition(rule).is_some_and(|c| c.run.is_some())
    }

    /// Whether a rule's alert stands.
    pub fn is_open(&self, rule: RuleName) -> bool {
        self.condition(rule).is_some_and(Condition::is_open)
    }

    /// Whether water is being drawn, confirmed or not.
    pub fn is_drawing(&self) -> bool {
        self.holds(RuleName::InUse) || self.is_open(RuleName::InUse)
    }

    /// Samples outside the band, until the next ones tell a spike from a step, oldest first.
    pub fn suspects(&self) -> &[Taken] {
        self.rare.as_deref().map_or(&[], |rare| &rare.suspects)
    }

    /// Adds a sample outside the band.
    pub fn suspect(&mut self, taken: Taken) {
        self.rare.get_or_insert_default().suspects.push(taken);
    }

    /// Takes out the samples outside the band.
    pub fn take_suspects(&mut self) -> Vec<Taken> {
        let rare = self.rare.as_mut();
        let suspects = rare.map(|rare| std::mem::take(&mut rare.suspects));
        self.drop_empty_rare();
        suspects.unwrap_or_default()
    }

    /// Lets go of the room for what few sources have, if there is nothing in it.
    fn drop_empty_rare(&mut self) {
        if self
            .rare
            .as_deref()
            .is_some_and(|rare| *rare == Rare::default())
        {
            self.rare = None;
        }
    }

    /// What is wrong with its device, by what was said.
    pub fn ailments(&self) -> &[Ailment] {
        self.rare.as_deref().map_or(&[], |rare| &rare.ailments)
    }

    /// Changes what is wrong with its device.
    pub fn change_ailments<T>(&mut self, change: impl FnOnce(&mut Vec<Ailment>) -> T) -> T {
        let changed = change(&mut self.rare.get_or_insert_default().ailments);
        self.drop_empty_rare();
        changed
    }

    /// A device that started anew counts its messages from the beginning: that makes them no copies.
    pub fn note_boot(&mut self, report: &Report, wall: Timestamp) {
        let booted = report.events.iter().find(|e| e.what == EventKind::Boot);
        let Some(event) = booted else { return };
        self.arrivals.started_anew(usable_time(event.at, wall));
        if let Some(rare) = &mut self.rare {
            let kept = rare.untimed.len().saturating_sub(1);
            rare.untimed.drain(..kept);
        }
        self.drop_empty_rare();
    }

    /// What makes its device look like one that says old things again.
    pub fn repeats(&self) -> Option<&Repeats> {
        self.rare.as_deref()?.repeats.as_ref()
    }

    /// Remembers that it does, or no more.
    pub fn set_repeats(&mut self, repeats: Option<Repeats>) {
        if self.rare.is_some() || repeats.is_some() {
            self.rare.get_or_insert_default().repeats = repeats;
            self.drop_empty_rare();
        }
    }

    /// When its device last gave its own estimate of the flow to be had.
    pub fn estimate_at(&self) -> Option<Timestamp> {
        self.rare.as_deref()?.estimate_at
    }

    /// Its device gave its own estimate.
    pub fn note_estimate(&mut self, at: Timestamp) {
        self.rare.get_or_insert_default().estimate_at = Some(at);
    }

    /// The hours of the last days at which it was low.
    pub fn low_hours(&self) -> Option<&LowHours> {
        self.rare.as_deref()?.low_hours.as_deref()
    }

    /// It is low in this hour, given as its number since 1970, local time.
    pub fn note_low_hour(&mut self, local_hour: i32, kpa: f64) {
        let hours = &mut self.rare.get_or_insert_default().low_hours;
        let hours = hours.get_or_insert_with(|| Box::new(LowHours::new(local_hour)));
        hours.note(local_hour, kpa);
    }

    /// When it was asked whose the water is that is drawn: steady time, ms.
    pub fn asked_ms(&self) -> Option<i64> {
        self.rare.as_deref()?.asked_ms
    }

    /// Remembers when it was asked.
    pub fn set_asked_ms(&mut self, asked_ms: Option<i64>) {
        self.rare.get_or_insert_default().asked_ms = asked_ms;
        self.drop_empty_rare();
    }

    /// The newest payloads of a device that gives neither time nor sequence.
    pub fn payloads(&mut self) -> &mut Payloads {
        &mut self.rare.get_or_insert_default().payloads
    }

    /// Another device speaks from now on: what was known of the clock and the messages of the one
    /// before says nothing of it. The series goes on.
    pub fn forget_device(&mut self, now: Moment) {
        self.arrivals = Arrivals::default();
        self.marks = [0; 2];
        self.timed_by_receipt = false;
        self.newest_at = self.newest_at.map(|at| at.min(now.wall));
        if let Some(rare) = &mut self.rare {
            rare.untimed.clear();
            rare.repeats = None;
            rare.payloads = Payloads::default();
        }
        self.drop_empty_rare();
    }

    /// The place of a rule's condition, made if there is none. Most sources have none, few more than
    /// one: room for one at a time.
    pub fn condition_place(&mut self, rule: RuleName) -> usize {
        let place = self.conditions.iter().position(|c| c.rule == rule);
        place.unwrap_or_else(|| {
            self.conditions.reserve_exact(1);
            self.conditions.push(Condition::new(rule));
            self.conditions.len() - 1
        })
    }

    /// Lets go of a condition of which nothing needs to be kept.
    pub fn drop_idle(&mut self, place: usize) {
        if self.conditions[place].is_idle() {
            self.conditions.swap_remove(place);
            self.conditions.shrink_to_fit();
        }
    }

    /// Remembers a message that was taken in, to know a copy of it.
    pub fn remember_mark(&mut self, report: &Report, now: Moment) {
        self.marks = [fingerprint(report), self.marks[0]];
        if newest_usable(report, now.wall).is_some() || matches!(report.mark, Mark::Hash(_)) {
            return;
        }
        let untimed = &mut self.rare.get_or_insert_default().untimed;
        untimed.retain(|(_, at)| now.journal.since_ms(*at) <= COPY_MS);
        if untimed.len() == UNTIMED_KEPT {
            untimed.remove(0);
        }
        untimed.push((fingerprint(report), now.journal));
    }

    /// Whether a message without a usable time was taken in within the last day.
    pub fn untimed_before(&self, report: &Report, now: Moment) -> bool {
        let known = fingerprint(report);
        let untimed = self.rare.as_deref().map_or(&[][..], |rare| &rare.untimed);
        untimed
            .iter()
            .any(|(mark, at)| *mark == known && now.journal.since_ms(*at) <= COPY_MS)
    }

    /// The device's clock turned out to be behind: what was timed by it moves along, but not beyond
    /// `wall`, for the clock may have been right a while ago.
    pub fn shift(&mut self, by_ms: i64, wall: Timestamp) {
        self.newest_at = self.newest_at.map(|at| at.plus_ms(by_ms).min(wall.max(at)));
        for condition in &mut self.conditions {
            condition.shift(by_ms, wall);
        }
        if let Some(tank) = &mut self.tank {
            tank.shift(by_ms, wall);
        }
    }

    /// Remembers what the main quantity normally is: a slow mean over some 60 samples.
    pub fn learn_normal(&mut self, value: f64) {
        let value = value as f32;
        self.normal = Some(match self.normal {
            Some(normal) => normal + (value - normal) / 60.0,
            None => value,
        });
    }
}
