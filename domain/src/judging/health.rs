//! Whether a source's sensor can be believed: sick or dry?
//!
//! In: every reading of the main quantity as it came, before spikes are told from steps, beside what
//! is usual at its hour and what the neighbours do. Out: a sensor that is sick makes the verdict
//! `unknown` and mutes the pages that rest on it; one that only wanders off or spikes is a case for a
//! fitter and is believed. Of a healthy source only a few numbers are kept.

use serde::{Deserialize, Serialize};

use super::device::{Taking, hold_device};
use super::episode::{self, Grounds, base_severity};
use super::outcome::{Basis, Detail, Effect, Evidence, Measured, RuleName};
use super::rules::{
    Course, Jumps, Nights, Rules, Scaled, ScaledSensor, Scaling, Still, Word, WrongScale,
};
use super::sample::Taken;
use super::settings::Settings;
use super::state::One;
use super::surroundings::{Calm, Surroundings};
use super::world::World;
use crate::quantity::Quantity;
use crate::source::Kind;
use crate::time::{DAY_MS, SECOND_MS, Timestamp};

/// The accuracy of a sensor that states none: 0.5 % of 16 bar, kPa, and of a level, m.
const ACCURACY: (f64, f64) = (8.0, 0.03);
/// Still readings are held against the neighbours at every second only: that costs a search.
const ASK_EVERY: u16 = 2;
/// So many times its step, or the difference that is typical of its readings, a scaled one must be.
const NOISES: f64 = 4.0;
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

