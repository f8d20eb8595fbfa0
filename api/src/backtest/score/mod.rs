//! How well a recording was judged, against what really happened.
//!
//! In: the truth, and what a judge said. Out: of the faults for which somebody had to be woken, how
//! many were told of and how soon; of the pages, how many were deserved; the worst of both with what
//! is known of them.

mod faults;
mod pages;
#[cfg(test)]
mod tests;
mod truth;

pub use truth::Truth;

use std::collections::{BTreeMap, HashMap};

use firemain_domain::Timestamp;
use firemain_domain::judging::Rules;
use firemain_domain::source::Source;
use firemain_domain::time::DAY_MS;
use serde::Serialize;

use self::faults::{Alerts, interval_ms, is_critical, promised_ms};
use self::pages::{Answer, answer};
use self::truth::BySource;
use super::output::{EpisodeLine, VerdictLine};

/// Faults and pages that are named one by one.
const NAMED: usize = 10;

/// What was judged, and how.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The sources by code.
    pub sources: HashMap<&'a str, &'a Source>,
    /// The recording's first and last moment.
    pub span: (Timestamp, Timestamp),
}

impl<'a> Judged<'a> {
    /// Of these sources over this span.
    pub fn new(rules: &'a Rules, sources: &'a [Source], span: (Timestamp, Timestamp)) -> Self {
        let sources = sources.iter().map(|s| (&*s.code, s)).collect();
        Self {
            rules,
            sources,
            span,
        }
    }

    /// Sources times days.
    pub fn source_days(&self) -> f64 {
        let days = self.span.1.since_ms(self.span.0) as f64 / DAY_MS as f64;
        (self.sources.len() as f64 * days).max(f64::MIN_POSITIVE)
    }
}

/// One fault that was not told of, with what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Miss {
    /// The truth.
    pub truth: Truth,
    /// Alerts of that source at that time, at most four.
    pub alerts: Vec<EpisodeLine>,
    /// How it stood then, at most six changes of verdict.
    pub stood: Vec<VerdictLine>,
}

/// One page that nothing explains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FalsePage {
    /// The page.
    pub page: EpisodeLine,
    /// What was wrong with that source's device then.
    pub device: Vec<Truth>,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All.
    pub all: usize,
    /// Those that were found.
    pub found: usize,
}

impl Tally {
    fn add(&mut self, found: bool) {
        self.all += 1;
        self.found += usize::from(found);
    }

    /// Found of all; 1 where there was none.
    pub fn share(self) -> f64 {
        share(self.found, self.all)
    }
}

/// How well a recording was judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Faults for which somebody had to be woken.
    pub faults: Tally,
    /// Of them, the critical ones.
    pub critical: Tally,
    /// By what they were.
    pub by_rule: BTreeMap<String, Tally>,
    /// Median time from a fault's beginning to its page, s.
    pub median_delay_s: Option<f64>,
    /// The time within which nine of ten were told of, s.
    pub p90_delay_s: Option<f64>,
    /// Median of the times within which they were to be told of: dwell and one interval, s.
    pub median_promise_s: Option<f64>,
    /// Of the faults that were found: told of within the dwell and one interval.
    pub in_time: Tally,
    /// Pages that had to be.
    pub right_pages: usize,
    /// Pages for something real that need not have woken anybody.
    pub excusable_pages: usize,
    /// Pages that nothing explains.
    pub false_pages: usize,
    /// Right pages of right and false ones; 1 where there was none.
    pub precision: f64,
    /// False pages per source and day.
    pub false_pages_per_source_day: f64,
    /// Sensor faults per source and day, by the truth.
    pub sensor_faults_per_source_day: f64,
    /// The longest faults that were missed, critical ones first, at most ten.
    pub missed: Vec<Miss>,
    /// Pages that nothing explains, at most ten.
    pub unexplained: Vec<FalsePage>,
}

/// Holds `episodes` against `truths`. `verdicts` are only for naming misses with their evidence.
pub fn score(
    truths: &[Truth],
    episodes: &[EpisodeLine],
    verdicts: &[VerdictLine],
    judged: &Judged<'_>,
) -> Score {
    let mut score = Score::default();
    score_faults(&mut score, truths, episodes, verdicts, judged);
    score_pages(&mut score, truths, episodes, judged);
    let sensor_faults = truths.iter().filter(|t| t.about == "device").count();
    score.sensor_faults_per_source_day = sensor_faults as f64 / judged.source_days();
    score
}

fn score_faults(
    score: &mut Score,
    truths: &[Truth],
    episodes: &[EpisodeLine],
    verdicts: &[VerdictLine],
    judged: &Judged<'_>,
) {
    let end = judged.span.1;
    let alerts = Alerts::new(episodes);
    let (mut delays, mut promises, mut missed) = (Vec::new(), Vec::new(), Vec::new());
    let by_source = BySource::new(truths);
    let to_find = truths.iter().filter(|truth| truth.must_be_found(end));
    for truth in to_find {
        if by_source.was_silent(truth, end, interval_ms(truth, judged)) {
            continue;
        }
        let found_at = alerts.found_at(truth, end);
        score.faults.add(found_at.is_some());
        if is_critical(truth) {
            score.critical.add(found_at.is_some());
        }
        let by_rule = score.by_rule.entry(truth.what.clone()).or_default();
        by_rule.add(found_at.is_some());
        let Some(found_at) = found_at else {
            missed.push(truth);
            continue;
        };
        let delay_ms = found_at.since_ms(truth.from).max(0);
        let promised_ms = promised_ms(truth, judged);
        score.in_time.add(delay_ms <= promised_ms);
        delays.push(delay_ms as f64 / 1_000.0);
        promises.push(promised_ms as f64 / 1_000.0);
    }
    score.median_delay_s = quantile(&mut delays, 0.5);
    score.p90_delay_s = quantile(&mut delays, 0.9);
    score.median_promise_s = quantile(&mut promises, 0.5);
    missed.sort_by_key(|t| (!is_critical(t), -t.ended(end).since_ms(t.from)));
    let named = missed.into_iter().take(NAMED);
    score.missed = named
        .map(|truth| alerts.miss(truth, verdicts, end))
        .collect();
}

fn score_pages(score: &mut Score, truths: &[Truth], episodes: &[EpisodeLine], judged: &Judged<'_>) {
    let end = judged.span.1;
    let by_source = BySource::new(truths);
    for page in episodes.iter().filter(|episode| episode.pages) {
        match answer(page, &by_source, end) {
            Answer::Right => score.right_pages += 1,
            Answer::Excusable => score.excusable_pages += 1,
            Answer::False => {
                score.false_pages += 1;
                if score.unexplained.len() < NAMED {
                    let source = page.source.as_deref().unwrap_or_default();
                    let at = page.paged_at.unwrap_or(page.raised_at);
                    let device = by_source.of(source).iter();
                    let device = device.filter(|t| t.about == "device" && t.held_at(at, end));
                    score.unexplained.push(FalsePage {
                        page: page.clone(),
                        device: device.map(|t| (*t).clone()).collect(),
                    });
                }
            }
        }
    }
    score.precision = share(score.right_pages, score.right_pages + score.false_pages);
    score.false_pages_per_source_day = score.false_pages as f64 / judged.source_days();
}

fn quantile(values: &mut [f64], part: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values
        .get(place.min(values.len().saturating_sub(1)))
        .copied()
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}
