//! A rule's condition at one source: from the first sample that holds, through its dwell, to an
//! alert, and back. The same for every rule.
//!
//! Dwell runs on reading time, never later than receipt; where no further sample comes, a deadline
//! on steady time ends it. A condition that is contradicted before its dwell ends never was.

use serde::{Deserialize, Serialize};

use super::outcome::{EpisodeState, Measured, RuleName, Severity};
use super::rules::{Assessment, Timing};
use crate::time::Timestamp;

/// A moment on the clocks that judging knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Journal time.
    pub journal: Timestamp,
    /// Wall time: journal time but while a wall clock that was set back is waited for.
    pub wall: Timestamp,
    /// Steady time, ms: journal time less every step of the clock.
    pub steady_ms: i64,
    /// Listening time, ms: steady time in which we were connected and drained.
    pub listening_ms: i64,
}

/// How a sample comes to a condition.
#[derive(Clone, Copy, Debug)]
pub struct Coming {
    /// When it was measured.
    pub at: Timestamp,
    /// Whether it is news; a sample that is not carries the run on but decides nothing.
    pub current: bool,
    /// Whether its device reports on change: then one sample holds until it is contradicted.
    pub on_change: bool,
    /// More may follow at once that says otherwise: what this sample decides waits so long, ms.
    pub settle_ms: i64,
}

/// What became of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Its dwell ended: alert.
    Raise,
    /// Its severity is another.
    Severity,
    /// It is over.
    Clear,
}

/// One rule's condition at one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Which rule.
    pub rule: RuleName,
    /// The samples that hold, in a row, up to now.
    pub run: Option<Run>,
    /// The samples that clear, in a row, up to now.
    clearing: Option<Clearing>,
    /// How many alerts there have been.
    pub n: u32,
    /// The newest alert.
    pub episode: Option<Box<EpisodeState>>,
    /// Steady time at which a waiting page is to be looked at again, ms.
    pub page_check_ms: Option<i64>,
}

/// Samples in a row for which the condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Reading time of the first.
    pub since: Timestamp,
    /// Reading time of the newest.
    pub newest: Timestamp,
    /// How many, at distinct times.
    pub samples: u8,
    /// How many of the newest in a row are beyond the critical limit.
    pub critical: u8,
    /// How bad the newest is by itself.
    pub severity: Severity,
    /// The numbers of the newest.
    pub measured: Measured,
    /// Samples needed.
    min_samples: u8,
    /// When the dwell ends by steady time; `None` until a current sample holds.
    deadline_ms: Option<i64>,
    /// Whether that has passed.
    dwell_over: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Clearing {
    since: Timestamp,
    newest: Timestamp,
    samples: u8,
    deadline_ms: Option<i64>,
}

impl Condition {
    /// A condition that has never held.
    pub fn new(rule: RuleName) -> Self {
        Self {
            rule,
            run: None,
            clearing: None,
            n: 0,
            episode: None,
            page_check_ms: None,
        }
    }

    /// Whether its alert stands.
    pub fn is_open(&self) -> bool {
        self.episode
            .as_ref()
            .is_some_and(|e| e.cleared_at.is_none())
    }

    /// Whether nothing about it needs to be kept.
    pub fn is_idle(&self) -> bool {
        self.run.is_none() && self.n == 0
    }

    /// Whether the newest samples are beyond the critical limit, by two of them; of an on-change
    /// device the one counts as the second when the dwell ends.
    pub fn is_critical(&self, on_change: bool) -> bool {
        self.run.as_ref().is_some_and(|run| {
            run.critical >= 2 || (run.critical >= 1 && on_change && run.dwell_over)
        })
    }

