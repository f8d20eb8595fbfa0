//! From a report to turns of conditions: clean, tell spikes from steps, hold against the rules.

use super::baseline::local_hour;
use super::baseline::{Baseline, Scale};
use super::condition::Coming;
use super::episode::{base_severity, look_at_page, turn};
use super::health;
use super::outcome::{Effect, LeftOut, Reason, RuleName, Severity};
use super::paging::waits_for_supply;
use super::rules::{Assessment, Rule as _, Suspicion};
use super::sample::Taken;
use super::state::{One, UseProof};
use super::tank;
use super::unauthorised::look_at_use;
use super::verdict::seen;
use super::world::World;
use crate::quantity::Quantity;
use crate::source::{Kind, TapPoint};
use crate::time::Timestamp;

/// Takes one cleaned sample that is not older than the newest.
pub fn take(
    one: &mut One,
    index: u32,
    taken: Taken,
    coming: Coming,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    one.state.newest_at = Some(taken.at);
    health::examine(one, index, &taken, world, effects);
    match sift(one, &taken, world) {
        Sifted::Accept => judge(one, index, taken, coming, world, effects),
        Sifted::Doubt => {
            one.state.suspect(taken);
            note_drop(one, &taken, coming.current, true, world);
        }
        Sifted::Spikes => {
            for spike in one.state.take_suspects() {
                effects.push(left_out(one, spike, LeftOut::Spike));
                health::spiked(one, index, &spike, world, effects);
            }
            judge(one, index, taken, coming, world, effects);
        }
        Sifted::Step => {
            one.state.band.clear();
            for suspect in one.state.take_suspects() {
                judge(one, index, suspect, coming, world, effects);
            }
            judge(one, index, taken, coming, world, effects);
        }
    }
}

enum Sifted {
    Accept,
    Doubt,
    Spikes,
    Step,
}

/// Whether a sample fits those before it. Water being drawn explains any change, and a device that
/// reports on change would leave a doubt standing for a day: neither is doubted.
fn sift(one: &One, taken: &Taken, world: &World) -> Sifted {
    let source = &one.settings.source;
    let suspects = one.state.suspects();
    let Some(value) = taken.main_quantity(source) else {
        return Sifted::Accept;
    };
    let barrel = matches!(source.kind, Kind::Hydrant { .. }) && !source.taps_main();
    let flowing = taken
        .flow_lps
        .is_some_and(|q| q > world.rules.of(&one.settings.source).in_use.flow_lps);
    if barrel || flowing || one.settings.on_change() {
        return if suspects.is_empty() {
            Sifted::Accept
        } else {
            Sifted::Step
        };
    }
    let spike = &world.rules.of(&one.settings.source).spike;
    let floor = if matches!(source.kind, Kind::Hydrant { .. }) {
        spike.floor_kpa
    } else {
        spike.floor_m
    };
    let step = source.sensor.resolution.unwrap_or(0.0);
    match one.state.band.suspicion(spike, value, step, floor) {
        Suspicion::None if suspects.is_empty() => Sifted::Accept,
        Suspicion::None => Sifted::Spikes,
        Suspicion::Outside { middle, limit } => {
            // One that was taken while the band was short may lie outside of it too.
            let outlier = || {
                one.state
                    .band
                    .newest()
                    .filter(|v| (v - middle).abs() > limit)
            };
            let before = match suspects.last() {
                Some(suspect) => suspect.main_quantity(source),
                None => outlier(),
            };
            let agrees =
                before.is_some_and(|before| stays_away(before - middle, value - middle, limit));
            if agrees || suspects.len() >= 2 {
                Sifted::Step
            } else {
                Sifted::Doubt
            }
        }
    }
}

/// Whether a second value outside the band agrees with the first: close to it, or on the same side
/// and not on its way back.
fn stays_away(first: f64, second: f64, limit: f64) -> bool {
    let same_side = (first > 0.0) == (second > 0.0);
    (first - second).abs() <= limit || (same_side && second.abs() >= first.abs() / 2.0)
}

