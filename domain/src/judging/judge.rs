//! The fold itself: one step takes the state one input further.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::input::{Control, Input, What};
use super::listening::Listening;
use super::outcome::{Effect, Standing};
use super::rules::Rules;
use super::state::One;
use super::world::World;
use super::{changes, hearing, time_passes, verdict};
use crate::report::DeviceId;
use crate::source::SourceCode;
use crate::time::Timestamp;

/// The state of judging, and the step that takes it on.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(super) world: World,
    pub(super) ones: Vec<Option<Box<One>>>,
    pub(super) by_code: HashMap<SourceCode, u32>,
    pub(super) by_device: HashMap<DeviceId, u32>,
    /// Steady times at which sources are to be looked at, ms.
    pub(super) deadlines: BTreeSet<(i64, u32)>,
    /// Listening times at which sources are to be looked at, ms.
    pub(super) silences: BTreeSet<(i64, u32)>,
    pub(super) dirty: Vec<u32>,
    pub(super) gone: Vec<SourceCode>,
    pub(super) touched: BTreeSet<u32>,
}

impl Default for Judge {
    fn default() -> Self {
        Self::new(Rules::default())
    }
}

impl Judge {
    /// Judging with these rules and no source yet.
    pub fn new(rules: Rules) -> Self {
        Self::with_clocks(rules, Listening::new(false))
    }

    /// Judging of a recording: every span of it counts as connected and drained.
    pub fn of_a_recording(rules: Rules) -> Self {
        Self::with_clocks(rules, Listening::new(true))
    }

