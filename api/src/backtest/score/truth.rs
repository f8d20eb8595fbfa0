//! What really happened: the lines of a truth file, and how they are found again.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::judging::{RuleName, Severity};
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

/// How long after its own end a fault still explains a page: readings come late, and so do people.
pub(super) const SLACK_MS: i64 = 2 * HOUR_MS;

/// One thing that really happened, a line of the truth file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// At which source; empty where it is about none in particular.
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
    /// Whether it is about a source's `water`, its `device`, its `silence`, a `zone`, a `gateway` or
    /// a whole `happening`; empty in files that do not say.
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

impl Truth {
    /// When it was over.
    pub fn ended(&self, end: Timestamp) -> Timestamp {
        self.until.unwrap_or(end)
    }

    /// Whether it must be found: somebody must be woken for it. Of files that do not say so: it was
    /// major or critical for long enough to be over no sooner than a dwell and two reports.
    pub(super) fn must_be_found(&self, end: Timestamp) -> bool {
        if self.source.is_empty() {
            return false;
        }
        self.page.unwrap_or_else(|| {
            let least_ms = match self.what.as_str() {
                "low_residual" => 10 * MINUTE_MS,
                "draw_low" => 13 * HOUR_MS,
                "tank_low" => 3 * HOUR_MS,
                "stale" => DAY_MS + HOUR_MS,
                _ => HOUR_MS,
            };
            self.severity >= Some(Severity::Major)
                && self.ended(end).since_ms(self.from) >= least_ms
        })
    }

    /// Whether an alert of this rule finds it.
    pub(super) fn is_found_by(&self, rule: RuleName) -> bool {
        rule.name().eq_ignore_ascii_case(&self.what)
            || self.expects.iter().any(|name| name == rule.name())
    }

    /// Whether a page of this rule is about the like of it: silence explains pages of silence, water
    /// those of water, a sick device none. Files that do not say explain every page.
    pub(super) fn explains(&self, rule: RuleName) -> bool {
        match self.about.as_str() {
            "" => true,
            "silence" | "gateway" => rule == RuleName::Stale,
            "water" | "zone" => rule != RuleName::Stale,
            _ => false,
        }
    }

    /// Whether it held at `at`, or did until a little before.
    pub(super) fn held_at(&self, at: Timestamp, end: Timestamp) -> bool {
        self.from <= at && at <= self.ended(end).plus_ms(SLACK_MS)
    }
}

/// Truths by the sources they are about.
pub(super) struct BySource<'a> {
    of: HashMap<&'a str, Vec<&'a Truth>>,
}

impl<'a> BySource<'a> {
    pub(super) fn new(truths: &'a [Truth]) -> Self {
        let mut of: HashMap<&str, Vec<&Truth>> = HashMap::new();
        for truth in truths.iter().filter(|truth| truth.about != "happening") {
            if !truth.source.is_empty() {
                of.entry(&truth.source).or_default().push(truth);
            }
            for member in &truth.members {
                of.entry(member).or_default().push(truth);
            }
        }
        Self { of }
    }

    /// Whether nobody could know of a fault: its source was not heard while it lasted.
    pub(super) fn was_silent(&self, fault: &Truth, end: Timestamp, interval_ms: i64) -> bool {
        self.of(&fault.source).iter().any(|silent| {
            matches!(silent.about.as_str(), "silence" | "gateway")
                && fault.about != silent.about
                && silent.from.since_ms(fault.from) <= interval_ms
                && fault.ended(end).since_ms(silent.ended(end)) <= interval_ms
        })
    }

    pub(super) fn of(&self, source: &str) -> &[&'a Truth] {
        self.of.get(source).map_or(&[], Vec::as_slice)
    }
}
