//! What judging remembers of one source.

use serde::{Deserialize, Serialize};

use super::arrival::Arrivals;
use super::condition::Condition;
use super::outcome::{Note, Reason, RuleName, Verdict};
use super::rules::Band;
use super::sample::Taken;
use super::settings::Settings;
use crate::time::Timestamp;

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
    /// The newest of each believed value.
    pub last: Taken,
    /// Reading time of the newest sample judged.
    pub newest_at: Option<Timestamp>,
    /// Mark and payload of the newest messages: to know a copy that has no usable time.
    pub marks: [(u64, u64); 2],
    /// Its times are the times of receipt.
    pub timed_by_receipt: bool,
    /// The main quantity's last accepted values.
    pub band: Band,
    /// Samples outside the band, until the next ones tell a spike from a step.
    pub suspects: Vec<Taken>,
    /// What the main quantity normally is, kPa or m.
    pub normal: Option<f32>,
    /// Pressure when last at rest, kPa.
    pub at_rest_kpa: Option<f64>,
    /// Reading time of the newest sample that confirmed its use.
    pub use_seen_at: Option<Timestamp>,
    /// The newest use that proved, or disproved, what it owes.
    pub use_proof: Option<UseProof>,
    /// How late its readings come.
    pub arrivals: Arrivals,
    /// The conditions that hold, or have held.
    pub conditions: Vec<Condition>,
    /// How it stands.
    pub stance: Stance,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stance {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons.
    pub reasons: Vec<Reason>,
    /// Its notes.
    pub notes: Vec<Note>,
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
            reasons: Vec::new(),
            notes: Vec::new(),
            since: now,
            told: false,
        };
        let state = State {
            heard_at: None,
            heard_listening_ms: listening_ms,
            heard_again: 0,
            silent: false,
            last: Taken::default(),
            newest_at: None,
            marks: [(0, 0); 2],
            timed_by_receipt: false,
            band: Band::default(),
            suspects: Vec::new(),
            normal: None,
            at_rest_kpa: None,
            use_seen_at: None,
            use_proof: None,
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

impl State {
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

    /// Remembers what the main quantity normally is: a slow mean over some 60 samples.
    pub fn learn_normal(&mut self, value: f64) {
        let value = value as f32;
        self.normal = Some(match self.normal {
            Some(normal) => normal + (value - normal) / 60.0,
            None => value,
        });
    }
}