/// Holds an accepted sample against the rules.
fn judge(
    one: &mut One,
    index: u32,
    taken: Taken,
    coming: Coming,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    one.state.take_newest(taken);
    if taken.available_flow_lps.is_some() {
        one.state.note_estimate(taken.at);
    }
    let coming = Coming {
        at: taken.at,
        ..coming
    };
    if one.settings.is_in_service() {
        hold_against_rules(one, index, &taken, coming, world, effects);
        note_drop(one, &taken, coming.current, false, world);
    }
    tank::take(one, index, &taken, coming, world, effects);
    remember(one, &taken, world);
}

/// Whether a sample counts as dropped, for its zone (ZONE_DROP): far below what is usual at that
/// hour, or, where that is not learned, below what it normally is and, at first, what it was just
/// before: evenings fall slowly, a burst at once. Where neither is known it stays as it was. A
/// doubtful one counts too: a single sensor may spike, three of a zone at once do not. While water is
/// drawn here it says nothing of the zone.
fn note_drop(one: &mut One, taken: &Taken, current: bool, doubtful: bool, world: &World) {
    let source = &one.settings.source;
    let Some(value) = taken.pressure_kpa.filter(|_| source.taps_main()) else {
        return;
    };
    if !current || one.state.is_drawing() {
        return;
    }
    let rules = world.rules.of(source);
    let grace_ms = i64::from(rules.common.supply_grace_s) * 1_000;
    if one.settings.water_owed_from(taken.at, grace_ms).is_some() {
        // Water that is not owed yet has not dropped: it comes and goes by the hour.
        one.state.down_since = None;
        return;
    }
    let rule = &rules.zone_drop;
    let is_down = match (one.expected(taken.at), one.state.normal) {
        (Some(usual), _) => rule.is_down(usual.mean - value, usual.sigma),
        (None, Some(normal)) => {
            let before = one.state.baseline.as_deref().and_then(Baseline::before);
            let stepped = before.is_none_or(|before| rule.is_down(before - value, 0.0));
            let was_down = one.state.down_since.is_some();
            rule.is_down(f64::from(normal) - value, 0.0) && (was_down || stepped)
        }
        (None, None) => return,
    };
    let since = one.state.down_since.unwrap_or(taken.at);
    if is_down {
        one.state.down_since = Some(since);
    } else if !doubtful {
        one.state.down_since = None;
    }
}

/// Holds a sample against every rule that applies.
pub fn hold_against_rules(
    one: &mut One,
    index: u32,
    taken: &Taken,
    coming: Coming,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let now = world.clocks.now();
    // What others ask of use and flow is known once use itself has been judged.
    let [use_rule, others @ ..] = world.rules.of(&one.settings.source).table();
    let (said, timing) = {
        let seen = seen(one, taken, world.rules.of(&one.settings.source), now.wall);
        (use_rule.assess(&seen), use_rule.timing(&seen))
    };
    note(
        one,
        index,
        use_rule.name(),
        said,
        timing,
        coming,
        world,
        effects,
    );
    if one.state.holds(RuleName::InUse) {
        one.state.use_seen_at = Some(taken.at);
    }
    if !one.state.is_drawing() && seen_cap(one, taken) != Some(true) {
        one.state.at_rest_kpa = taken.pressure_kpa.or(one.state.at_rest_kpa);
    }
    let seen = seen(one, taken, world.rules.of(&one.settings.source), now.wall);
    let judged = others.map(|rule| (rule.name(), rule.assess(&seen), rule.timing(&seen)));
    let jumps_about = health::is_low_for_all_its_jumps(one, world.rules.of(&one.settings.source));
    for (name, mut said, mut timing) in judged {
        // Seven of nine readings of an erratic sensor are low: the other two end nothing.
        let holds = matches!(said, Assessment::Holds { .. });
        if jumps_about && !holds && matches!(name, RuleName::LowStatic | RuleName::TankLow) {
            said = Assessment::Silent;
        }
        if waits_for_supply(name) && !is_dry_at_a_fire(one, &said, world) {
            timing.dwell_ms = dwell_by_supply(one, name, timing.dwell_ms, coming, world);
        }
        note(one, index, name, said, timing, coming, world, effects);
    }
    look_at_use(
        one,
        index,
        coming.current && one.state.holds(RuleName::InUse),
        world,
        effects,
    );
}

