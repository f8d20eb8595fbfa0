//! A tank's own story, beside what every source has: draw-offs, the clock of its refilling, leaks.
//!
//! In: the accepted levels, in order ([`take`]), and time ([`pass`]). Out: the alerts TANK_DRAWOFF,
//! REFILL_LATE and TANK_LEAK. [`life`] follows the level, [`usual`] knows what a tank that also
//! serves daily use gives away by the hour, [`still`] keeps the levels at which nothing moves.

mod life;
mod still;
mod usual;

pub use life::TankLife;

use life::{Around, Level, Turned};

use super::condition::Coming;
use super::episode::{self, Grounds, base_severity};
use super::outcome::{Basis, Effect, Evidence, Measured, RuleName};
use super::rules::{LeakFound, Rules};
use super::sample::Taken;
use super::state::One;
use super::trend::Slope;
use super::world::World;
use crate::quantity::Quantity;
use crate::source::{Kind, Source, TankGeometry};
use crate::time::{DAY_MS, Timestamp};

/// Seconds in a day, for flows in L/s.
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Takes an accepted sample of a tank.
pub fn take(
    one: &mut One,
    index: u32,
    taken: &Taken,
    coming: Coming,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let (Kind::Tank(shape), Some(level_m)) = (&one.settings.source.kind, taken.level_m) else {
        return;
    };
    let shape = **shape;
    let level = Level {
        at: taken.at,
        m: level_m,
    };
    let around = around(&one.settings.source, &shape, world);
    let mut life = one.state.tank.take().unwrap_or_default();
    let turned = life.take(level, &around);
    let found = turned.look_for_leaks.then(|| life.look_for_leaks(&around));
    one.state.tank = Some(life);
    if !coming.current || !one.settings.is_in_service() {
        return;
    }
    tell_drawoff(one, index, turned, world, effects);
    tell_refill(one, index, true, world, effects);
    if let Some(found) = found {
        tell_leak(one, index, found, world, effects);
    }
}

/// What time alone brings: a fall that nobody reports on any more is over; a refill is late.
pub fn pass(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let Kind::Tank(shape) = &one.settings.source.kind else {
        return;
    };
    let shape = **shape;
    let on_change = one.settings.on_change();
    let silent = one.state.silent;
    let around = around(&one.settings.source, &shape, world);
    let Some(life) = &mut one.state.tank else {
        return;
    };
    let unheard = silent || (on_change && fall_ends_at(life).is_some_and(|at| at <= around.now));
    let turned = if unheard {
        life.end_unheard(on_change, &around)
    } else {
        Turned::default()
    };
    if one.settings.is_in_service() {
        if unheard {
            tell_drawoff(one, index, turned, world, effects);
        }
        tell_refill(one, index, !silent, world, effects);
    }
}

/// What is owed, or the tank itself, is another: its alerts are held against that.
pub fn judge_again(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let is_tank = matches!(one.settings.source.kind, Kind::Tank(_));
    if !is_tank {
        one.state.tank = None;
        for condition in &mut one.state.conditions {
            if OF_TANKS.contains(&condition.rule) {
                episode::clear(condition, now, effects);
            }
        }
    } else if one.settings.is_in_service() {
        tell_refill(one, index, !one.state.silent, world, effects);
    }
}

const OF_TANKS: [RuleName; 3] = [
    RuleName::TankDrawoff,
    RuleName::RefillLate,
    RuleName::TankLeak,
];

/// The next moment at which [`pass`] has something to do.
pub fn next_due(one: &One, rules: &Rules) -> Option<Timestamp> {
    let life = one.state.tank.as_deref()?;
    let fall = fall_ends_at(life).filter(|_| one.settings.on_change());
    let waits = one.settings.is_in_service()
        && !one.state.silent
        && !one.state.is_open(RuleName::RefillLate)
        && is_short(one);
    let refill = refill_by(one, rules).filter(|_| waits);
    [fall, refill].into_iter().flatten().min()
}

/// By when a tank that was drawn from must hold what it owes; `None`: nothing is due.
pub fn refill_by(one: &One, rules: &Rules) -> Option<Timestamp> {
    let Kind::Tank(shape) = &one.settings.source.kind else {
        return None;
    };
    let refill = one.state.tank.as_deref()?.refill?;
    refill
        .recovered_at
        .is_none()
        .then(|| rules.refill_late.due_at(shape, refill.since))
}

/// How long a device that reports on change must say nothing until a fall counts as over, ms.
const UNHEARD_MS: i64 = 900_000;

fn fall_ends_at(life: &TankLife) -> Option<Timestamp> {
    life.fall
        .map(|_| ())
        .and(life.newest)
        .map(|newest| newest.at.plus_ms(UNHEARD_MS))
}

fn around<'a>(source: &Source, shape: &'a TankGeometry, world: &'a World) -> Around<'a> {
    let rules = world.rules.of(source);
    Around {
        rules,
        shape,
        required_m3: source.requirement.volume_m3,
        resolution_m: source.sensor.resolution.unwrap_or(0.001),
        now: world.clocks.now().wall,
    }
}

