//! Outages: a dead gateway, or a dead cell of the network, is one alert, not two hundred.
//!
//! When a source's silence would alert, those that fell silent within an hour of it and speak through
//! the same gateway (or, where none is known, stand in the same zone) are looked for; enough of them
//! are one outage, raised at once, so that it pages no later than any of its members would have.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::{Group, Opening};
use super::heeding;
use super::judge::Judge;
use super::outcome::{Effect, EpisodeId, EpisodeState, Evidence, RuleName, Severity, Subject};
use super::state::One;
use crate::time::Timestamp;

/// All outages, and who speaks through which gateway.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    by_subject: BTreeMap<Subject, Outage>,
    by_gateway: HashMap<Arc<str>, Vec<u32>>,
    standing: usize,
}

/// The outages of one gateway or zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outage {
    group: Group,
    /// The one that stands.
    held: Option<Held>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    /// Between these its members were last heard.
    heard: (Timestamp, Timestamp),
    members: BTreeSet<u32>,
    /// Those of them that are still silent.
    silent: BTreeSet<u32>,
}

impl Outages {
    /// The gateway by the one name that all its sources share; entered as one that the source at
    /// `index` speaks through, and no more through `before`.
    pub fn speaks_through(
        &mut self,
        index: u32,
        before: Option<&Arc<str>>,
        via: Option<&Arc<str>>,
    ) -> Option<Arc<str>> {
        if let Some(before) = before
            && let Some(sources) = self.by_gateway.get_mut(before)
        {
            sources.retain(|other| *other != index);
            if sources.is_empty() {
                self.by_gateway.remove(before);
            }
        }
        let via = via?;
        let known = self
            .by_gateway
            .get_key_value(via)
            .map(|(known, _)| known.clone());
        let via = known.unwrap_or_else(|| via.clone());
        self.by_gateway.entry(via.clone()).or_default().push(index);
        Some(via)
    }

    /// The outage that a silent source belongs to.
    pub fn of(&self, index: u32) -> Option<&EpisodeId> {
        if self.standing == 0 {
            return None;
        }
        let mut all = self.by_subject.values();
        let outage = all.find(|outage| {
            let held = outage.held.as_ref();
            held.is_some_and(|held| held.members.contains(&index))
        })?;
        outage.group.standing().map(|episode| &episode.id)
    }

    /// Takes note of whether a source is silent; returns the outage that it changes.
    fn note(&mut self, index: u32, silent: bool) -> Option<Subject> {
        if self.standing == 0 {
            return None;
        }
        for (subject, outage) in &mut self.by_subject {
            if let Some(held) = &mut outage.held
                && held.members.contains(&index)
            {
                let changed = if silent {
                    held.silent.insert(index)
                } else {
                    held.silent.remove(&index)
                };
                return changed.then(|| subject.clone());
            }
        }
        None
    }

    fn hold(&mut self, subject: &Subject, held: Option<Held>) -> &mut Group {
        let fresh = || Outage {
            group: Group::default(),
            held: None,
        };
        let outage = self.by_subject.entry(subject.clone()).or_insert_with(fresh);
        self.standing += usize::from(held.is_some());
        self.standing -= usize::from(outage.held.is_some());
        outage.held = held;
        &mut outage.group
    }

    /// The alerts of all outages.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.by_subject.values().map(|outage| &outage.group)
    }

    /// The alerts of one gateway or zone.
    pub fn group_mut(&mut self, subject: &Subject) -> Option<&mut Group> {
        self.by_subject
            .get_mut(subject)
            .map(|outage| &mut outage.group)
    }

    /// What is to be saved.
    pub fn saved(&self) -> Vec<(Subject, Outage)> {
        let all = self.by_subject.iter();
        all.map(|(subject, outage)| (subject.clone(), outage.clone()))
            .collect()
    }

    /// The outages as they were saved; who speaks through which gateway is entered afterwards.
    pub fn restored(saved: Vec<(Subject, Outage)>) -> Self {
        let standing = saved.iter().filter(|(_, o)| o.held.is_some()).count();
        Self {
            by_subject: saved.into_iter().collect(),
            by_gateway: HashMap::new(),
            standing,
        }
    }

    /// Every gateway and zone that has, or had, an outage.
    pub fn alerted(&self) -> Vec<Subject> {
        self.by_subject.keys().cloned().collect()
    }
}

/// The gateway, or else the zone, that a source would share its silence with.
fn subject_of(one: &One) -> Option<Subject> {
    let gateway = one.state.via.clone().map(Subject::Gateway);
    gateway.or_else(|| one.settings.source.zone.clone().map(Subject::Zone))
}

