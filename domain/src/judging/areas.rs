//! What people set for whole zones and units: windows of maintenance, and hours of supply.
//!
//! Each source has its own copy, so that a source is judged by its own settings alone; a source that
//! comes into an area later gets what is set for that.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::changes::{judge_again, look_again, on};
use super::judge::Judge;
use super::outcome::Effect;
use super::settings::Settings;
use crate::change::MaintenanceWindow;
use crate::source::{Source, SourceCode, SupplySchedule};
use crate::time::Timestamp;

/// What is set for zones and units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Areas {
    windows: Vec<MaintenanceWindow>,
    supplies: BTreeMap<Arc<str>, SupplySchedule>,
}

impl Areas {
    /// Gives a source what is set for the zone and the unit it is in, and nothing of others.
    pub fn settle(&self, settings: &mut Settings) {
        let source = settings.source.clone();
        let windows = self.windows.iter().filter(|w| w.over.holds(&source));
        settings.set_areas(windows.cloned(), self.supply_of(&source));
    }

    fn supply_of(&self, source: &Source) -> Option<SupplySchedule> {
        self.supplies.get(source.zone.as_ref()?).cloned()
    }

    /// A window was ended before its time.
    pub fn end_window(&mut self, id: &str) {
        self.windows.retain(|window| window.id != id);
    }

    fn enter_window(&mut self, window: &MaintenanceWindow, now: Timestamp) {
        self.windows.retain(|w| w.until > now && w.id != window.id);
        if window.over.source().is_none() {
            self.windows.push(window.clone());
        }
    }
}

/// A window was entered: every source that it is over has it.
pub fn enter_window(judge: &mut Judge, window: &MaintenanceWindow, effects: &mut Vec<Effect>) {
    let now = judge.world.clocks.now().wall;
    judge.world.areas.enter_window(window, now);
    let codes = match window.over.source() {
        Some(code) => vec![code.clone()],
        None => sources(judge, |source| window.over.holds(source)),
    };
    for code in codes {
        on(judge, &code, effects, |one, _, _, _| {
            one.settings.enter_window(window.clone());
        });
        look_again(judge, &code, effects);
    }
}

/// The hours of a zone were set: its sources are judged by them.
pub fn set_supply(
    judge: &mut Judge,
    zone: &Arc<str>,
    schedule: Option<&SupplySchedule>,
    effects: &mut Vec<Effect>,
) {
    let supplies = &mut judge.world.areas.supplies;
    match schedule {
        Some(schedule) => drop(supplies.insert(zone.clone(), schedule.clone())),
        None => drop(supplies.remove(zone)),
    }
    for code in sources(judge, |source| source.zone.as_ref() == Some(zone)) {
        on(judge, &code, effects, |one, index, world, effects| {
            world.areas.settle(&mut one.settings);
            judge_again(one, index, world, effects);
        });
        look_again(judge, &code, effects);
    }
}

/// The codes of the sources that are wanted, in the order of their numbers.
fn sources(judge: &Judge, wanted: impl Fn(&Source) -> bool) -> Vec<SourceCode> {
    let ones = judge.ones.iter().filter_map(|one| one.as_deref());
    let sources = ones.map(|one| &one.settings.source);
    let wanted = sources.filter(|source| wanted(source));
    wanted.map(|source| source.code.clone()).collect()
}