/// Whether a source is without water while a fire burns near it: whoever fights that must be told,
/// whether water is owed at this hour or not.
fn is_dry_at_a_fire(one: &One, said: &Assessment, world: &World) -> bool {
    let critical =
        matches!(said, Assessment::Holds { severity, .. } if *severity == Severity::Critical);
    critical && world.incident_near(one.settings.source.position)
}

fn seen_cap(one: &One, taken: &Taken) -> Option<bool> {
    taken.cap_open.or(one.state.last().cap_open)
}

/// A use was confirmed by time alone: the newest sample is one in use by now.
pub fn hold_against_residual(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let rule = &world.rules.of(&one.settings.source).low_residual;
    let newest = one.state.last();
    let (said, timing) = {
        let seen = seen(
            one,
            &newest,
            world.rules.of(&one.settings.source),
            world.clocks.now().wall,
        );
        (rule.assess(&seen), rule.timing(&seen))
    };
    let coming = Coming {
        at: newest.at,
        current: true,
        on_change: one.settings.on_change(),
        settle_ms: 0,
    };
    note(
        one,
        index,
        rule.name(),
        said,
        timing,
        coming,
        world,
        effects,
    );
}

/// Water that is not owed yet is not missed: outside supply hours, and for an hour after they begin,
/// the dwell lasts until that hour is over. The verdict does not wait.
fn dwell_by_supply(one: &One, rule: RuleName, dwell_ms: i64, coming: Coming, world: &World) -> i64 {
    let grace_ms = i64::from(world.rules.of(&one.settings.source).common.supply_grace_s) * 1_000;
    let Some(owed_from) = one.settings.water_owed_from(coming.at, grace_ms) else {
        return dwell_ms;
    };
    let run = one.state.condition(rule).and_then(|c| c.run.as_ref());
    let since = run.map_or(coming.at.min(world.clocks.now().wall), |run| run.since);
    dwell_ms.max(owed_from.since_ms(since))
}

/// Hands what a rule says to its condition, and carries out what comes of it.
#[expect(
    clippy::too_many_arguments,
    reason = "one call carries one rule's word to its place"
)]
pub fn note(
    one: &mut One,
    index: u32,
    rule: RuleName,
    said: Assessment,
    timing: super::rules::Timing,
    coming: Coming,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let place = one.state.conditions.iter().position(|c| c.rule == rule);
    let place = match (place, &said) {
        (_, Assessment::Silent) | (None, Assessment::Clears | Assessment::Between) => return,
        (Some(place), _) => place,
        (None, Assessment::Holds { .. }) => one.state.condition_place(rule),
    };
    let now = world.clocks.now();
    let news = coming.current && matches!(said, Assessment::Holds { .. });
    let came = one.state.conditions[place].take(said, timing, base_severity(rule), coming, now);
    if let Some(what) = came {
        turn(one, index, place, what, world, effects);
    }
    if news {
        if rule == RuleName::LowStatic {
            note_low_hour(one, place, world);
        }
        look_at_page(one, index, place, true, world, effects);
    }
    one.state.drop_idle(place);
}

/// Remembers at which hours it is low for longer than the dwell: the same ones day after day are work
/// for the water company.
fn note_low_hour(one: &mut One, place: usize, world: &World) {
    let condition = &one.state.conditions[place];
    if let Some(run) = condition.run.as_ref().filter(|_| condition.has_dwelt()) {
        let kpa = run.measured.value;
        one.state
            .note_low_hour(local_hour(world.clocks.now().wall), kpa);
    }
}

