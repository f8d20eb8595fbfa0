//! How every source stands now, in memory: what the API reads and never asks SQL for.
//!
//! In: from [`crate::watch`], right after each commit, the sources that were touched. Out: single
//! sources, all in order of code, the nearest to a place, and what falls below its requirement,
//! worst first. Evidence ages by the wall clock when it is read: a source that was not heard for
//! three intervals is shown as `unknown` whatever judging, which counts only the time in which we
//! were listening, still says of it.

mod ages;
mod entry;
mod flags;
mod place;
mod slot;

pub(crate) use ages::Ages;
pub use entry::{Entry, OpenAlert, View};
pub use flags::{Flagged, Rank};

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use firemain_domain::Timestamp;
use firemain_domain::clock::SharedClock;
use firemain_domain::handling::Handling;
use firemain_domain::judging::rules::Stale;
use firemain_domain::judging::{
    EpisodeId, EpisodeState, Forecast, Foreseen, Judge, Standing, Verdict,
};
use firemain_domain::source::{Position, Source, SourceCode};
use rstar::RTree;

use place::Place;
use slot::Slot;

use crate::units::{UnitMap, Units};

/// How every source stands now.
#[derive(Debug)]
pub struct Board {
    clock: SharedClock,
    units: Arc<Units>,
    state: RwLock<State>,
}

/// What is behind the lock: few hundred bytes a source.
#[derive(Debug, Default)]
struct State {
    ages: Ages,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_code: BTreeMap<SourceCode, u32>,
    places: RTree<Place>,
    /// What people did about alerts that stand: few.
    handled: HashMap<EpisodeId, Handling>,
}

/// How many sources there are of each verdict, as they stand by the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// All sources.
    pub sources: usize,
    /// Everything required is met.
    pub usable: usize,
    /// Less than required, or not proven.
    pub degraded: usize,
    /// Nobody can say.
    pub unknown: usize,
    /// Not to be counted on.
    pub unusable: usize,
}

/// What became of one source: told to the board after a commit.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// It is so now.
    Stands(Arc<Source>, Standing, Vec<OpenAlert>, Vec<Forecast>),
    /// It is gone.
    Gone(SourceCode),
    /// After how many intervals evidence is too old was set anew.
    Ages(Ages),
}

impl Board {
    /// A board without sources. `stale` says after how many intervals evidence is too old, until
    /// people set it for a kind or a source.
    pub fn new(clock: SharedClock, stale: &Stale) -> Self {
        let state = State {
            ages: Ages::all(stale),
            ..State::default()
        };
        Self {
            clock,
            units: Arc::default(),
            state: RwLock::new(state),
        }
    }

    /// The maps of administrative units by which sources belong.
    pub fn units(&self) -> &Arc<Units> {
        &self.units
    }

    /// One source.
    pub fn get(&self, code: &str) -> Option<Entry> {
        let state = self.read();
        let slot = state.slot(*state.by_code.get(code)?)?;
        Some(self.sight().view(&state, slot).entry())
    }