    /// Whether the dwell of what holds now is over.
    pub fn has_dwelt(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.dwell_over)
    }

    /// The severity by all samples of the run: a critical one needs a second, where the rule has a
    /// lower severity to begin with.
    pub fn severity(&self, base: Severity, on_change: bool) -> Severity {
        match &self.run {
            Some(run) if run.severity > base && self.is_critical(on_change) => run.severity,
            _ => base,
        }
    }

    /// Takes what the rule says of one sample.
    pub fn take(
        &mut self,
        said: Assessment,
        timing: Timing,
        base: Severity,
        coming: Coming,
        now: Moment,
    ) -> Option<Turn> {
        match said {
            Assessment::Silent => None,
            Assessment::Holds { severity, measured } => {
                self.clearing = None;
                self.hold(severity, measured, timing, coming, now);
                self.decide_raise(base, coming)
            }
            Assessment::Between => {
                self.run = None;
                self.clearing = None;
                None
            }
            Assessment::Clears => {
                self.run = None;
                self.decide_clear(timing, coming, now)
            }
        }
    }

    fn hold(
        &mut self,
        severity: Severity,
        measured: Measured,
        timing: Timing,
        coming: Coming,
        now: Moment,
    ) {
        // A clock that is a little ahead must not put off the dwell: reading time, never later than
        // receipt.
        let held_at = coming.at.min(now.wall);
        let run = self.run.get_or_insert(Run {
            since: held_at,
            newest: coming.at,
            samples: 0,
            critical: 0,
            severity,
            measured,
            min_samples: timing.min_samples,
            deadline_ms: None,
            dwell_over: false,
        });
        if run.samples == 0 || coming.at > run.newest {
            run.samples = run.samples.saturating_add(1);
            run.critical = if severity == Severity::Critical {
                run.critical.saturating_add(1)
            } else {
                0
            };
            run.newest = coming.at;
        }
        run.severity = severity;
        run.measured = measured;
        run.min_samples = timing.min_samples;
        let left_ms = timing.dwell_ms - held_at.since_ms(run.since);
        if coming.current {
            let to_go_ms = run.since.plus_ms(timing.dwell_ms).since_ms(now.wall);
            let to_go_ms = to_go_ms.max(coming.settle_ms);
            run.dwell_over = to_go_ms == 0 || (left_ms <= 0 && coming.settle_ms == 0);
            run.deadline_ms = (!run.dwell_over).then_some(now.steady_ms + to_go_ms);
        }
    }

    fn decide_raise(&mut self, base: Severity, coming: Coming) -> Option<Turn> {
        if self.is_open() {
            let severity = self.severity(base, coming.on_change);
            let stands = self.episode.as_ref().map(|e| e.severity);
            return (coming.current && stands != Some(severity)).then_some(Turn::Severity);
        }
        let run = self.run.as_ref()?;
        let enough = run.samples >= run.min_samples || coming.on_change;
        (coming.current && run.dwell_over && enough).then_some(Turn::Raise)
    }

    fn decide_clear(&mut self, timing: Timing, coming: Coming, now: Moment) -> Option<Turn> {
        if !self.is_open() {
            return None;
        }
        let cleared_at = coming.at.min(now.wall);
        let clearing = self.clearing.get_or_insert(Clearing {
            since: cleared_at,
            newest: coming.at,
            samples: 0,
            deadline_ms: None,
        });
        if clearing.samples == 0 || coming.at > clearing.newest {
            clearing.samples = clearing.samples.saturating_add(1);
            clearing.newest = coming.at;
        }
        if !coming.current {
            return None;
        }
        let over = cleared_at.since_ms(clearing.since) >= timing.clear_for_ms;
        let over = over && coming.settle_ms == 0;
        let to_go_ms = clearing
            .since
            .plus_ms(timing.clear_for_ms)
            .since_ms(now.wall)
            .max(coming.settle_ms);
        clearing.deadline_ms = Some(now.steady_ms + to_go_ms);
        over.then_some(Turn::Clear)
    }

    /// What steady time itself ends: a dwell, or the time for which it had to be clear. `heard`:
    /// the source is not silent; silence clears nothing.
    pub fn pass(
        &mut self,
        steady_ms: i64,
        on_change: bool,
        heard: bool,
        base: Severity,
    ) -> Option<Turn> {
        let open = self.is_open();
        let critical = self.severity(base, on_change);
        if let Some(run) = &mut self.run
            && run
                .deadline_ms
                .is_some_and(|deadline| deadline <= steady_ms)
        {
            run.deadline_ms = None;
            run.dwell_over = true;
            let enough = run.samples >= run.min_samples || on_change;
            if !open && enough {
                return Some(Turn::Raise);
            }
            if open && self.severity(base, on_change) != critical {
                return Some(Turn::Severity);
            }
        }
        if let Some(clearing) = &mut self.clearing
            && clearing
                .deadline_ms
                .is_some_and(|deadline| deadline <= steady_ms)
        {
            clearing.deadline_ms = None;
            if open && heard && (clearing.samples >= 2 || on_change) {
                return Some(Turn::Clear);
            }
        }
        None
    }

    /// What was to raise by time alone waits until then: something that may contradict it has come.
    pub fn put_off(&mut self, steady_ms: i64) {
        if let Some(run) = &mut self.run {
            run.deadline_ms = run.deadline_ms.map(|deadline| deadline.max(steady_ms));
        }
    }

    /// What was to raise by time alone now waits for a sample that says so still.
    pub fn wait_for_news(&mut self, steady_ms: i64) {
        if let Some(run) = &mut self.run {
            run.deadline_ms = run.deadline_ms.filter(|deadline| *deadline > steady_ms);
        }
    }

    /// The next steady time at which [`Self::pass`] or a waiting page has something to do, ms.
    pub fn next_deadline_ms(&self) -> Option<i64> {
        let run = self.run.as_ref().and_then(|r| r.deadline_ms);
        let clearing = self.clearing.as_ref().and_then(|c| c.deadline_ms);
        [run, clearing, self.page_check_ms]
            .into_iter()
            .flatten()
            .min()
    }

    /// Nothing is known any more of samples that held or cleared.
    pub fn forget_run(&mut self) {
        self.run = None;
        self.clearing = None;
    }

    /// The wall clock, by which these samples were timed at receipt, jumped by `by_ms` while journal
    /// time went on.
    pub fn wall_jumped(&mut self, by_ms: i64) {
        if let Some(run) = &mut self.run {
            run.since = run.since.plus_ms(by_ms);
        }
        if let Some(clearing) = &mut self.clearing {
            clearing.since = clearing.since.plus_ms(by_ms);
        }
    }

    /// The clock by which these samples were timed was set by `by_ms`; none was taken after
    /// `latest`.
    pub fn shift(&mut self, by_ms: i64, latest: Timestamp) {
        let moved = |at: Timestamp| at.plus_ms(by_ms).min(latest.max(at));
        if let Some(run) = &mut self.run {
            run.since = moved(run.since);
            run.newest = moved(run.newest);
        }
        if let Some(clearing) = &mut self.clearing {
            clearing.since = moved(clearing.since);
            clearing.newest = moved(clearing.newest);
        }
    }
}
