//! What is known of pressure zones: who reports, who is down, and which zones are dropping.
//!
//! Counts are kept up as pulses change, so that a sample that changes nothing costs nothing. What
//! follows from a change is drawn in [`super::zone_drop`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::Group;
use super::outcome::{EpisodeId, RuleName};
use super::pulse::Pulse;
use super::world::World;
use crate::source::Source;
use crate::time::{DAY_MS, Timestamp};

/// All zones, by name.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    by_name: BTreeMap<Arc<str>, Zone>,
    /// Sources whose standing in their zone changed and is yet to be looked at.
    stirred: Vec<(Arc<str>, u32)>,
    /// How many zones are dropping.
    dropping: usize,
}

/// One zone.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    /// Hydrants that report and count.
    pub reporting: usize,
    /// Those of them that are down, by the reading time since when.
    pub down: BTreeSet<(Timestamp, u32)>,
    /// Its alerts.
    pub group: Group,
    /// The drop that holds.
    drop: Option<Drop>,
}

/// A zone that is dropping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drop {
    /// The zone as a whole, or a cluster in it.
    pub whole: bool,
    /// Reading time at which the first of its members dropped.
    pub first: Timestamp,
    /// The sources in it.
    pub members: BTreeSet<u32>,
    /// Steady time at which its dwell ends, ms; `None`: it is over, the alert is raised.
    pub dwell_ms: Option<i64>,
    /// Steady time at which it will have been well for long enough, ms.
    pub clear_ms: Option<i64>,
}

/// A zone's part of what is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedZone {
    name: Arc<str>,
    group: Group,
    drop: Option<Drop>,
}

impl Drop {
    /// When it is to be looked at next, steady ms.
    pub fn deadline_ms(&self) -> Option<i64> {
        [self.dwell_ms, self.clear_ms].into_iter().flatten().min()
    }
}

impl Zone {
    /// The drop that holds.
    pub const fn drop(&self) -> Option<&Drop> {
        self.drop.as_ref()
    }
}

impl Zones {
    /// A zone.
    pub fn get(&self, name: &str) -> Option<&Zone> {
        self.by_name.get(name)
    }

