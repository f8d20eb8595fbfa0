//! Judging a recorded stream: what would have been raised, and when.
//!
//! In: a register, a recording (a JSON object a line, ordered by `received_at`), and what people
//! changed meanwhile. Out: every episode and every change of verdict. The very fold that judges
//! live; its clock is `received_at`, and its whole span counts as connected and drained.

mod beside;
mod error;
mod line;
mod output;
mod run;
mod score;
#[cfg(test)]
mod tests;
mod thresholds;

use beside::Contender;
pub use error::BacktestError;
pub use line::{Line, LineError, TimedChange, read_change, read_line};
pub use output::{EpisodeLine, VerdictLine};
pub use run::{BacktestReport, Beside, Plan, Way, read_changes, run};
pub use score::{FalsePage, Judged, Miss, Score, Tally, Truth, score};
pub use thresholds::Thresholds;

use std::collections::{BTreeMap, HashMap};

use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::judging::{
    Effect, EpisodeId, EpisodeState, Input, Judge, LeftOut, Reason, Rules, Verdict, What,
};
use firemain_domain::source::{Source, SourceCode};
use firemain_wire::{Decoder, Limits, Subscription};

/// Judging of one recording.
#[derive(Debug)]
pub struct Backtest {
    judge: Judge,
    decoder: Decoder,
    sources: Vec<Source>,
    changes: std::iter::Peekable<std::vec::IntoIter<TimedChange>>,
    episodes: BTreeMap<(Timestamp, EpisodeId), EpisodeState>,
    raised_at: BTreeMap<EpisodeId, Timestamp>,
    paged_at: BTreeMap<EpisodeId, Timestamp>,
    verdicts: Vec<VerdictLine>,
    stood: HashMap<SourceCode, (Verdict, Vec<Reason>)>,
    effects: Vec<Effect>,
    counts: Counts,
}

/// What went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines read.
    pub lines: u64,
    /// Messages that could not be decoded.
    pub refused: u64,
    /// Messages of devices that no source has.
    pub unregistered: u64,
    /// Readings left out as invalid.
    pub invalid: u64,
    /// Readings left out as spikes.
    pub spikes: u64,
    /// Readings older than what was known.
    pub late: u64,
    /// The first line's time.
    pub first: Option<Timestamp>,
    /// The last line's time.
    pub last: Option<Timestamp>,
}

impl Backtest {
    /// Judging by `rules` of `sources`, whose messages come as `subscriptions` say. `changes` must
    /// be ordered by time.
    pub fn new(
        rules: Rules,
        subscriptions: Vec<Subscription>,
        sources: Vec<Source>,
        changes: Vec<TimedChange>,
    ) -> Self {
        Self {
            judge: Judge::of_a_recording(rules),
            decoder: Decoder::new(subscriptions, Limits::default()),
            sources,
            changes: changes.into_iter().peekable(),
            episodes: BTreeMap::new(),
            raised_at: BTreeMap::new(),
            paged_at: BTreeMap::new(),
            verdicts: Vec::new(),
            stood: HashMap::new(),
            effects: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Takes the next line.
    pub fn feed(&mut self, line: &Line<'_>) {
        let at = line.received_at;
        if self.counts.first.is_none() {
            self.counts.first = Some(at);
            for source in std::mem::take(&mut self.sources) {
                self.tell(
                    at,
                    What::Change(Change::SourceSet {
                        source: Box::new(source),
                    }),
                );
            }
        }
        self.counts.lines += 1;
        self.counts.last = Some(at);
        self.change_upto(at);
        match self.decoder.decode(&line.topic, &line.payload, at) {
            Ok(decoded) => {
                for report in decoded.reports {
                    if self.judge.source_of(&report.device).is_none() {
                        self.counts.unregistered += 1;
                        continue;
                    }
                    self.tell(
                        at,
                        What::Report {
                            report,
                            retained: false,
                            copy: false,
                        },
                    );
                }
            }
            Err(_) => self.counts.refused += 1,
        }
        self.take_effects();
    }

    /// Lets time pass to `until` (if given): what falls due is judged too.
    pub fn finish(&mut self, until: Option<Timestamp>) {
        if let Some(until) = until.max(self.counts.last) {
            self.change_upto(until);
            self.judge.pass_until(until, &mut self.effects);
        }
        self.take_effects();
    }

    /// Changes of verdict since the last call, in order.
    pub fn take_verdicts(&mut self) -> Vec<VerdictLine> {
        std::mem::take(&mut self.verdicts)
    }

    /// Every episode, in the order in which they were raised.
    pub fn episodes(&self) -> impl Iterator<Item = EpisodeLine> {
        let line = |e: &EpisodeState| EpisodeLine::new(e, self.paged_at.get(&e.id).copied());
        self.episodes.values().map(line)
    }

    /// What went through.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn change_upto(&mut self, at: Timestamp) {
        while let Some(change) = self.changes.next_if(|change| change.at <= at) {
            let at = change.at.max(self.counts.first.unwrap_or(change.at));
            self.tell(at, What::Change(change.change));
        }
    }

    fn tell(&mut self, received_at: Timestamp, what: What) {
        self.judge.step(
            &Input {
                received_at,
                wall_offset_ms: 0,
                what,
            },
            &mut self.effects,
        );
    }

    fn take_effects(&mut self) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Stands {
                    source,
                    at,
                    standing,
                } => {
                    // A change of notes alone is none of the verdict.
                    let stands = (standing.verdict, standing.reasons.clone());
                    if self.stood.get(&source) != Some(&stands) {
                        self.stood.insert(source.clone(), stands);
                        self.verdicts.push(VerdictLine::new(source, at, &standing));
                    }
                }
                Effect::Episode { at, episode, .. } => {
                    if episode.pages {
                        self.paged_at.entry(episode.id.clone()).or_insert(at);
                    }
                    let raised_at = *self
                        .raised_at
                        .entry(episode.id.clone())
                        .or_insert(episode.raised_at);
                    self.episodes
                        .insert((raised_at, episode.id.clone()), *episode);
                }
                Effect::LeftOut { why, .. } => match why {
                    LeftOut::Invalid => self.counts.invalid += 1,
                    LeftOut::Spike => self.counts.spikes += 1,
                    LeftOut::Late => self.counts.late += 1,
                    LeftOut::ClockAhead | LeftOut::Duplicate | LeftOut::Retained => {}
                },
            }
        }
    }
}
