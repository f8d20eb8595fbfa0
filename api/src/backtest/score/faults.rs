//! Whether a fault was found, and how soon.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::{Rules, Severity};
use firemain_domain::source::Source;
use firemain_domain::time::SECOND_MS;

use super::super::output::{EpisodeLine, VerdictLine};
use super::truth::{SLACK_MS, Truth};
use super::{Judged, Miss};

/// Alerts by the sources they are about, as members of incidents too.
pub(super) struct Alerts<'a> {
    of: HashMap<&'a str, Vec<&'a EpisodeLine>>,
    by_id: HashMap<&'a str, &'a EpisodeLine>,
}

impl<'a> Alerts<'a> {
    pub(super) fn new(episodes: &'a [EpisodeLine]) -> Self {
        let mut of: HashMap<&str, Vec<&EpisodeLine>> = HashMap::new();
        for episode in episodes {
            for source in episode.source.iter().chain(&episode.members) {
                of.entry(source).or_default().push(episode);
            }
        }
        let by_id = episodes.iter().map(|e| (e.id.as_str(), e)).collect();
        Self { of, by_id }
    }

    fn of(&self, source: &str) -> &[&'a EpisodeLine] {
        self.of.get(source).map_or(&[], Vec::as_slice)
    }

    /// When the fault was told of: by an alert that pages, or that belongs to an incident that does.
    /// Where the file does not say who is to be woken, by any alert.
    pub(super) fn found_at(&self, truth: &Truth, end: Timestamp) -> Option<Timestamp> {
        let until = truth.ended(end).plus_ms(SLACK_MS);
        let about = self.of(&truth.source).iter();
        about
            .filter(|episode| truth.is_found_by(episode.rule))
            .filter(|episode| {
                let cleared = episode.cleared_at;
                episode.raised_at <= until && cleared.is_none_or(|cleared| cleared >= truth.from)
            })
            .filter_map(|episode| match truth.page {
                None => Some(episode.raised_at),
                Some(_) => self.paged_at(episode),
            })
            .filter(|at| *at <= until)
            .min()
    }

    fn paged_at(&self, episode: &EpisodeLine) -> Option<Timestamp> {
        let incident = episode.incident.as_deref();
        let incident = incident.and_then(|id| self.by_id.get(id));
        [Some(episode), incident.copied()]
            .into_iter()
            .flatten()
            .filter(|e| e.pages)
            .map(|e| e.paged_at.unwrap_or(e.raised_at))
            .min()
    }

    /// What is known of a fault that was missed.
    pub(super) fn miss(&self, truth: &Truth, verdicts: &[VerdictLine], end: Timestamp) -> Miss {
        let until = truth.ended(end).plus_ms(SLACK_MS);
        let near = self.of(&truth.source).iter().filter(|episode| {
            episode.raised_at <= until && episode.cleared_at.is_none_or(|at| at >= truth.from)
        });
        let of_source = verdicts.iter().filter(|v| *v.source == *truth.source);
        let before = of_source
            .clone()
            .filter(|v| v.at <= truth.from)
            .max_by_key(|v| v.at);
        let during = of_source.filter(|v| v.at > truth.from && v.at <= until);
        Miss {
            truth: truth.clone(),
            alerts: near.take(4).map(|episode| (*episode).clone()).collect(),
            stood: before.into_iter().chain(during).take(6).cloned().collect(),
        }
    }
}

/// The time within which a fault is to be told of: the dwell of its rule and one interval of its
/// source; a silence after a day or three intervals.
pub(super) fn promised_ms(truth: &Truth, judged: &Judged<'_>) -> i64 {
    let interval_ms = interval_ms(truth, judged);
    let rules: &Rules = judged.rules;
    let dwell_s = match truth.what.as_str() {
        "low_static" => rules.low_static.dwell_s,
        "low_residual" => rules.low_residual.dwell_s,
        "high_pressure" => rules.high_pressure.dwell_s,
        "flow_deficit" => rules.flow_deficit.dwell_s,
        "tank_low" => rules.tank_low.dwell_s,
        "draw_low" => rules.draw_low.dwell_s,
        "unauthorised_use" => 900,
        "stale" => return rules.stale.alert_after_ms(interval_ms),
        _ => 0,
    };
    i64::from(dwell_s) * SECOND_MS + interval_ms
}

/// The interval of its source.
pub(super) fn interval_ms(truth: &Truth, judged: &Judged<'_>) -> i64 {
    let source = judged.sources.get(truth.source.as_str());
    source.map_or(900 * SECOND_MS, |source: &&Source| source.interval_ms())
}

/// Whether it was critical.
pub(super) fn is_critical(truth: &Truth) -> bool {
    truth.severity == Some(Severity::Critical)
}