    fn with_clocks(rules: Rules, clocks: Listening) -> Self {
        let world = World {
            rules,
            clocks,
            using: BTreeMap::new(),
            incidents: BTreeMap::new(),
        };
        Self {
            world,
            ones: Vec::new(),
            by_code: HashMap::new(),
            by_device: HashMap::new(),
            deadlines: BTreeSet::new(),
            silences: BTreeSet::new(),
            dirty: Vec::new(),
            gone: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Takes the state one input further; what follows from it is added to `effects`, deadlines
    /// that passed before it first.
    pub fn step(&mut self, input: &Input, effects: &mut Vec<Effect>) {
        if let What::Control(Control::ClockStepped { by_ms }) = &input.what {
            self.step_clock(*by_ms);
        }
        time_passes::advance(self, input.received_at, effects);
        self.world
            .clocks
            .arrive(input.received_at, input.wall_offset_ms);
        match &input.what {
            What::Report {
                report,
                retained,
                copy,
            } => {
                hearing::hear(self, report, *retained, *copy, effects);
            }
            What::Control(control) => {
                self.world.clocks.hear(control);
                time_passes::fire_overdue(self, effects);
            }
            What::Change(change) => changes::apply(self, change, effects),
        }
    }

    /// Lets time pass up to `now` without anything being told: the end of a recording.
    pub fn pass_until(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        time_passes::advance(self, now, effects);
        self.world.clocks.arrive(now, 0);
    }

    /// How a source stands.
    pub fn standing(&self, code: &str) -> Option<Standing> {
        let index = *self.by_code.get(code)?;
        let one = self.ones.get(index as usize)?.as_deref()?;
        Some(verdict::standing(
            one,
            &self.world.rules,
            self.world.clocks.now().wall,
        ))
    }

    /// Every source's code.
    pub fn codes(&self) -> impl Iterator<Item = &SourceCode> {
        self.by_code.keys()
    }

    /// The sources whose readings or standing changed since the last call.
    pub fn take_touched(&mut self) -> Vec<SourceCode> {
        let touched = std::mem::take(&mut self.touched);
        let ones = touched
            .into_iter()
            .filter_map(|index| self.ones.get(index as usize)?.as_deref());
        ones.map(|one| one.settings.source.code.clone()).collect()
    }

    /// The source that a device reports for.
    pub fn source_of(&self, device: &str) -> Option<&SourceCode> {
        let index = *self.by_device.get(device)?;
        self.ones
            .get(index as usize)?
            .as_deref()
            .map(|one| &one.settings.source.code)
    }

    /// Our own clock was set: what was timed by it moves along, and devices' lags are others.
    fn step_clock(&mut self, by_ms: i64) {
        self.world.clocks.step(by_ms);
        for one in self.ones.iter_mut().flatten() {
            one.state.arrivals.our_clock_stepped(by_ms);
            if by_ms > 0 && one.state.timed_by_receipt {
                one.state.newest_at = one.state.newest_at.map(|at| at.plus_ms(by_ms));
                for condition in &mut one.state.conditions {
                    condition.shift(by_ms);
                }
            }
            one.dirty = true;
        }
        self.dirty = (0..self.ones.len() as u32).collect();
    }

    /// Works on one source, then draws the consequences: verdict, deadlines, neighbours.
    pub(super) fn with_one(
        &mut self,
        index: u32,
        effects: &mut Vec<Effect>,
        work: impl FnOnce(&mut One, &World, &mut Vec<Effect>),
    ) {
        let Some(mut one) = self.ones.get_mut(index as usize).and_then(Option::take) else {
            return;
        };
        let drew = self.world.using.contains_key(&index);
        work(&mut one, &self.world, effects);
        let draws = one.state.is_drawing();
        if draws != drew {
            let place = (
                one.settings.source.position,
                one.settings.source.zone.clone(),
            );
            if draws {
                self.world.using.insert(index, place);
            } else {
                self.world.using.remove(&index);
            }
        }
        self.settle(&mut one, index, effects);
        let source = (draws != drew).then(|| one.settings.source.clone());
        self.ones[index as usize] = Some(one);
        if let Some(source) = source {
            self.tell_neighbours(index, &source, effects);
        }
    }

    /// Verdict and deadlines after something happened to a source.
    pub(super) fn settle(&mut self, one: &mut One, index: u32, effects: &mut Vec<Effect>) {
        let now = self.world.clocks.now();
        let shared_main = self.world.shares_main_with_use(index, &one.settings.source);
        let stance = verdict::stance(one, &self.world.rules, shared_main, now.wall);
        if stance != one.state.stance {
            one.state.stance = stance;
            effects.push(Effect::Stands {
                source: one.settings.source.code.clone(),
                at: now.journal,
                standing: Box::new(verdict::standing(one, &self.world.rules, now.wall)),
            });
        }
        time_passes::enter_deadlines(self, one, index);
        if !one.dirty {
            one.dirty = true;
            self.dirty.push(index);
        }
        self.touched.insert(index);
    }

    /// A use began or ended: the notes and waiting pages of its neighbours are looked at again.
    fn tell_neighbours(
        &mut self,
        index: u32,
        source: &crate::source::Source,
        effects: &mut Vec<Effect>,
    ) {
        let near: Vec<u32> = self
            .ones
            .iter()
            .enumerate()
            .filter_map(|(other, one)| Some((other as u32, one.as_deref()?)))
            .filter(|(other, one)| {
                *other != index
                    && self.world.is_neighbour(
                        &one.settings.source,
                        source.position,
                        source.zone.as_ref(),
                    )
            })
            .map(|(other, _)| other)
            .collect();
        for other in near {
            self.look_at_pages(other, effects);
        }
    }

    /// Looks again at every waiting page of a source.
    pub(super) fn look_at_pages(&mut self, index: u32, effects: &mut Vec<Effect>) {
        let Some(mut one) = self.ones.get_mut(index as usize).and_then(Option::take) else {
            return;
        };
        for place in 0..one.state.conditions.len() {
            super::episode::look_at_page(&mut one, index, place, &self.world, effects);
        }
        self.settle(&mut one, index, effects);
        self.ones[index as usize] = Some(one);
    }
}
