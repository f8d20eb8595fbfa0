//! The fold itself: one step takes the state one input further.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ahead::{Forecast, ahead};
use super::areas::Areas;
use super::baseline::{Baseline, Expected, Usual};
use super::heeding::Silences;
use super::index::Index;
use super::input::{Control, Input, What};
use super::listening::Listening;
use super::neighbours::Neighbourhood;
use super::outages::Outages;
use super::outcome::{Effect, EpisodeState, Standing};
use super::pulse::Pulse;
use super::receive::Receiving;
use super::rules::{RuleBook, Rules};
use super::saved::SavedSource;
use super::state::One;
use super::surroundings::Surroundings;
use super::world::{Place, Using, World};
use super::zones::Zones;
use super::{changes, hearing, outages, receive, time_passes, verdict, zone_drop};
use crate::source::{Commons, Source, SourceCode};
use crate::time::Timestamp;

/// The state of judging, and the step that takes it on.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(super) world: World,
    pub(super) ones: Vec<Option<Box<One>>>,
    pub(super) by_code: Index,
    pub(super) by_device: Index,
    /// Steady times at which sources are to be looked at, ms.
    pub(super) deadlines: BTreeSet<(i64, u32)>,
    /// Listening times at which sources are to be looked at, ms.
    pub(super) silences: BTreeSet<(i64, u32)>,
    /// Steady times at which what concerns many is to be looked at, ms.
    pub(super) group_deadlines: BTreeSet<(i64, Due)>,
    pub(super) dirty: Vec<u32>,
    pub(super) gone: Vec<SourceCode>,
    /// The checkpoint being taken: what is still to be written, and what already is.
    pub(super) due: Vec<u32>,
    pub(super) written: Vec<SavedSource>,
    pub(super) touched: Vec<u32>,
}

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// At a source.
    Source(u32),
    /// At a pressure zone.
    Zone(Arc<str>),
    /// With our own receiving.
    Receiving,
    /// With what people silenced, or resolved by hand, of what is about many.
    Heeded,
}