    /// How many sources there are.
    pub fn len(&self) -> usize {
        self.read().by_code.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at all sources in order of code, those after `after` only, until `visit` breaks. The
    /// board waits meanwhile: only look, and take [`View::entry`] of what is wanted.
    pub fn visit(&self, after: Option<&str>, mut visit: impl FnMut(&View<'_>) -> ControlFlow<()>) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let (state, sight) = (self.read(), self.sight());
        for (_, index) in state.by_code.range::<str, _>((from, Bound::Unbounded)) {
            let Some(slot) = state.slot(*index) else {
                continue;
            };
            if visit(&sight.view(&state, slot)).is_break() {
                return;
            }
        }
    }

    /// The codes of the sources that belong to a unit now, by its code or name.
    pub fn codes_in(&self, unit: &str) -> Vec<SourceCode> {
        let mut codes = Vec::new();
        self.visit(None, |view| {
            if view.is_in(unit) {
                codes.push(view.source().code.clone());
            }
            ControlFlow::Continue(())
        });
        codes
    }

    /// Up to `limit` sources in order of code after `after` that `keep` wants.
    pub fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        keep: impl Fn(&View<'_>) -> bool,
    ) -> Vec<Entry> {
        let mut list = Vec::new();
        self.visit(after, |view| {
            if list.len() >= limit {
                return ControlFlow::Break(());
            }
            if keep(view) {
                list.push(view.entry());
            }
            ControlFlow::Continue(())
        });
        list
    }

    /// Looks at sources from the nearest to `position` outwards, as the crow flies, no further
    /// than `within_m`, until `visit` breaks: it is given the distance in metres.
    pub fn nearest(
        &self,
        position: Position,
        within_m: f64,
        mut visit: impl FnMut(f64, &View<'_>) -> ControlFlow<()>,
    ) {
        let (state, sight) = (self.read(), self.sight());
        for place in state.places.nearest_neighbor_iter(Place::point(position)) {
            let Some(slot) = state.slot(place.index) else {
                continue;
            };
            let distance_m = slot.source.position.distance_m(&position);
            // Places are kept to half a metre: what lies on the edge is looked at once more.
            if distance_m > within_m + 2.0 {
                return;
            }
            if distance_m <= within_m && visit(distance_m, &sight.view(&state, slot)).is_break() {
                return;
            }
        }
    }

    /// What falls below its requirement now, worst first: of all that `keep` wants, `limit` after
    /// the first `skip`.
    pub fn flags(&self, skip: usize, limit: usize, keep: impl Fn(&View<'_>) -> bool) -> Flagged {
        let (state, sight) = (self.read(), self.sight());
        let views = state
            .by_code
            .values()
            .filter_map(|i| state.slot(*i))
            .map(|s| sight.view(&state, s));
        flags::worst_first(views.filter(keep), skip, limit)
    }

    /// What will happen, the soonest first: of `others` and of all that `keep` wants, `limit` after
    /// the first `skip`, and how many there are.
    pub fn ahead(
        &self,
        others: Vec<(Arc<Source>, Forecast)>,
        skip: usize,
        limit: usize,
        keep: impl Fn(&View<'_>, &Forecast) -> bool,
    ) -> (Vec<(Arc<Source>, Forecast)>, usize) {
        let mut found = others;
        self.visit(None, |view| {
            let wanted = view.ahead().iter().filter(|forecast| keep(view, forecast));
            found.extend(wanted.map(|forecast| (view.source().clone(), *forecast)));
            ControlFlow::Continue(())
        });
        // The order of codes is kept among what happens at the same moment.
        found.sort_by_key(|(_, forecast)| forecast.at);
        let total = found.len();
        (found.into_iter().skip(skip).take(limit).collect(), total)
    }

    /// By when a tank that was drawn from must hold what it owes; `None`: nothing is due.
    pub fn refill_by(&self, code: &str) -> Option<Timestamp> {
        let state = self.read();
        let slot = state.slot(*state.by_code.get(code)?)?;
        let mut ahead = slot.ahead.as_deref().unwrap_or_default().iter();
        let due = ahead.find(|forecast| forecast.what == Foreseen::RefillDue);
        due.map(|forecast| forecast.at)
    }

    /// How many sources there are of each verdict, of those that `keep` wants.
    pub fn counts(&self, keep: impl Fn(&View<'_>) -> bool) -> Counts {
        let mut counts = Counts::default();
        self.visit(None, |view| {
            if keep(view) {
                counts.sources += 1;
                match view.verdict() {
                    Verdict::Usable => counts.usable += 1,
                    Verdict::Degraded => counts.degraded += 1,
                    Verdict::Unknown => counts.unknown += 1,
                    Verdict::Unusable => counts.unusable += 1,
                }
            }
            ControlFlow::Continue(())
        });
        counts
    }

    /// Takes what people did about alerts that stand; `None`: nothing, or it stands no more.
    pub(crate) fn take_handling(
        &self,
        told: impl IntoIterator<Item = (EpisodeId, Option<Handling>)>,
    ) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (id, handling) in told {
            let handling = handling.filter(|handling| *handling != Handling::default());
            state.set_handling(id, handling);
        }
    }

    /// Whether there is a source that is wanted.
    pub fn any(&self, wanted: impl Fn(&Source) -> bool) -> bool {
        let mut any = false;
        self.visit(None, |view| {
            any = wanted(view.source());
            if any {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        any
    }

    /// Takes what judging said of some sources.
    pub(crate) fn take(&self, told: impl IntoIterator<Item = Told>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for told in told {
            match told {
                Told::Stands(source, standing, alerts, ahead) => {
                    state.set(source, &standing, alerts, ahead);
                }
                Told::Gone(code) => state.remove(&code),
                Told::Ages(ages) => state.ages = ages,
            }
        }
    }

    /// Takes all sources as the judge has them, in place of those that were there.
    pub fn fill(&self, judge: &Judge) {
        self.take_all(judge.look_at_all().map(|look| {
            let alerts = look
                .alerts
                .iter()
                .map(|episode| open_alert(episode))
                .collect();
            (look.source.clone(), look.standing, alerts, look.ahead)
        }));
        self.take([Told::Ages(Ages::of(judge.rules()))]);
    }

    /// Takes all sources at once, in place of those that were there.
    pub(crate) fn take_all(
        &self,
        told: impl Iterator<Item = (Arc<Source>, Standing, Vec<OpenAlert>, Vec<Forecast>)>,
    ) {
        let mut fresh = State::default();
        let (mut places, mut codes) = (Vec::new(), Vec::new());
        for (source, standing, alerts, ahead) in told {
            let index = fresh.slots.len() as u32;
            places.push(Place::new(source.position, index));
            codes.push((source.code.clone(), index));
            fresh
                .slots
                .push(Some(Slot::new(source, &standing, alerts, ahead)));
        }
        // All at once the tree's nodes are full; one by one in order, half full.
        fresh.by_code = codes.into_iter().collect();
        fresh.slots.shrink_to_fit();
        fresh.places = RTree::bulk_load(places);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        fresh.ages = std::mem::take(&mut state.ages);
        *state = fresh;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked now is asked of one moment, and of the map of units valid then.
    fn sight(&self) -> Sight {
        let now = self.clock.now();
        Sight {
            now,
            map: self.units.map_at(now),
        }
    }
}

/// By what slots are looked at.
struct Sight {
    now: Timestamp,
    map: Option<Arc<UnitMap>>,
}

impl Sight {
    fn view<'v>(&'v self, state: &State, slot: &'v Slot) -> View<'v> {
        let intervals = state.ages.intervals(&slot.source);
        View::new(slot, intervals, self.now, self.map.as_deref())
    }
}

impl State {
    fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index as usize)?.as_ref()
    }

    fn set(
        &mut self,
        source: Arc<Source>,
        standing: &Standing,
        mut alerts: Vec<OpenAlert>,
        ahead: Vec<Forecast>,
    ) {
        if !self.handled.is_empty() {
            for alert in &mut alerts {
                alert.handling = self.handled.get(&alert.id).cloned().map(Box::new);
            }
        }
        if let Some(&index) = self.by_code.get(&source.code) {
            let Some(Some(slot)) = self.slots.get_mut(index as usize) else {
                return;
            };
            let before = slot.source.position;
            if before != source.position {
                self.places.remove(&Place::new(before, index));
                self.places.insert(Place::new(source.position, index));
            }
            slot.set(source, standing, alerts, ahead);
            return;
        }
        let (code, position) = (source.code.clone(), source.position);
        let slot = Some(Slot::new(source, standing, alerts, ahead));
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                self.slots.len() as u32 - 1
            }
        };
        self.by_code.insert(code, index);
        self.places.insert(Place::new(position, index));
    }

    fn set_handling(&mut self, id: EpisodeId, handling: Option<Handling>) {
        let index = id.source().and_then(|code| self.by_code.get(code));
        let slot = index.and_then(|index| self.slots.get_mut(*index as usize)?.as_mut());
        let alerts = slot.and_then(|slot| slot.alerts.as_deref_mut());
        for alert in alerts.into_iter().flatten().filter(|alert| alert.id == id) {
            alert.handling = handling.clone().map(Box::new);
        }
        match handling {
            Some(handling) => drop(self.handled.insert(id, handling)),
            None => drop(self.handled.remove(&id)),
        }
    }

    fn remove(&mut self, code: &str) {
        let Some(index) = self.by_code.remove(code) else {
            return;
        };
        if let Some(slot) = self.slots[index as usize].take() {
            self.places.remove(&Place::new(slot.source.position, index));
        }
        self.free.push(index);
    }
}

/// The open alert that an episode is.
pub(crate) fn open_alert(episode: &EpisodeState) -> OpenAlert {
    OpenAlert {
        id: episode.id.clone(),
        severity: episode.severity,
        raised_at: episode.raised_at,
        pages: episode.pages,
        muted_by: episode.muted_by,
        handling: None,
    }
}

#[cfg(test)]
mod tests;