/// Whether it holds less than it owes, by its newest level.
fn is_short(one: &One) -> bool {
    volume(one).is_some_and(|volume| volume.margin.is_some_and(|margin| margin < 0.0))
}

/// The water it holds by its newest level, beside what it owes.
fn volume(one: &One) -> Option<Measured> {
    let Kind::Tank(shape) = &one.settings.source.kind else {
        return None;
    };
    let value = shape.volume_m3(one.state.last().level_m?)?;
    let limit = one.settings.source.requirement.volume_m3;
    Some(Measured {
        basis: Basis::Level,
        quantity: Quantity::VolumeTotalM3,
        value,
        limit,
        margin: limit.map(|limit| value - limit),
        at: one.state.last().at,
    })
}

/// Water leaving the tank where its level falls by `m_per_day`.
fn outflow(one: &One, basis: Basis, m_per_day: f64, limit_m_per_day: f64) -> Option<Measured> {
    let Kind::Tank(shape) = &one.settings.source.kind else {
        return None;
    };
    let lps = |m_per_day: f64| Some(m_per_day * shape.area_m2? * 1_000.0 / SECONDS_PER_DAY);
    let (value, limit) = (lps(m_per_day)?, lps(limit_m_per_day)?);
    Some(Measured {
        basis,
        quantity: Quantity::FlowLps,
        value,
        limit: Some(limit),
        margin: Some(limit - value),
        at: one.state.last().at,
    })
}

fn tell_drawoff(
    one: &mut One,
    index: u32,
    turned: Turned,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let fall = one.state.tank.as_deref().and_then(|life| life.fall);
    let falling = fall.filter(|fall| fall.confirmed).or(turned.over);
    let open = one.state.is_open(RuleName::TankDrawoff);
    if let Some(fall) = falling.filter(|_| !open) {
        let limit_m_per_h = world
            .rules
            .of(&one.settings.source)
            .tank_drawoff
            .fall_mm_per_h;
        let limit = limit_m_per_h * 24.0 / 1_000.0;
        let drawn = outflow(one, Basis::Level, fall.m_per_ms() * DAY_MS as f64, limit);
        let evidence = Evidence {
            measured: drawn.into_iter().chain(volume(one)).collect(),
        };
        raise(
            one,
            index,
            RuleName::TankDrawoff,
            fall.from.at,
            evidence,
            world,
            effects,
        );
    }
    if fall.is_none_or(|fall| !fall.confirmed) {
        clear(one, RuleName::TankDrawoff, world, effects);
    }
}

/// `heard`: what is known of its level is no older than silence allows. Silence raises and clears
/// nothing, and the clock runs on.
fn tell_refill(one: &mut One, index: u32, heard: bool, world: &World, effects: &mut Vec<Effect>) {
    if !heard {
        return;
    }
    let open = one.state.is_open(RuleName::RefillLate);
    let late = is_short(one)
        && refill_by(one, world.rules.of(&one.settings.source))
            .is_some_and(|due| due <= world.clocks.now().wall);
    if late && !open {
        let since = one.state.tank.as_deref().and_then(|life| life.refill);
        let began_at = since.map_or(one.state.last().at, |refill| refill.since);
        let evidence = Evidence {
            measured: volume(one).into_iter().collect(),
        };
        raise(
            one,
            index,
            RuleName::RefillLate,
            began_at,
            evidence,
            world,
            effects,
        );
    } else if open && !is_short(one) {
        clear(one, RuleName::RefillLate, world, effects);
    }
}

fn tell_leak(
    one: &mut One,
    index: u32,
    found: LeakFound,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    match found {
        LeakFound::Leaks(slope) if !one.state.is_open(RuleName::TankLeak) => {
            let Slope { per_day, .. } = slope;
            let Kind::Tank(shape) = &one.settings.source.kind else {
                return;
            };
            let rule = &world.rules.of(&one.settings.source).tank_leak;
            let limit = rule.limit_m_per_d(shape);
            let lost = outflow(one, Basis::Estimated, -f64::from(per_day), limit);
            let evidence = Evidence {
                measured: lost.into_iter().chain(volume(one)).collect(),
            };
            let life = one.state.tank.as_deref();
            let began_at = life
                .and_then(TankLife::leaks_since)
                .unwrap_or(one.state.last().at);
            raise(
                one,
                index,
                RuleName::TankLeak,
                began_at,
                evidence,
                world,
                effects,
            );
        }
        LeakFound::Sound => clear(one, RuleName::TankLeak, world, effects),
        LeakFound::Leaks(_) | LeakFound::Unsure => {}
    }
}

fn raise(
    one: &mut One,
    index: u32,
    rule: RuleName,
    began_at: Timestamp,
    evidence: Evidence,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let place = one.state.condition_place(rule);
    let grounds = Grounds {
        began_at,
        severity: base_severity(rule),
        evidence,
        detail: None,
        clock_off_s: None,
    };
    episode::raise(one, index, place, grounds, world, effects);
}

fn clear(one: &mut One, rule: RuleName, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    if let Some(condition) = one.state.conditions.iter_mut().find(|c| c.rule == rule) {
        episode::clear(condition, now, effects);
    }
}