/// A source's silence is about to alert: it may be one of many.
pub fn look_before_alert(judge: &mut Judge, index: u32, effects: &mut Vec<Effect>) {
    let Some(one) = judge.ones[index as usize].as_deref() else {
        return;
    };
    let (Some(subject), Some(heard)) = (subject_of(one), one.state.heard_at) else {
        return;
    };
    let outages = &judge.world.outages;
    let stale = &judge.world.rules.shared().stale;
    let within_ms = i64::from(stale.outage_within_s) * 1_000;
    let outage = outages.by_subject.get(&subject);
    if let Some(held) = outage.and_then(|o| o.held.clone()) {
        let (from, to) = (
            held.heard.0.plus_ms(-within_ms),
            held.heard.1.plus_ms(within_ms),
        );
        if (from..=to).contains(&heard) {
            join(judge, &subject, held, index, heard, effects);
        }
        return;
    }
    let (all, share) = match &subject {
        Subject::Gateway(name) => (outages.by_gateway.get(name).cloned(), 0.0),
        Subject::Zone(name) => {
            let all = judge.world.places.all(name).collect();
            (Some(all), stale.outage_share)
        }
        Subject::Source(_) | Subject::Part(_) => return,
    };
    let heard_of = |other: &u32| {
        let one = judge.ones.get(*other as usize)?.as_deref()?;
        let expected = one.settings.is_in_service() && one.settings.source.device.is_some();
        let same = subject_of(one).as_ref() == Some(&subject);
        let heard = one.state.heard_at.filter(|_| expected && same)?;
        Some((*other, heard, one.state.silent))
    };
    let all: Vec<_> = all.iter().flatten().filter_map(heard_of).collect();
    let between = |from: Timestamp, to: Timestamp| {
        let silent = all
            .iter()
            .filter(|(_, at, silent)| *silent && (from..=to).contains(at));
        silent
            .map(|(other, at, _)| (*other, *at))
            .collect::<Vec<_>>()
    };
    let (before, after) = (
        between(heard.plus_ms(-within_ms), heard),
        between(heard, heard.plus_ms(within_ms)),
    );
    let together = if before.len() > after.len() {
        before
    } else {
        after
    };
    let enough = together.len() >= usize::from(stale.outage_sources)
        && together.len() as f64 >= share * all.len() as f64;
    if !enough {
        return;
    }
    let times = together.iter().map(|(_, at)| *at);
    let first = times.clone().min().unwrap_or(heard);
    let members: BTreeSet<u32> = together.iter().map(|(other, _)| *other).collect();
    let held = Held {
        heard: (first, times.max().unwrap_or(heard)),
        silent: members.clone(),
        members,
    };
    raise(judge, &subject, held, effects);
}

fn raise(judge: &mut Judge, subject: &Subject, held: Held, effects: &mut Vec<Effect>) {
    let code = |index: &u32| {
        let one = judge.ones.get(*index as usize)?.as_deref()?;
        Some(one.settings.source.code.clone())
    };
    let opening = Opening {
        subject: subject.clone(),
        rule: RuleName::Stale,
        severity: Severity::Major,
        began_at: held.heard.0,
        evidence: Evidence::default(),
        detail: None,
        members: held.members.iter().filter_map(code).collect(),
        tells_command: false,
    };
    let members = held.members.clone();
    let world = &mut judge.world;
    let reopen_ms = i64::from(world.rules.shared().common.reopen_within_s) * 1_000;
    let (now, history) = (world.clocks.now(), world.clocks.history);
    let group = world.outages.hold(subject, Some(held));
    group.raise(opening, reopen_ms, history, &world.silences, now, effects);
    heeding::enter_deadline(judge);
    look_at_members(judge, &members, effects);
}

fn join(
    judge: &mut Judge,
    subject: &Subject,
    mut held: Held,
    index: u32,
    heard: Timestamp,
    effects: &mut Vec<Effect>,
) {
    if !held.members.insert(index) {
        return;
    }
    held.silent.insert(index);
    held.heard = (held.heard.0.min(heard), held.heard.1.max(heard));
    let one = judge
        .ones
        .get(index as usize)
        .and_then(|one| one.as_deref());
    let code = one.map(|one| one.settings.source.code.clone());
    let now = judge.world.clocks.now();
    let group = judge.world.outages.hold(subject, Some(held));
    group.change(now, effects, |episode| {
        episode.members.extend(code);
        true
    });
}

/// A source was heard, or fell silent again: an outage whose members are nearly all back is over.
pub fn look_after(judge: &mut Judge, index: u32, effects: &mut Vec<Effect>) {
    let one = judge
        .ones
        .get(index as usize)
        .and_then(|one| one.as_deref());
    // One that was removed is not silent any more.
    let silent = one.is_some_and(|one| one.state.silent);
    let Some(subject) = judge.world.outages.note(index, silent) else {
        return;
    };
    let share = judge.world.rules.shared().stale.outage_clear_share;
    let outage = judge.world.outages.by_subject.get(&subject);
    let Some(held) = outage.and_then(|o| o.held.as_ref()) else {
        return;
    };
    let over = (held.silent.len() as f64) < share * held.members.len() as f64;
    if !over && !held.silent.is_empty() {
        return;
    }
    let members = held.members.clone();
    let now = judge.world.clocks.now();
    let group = judge.world.outages.hold(&subject, None);
    group.clear(now, effects);
    look_at_members(judge, &members, effects);
}

fn look_at_members(judge: &mut Judge, members: &BTreeSet<u32>, effects: &mut Vec<Effect>) {
    for index in members {
        judge.look_at_pages(*index, effects);
    }
}

/// Holds an outage to what was told of it: see [`Judge::hold_to`].
pub fn hold_to(
    judge: &mut Judge,
    subject: &Subject,
    told: Option<EpisodeState>,
    effects: &mut Vec<Effect>,
) {
    let now = judge.world.clocks.now();
    let held = told.as_ref().filter(|told| told.cleared_at.is_none());
    let held = held.map(|told| {
        let members = told.members.iter();
        let members: BTreeSet<u32> = members.filter_map(|code| judge.index_of(code)).collect();
        Held {
            heard: (told.began_at, told.began_at),
            silent: members.clone(),
            members,
        }
    });
    if held.is_some() || told.is_some() {
        judge.world.outages.hold(subject, held);
    }
    if let Some(outage) = judge.world.outages.by_subject.get_mut(subject) {
        outage.group.hold_to(told, now, effects);
    }
}