    /// A zone, to raise and clear its alert.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Zone> {
        self.by_name.get_mut(name)
    }

    /// The alerts of all zones.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.by_name.values().map(|zone| &zone.group)
    }

    /// Sets what holds of a zone; returns the deadlines before and after.
    pub fn set_drop(&mut self, name: &Arc<str>, drop: Option<Drop>) -> [Option<i64>; 2] {
        let zone = self.by_name.entry(name.clone()).or_default();
        self.dropping += usize::from(drop.is_some());
        self.dropping -= usize::from(zone.drop.is_some());
        let before = zone.drop.as_ref().and_then(Drop::deadline_ms);
        let after = drop.as_ref().and_then(Drop::deadline_ms);
        zone.drop = drop;
        [before, after]
    }

    /// The zones that are dropping.
    pub fn dropping(&self) -> impl Iterator<Item = (&Arc<str>, &Drop)> {
        let all = self.by_name.iter().filter(|_| self.dropping > 0);
        all.filter_map(|(name, zone)| zone.drop.as_ref().map(|drop| (name, drop)))
    }

    /// The drop of a source's zone, if it holds.
    pub fn drop_of(&self, source: &Source) -> Option<(&Zone, &Drop)> {
        if self.dropping == 0 {
            return None;
        }
        let zone = self.by_name.get(source.zone.as_ref()?)?;
        zone.drop.as_ref().map(|drop| (zone, drop))
    }

    /// Takes note of how a source's pulse changed.
    pub fn note(&mut self, name: &Arc<str>, index: u32, before: &Pulse, after: &Pulse) {
        let counted = |pulse: &Pulse| (pulse.counts(), pulse.down.filter(|_| pulse.counts()));
        let ((was, was_down), (is, is_down)) = (counted(before), counted(after));
        let changed = was != is || was_down != is_down || before.down != after.down;
        if !changed && self.dropping == 0 {
            return;
        }
        let zone = self.by_name.entry(name.clone()).or_default();
        // An alert known from history only waits for a current word of any of its members.
        let awaited = before.at != after.at && zone.group.waits();
        if !changed && !awaited {
            return;
        }
        zone.reporting += usize::from(is);
        zone.reporting -= usize::from(was);
        if was_down != is_down {
            was_down.map(|since| zone.down.remove(&(since, index)));
            is_down.map(|since| zone.down.insert((since, index)));
        }
        self.stirred.push((name.clone(), index));
    }

    /// The next source whose standing in its zone changed.
    pub fn take_stirred(&mut self) -> Option<(Arc<str>, u32)> {
        self.stirred.pop()
    }

    /// What is to be saved.
    pub fn saved(&self) -> Vec<SavedZone> {
        let kept = |zone: &Zone| zone.drop.is_some() || !zone.group.is_unused();
        let kept = self.by_name.iter().filter(|(_, zone)| kept(zone));
        kept.map(|(name, zone)| SavedZone {
            name: name.clone(),
            group: zone.group.clone(),
            drop: zone.drop.clone(),
        })
        .collect()
    }

    /// The zones as they were saved, nobody in them yet; and their deadlines, steady ms.
    pub fn restored(saved: Vec<SavedZone>) -> (Self, Vec<(i64, Arc<str>)>) {
        let mut zones = Self::default();
        let mut deadlines = Vec::new();
        for SavedZone { name, group, drop } in saved {
            let [_, deadline] = zones.set_drop(&name, drop);
            deadlines.extend(deadline.map(|at| (at, name.clone())));
            if let Some(zone) = zones.by_name.get_mut(&name) {
                zone.group = group;
            }
        }
        (zones, deadlines)
    }

    /// Nothing that was stirred by restoring is news.
    pub fn settle(&mut self) {
        self.stirred.clear();
    }

    /// Every zone that has, or had, an alert.
    pub fn alerted(&self) -> Vec<Arc<str>> {
        let alerted = self.by_name.iter().filter(|(_, z)| !z.group.is_unused());
        alerted.map(|(name, _)| name.clone()).collect()
    }
}

impl World {
    /// Whether a drop of its zone explains the alert of a rule at a source: `Err` while its dwell
    /// lasts, until when by steady time; `Ok` with the incident once it is raised.
    pub fn zone_explains(
        &self,
        index: u32,
        source: &Source,
        rule: RuleName,
    ) -> Option<Result<&EpisodeId, i64>> {
        if !matches!(rule, RuleName::LowStatic | RuleName::FlowDeficit) {
            return None;
        }
        let (zone, drop) = self.zones.drop_of(source)?;
        if !drop.members.contains(&index) {
            return None;
        }
        match (zone.group.standing(), drop.dwell_ms) {
            (Some(incident), None) => Some(Ok(&incident.id)),
            (_, Some(dwell_ms)) => Some(Err(dwell_ms)),
            (None, None) => None,
        }
    }

    /// Whether the water of a source is dropping with its zone, or with a cluster of it that is
    /// within reach; and since when.
    pub fn zone_drops_at(&self, source: &Source) -> Option<Timestamp> {
        let (_, drop) = self.zones.drop_of(source)?;
        let near_m = self.rules.shared().zone_drop.near_m;
        let zone = source.zone.as_ref();
        let near = || {
            let mut near = self.places.within(zone, source.position, near_m);
            near.any(|other| drop.members.contains(&other))
        };
        (drop.whole || near()).then_some(drop.first)
    }

    /// Whether a zone has dropped, and not for so long that it is usual by now.
    pub fn is_unusual(&self, source: &Source, at: Timestamp) -> bool {
        self.zones.drop_of(source).is_some_and(|(_, drop)| {
            let days = i64::from(self.rules.shared().zone_drop.learned_after_days);
            at.since_ms(drop.first) < days * DAY_MS
        })
    }
}
