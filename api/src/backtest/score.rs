//! How well a recording was judged, against what really happened.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::time::{DAY_MS, HOUR_MS};
use serde::{Deserialize, Serialize};

use super::output::EpisodeLine;

/// One thing that really happened, a line of the truth file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// At which source.
    pub source: String,
    /// What, by the rule that must find it: `low_static`, `tank_low` …
    pub what: String,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None`: to the end.
    pub until: Option<Timestamp>,
    /// How bad it was.
    pub severity: Option<Severity>,
    /// What caused it.
    #[serde(default)]
    pub cause: String,
    /// Whether it is about a source's `water`, its `device`, a `zone`, a `gateway` or a whole
    /// `happening`; empty in files that do not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The happening behind it; lines of one happening share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Rules in upper case of which any one finds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expects: Vec<String>,
    /// Whether somebody must be woken for it; `None` in files that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<bool>,
    /// First moment beyond the critical limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_from: Option<Timestamp>,
    /// Last moment beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_until: Option<Timestamp>,
    /// The worst true value, in the quantity's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<f64>,
    /// The pressure zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The sources of a zone's drop, behind a gateway, or befallen by a happening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// How big the fault or happening was, in its kind's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
}

/// One truth that was not found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// The truth.
    pub truth: Truth,
}

/// How well a recording was judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Faults that were long enough to be found.
    pub faults: usize,
    /// Of them, found.
    pub found: usize,
    /// Found of all; 1 where there was none.
    pub recall: f64,
    /// Pages that some fault explains.
    pub true_pages: usize,
    /// Pages that none explains.
    pub false_pages: usize,
    /// True pages of all; 1 where there was none.
    pub precision: f64,
    /// False pages per source and day.
    pub false_pages_per_source_day: f64,
    /// Median time from the fault's beginning to its alert, s.
    pub median_delay_s: Option<f64>,
    /// Of each rule: faults and found.
    pub by_rule: BTreeMap<String, (usize, usize)>,
    /// The longest faults that were missed, at most ten.
    pub missed: Vec<Fault>,
    /// Pages that no fault explains, at most ten.
    pub unexplained: Vec<EpisodeLine>,
}

/// How long before its alert's beginning, or after its own end, a fault still explains a page.
const SLACK_MS: i64 = 2 * HOUR_MS;
/// A critical fault shorter than this need not be found: it is over before a dwell and two reports.
const LEAST_MS: i64 = HOUR_MS;

/// Holds `episodes` against `truths` over a span of `days` and so many `sources`. Only faults that
/// page (major or critical) and last at least an hour must be found, a low residual pressure 10 min.
pub fn score(
    truths: &[Truth],
    episodes: &[EpisodeLine],
    sources: usize,
    days: f64,
    end: Timestamp,
) -> Score {
    let mut score = Score::default();
    let mut delays = Vec::new();
    for truth in truths
        .iter()
        // Lines about no single source are another account of what their sources' lines tell.
        .filter(|t| t.severity >= Some(Severity::Major) && !t.source.is_empty())
    {
        let until = truth.until.unwrap_or(end);
        let least_ms = match truth.what.as_str() {
            "low_residual" => LEAST_MS / 6,
            "draw_low" => 13 * HOUR_MS,
            "tank_low" => 3 * HOUR_MS,
            "stale" => DAY_MS + LEAST_MS,
            _ => LEAST_MS,
        };
        if until.since_ms(truth.from) < least_ms {
            continue;
        }
        score.faults += 1;
        let by_rule = score.by_rule.entry(truth.what.clone()).or_default();
        by_rule.0 += 1;
        let found = episodes.iter().filter(|e| is_about(e, truth)).find(|e| {
            e.raised_at <= until.plus_ms(SLACK_MS)
                && e.cleared_at.is_none_or(|cleared| cleared >= truth.from)
        });
        match found {
            Some(episode) => {
                score.found += 1;
                by_rule.1 += 1;
                delays.push(episode.raised_at.since_ms(truth.from).max(0) as f64 / 1_000.0);
            }
            None => score.missed.push(Fault {
                truth: truth.clone(),
            }),
        }
    }
    for episode in episodes.iter().filter(|e| e.pages) {
        let explained = truths.iter().any(|truth| {
            episode.source.as_deref() == Some(&truth.source)
                && episode.raised_at >= truth.from
                && episode.raised_at <= truth.until.unwrap_or(end).plus_ms(SLACK_MS)
        });
        if explained {
            score.true_pages += 1;
        } else {
            score.false_pages += 1;
            if score.unexplained.len() < 10 {
                score.unexplained.push(episode.clone());
            }
        }
    }
    delays.sort_by(f64::total_cmp);
    score.median_delay_s = delays.get(delays.len() / 2).copied();
    score.recall = share(score.found, score.faults);
    score.precision = share(score.true_pages, score.true_pages + score.false_pages);
    score.false_pages_per_source_day =
        score.false_pages as f64 / (sources as f64 * days).max(f64::MIN_POSITIVE);
    let length = |f: &Fault| f.truth.until.unwrap_or(end).since_ms(f.truth.from);
    score.missed.sort_by_key(|f| -length(f));
    score.missed.truncate(10);
    score
}

fn is_about(episode: &EpisodeLine, truth: &Truth) -> bool {
    episode.source.as_deref() == Some(&truth.source)
        && episode.rule.name().eq_ignore_ascii_case(&truth.what)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}