/// What later samples are held against: what is normal, what is rest, what a use has shown.
fn remember(one: &mut One, taken: &Taken, world: &World) {
    let drawing = one.state.is_drawing();
    if let Some(value) = taken.main_quantity(&one.settings.source) {
        if !drawing {
            one.state.band.push(value);
        }
        let low = [
            RuleName::LowStatic,
            RuleName::HighPressure,
            RuleName::TankLow,
            RuleName::DrawLow,
        ];
        let wrong = |rule: &RuleName| one.state.holds(*rule) || one.state.is_open(*rule);
        // What is not learned yet must be, or every evening would be a burst for ever.
        let unusual =
            world.is_unusual(&one.settings.source, taken.at) && one.expected(taken.at).is_some();
        let well = !drawing && !low.iter().any(wrong);
        let usual = well && !unusual;
        if usual || (well && one.state.normal.is_none()) {
            one.state.learn_normal(value);
        }
        learn_baseline(one, taken.at, value, usual);
    }
    if let (Some(flow), Some(pressure), Kind::Hydrant { .. }) = (
        taken.flow_lps,
        taken.pressure_kpa,
        &one.settings.source.kind,
    ) {
        learn_from_use(one, taken, flow, pressure, world);
    }
}

/// What is usual at each hour is learned from hours of usual life only.
fn learn_baseline(one: &mut One, at: Timestamp, value: f64, usual: bool) {
    let scale = match &one.settings.source.kind {
        Kind::Hydrant {
            tap_point: TapPoint::Main,
        } => Scale::Pressure,
        Kind::Tank(tank) if tank.daily_use => Scale::Level,
        _ => return,
    };
    let usual = usual
        && one.settings.is_in_service()
        && !one.state.stance.reasons.contains(Reason::SensorSick)
        && !one.settings.in_maintenance(at)
        && one.settings.supplied(at);
    let stands = one.settings.on_change();
    let fresh = || Box::new(Baseline::new(scale));
    let baseline = one.state.baseline.get_or_insert_with(fresh);
    baseline.take(at, value, usual, stands);
}

/// A use proves the flow that is owed when flow and pressure both reach it; it disproves it when
/// pressure falls short at no more than that flow.
fn learn_from_use(one: &mut One, taken: &Taken, flow_lps: f64, pressure_kpa: f64, world: &World) {
    let required = *one.settings.source.requirement;
    let least = world
        .rules
        .of(&one.settings.source)
        .low_residual
        .min_flow_lps;
    let least = required.flow_lps.map_or(least, |owed| least.min(owed));
    if flow_lps < least || flow_lps <= world.rules.of(&one.settings.source).in_use.flow_lps {
        return;
    }
    let target_kpa = world
        .rules
        .of(&one.settings.source)
        .common
        .target_residual_kpa;
    let required_kpa = required.pressure_kpa.unwrap_or(target_kpa);
    let required_lps = required.flow_lps.unwrap_or(least);
    let met = pressure_kpa >= required_kpa && flow_lps >= required_lps;
    let missed = pressure_kpa < required_kpa && flow_lps <= required_lps * 1.1;
    if met || missed {
        let static_kpa = one.state.at_rest_kpa;
        one.state.use_proof = Some(Box::new(UseProof {
            at: taken.at,
            flow_lps,
            pressure_kpa,
            static_kpa,
            met,
        }));
    }
}

/// The effect that says that a sample was left out.
pub fn left_out(one: &One, taken: Taken, why: LeftOut) -> Effect {
    let quantity = match one.settings.source.kind {
        Kind::Hydrant { .. } => Quantity::PressureKpa,
        Kind::Tank(_) | Kind::DrawPoint(_) => Quantity::LevelM,
    };
    Effect::LeftOut {
        source: one.settings.source.code.clone(),
        at: taken.at,
        quantity,
        why,
    }
}
