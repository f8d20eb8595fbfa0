//! The state as it is saved and restored: per source, so that only what changed is written, and
//! while judging goes on.
//!
//! [`Judge::begin_save`] holds the moment: what belongs to no source is written at once, each dirty
//! source when its turn comes, or just before something changes it. So a checkpoint of a hundred
//! thousand sources is that of one moment, and judging never pauses for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::episode;
use super::judge::{Due, Judge, place};
use super::listening::Listening;
use super::outages::{self, Outage, Outages};
use super::outcome::{Effect, EpisodeState, RuleName, Subject};
use super::pulse::Pulse;
use super::receive::{self, Receiving};
use super::rules::{Parameters, RuleBook, RuleScope, Rules};
use super::settings::Settings;
use super::state::{One, State};
use super::zone_drop;
use super::zones::{SavedZone, Zones};
use crate::change::Incident;
use crate::source::SourceCode;

/// One source's part of a saved state.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedSource {
    /// Whose.
    pub code: SourceCode,
    /// What people set, as JSON; `None` in a dirty part: as it was saved before.
    pub settings: Option<String>,
    /// The judged state; `None`: the source was removed.
    pub state: Option<Vec<u8>>,
}

/// A saved state cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the saved state of judging cannot be read ({what}): {reason}")]
pub struct RestoreError {
    /// Which part.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// Changes whenever what is saved is laid out anew.
const LAYOUT: u16 = 15;

/// Numbers ever given to sources, at most: beyond that a saved state is damaged.
const MOST_NUMBERS: usize = 1 << 26;

#[derive(Serialize, Deserialize)]
struct Global {
    layout: u16,
    clocks: Listening,
    incidents: Vec<Incident>,
    zones: Vec<SavedZone>,
    outages: Vec<(Subject, Outage)>,
    receiving: Receiving,
    /// What is set about the rules beside the configuration, as JSON.
    rules: String,
    /// What people set for zones and units, and what they silenced, as JSON.
    people: String,
    /// How many numbers were ever given to sources: order among equals hangs on them.
    numbers: u32,
}

/// What is set about the rules: a list, for JSON has only texts as keys.
fn set_entries(rules: &RuleBook) -> Vec<(&RuleScope, &Parameters)> {
    rules.set().iter().collect()
}

/// One source's part: its number, when it is to be looked at, and its state.
#[derive(Serialize, Deserialize)]
struct Part<S> {
    index: u32,
    deadline_ms: Option<i64>,
    silence_ms: Option<i64>,
    state: S,
}

impl Judge {
    /// Begins to save what changed since the last time, as it is now. Returns the part that belongs
    /// to no source; the others come from [`Self::save_some`].
    pub fn begin_save(&mut self) -> Vec<u8> {
        self.write_all_due();
        for code in std::mem::take(&mut self.gone) {
            if self.index_of(&code).is_none() {
                self.written.push(SavedSource {
                    code,
                    settings: None,
                    state: None,
                });
            }
        }
        self.due = std::mem::take(&mut self.dirty);
        for index in &self.due {
            if let Some(one) = self.ones[*index as usize].as_deref_mut() {
                one.dirty = false;
                one.due = true;
            }
        }
        let global = Global {
            layout: LAYOUT,
            clocks: self.world.clocks.clone(),
            incidents: self.world.incidents.values().cloned().collect(),
            zones: self.world.zones.saved(),
            outages: self.world.outages.saved(),
            receiving: self.world.receiving.clone(),
            rules: serde_json::to_string(&set_entries(&self.world.rules))
                .expect("plain data in memory always serialises"),
            people: serde_json::to_string(&(&self.world.areas, &self.world.silences))
                .expect("plain data in memory always serialises"),
            numbers: self.ones.len() as u32,
        };
        postcard::to_stdvec(&global).expect("plain data in memory always serialises")
    }

    /// Writes up to `at_most` more of the sources that [`Self::begin_save`] found changed. `None`:
    /// all are written.
    pub fn save_some(&mut self, at_most: usize) -> Option<Vec<SavedSource>> {
        for _ in 0..at_most {
            match self.due.pop() {
                Some(index) => self.write_if_due(index),
                None => break,
            }
        }
        let written = std::mem::take(&mut self.written);
        (!written.is_empty() || !self.due.is_empty()).then_some(written)
    }

