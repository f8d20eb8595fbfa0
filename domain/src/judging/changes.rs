//! What people change, taken into the state.

use std::sync::Arc;

use super::areas;
use super::condition::Coming;
use super::device::start_anew;
use super::episode;
use super::health;
use super::heeding;
use super::judge::{Judge, place};
use super::outcome::{Basis, Effect, Measured, RuleName};
use super::pulse::Pulse;
use super::reading::{hold_against_rules, note};
use super::rules::{Parameters, Rule, RuleScope};
use super::settings::Settings;
use super::state::One;
use super::tank;
use super::unauthorised::look_at_use;
use super::verdict::seen;
use super::world::World;
use super::{outages, receive, zone_drop};
use crate::change::{Change, FlowTest};
use crate::quantity::Quantity;
use crate::source::{Position, Source, SourceCode};

/// Takes one change into the state.
pub fn apply(judge: &mut Judge, change: &Change, effects: &mut Vec<Effect>) {
    match change {
        Change::SourceSet { source } => set_source(judge, source, effects),
        Change::SourceRemoved { code } => remove_source(judge, code, effects),
        Change::FlowTestEntered { test } => on(
            judge,
            &test.source,
            effects,
            |one, index, world, effects| {
                one.settings.enter_test(test.clone());
                judge_test(one, index, test, world, effects);
            },
        ),
        Change::FlowTestWithdrawn { id, source } => {
            on(judge, source, effects, |one, index, world, effects| {
                one.settings.withdraw_test(id);
                judge_again(one, index, world, effects);
            });
        }
        Change::WindowEntered { window } => areas::enter_window(judge, window, effects),
        Change::PermitGranted { permit } => {
            on(
                judge,
                &permit.source,
                effects,
                |one, index, world, effects| {
                    one.settings.enter_permit(permit.clone());
                    look_at_use(one, index, false, world, effects);
                },
            );
        }
        Change::WindowEnded { id, at } | Change::PermitEnded { id, at } => {
            judge.world.areas.end_window(id);
            for code in holders(judge, id) {
                on(judge, &code, effects, |one, index, world, effects| {
                    one.settings.end(id, *at);
                    look_at_use(one, index, false, world, effects);
                });
                look_again(judge, &code, effects);
            }
        }
        Change::IncidentOpened { incident } => {
            judge
                .world
                .incidents
                .insert(incident.id.clone(), incident.clone());
            look_around(judge, incident.position, effects);
        }
        Change::IncidentEnded { id, .. } => {
            if let Some(incident) = judge.world.incidents.remove(id) {
                heeding::look_at_attached(judge, id, effects);
                look_around(judge, incident.position, effects);
            }
        }
        Change::RulesSet { scope, parameters } => {
            set_rules(judge, scope, parameters.clone(), effects);
        }
        Change::InspectionEntered { inspection } => {
            on(judge, &inspection.source, effects, |one, _, _, _| {
                one.settings.enter_inspection(inspection.clone());
            });
        }
        Change::InspectionWithdrawn { id, source } => {
            on(judge, source, effects, |one, _, _, _| {
                one.settings.withdraw_inspection(id);
            });
        }
        Change::EpisodeHandled { episode, act, .. } => heeding::hear(judge, episode, act, effects),
        Change::SilenceEntered { silence } => heeding::silence(judge, silence, effects),
        Change::SilenceEnded { id, .. } => heeding::end_silence(judge, id, effects),
        Change::ZoneSupplySet { zone, schedule, .. } => {
            areas::set_supply(judge, zone, schedule.as_ref(), effects);
        }
        Change::ReceiverSilent { since, at } => receive::silent(judge, *since, *at, effects),
        Change::DeviceAnswered {
            source,
            ok: true,
            set,
            ..
        } if set.keys().any(|name| name.starts_with("calibration_")) => {
            recalibrate(judge, source, effects);
        }
        // Taken alerts are a matter of telling, work and rounds one of doing; not of judging.
        Change::AccessChanged { .. }
        | Change::EpisodeAcknowledged { .. }
        | Change::TeamSet { .. }
        | Change::TeamRemoved { .. }
        | Change::RouteSet { .. }
        | Change::RouteRemoved { .. }
        | Change::WorkDone { .. }
        | Change::RoundPlanned { .. }
        | Change::RoundEnded { .. }
        | Change::DeviceConfigured { .. }
        | Change::DeviceAnswered { .. }
        | Change::DeviceReplaced { .. }
        | Change::UnitsImported { .. }
        | Change::UnitsWithdrawn { .. }
        | Change::TargetSet { .. } => {}
    }
}

/// A sensor's readings are others from now on: nothing that was learned of those before holds.
fn recalibrate(judge: &mut Judge, source: &SourceCode, effects: &mut Vec<Effect>) {
    on(judge, source, effects, |one, index, world, effects| {
        one.state.band.clear();
        one.state.take_suspects();
        one.state.normal = None;
        one.state.baseline = None;
        one.state.down_since = None;
        health::start_anew(one, index, world, effects);
    });
}