/// One source as somebody who shows it wants it.
#[derive(Debug)]
pub struct Look<'a> {
    /// The source.
    pub source: &'a Arc<Source>,
    /// How it stands.
    pub standing: Standing,
    /// Its alerts that stand, the worst first.
    pub alerts: Vec<&'a EpisodeState>,
    /// What will happen, the soonest first.
    pub ahead: Vec<Forecast>,
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
            rules: RuleBook::new(rules),
            clocks,
            using: Using::default(),
            places: Neighbourhood::default(),
            pulses: Vec::new(),
            commons: Commons::default(),
            zones: Zones::default(),
            outages: Outages::default(),
            receiving: Receiving::default(),
            incidents: BTreeMap::new(),
            areas: Areas::default(),
            silences: Silences::default(),
        };
        Self {
            world,
            ones: Vec::new(),
            by_code: Index::default(),
            by_device: Index::default(),
            deadlines: BTreeSet::new(),
            silences: BTreeSet::new(),
            group_deadlines: BTreeSet::new(),
            dirty: Vec::new(),
            gone: Vec::new(),
            due: Vec::new(),
            written: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// Takes the state one input further; what follows from it is added to `effects`, deadlines
    /// that passed before it first.
    pub fn step(&mut self, input: &Input, effects: &mut Vec<Effect>) {
        if let What::Control(Control::ClockStepped { by_ms }) = &input.what {
            self.step_clock(*by_ms);
        }
        let before = self.world.clocks.now();
        let speaks = matches!(input.what, What::Report { .. });
        time_passes::advance(self, input.received_at, speaks, effects);
        self.follow_wall(input);
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
                receive::hear(self, control, before, effects);
                self.world.clocks.hear(control);
                if matches!(control, Control::History { begins: false }) {
                    time_passes::wait_for_the_silent(self, effects);
                }
                time_passes::fire_overdue(self, effects);
            }
            What::Change(change) => changes::apply(self, change, effects),
        }
    }

    /// Lets time pass up to `now` without anything being told: the end of a recording.
    pub fn pass_until(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        time_passes::advance(self, now, false, effects);
        self.world.clocks.arrive(now, 0);
    }

    /// The number of the source of that code.
    pub(super) fn index_of(&self, code: &str) -> Option<u32> {
        self.by_code.get(code, |index| code_of(&self.ones, index))
    }

    /// The number of the source that a device reports for.
    pub(super) fn index_of_device(&self, device: &str) -> Option<u32> {
        self.by_device
            .get(device, |index| device_of(&self.ones, index))
    }

    /// Enters a source under its code.
    pub(super) fn enter_code(&mut self, code: &str, index: u32) {
        let ones = &self.ones;
        self.by_code.insert(code, index, |of| code_of(ones, of));
    }

    /// Enters a source under its device, in place of any other.
    pub(super) fn enter_device(&mut self, device: &str, index: u32) {
        let ones = &self.ones;
        self.by_device
            .insert(device, index, |of| device_of(ones, of));
    }

    /// How a source stands.
    pub fn standing(&self, code: &str) -> Option<Standing> {
        let index = self.index_of(code)?;
        let one = self.ones.get(index as usize)?.as_deref()?;
        Some(verdict::standing(
            one,
            self.world.rules.of(&one.settings.source),
            self.world.clocks.now().wall,
        ))
    }

    /// What a source's main quantity usually is in each hour of a weekday, then of a weekend, by local
    /// time; `None` for a source unknown or of a kind that learns none.
    pub fn baseline(&self, code: &str) -> Option<[[Option<Expected>; 24]; 2]> {
        let index = self.index_of(code)?;
        let one = self.ones.get(index as usize)?.as_deref()?;
        one.state.baseline.as_deref().map(Baseline::shown)
    }

    /// The same with the days it was learned from, and where the newest value stands in it; `None`
    /// for a source that is unknown or has learned nothing yet.
    pub fn usual(&self, code: &str) -> Option<Usual> {
        let index = self.index_of(code)?;
        let one = self.ones.get(index as usize)?.as_deref()?;
        let baseline = one.state.baseline.as_deref()?;
        Some(baseline.usual(one.settings.source.sensor.resolution))
    }

    /// What the neighbours of a source say of the water around it, by their newest readings; `None` for
    /// a source that is unknown or was never heard.
    pub fn surroundings(&self, code: &str) -> Option<Surroundings> {
        let index = self.index_of(code)?;
        let one = self.ones.get(index as usize)?.as_deref()?;
        let at = one.state.newest_at?;
        Some(self.world.surroundings(index, &one.settings.source, at))
    }

    /// How many sources are judged.
    pub fn len(&self) -> usize {
        self.by_code.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_code.len() == 0
    }

    /// Whether the receiver is connected, and has taken in what was queued at the broker.
    pub fn receiving(&self) -> (bool, bool) {
        self.world.clocks.receiving()
    }

    /// The rules as they hold.
    pub const fn rules(&self) -> &RuleBook {
        &self.world.rules
    }

    /// Whether the alert of a loss of data by our own fault stands.
    pub fn tells_of_receiving(&self) -> bool {
        self.world.receiving.is_told()
    }

    /// Whether history is being played in.
    pub const fn is_in_history(&self) -> bool {
        self.world.clocks.history
    }

    /// Every source's code.
    pub fn codes(&self) -> impl Iterator<Item = &SourceCode> {
        let ones = self.ones.iter().flatten();
        ones.map(|one| &one.settings.source.code)
    }

    /// Shows every source whose readings or standing changed since the last call.
    pub fn look_at_touched(&mut self, mut visit: impl FnMut(Look<'_>)) {
        let touched = std::mem::take(&mut self.touched);
        for index in &touched {
            if let Some(one) = self.ones[*index as usize].as_deref_mut() {
                one.touched = false;
                visit(look(one, &self.world));
            }
        }
        self.touched = touched;
        self.touched.clear();
    }

    /// Shows every source.
    pub fn look_at_all(&self) -> impl Iterator<Item = Look<'_>> {
        self.ones.iter().flatten().map(|one| look(one, &self.world))
    }

    /// Whether anything changed since [`Self::look_at_touched`].
    pub fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// The source that a device reports for.
    pub fn source_of(&self, device: &str) -> Option<&SourceCode> {
        let index = self.index_of_device(device)?;
        self.ones
            .get(index as usize)?
            .as_deref()
            .map(|one| &one.settings.source.code)
    }

    /// Our own clock was set: what was timed by it moves along, and devices' lags are others.
    fn step_clock(&mut self, by_ms: i64) {
        self.write_all_due();
        self.world.clocks.step(by_ms);
        for (index, one) in self.ones.iter_mut().enumerate() {
            let Some(one) = one.as_deref_mut() else {
                continue;
            };
            one.state.arrivals.our_clock_stepped(by_ms);
            if by_ms > 0 && one.state.timed_by_receipt {
                one.state.shift(by_ms, Timestamp::MAX);
            }
            if !std::mem::replace(&mut one.dirty, true) {
                self.dirty.push(index as u32);
            }
        }
    }

    /// The wall clock moved against journal time, which never goes back: what was timed by the wall
    /// clock at receipt moves along. Set forward again after it was set back, it is not told as a
    /// step, for journal time takes no part in that.
    fn follow_wall(&mut self, input: &Input) {
        let jumped_ms = self.world.clocks.wall_jumps_to(input.wall_offset_ms);
        if jumped_ms == 0 {
            return;
        }
        // A step back was taken into account when it was told.
        let told_ms = match &input.what {
            What::Control(Control::ClockStepped { by_ms }) => (*by_ms).min(0),
            _ => 0,
        };
        for (index, one) in self.ones.iter_mut().enumerate() {
            let Some(one) = one.as_deref_mut() else {
                continue;
            };
            if jumped_ms != told_ms {
                one.state.arrivals.our_clock_stepped(jumped_ms - told_ms);
            }
            if one.state.timed_by_receipt {
                for condition in &mut one.state.conditions {
                    condition.wall_jumped(jumped_ms);
                }
            }
            if !std::mem::replace(&mut one.dirty, true) {
                self.dirty.push(index as u32);
            }
        }
    }

    /// Works on one source, then draws the consequences: verdict, deadlines, neighbours.
    pub(super) fn with_one(
        &mut self,
        index: u32,
        effects: &mut Vec<Effect>,
        work: impl FnOnce(&mut One, &World, &mut Vec<Effect>),
    ) {
        self.write_if_due(index);
        let Some(mut one) = self.ones.get_mut(index as usize).and_then(Option::take) else {
            return;
        };
        work(&mut one, &self.world, effects);
        let drew = self.world.using.get(index).cloned();
        let draws = one.state.is_drawing().then(|| place(&one));
        if let Some(place) = draws.clone().filter(|_| draws != drew) {
            self.world.using.insert(index, place);
        } else if draws.is_none() {
            self.world.using.remove(index);
        }
        self.settle(&mut one, index, effects);
        self.ones[index as usize] = Some(one);
        if draws != drew {
            for (zone, position) in [drew, draws].into_iter().flatten() {
                for other in self.world.neighbours(index, zone.as_ref(), position) {
                    self.look_at_pages(other, effects);
                }
            }
        }
        zone_drop::look_at_stirred(self, effects);
        outages::look_after(self, index, effects);
    }

    /// Verdict and deadlines after something happened to a source.
    pub(super) fn settle(&mut self, one: &mut One, index: u32, effects: &mut Vec<Effect>) {
        let now = self.world.clocks.now();
        let shared_main = self.world.shares_main_with_use(index, &one.settings.source);
        let rules = self.world.rules.of(&one.settings.source);
        let zone_drops = self.world.zone_drops_at(&one.settings.source);
        let surroundings = verdict::Around {
            shared_main,
            zone_drops,
        };
        let stance = verdict::stance(one, rules, surroundings, now.wall);
        if stance != one.state.stance {
            one.state.stance = stance;
            effects.push(Effect::Stands {
                source: one.settings.source.code.clone(),
                at: now.journal,
                standing: Box::new(verdict::standing(one, rules, now.wall)),
            });
        }
        let zone = one.settings.source.zone.as_ref();
        self.world.enter_pulse(index, zone, Pulse::of(one));
        time_passes::enter_deadlines(self, one, index);
        if !std::mem::replace(&mut one.dirty, true) {
            self.dirty.push(index);
        }
        if !std::mem::replace(&mut one.touched, true) {
            self.touched.push(index);
        }
    }

    /// Looks again at every waiting page of a source, and at its notes.
    pub(super) fn look_at_pages(&mut self, index: u32, effects: &mut Vec<Effect>) {
        self.write_if_due(index);
        let Some(mut one) = self.ones.get_mut(index as usize).and_then(Option::take) else {
            return;
        };
        for place in 0..one.state.conditions.len() {
            super::episode::look_at_page(&mut one, index, place, false, &self.world, effects);
        }
        self.settle(&mut one, index, effects);
        self.ones[index as usize] = Some(one);
    }
}

fn code_of(ones: &[Option<Box<One>>], index: u32) -> Option<&str> {
    let one = ones.get(index as usize)?.as_deref()?;
    Some(&one.settings.source.code)
}

fn device_of(ones: &[Option<Box<One>>], index: u32) -> Option<&str> {
    let one = ones.get(index as usize)?.as_deref()?;
    one.settings.source.device.as_deref()
}

fn look<'a>(one: &'a One, world: &World) -> Look<'a> {
    let rules = world.rules.of(&one.settings.source);
    let now = world.clocks.now().wall;
    let standing = verdict::standing(one, rules, now);
    let open = one.state.conditions.iter().filter(|c| c.is_open());
    let mut alerts: Vec<&EpisodeState> = open.filter_map(|c| c.episode.as_deref()).collect();
    alerts.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    Look {
        source: &one.settings.source,
        standing,
        alerts,
        ahead: ahead(one, rules, now),
    }
}

pub(super) fn place(one: &One) -> Place {
    let source = &one.settings.source;
    (source.zone.clone(), source.position)
}