    /// Nothing that was saved could be kept: everything is to be saved next time.
    pub fn save_all_again(&mut self) {
        self.write_all_due();
        self.written.clear();
        self.dirty.clear();
        for (index, one) in self.ones.iter_mut().enumerate() {
            if let Some(one) = one.as_deref_mut() {
                one.dirty = true;
                one.settings_dirty = true;
                self.dirty.push(index as u32);
            }
        }
    }

    /// Holds alerts to what was told of them, where part of the history that led to them is gone:
    /// counts go on from there, what stands by what was told stands until data clears it, and what
    /// nobody was told of is told now.
    pub fn hold_to(
        &mut self,
        told: impl IntoIterator<Item = EpisodeState>,
        effects: &mut Vec<Effect>,
    ) {
        let mut newest: BTreeMap<(Subject, RuleName), EpisodeState> = BTreeMap::new();
        for episode in told {
            let key = (episode.id.subject.clone(), episode.id.rule);
            if newest
                .get(&key)
                .is_none_or(|known| known.id.n < episode.id.n)
            {
                newest.insert(key, episode);
            }
        }
        self.hold_groups_to(&mut newest, effects);
        let now = self.world.clocks.now();
        for index in 0..self.ones.len() as u32 {
            self.with_one(index, effects, |one, _, effects| {
                let subject = Subject::Source(one.settings.source.code.clone());
                for rule in RuleName::ALL {
                    let told = newest.remove(&(subject.clone(), rule));
                    episode::hold_to(one, rule, told, now, effects);
                }
            });
        }
    }

    /// The same for the alerts of many at once: they are known before those of their members are
    /// looked at.
    fn hold_groups_to(
        &mut self,
        newest: &mut BTreeMap<(Subject, RuleName), EpisodeState>,
        effects: &mut Vec<Effect>,
    ) {
        let mut zones = self.world.zones.alerted();
        zones.extend(newest.keys().filter_map(|(subject, _)| match subject {
            Subject::Zone(name) => Some(name.clone()),
            Subject::Source(_) | Subject::Gateway(_) | Subject::Part(_) => None,
        }));
        zones.sort_unstable();
        zones.dedup();
        let mut outages = self.world.outages.alerted();
        outages.extend(newest.keys().filter_map(|(subject, rule)| {
            let outage = matches!(subject, Subject::Gateway(_) | Subject::Zone(_));
            (outage && *rule == RuleName::Stale).then(|| subject.clone())
        }));
        outages.sort_unstable();
        outages.dedup();
        for subject in outages {
            let told = newest.remove(&(subject.clone(), RuleName::Stale));
            outages::hold_to(self, &subject, told, effects);
        }
        let part = (Subject::Part(receive::PART.into()), RuleName::Stale);
        receive::hold_to(self, newest.remove(&part), effects);
        for name in zones {
            let told = newest.remove(&(Subject::Zone(name.clone()), RuleName::ZoneDrop));
            zone_drop::hold_to(self, &name, told, effects);
        }
    }

    /// Writes everything that is due at once.
    pub(super) fn write_all_due(&mut self) {
        while let Some(index) = self.due.pop() {
            self.write_if_due(index);
        }
    }

    /// Writes a source to the checkpoint being taken, if it still must be.
    pub(super) fn write_if_due(&mut self, index: u32) {
        let Some(one) = self
            .ones
            .get_mut(index as usize)
            .and_then(Option::as_deref_mut)
        else {
            return;
        };
        if !std::mem::take(&mut one.due) {
            return;
        }
        let settings = std::mem::take(&mut one.settings_dirty).then(|| {
            serde_json::to_string(&one.settings).expect("plain data in memory always serialises")
        });
        let part = Part {
            index,
            deadline_ms: one.deadline_ms,
            silence_ms: one.silence_ms,
            state: &one.state,
        };
        let state = postcard::to_stdvec(&part).expect("plain data in memory always serialises");
        let code = one.settings.source.code.clone();
        self.written.push(SavedSource {
            code,
            settings,
            state: Some(state),
        });
    }