/// Rules changed: every source they hold for is judged again by its newest readings. Parameters that
/// do not fit were refused where they were entered; here they change nothing.
fn set_rules(
    judge: &mut Judge,
    scope: &RuleScope,
    parameters: Parameters,
    effects: &mut Vec<Effect>,
) {
    if judge.world.rules.put(scope.clone(), parameters).is_err() {
        return;
    }
    for index in 0..judge.ones.len() as u32 {
        let source = judge.ones[index as usize]
            .as_deref()
            .map(|one| &one.settings.source);
        let concerned = source.is_some_and(|source| match scope {
            RuleScope::All => true,
            RuleScope::Kind(kind) => source.kind_name() == *kind,
            RuleScope::Source(code) => source.code == *code,
        });
        if concerned {
            judge.with_one(index, effects, |one, world, effects| {
                judge_again(one, index, world, effects);
            });
        }
    }
}

/// Works on the source of that code, if there is one, and remembers that people set something.
pub fn on(
    judge: &mut Judge,
    code: &str,
    effects: &mut Vec<Effect>,
    work: impl FnOnce(&mut One, u32, &World, &mut Vec<Effect>),
) {
    let Some(index) = judge.index_of(code) else {
        return;
    };
    judge.with_one(index, effects, |one, world, effects| {
        one.settings_dirty = true;
        work(one, index, world, effects);
    });
}

pub fn look_again(judge: &mut Judge, code: &str, effects: &mut Vec<Effect>) {
    if let Some(index) = judge.index_of(code) {
        judge.look_at_pages(index, effects);
    }
}

fn holders(judge: &Judge, id: &str) -> Vec<SourceCode> {
    let holds = |one: &&One| {
        let settings = &one.settings;
        settings.windows().iter().any(|w| w.id == id)
            || settings.permits().iter().any(|p| p.id == id)
    };
    let ones = judge
        .ones
        .iter()
        .filter_map(|one| one.as_deref())
        .filter(holds);
    ones.map(|one| one.settings.source.code.clone()).collect()
}

/// A fire begins or ends: within its reach uses and waiting pages are looked at again, and what is
/// dry at an hour at which no water is owed is told while it burns.
fn look_around(judge: &mut Judge, position: Position, effects: &mut Vec<Effect>) {
    let reach_m = judge.world.rules.shared().common.incident_reach_m;
    let near: Vec<u32> = (0..judge.ones.len() as u32)
        .filter(|index| {
            let one = judge
                .ones
                .get(*index as usize)
                .and_then(|one| one.as_deref());
            one.is_some_and(|one| {
                !one.state.conditions.is_empty()
                    && one.settings.source.position.distance_m(&position) <= reach_m
            })
        })
        .collect();
    let mut near = near;
    near.sort_unstable();
    for index in near {
        judge.with_one(index, effects, |one, world, effects| {
            look_at_use(one, index, false, world, effects);
            let dry = one.state.condition(RuleName::LowStatic);
            if dry.is_some_and(|c| !c.is_open() && c.is_critical(one.settings.on_change())) {
                judge_again(one, index, world, effects);
            }
        });
        judge.look_at_pages(index, effects);
    }
    zone_drop::look_at_fire(judge, effects);
    heeding::look_at_groups(judge, effects);
}

fn set_source(judge: &mut Judge, source: &Source, effects: &mut Vec<Effect>) {
    let now = judge.world.clocks.now();
    let mut source = source.clone();
    judge.world.commons.share(&mut source);
    let shared = Arc::new(source);
    let source = &*shared;
    let known = judge.index_of(&source.code);
    let is_new = known.is_none();
    let index = match known {
        Some(index) => index,
        None => {
            let settings = Settings::new(shared.clone());
            let one = One::new(settings, now.wall, now.listening_ms);
            let index = judge.ones.len() as u32;
            judge.ones.push(Some(Box::new(one)));
            judge.enter_code(&source.code, index);
            let zone = source.zone.as_ref();
            judge.world.places.insert(index, zone, source.position);
            index
        }
    };
    move_place(judge, index, source);
    if let Some(device) = &source.device {
        judge.enter_device(device, index);
    }
    on(
        judge,
        &source.code,
        effects,
        |one, index, world, effects| {
            let before = std::mem::replace(&mut one.settings.source, shared.clone());
            if before.device != source.device {
                start_anew(one, world.clocks.now(), effects);
            }
            if before.device != source.device || before.kind != source.kind {
                one.state.band.clear();
                one.state.take_suspects();
                one.state.normal = None;
                one.state.baseline = None;
                one.state.down_since = None;
            }
            if before.device != source.device {
                one.state.battery = None;
                if let Some(tank) = &mut one.state.tank {
                    tank.forget_sensor();
                }
            }
            let sensor = (&before.device, &before.kind, &before.sensor);
            if sensor != (&source.device, &source.kind, &source.sensor) {
                health::start_anew(one, index, world, effects);
            }
            if (&before.zone, &before.unit) != (&source.zone, &source.unit) || is_new {
                world.areas.settle(&mut one.settings);
            }
            if *before != *source {
                judge_again(one, index, world, effects);
            }
        },
    );
}

