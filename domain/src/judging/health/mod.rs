//! Whether a source's sensor can be believed: sick or dry?
//!
//! In: every reading of the main quantity as it came, before spikes are told from steps, beside what
//! is usual at its hour and what the neighbours do ([`reading`]). Out: a sensor that is sick makes the
//! verdict `unknown` and mutes the pages that rest on it; one that only wanders off or spikes is a case
//! for a fitter and is believed. Looked at are its [`scale`], its [`jumps`], its [`stillness`] and its
//! [`nights`]; what is found becomes an alert ([`telling`]). Of a healthy source only a few numbers are
//! kept.

mod jumps;
mod nights;
mod reading;
mod scale;
mod stillness;
mod telling;

pub use jumps::spiked;
pub use scale::doubted_until;

use serde::{Deserialize, Serialize};

use self::jumps::examine_jumps;
use self::nights::examine_night;
use self::reading::Reading;
use self::scale::examine_scale;
use self::stillness::examine_stillness;
use self::telling::tell_device;
use super::episode;
use super::outcome::{Detail, Effect, RuleName};
use super::rules::{Jumps, Nights, Rules, Scaled, Still};
use super::sample::Taken;
use super::settings::Settings;
use super::state::One;
use super::surroundings::{Calm, Surroundings};
use super::world::World;
use crate::source::Kind;
use crate::time::Timestamp;

/// Readings that are missing for so many intervals break a row.
const MISSED_INTERVALS: i64 = 3;

/// What is kept of the health of a source's sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    newest_at: Timestamp,
    jumps: Jumps,
    still: Still,
    /// Of hydrants on the main only.
    nights: Option<Box<Nights>>,
    /// What few sensors have.
    doubts: Option<Box<Doubts>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Doubts {
    scaled: Option<Scaled>,
    /// Times of the last day's spikes, oldest first, no more than matter.
    spikes: Vec<Timestamp>,
    /// They are so many that a fitter should look.
    spiking: bool,
}

impl Health {
    fn scaled(&self) -> Option<&Scaled> {
        self.doubts.as_deref()?.scaled.as_ref()
    }

    fn is_wrongly_scaled(&self) -> bool {
        self.scaled().is_some_and(|scaled| scaled.stands)
    }

    fn is_spiking(&self) -> bool {
        self.doubts.as_deref().is_some_and(|doubts| doubts.spiking)
    }

    fn set_scaled(&mut self, scaled: Option<Scaled>) {
        if scaled.is_some() || self.doubts.is_some() {
            self.doubts.get_or_insert_default().scaled = scaled;
            self.drop_empty();
        }
    }

    fn forget_spikes(&mut self) {
        if let Some(doubts) = &mut self.doubts {
            doubts.spikes.clear();
            doubts.spiking = false;
        }
        self.drop_empty();
    }

    fn drop_empty(&mut self) {
        if self.doubts.as_deref() == Some(&Doubts::default()) {
            self.doubts = None;
        }
    }

    /// The newest night that is over, as a day, and its change since commissioning, kPa.
    pub fn night(&self) -> Option<(i32, f32)> {
        self.nights.as_deref()?.change()
    }
}

/// Whether its sensor is sick: what it says cannot be believed. An erratic one is, when almost all of
/// its readings are low.
pub fn is_sick(one: &One, rules: &Rules) -> bool {
    let by_readings = one.state.health.as_deref().is_some_and(|health| {
        let erratic = health.jumps.stands && !health.jumps.mostly_low(&rules.erratic);
        health.is_wrongly_scaled() || erratic
    });
    by_readings || one.state.is_open(RuleName::Flatline)
}

/// Whether an erratic sensor is believed to stand low, though some readings are not.
pub fn is_low_for_all_its_jumps(one: &One, rules: &Rules) -> bool {
    let health = one.state.health.as_deref();
    health.is_some_and(|h| h.jumps.stands && h.jumps.mostly_low(&rules.erratic))
}

