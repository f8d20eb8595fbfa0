//! One source as it is read: aged by the wall clock.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::handling::Handling;
use firemain_domain::judging::{
    EpisodeId, Forecast, Measured, Mute, Reason, Severity, Standing, Verdict,
};
use firemain_domain::source::Source;

use super::slot::Slot;
use crate::units::{UnitMap, UnitOf, unit_on};

/// One source and how it stands now: everything about it, to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The source.
    pub source: Arc<Source>,
    /// How it stands, its evidence aged by the wall clock.
    pub standing: Standing,
    /// Its alerts that stand, the worst first.
    pub alerts: Vec<OpenAlert>,
    /// What will happen, the soonest first.
    pub ahead: Vec<Forecast>,
    /// The administrative unit it belongs to now.
    pub unit: UnitOf,
}

/// An alert that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenAlert {
    /// Its id.
    pub id: EpisodeId,
    /// Its severity now.
    pub severity: Severity,
    /// Since when.
    pub raised_at: Timestamp,
    /// Whether it pages, or has paged.
    pub pages: bool,
    /// Why it does not.
    pub muted_by: Option<Mute>,
    /// What people did about it, where they did anything.
    pub handling: Option<Box<Handling>>,
}

/// One source and how it stands now, to look at while the board holds still: nothing is copied.
#[derive(Debug)]
pub struct View<'a> {
    slot: &'a Slot,
    /// Since when its evidence is too old; `None`: it is not.
    aged_since: Option<Timestamp>,
    /// The map of units valid now.
    map: Option<&'a UnitMap>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        slot: &'a Slot,
        intervals: u8,
        now: Timestamp,
        map: Option<&'a UnitMap>,
    ) -> Self {
        // Silence never improves: what is unusable stays so, and what nobody knows is known no less.
        let ages = matches!(slot.verdict, Verdict::Usable | Verdict::Degraded);
        let old_ms = slot.source.interval_ms() * i64::from(intervals);
        let old_at = slot.heard_at().map(|heard| heard.plus_ms(old_ms));
        Self {
            slot,
            aged_since: old_at.filter(|at| ages && *at <= now),
            map,
        }
    }

    /// The source.
    pub fn source(&self) -> &'a Arc<Source> {
        &self.slot.source
    }

    /// The administrative unit it belongs to now.
    pub fn unit(&self) -> UnitOf {
        unit_on(self.map, &self.slot.source)
    }

    /// Whether it belongs to that unit now, by code or by name.
    pub fn is_in(&self, unit: &str) -> bool {
        self.unit().is(unit)
    }

    /// Its verdict.
    pub fn verdict(&self) -> Verdict {
        if self.aged_since.is_some() {
            Verdict::Unknown
        } else {
            self.slot.verdict
        }
    }

    /// Whether that is among its reasons.
    pub fn has_reason(&self, reason: Reason) -> bool {
        match self.aged_since {
            Some(_) => reason == Reason::Stale,
            None => self.slot.has_reason(reason),
        }
    }

    /// Its reasons.
    pub fn reasons(&self) -> Vec<Reason> {
        match self.aged_since {
            Some(_) => vec![Reason::Stale],
            None => self.slot.reasons().collect(),
        }
    }

    /// Since when verdict and reasons are so.
    pub fn since(&self) -> Timestamp {
        self.aged_since.unwrap_or(self.slot.since)
    }

    /// When it was last heard.
    pub fn heard_at(&self) -> Option<Timestamp> {
        self.slot.heard_at()
    }

    /// Flow it can be counted on for, with what says so.
    pub fn available_flow(&self) -> Option<Measured> {
        self.slot.available_flow()
    }

    /// The numbers it rests on, most telling first.
    pub fn measured(&self) -> impl Iterator<Item = Measured> + use<'a> {
        self.slot.measured()
    }

    /// Its alerts that stand, the worst first.
    pub fn alerts(&self) -> &'a [OpenAlert] {
        self.slot.alerts.as_deref().unwrap_or_default()
    }

    /// What will happen, the soonest first.
    pub fn ahead(&self) -> &'a [Forecast] {
        self.slot.ahead.as_deref().unwrap_or_default()
    }

    /// The severity of its worst alert that stands.
    pub fn severity(&self) -> Option<Severity> {
        self.alerts().iter().map(|a| a.severity).max()
    }

    /// All of it, to keep.
    pub fn entry(&self) -> Entry {
        Entry {
            source: self.slot.source.clone(),
            standing: Standing {
                verdict: self.verdict(),
                reasons: self.reasons(),
                notes: self.slot.notes().collect(),
                evidence: self.slot.evidence(),
                since: self.since(),
                heard_at: self.heard_at(),
                available_flow: self.available_flow(),
            },
            alerts: self.alerts().to_vec(),
            ahead: self.ahead().to_vec(),
            unit: self.unit(),
        }
    }
}