/// Where `source` stands and which device speaks for it may be others than before.
fn move_place(judge: &mut Judge, index: u32, source: &Source) {
    forget_device(judge, index);
    let Some(one) = judge.ones[index as usize].as_deref() else {
        return;
    };
    let (zone, position) = place(one);
    if zone != source.zone || position != source.position {
        judge
            .world
            .enter_pulse(index, zone.as_ref(), Pulse::default());
        let places = &mut judge.world.places;
        places.remove(index, zone.as_ref(), position);
        places.insert(index, source.zone.as_ref(), source.position);
    }
}

/// Its device speaks for it no more; unless another source has that device by now.
fn forget_device(judge: &mut Judge, index: u32) {
    let one = judge.ones[index as usize].as_deref();
    let device = one.and_then(|one| one.settings.source.device.clone());
    if let Some(device) = device {
        judge.by_device.remove(&device, index);
    }
}

fn remove_source(judge: &mut Judge, code: &SourceCode, effects: &mut Vec<Effect>) {
    let Some(index) = judge.index_of(code) else {
        return;
    };
    let now = judge.world.clocks.now();
    judge.with_one(index, effects, |one, _, effects| {
        for condition in &mut one.state.conditions {
            episode::clear(condition, now, effects);
        }
    });
    judge.by_code.remove(code, index);
    forget_device(judge, index);
    judge.world.using.remove(index);
    if let Some(one) = judge.ones[index as usize].take() {
        let (zone, position) = place(&one);
        judge
            .world
            .enter_pulse(index, zone.as_ref(), Pulse::default());
        let outages = &mut judge.world.outages;
        outages.speaks_through(index, one.state.via.as_ref(), None);
        judge.world.places.remove(index, zone.as_ref(), position);
        if let Some(at) = one.deadline_ms {
            judge.deadlines.remove(&(at, index));
        }
        if let Some(at) = one.silence_ms {
            judge.silences.remove(&(at, index));
        }
    }
    judge.gone.push(code.clone());
    outages::look_after(judge, index, effects);
    zone_drop::look_at_stirred(judge, effects);
}

/// What is owed changed: the newest readings are held against it, as if they came now.
pub fn judge_again(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let table = world.rules.of(&one.settings.source).table();
    let newest = one.state.last();
    for place in 0..one.state.conditions.len() {
        let rule = one.state.conditions[place].rule;
        let applies = one.settings.is_in_service()
            && table.iter().find(|r| r.name() == rule).is_none_or(|r| {
                let seen = seen(one, &newest, world.rules.of(&one.settings.source), now.wall);
                r.assess(&seen) != super::rules::Assessment::Silent
            });
        if !applies {
            episode::clear(&mut one.state.conditions[place], now, effects);
        }
    }
    if one.settings.is_in_service() && one.state.heard_at.is_some() && !one.state.silent {
        let coming = Coming {
            at: newest.at,
            current: true,
            on_change: one.settings.on_change(),
            settle_ms: 0,
        };
        hold_against_rules(one, index, &newest, coming, world, effects);
    }
    tank::judge_again(one, index, world, effects);
}

/// A test speaks at once: what it measured, not what today's pressure would make of it.
fn judge_test(
    one: &mut One,
    index: u32,
    test: &FlowTest,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let now = world.clocks.now();
    let newest_is_this = one
        .settings
        .newest_test()
        .is_some_and(|(newest, _)| newest.id == test.id);
    let Some(point) = one.settings.newest_test().map(|(_, point)| point) else {
        return;
    };
    if !newest_is_this
        || !one.settings.is_in_service()
        || !point.still_valid(test.at, now.wall, None)
    {
        return;
    }
    let requirement = *one.settings.source.requirement;
    let target_kpa = requirement.pressure_kpa.unwrap_or(
        world
            .rules
            .of(&one.settings.source)
            .common
            .target_residual_kpa,
    );
    let Ok(available) = point.available_flow_lps(target_kpa) else {
        return;
    };
    let rule = &world.rules.of(&one.settings.source).flow_deficit;
    let newest = one.state.last();
    let (said, timing) = {
        let mut seen = seen(one, &newest, world.rules.of(&one.settings.source), now.wall);
        seen.rated_flow = Some(Measured {
            basis: Basis::FlowTest,
            quantity: Quantity::AvailableFlowLps,
            value: available.flow_lps,
            limit: requirement.flow_lps,
            margin: requirement
                .flow_lps
                .map(|required| available.flow_lps - required),
            at: test.at,
        });
        (rule.assess(&seen), rule.timing(&seen))
    };
    let coming = Coming {
        at: now.wall,
        current: true,
        on_change: one.settings.on_change(),
        settle_ms: 0,
    };
    note(
        one,
        index,
        RuleName::FlowDeficit,
        said,
        timing,
        coming,
        world,
        effects,
    );
}