/// Whether low water at a source may be a closed valve or its sensor: its neighbours are calm, and it
/// is not usually so low at this hour. Water that is drawn explains itself.
pub fn may_be_the_sensor(one: &One, index: u32, value: f64, at: Timestamp, world: &World) -> bool {
    if !one.settings.source.taps_main() || one.state.is_drawing() {
        return false;
    }
    let usual = one.expected(at).map(|usual| usual.mean - 3.0 * usual.sigma);
    let drop_kpa = world.rules.of(&one.settings.source).common.use_drop_kpa;
    let normal = one.state.normal.map(|normal| f64::from(normal) - drop_kpa);
    let usually_low = [usual, normal]
        .into_iter()
        .flatten()
        .any(|low| value >= low);
    !usually_low && surroundings(one, index, at, world).calm() == Calm::Calm
}

pub(super) fn surroundings(one: &One, index: u32, at: Timestamp, world: &World) -> Surroundings {
    world.surroundings(index, &one.settings.source, at)
}

/// Another sensor speaks for the source from now on: what was wrong with the one before is over.
pub fn start_anew(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    one.state.health = None;
    for detail in [Detail::WrongScale, Detail::Erratic] {
        tell_device(one, index, detail, None, world, effects);
    }
    let now = world.clocks.now();
    for condition in &mut one.state.conditions {
        if matches!(condition.rule, RuleName::Flatline | RuleName::Drift) {
            episode::clear(condition, now, effects);
        }
    }
}

/// Whether the health of a source's sensor is looked after: not of one in the barrel, which reads
/// nothing most of the time.
fn is_examined(settings: &Settings) -> bool {
    let source = &settings.source;
    let barrel = matches!(source.kind, Kind::Hydrant { .. }) && !source.taps_main();
    settings.is_in_service() && !barrel
}

/// Takes a reading as it came, not older than the newest.
pub fn examine(one: &mut One, index: u32, taken: &Taken, world: &World, effects: &mut Vec<Effect>) {
    let Some(value) = taken.main_quantity(&one.settings.source) else {
        return;
    };
    if !is_examined(&one.settings) {
        return;
    }
    let rules = world.rules.of(&one.settings.source);
    let mut health = one.state.health.take().unwrap_or_default();
    let missed_ms = MISSED_INTERVALS * one.settings.source.interval_ms();
    if taken.at.since_ms(health.newest_at) > missed_ms {
        health.jumps.pause();
        health.still.pause();
    }
    health.newest_at = taken.at;
    let flows = taken.flow_lps.is_some_and(|q| q > rules.in_use.flow_lps);
    let drawn = flows || one.state.is_drawing();
    let mut reading = Reading::of(one, taken.at, value, rules);
    reading.everyday &= !drawn;
    if drawn {
        health.jumps.pause();
    } else {
        examine_scale(one, index, &mut health, reading, world, effects);
        examine_jumps(one, index, &mut health, reading, world, effects);
    }
    examine_stillness(one, index, &mut health, reading, world, effects);
    examine_night(one, index, &mut health, reading, world, effects);
    one.state.health = Some(health);
}

/// Takes a reading that cannot be: ten times a pressure is beyond the sensor's range.
pub fn examine_invalid(
    one: &mut One,
    index: u32,
    at: Timestamp,
    value: f64,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    if !value.is_finite() || !is_examined(&one.settings) || one.state.is_drawing() {
        return;
    }
    let rules = world.rules.of(&one.settings.source);
    let mut health = one.state.health.take().unwrap_or_default();
    let reading = Reading::of(one, at, value, rules);
    examine_scale(one, index, &mut health, reading, world, effects);
    one.state.health = Some(health);
}

fn is_sick_by(one: &One, health: &Health) -> bool {
    health.is_wrongly_scaled() || health.jumps.stands || one.state.is_open(RuleName::Flatline)
}