fn surroundings(one: &One, index: u32, at: Timestamp, world: &World) -> Surroundings {
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

/// One reading of the main quantity, beside what is known.
#[derive(Clone, Copy)]
struct Reading {
    at: Timestamp,
    value: f64,
    /// What is usual at this hour, or normal.
    usual: Option<f64>,
    /// Three of its σ, where known.
    within: Option<f64>,
    /// Its sensor's smallest step, and half-width of accuracy.
    step: f64,
    accuracy: f64,
    /// Whether the source lives its usual life.
    everyday: bool,
}

impl Reading {
    fn of(one: &One, at: Timestamp, value: f64, rules: &Rules) -> Self {
        let source = &one.settings.source;
        let hydrant = matches!(source.kind, Kind::Hydrant { .. });
        let (step, accuracy) = if hydrant {
            (rules.flatline.step_kpa, ACCURACY.0)
        } else {
            (rules.flatline.step_m, ACCURACY.1)
        };
        let expected = one.expected(at);
        let normal = || one.state.normal.map(f64::from);
        let low = [
            RuleName::LowStatic,
            RuleName::HighPressure,
            RuleName::TankLow,
        ];
        let wrong = |rule: &RuleName| one.state.holds(*rule) || one.state.is_open(*rule);
        Self {
            at,
            value,
            usual: expected.map(|e| e.mean).or_else(normal),
            within: expected.map(|e| 3.0 * e.sigma),
            step: source.sensor.resolution.unwrap_or(step).max(1e-6),
            accuracy: source.sensor.accuracy.unwrap_or(accuracy),
            everyday: !low.iter().any(wrong)
                && !one.settings.in_maintenance(at)
                && one.settings.supplied(at),
        }
    }

    fn is_usual(&self, floor: f64) -> bool {
        let within = self.within.unwrap_or(0.0).max(floor);
        self.usual
            .is_some_and(|usual| (self.value - usual).abs() <= within)
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

fn examine_scale(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let rule = &world.rules.of(&one.settings.source).wrong_scale;
    let Some(usual) = reading.usual else { return };
    let usual = rule.usual(usual, reading.within);
    let Some(mut scaled) = health.scaled().copied() else {
        let before = one.state.last.main_quantity(&one.settings.source);
        let step = before.and_then(|before| {
            // Among a few steps, or within its noise, no factor can be told; but a tank cannot be
            // drawn empty at once.
            let noise = reading.step.max(health.jumps.typical());
            let least = if is_emptied_at_once(one, before, reading, rule) {
                0.0
            } else {
                reading.accuracy.max(NOISES * noise)
            };
            let sensor = ScaledSensor {
                least,
                step: reading.step,
            };
            rule.step(reading.value, before, usual, sensor, reading.at)
        });
        if step.is_some() {
            health.set_scaled(step);
        }
        return;
    };
    let stood = scaled.stands;
    let scaling = rule.take(&mut scaled, reading.value, usual, reading.step);
    if !stood && scaling == Scaling::Bears {
        let calm = surroundings(one, index, reading.at, world).calm();
        // A hydrant whose neighbours do not vouch for the water is taken at its word; a tank has none.
        let tank = !one.settings.source.taps_main();
        let calm = calm == Calm::Calm && !tank;
        let may_be_water = scaled.is_down() && !calm && !tank;
        scaled.stands = !may_be_water && rule.is_found(&scaled, reading.value, calm);
    }
    let water = scaled.stands && is_water_after_all(one, index, &scaled, reading, world);
    if scaling == Scaling::Over || water {
        health.set_scaled(None);
        if stood {
            tell_device(one, index, Detail::WrongScale, None, world, effects);
        }
        return;
    }
    health.set_scaled(Some(scaled));
    if scaled.stands && !stood {
        let measured = measured(one, reading, Some(f64::from(scaled.before)));
        tell_device(
            one,
            index,
            Detail::WrongScale,
            Some(measured),
            world,
            effects,
        );
    }
}

/// Whether a tank's level fell from one reading to the next as no water can: well below the outlet
/// through which it is drawn, or faster than anybody draws.
fn is_emptied_at_once(one: &One, before: f64, reading: Reading, rule: &WrongScale) -> bool {
    let Kind::Tank(tank) = &one.settings.source.kind else {
        return false;
    };
    let fall_m = before - reading.value;
    let below_outlet = tank
        .outlet_level_m
        .is_some_and(|outlet| before > outlet && reading.value < outlet - reading.accuracy);
    let seconds = reading.at.since_ms(one.state.last.at).max(1) as f64 / SECOND_MS as f64;
    let too_fast = tank
        .area_m2
        .is_some_and(|area_m2| fall_m * area_m2 * 1_000.0 / seconds > rule.most_outflow_lps);
    fall_m > 0.0 && (below_outlet || too_fast)
}

/// Until when a tank's level is doubted: it fell by a factor of scale, and too few readings have said
/// so yet to tell that from water.
pub fn doubted_until(one: &One, rules: &Rules) -> Option<Timestamp> {
    let tank = matches!(one.settings.source.kind, Kind::Tank(_));
    let scaled = one.state.health.as_deref()?.scaled()?;
    let samples = i64::from(rules.wrong_scale.unsure_samples);
    (tank && !scaled.stands).then(|| {
        let wait_ms = samples * one.settings.source.interval_ms();
        scaled.since.plus_ms(wait_ms)
    })
}

/// Whether a neighbour turns out to be down too, within two intervals of the step.
fn is_water_after_all(
    one: &One,
    index: u32,
    scaled: &Scaled,
    reading: Reading,
    world: &World,
) -> bool {
    let soon = reading.at.since_ms(scaled.since) <= 2 * one.settings.fresh_interval_ms();
    let main = one.settings.source.taps_main();
    main && scaled.is_down() && soon && surroundings(one, index, reading.at, world).any_down()
}

fn examine_jumps(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let rule = &world.rules.of(&one.settings.source).erratic;
    let hydrant = matches!(one.settings.source.kind, Kind::Hydrant { .. });
    let floor = if hydrant {
        rule.floor_kpa
    } else {
        rule.floor_m
    };
    let low = is_low(one, reading.value);
    let jumps = &mut health.jumps;
    jumps.take(rule, reading.value, low, reading.is_usual(floor), floor);
    if jumps.stands {
        if jumps.is_over() {
            jumps.stands = false;
            // What looked like spikes meanwhile was the same.
            health.forget_spikes();
            tell_erratic(one, index, health, reading, world, effects);
        }
        return;
    }
    if jumps.is_erratic(rule.jumps) && !health.is_wrongly_scaled() {
        let enough = match surroundings(one, index, reading.at, world).calm() {
            Calm::Calm => true,
            Calm::Unknown => health.jumps.is_erratic(rule.unsure_jumps),
            Calm::Moving => false,
        };
        if enough {
            health.jumps.stands = true;
            tell_erratic(one, index, health, reading, world, effects);
        }
    }
    note_spikes(one, index, health, reading, None, world, effects);
}

fn is_low(one: &One, value: f64) -> bool {
    let required = &one.settings.source.requirement;
    match &one.settings.source.kind {
        Kind::Hydrant { .. } => required.pressure_kpa.is_some_and(|least| value < least),
        Kind::Tank(tank) => tank
            .volume_m3(value)
            .zip(required.volume_m3)
            .is_some_and(|(volume, least)| volume < least),
        Kind::DrawPoint(_) => false,
    }
}

/// A reading turned out to be a spike.
pub fn spiked(one: &mut One, index: u32, spike: &Taken, world: &World, effects: &mut Vec<Effect>) {
    let Some(mut health) = one.state.health.take() else {
        return;
    };
    if let Some(value) = spike.main_quantity(&one.settings.source) {
        let rules = world.rules.of(&one.settings.source);
        let reading = Reading::of(one, spike.at, value, rules);
        note_spikes(
            one,
            index,
            &mut health,
            reading,
            Some(spike.at),
            world,
            effects,
        );
    }
    one.state.health = Some(health);
}

/// Counts the spikes of a day, one more now perhaps.
fn note_spikes(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    spike: Option<Timestamp>,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    if spike.is_none() && health.doubts.is_none() {
        return;
    }
    let most = usize::from(world.rules.of(&one.settings.source).erratic.spikes_a_day).max(1);
    let doubts = health.doubts.get_or_insert_default();
    doubts.spikes.extend(spike);
    doubts.spikes.retain(|at| reading.at.since_ms(*at) < DAY_MS);
    let surplus = doubts.spikes.len().saturating_sub(most);
    doubts.spikes.drain(..surplus);
    let was = doubts.spiking;
    // Once it is one, it is until a day without.
    doubts.spiking = doubts.spikes.len() >= most || (was && !doubts.spikes.is_empty());
    let changed = doubts.spiking != was;
    health.drop_empty();
    if changed {
        tell_erratic(one, index, health, reading, world, effects);
    }
}

fn tell_erratic(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let wrong = health.jumps.stands || health.is_spiking();
    let measured = wrong.then(|| measured(one, reading, reading.usual));
    tell_device(one, index, Detail::Erratic, measured, world, effects);
}

fn measured(one: &One, reading: Reading, limit: Option<f64>) -> Measured {
    let (basis, quantity) = match one.settings.source.kind {
        Kind::Hydrant { .. } => (Basis::StaticPressure, Quantity::PressureKpa),
        Kind::Tank(_) | Kind::DrawPoint(_) => (Basis::Level, Quantity::LevelM),
    };
    Measured {
        basis,
        quantity,
        value: reading.value,
        limit,
        margin: None,
        at: reading.at,
    }
}

/// Tells of something wrong with a device (`None`: no more) in its one DEVICE alert.
fn tell_device(
    one: &mut One,
    index: u32,
    detail: Detail,
    wrong: Option<Measured>,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let word = wrong.map_or(Word::Well, Word::Wrong);
    hold_device(one, index, detail, word, Taking::by(1), world, effects);
}

fn examine_stillness(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let tank = matches!(one.settings.source.kind, Kind::Tank(_));
    if one.settings.on_change() || !(tank || one.settings.source.taps_main()) {
        return;
    }
    let rule = &world.rules.of(&one.settings.source).flatline;
    let Reading {
        at, value, step, ..
    } = reading;
    let open = one.state.is_open(RuleName::Flatline);
    let still = &mut health.still;
    let moved = still.take(at, value, step, reading.everyday && !open);
    if open {
        if moved {
            end(one, RuleName::Flatline, world, effects);
        }
        return;
    }
    // Flat at nothing, or at any low, is low: that alert says all there is to say.
    let nothing = value.abs() <= reading.accuracy;
    if nothing || !reading.everyday || !still.usually_moves(rule, step) {
        return;
    }
    let Some(still_ms) = still.still_ms(at) else {
        return;
    };
    let long_s = if tank {
        rule.tank_still_s
    } else {
        rule.still_s
    };
    let long = still_ms >= i64::from(long_s) * SECOND_MS;
    let asks =
        !tank && still_ms >= i64::from(rule.moved_within_s) * SECOND_MS && still.asks(ASK_EVERY);
    let alone = || {
        let around = surroundings(one, index, at, world);
        let least = usize::from(rule.neighbours).max(around.reporting().div_ceil(2));
        around.moved(rule.moved_kpa) >= least.max(1)
    };
    if long || (asks && alone()) {
        let since = still.since();
        let measured = measured(one, reading, None);
        raise(
            one,
            index,
            RuleName::Flatline,
            Detail::ValveOrSensor,
            measured,
            since,
            world,
            effects,
        );
    }
}

fn examine_night(
    one: &mut One,
    index: u32,
    health: &mut Health,
    reading: Reading,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    if !one.settings.source.taps_main() {
        return;
    }
    let sick = is_sick_by(one, health);
    let nights = health.nights.get_or_insert_default();
    nights.take(reading.at, reading.value, reading.everyday && !sick);
    let Some(night) = nights.due(reading.at) else {
        return;
    };
    let rule = &world.rules.of(&one.settings.source).drift;
    let around = world.night_changes(index, &one.settings.source, night);
    match nights.compare(rule, around) {
        Some(Course::Drifts(off_kpa)) if !one.state.is_open(RuleName::Drift) => {
            let mut measured = measured(one, reading, Some(reading.value - off_kpa));
            measured.margin = Some(off_kpa);
            raise_without_detail(one, index, RuleName::Drift, measured, world, effects);
        }
        Some(Course::Back) => end(one, RuleName::Drift, world, effects),
        _ => {}
    }
}

fn is_sick_by(one: &One, health: &Health) -> bool {
    health.is_wrongly_scaled() || health.jumps.stands || one.state.is_open(RuleName::Flatline)
}

fn raise_without_detail(
    one: &mut One,
    index: u32,
    rule: RuleName,
    measured: Measured,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let place = one.state.condition_place(rule);
    let grounds = Grounds {
        began_at: measured.at,
        severity: base_severity(rule),
        evidence: Evidence {
            measured: vec![measured],
        },
        detail: None,
        clock_off_s: None,
    };
    episode::raise(one, index, place, grounds, world, effects);
}

#[expect(clippy::too_many_arguments, reason = "what an alert consists of")]
fn raise(
    one: &mut One,
    index: u32,
    rule: RuleName,
    detail: Detail,
    measured: Measured,
    began_at: Timestamp,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let place = one.state.condition_place(rule);
    let grounds = Grounds {
        began_at,
        severity: base_severity(rule),
        evidence: Evidence {
            measured: vec![measured],
        },
        detail: Some(detail),
        clock_off_s: None,
    };
    episode::raise(one, index, place, grounds, world, effects);
}

fn end(one: &mut One, rule: RuleName, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    if let Some(condition) = one.state.conditions.iter_mut().find(|c| c.rule == rule) {
        episode::clear(condition, now, effects);
    }
}