    /// The state as it was saved. Every source's `settings` and `state` must be given.
    ///
    /// # Errors
    /// When a part cannot be read: it is damaged, or of another version.
    pub fn restore(
        &mut self,
        global: &[u8],
        sources: impl IntoIterator<Item = SavedSource>,
    ) -> Result<(), RestoreError> {
        let wrong = |what: &str, reason: &dyn ToString| RestoreError {
            what: what.to_owned(),
            reason: reason.to_string(),
        };
        let global: Global =
            postcard::from_bytes(global).map_err(|e| wrong("what all share", &e))?;
        if global.layout != LAYOUT {
            return Err(wrong("what all share", &"it is of another version"));
        }
        let limit = global.numbers as usize;
        if limit > MOST_NUMBERS {
            return Err(wrong("what all share", &"its numbers cannot be"));
        }
        let mut restored = Self::new(Rules::default());
        restored.world.clocks = global.clocks;
        let set: Vec<(RuleScope, Parameters)> = serde_json::from_str(&global.rules)
            .map_err(|e| wrong("what is set about the rules", &e))?;
        restored.world.rules = self.world.rules.restored(set.into_iter().collect());
        (restored.world.areas, restored.world.silences) =
            serde_json::from_str(&global.people).map_err(|e| wrong("what people set", &e))?;
        let incidents = global.incidents.into_iter().map(|i| (i.id.clone(), i));
        restored.world.incidents = incidents.collect();
        let (zones, deadlines) = Zones::restored(global.zones);
        restored.world.zones = zones;
        let deadlines = deadlines.into_iter();
        restored.group_deadlines = deadlines.map(|(at, name)| (at, Due::Zone(name))).collect();
        restored.world.outages = Outages::restored(global.outages);
        let receiving = global.receiving.deadline_ms();
        restored
            .group_deadlines
            .extend(receiving.map(|at| (at, Due::Receiving)));
        restored.world.receiving = global.receiving;
        let heeded = restored.world.silences.check_ms();
        restored
            .group_deadlines
            .extend(heeded.map(|at| (at, Due::Heeded)));
        for saved in sources {
            let (Some(settings), Some(state)) = (&saved.settings, &saved.state) else {
                return Err(wrong(&saved.code, &"a part is missing"));
            };
            let settings: Settings =
                serde_json::from_str(settings).map_err(|e| wrong(&saved.code, &e))?;
            let part: Part<State> =
                postcard::from_bytes(state).map_err(|e| wrong(&saved.code, &e))?;
            if part.index as usize >= limit || !restored.take_back(settings, part) {
                return Err(wrong(&saved.code, &"its number is that of another"));
            }
        }
        restored.ones.resize_with(limit, || None);
        restored.world.zones.settle();
        *self = restored;
        Ok(())
    }

    fn take_back(&mut self, mut settings: Settings, part: Part<State>) -> bool {
        let index = part.index;
        if index as usize >= self.ones.len() {
            self.ones.resize_with(index as usize + 1, || None);
        }
        if self.ones[index as usize].is_some() {
            return false;
        }
        let source = Arc::make_mut(&mut settings.source);
        self.world.commons.share(source);
        let source = &settings.source;
        self.world
            .places
            .insert(index, source.zone.as_ref(), source.position);
        let mut state = part.state;
        let via = state.via.take();
        let outages = &mut self.world.outages;
        state.via = outages.speaks_through(index, None, via.as_ref());
        let one = Box::new(One {
            settings,
            state,
            settings_dirty: false,
            dirty: false,
            due: false,
            touched: false,
            deadline_ms: part.deadline_ms,
            silence_ms: part.silence_ms,
        });
        if one.state.is_drawing() {
            self.world.using.insert(index, place(&one));
        }
        self.deadlines.extend(one.deadline_ms.map(|at| (at, index)));
        self.silences.extend(one.silence_ms.map(|at| (at, index)));
        let zone = one.settings.source.zone.as_ref();
        self.world.enter_pulse(index, zone, Pulse::of(&one));
        let source = one.settings.source.clone();
        self.ones[index as usize] = Some(one);
        self.enter_code(&source.code, index);
        if let Some(device) = &source.device {
            self.enter_device(device, index);
        }
        true
    }
}
