//! ZONE_DROP at work: a drop begins, grows, dwells, becomes an incident with its members, and ends.
//!
//! From the moment it holds, its members' own pages wait for its dwell; then they join the incident
//! and do not page beside it; one still low when it ends pages alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::group::Opening;
use super::heeding;
use super::judge::{Due, Judge};
use super::outcome::{
    Basis, Effect, EpisodeState, Evidence, Measured, RuleName, Severity, Subject,
};
use super::zones::{Drop, Zone};
use crate::quantity::Quantity;
use crate::source::{Kind, Source, SourceCode};
use crate::time::Timestamp;

/// Numbers shown of an incident: those of its deepest members.
const SHOWN: usize = 4;

/// Looks at what changed in zones since the last time.
pub fn look_at_stirred(judge: &mut Judge, effects: &mut Vec<Effect>) {
    while let Some((name, index)) = judge.world.zones.take_stirred() {
        let dropping = judge.world.zones.get(&name).and_then(Zone::drop).is_some();
        if dropping {
            grow(judge, &name, index, effects);
            weigh(judge, &name, effects);
        } else {
            begin(judge, &name, index, effects);
        }
    }
}

/// What falls due at a zone: the end of a dwell, or of the time for which it had to be well.
pub fn look_at_due(judge: &mut Judge, name: &Arc<str>, effects: &mut Vec<Effect>) {
    let steady_ms = judge.world.clocks.now().steady_ms;
    let drop = judge.world.zones.get(name).and_then(Zone::drop);
    let is_due = |at: Option<i64>| at.is_some_and(|at| at <= steady_ms);
    let Some((dwelt, cleared)) = drop.map(|d| (is_due(d.dwell_ms), is_due(d.clear_ms))) else {
        return;
    };
    if dwelt {
        raise(judge, name, effects);
    } else if cleared {
        end(judge, name, effects);
    }
}

/// Those down around `since`: the zone's, or of a cluster around `index`. `None`: not enough.
fn together(judge: &Judge, name: &Arc<str>, index: u32) -> Option<(bool, BTreeSet<u32>)> {
    let world = &judge.world;
    let rule = &world.rules.shared().zone_drop;
    let zone = world.zones.get(name)?;
    let pulse = world.pulses.get(index as usize)?;
    let since = pulse.down.filter(|_| pulse.counts())?;
    let within_ms = i64::from(rule.within_s) * 1_000;
    let between = |from: Timestamp, to: Timestamp| -> BTreeSet<u32> {
        let downs = zone.down.range((from, 0)..=(to, u32::MAX));
        downs.map(|(_, index)| *index).collect()
    };
    let before = between(since.plus_ms(-within_ms), since);
    let after = between(since, since.plus_ms(within_ms));
    let down = if before.len() >= after.len() {
        before
    } else {
        after
    };
    if down.len() < usize::from(rule.min_sources) {
        return None;
    }
    if rule.holds(down.len(), zone.reporting) {
        return Some((true, down));
    }
    let position = source(judge, index)?.position;
    let near: Vec<u32> = world
        .places
        .within(Some(name), position, rule.near_m)
        .collect();
    let counts = |other: &&u32| {
        let pulse = world.pulses.get(**other as usize);
        pulse.is_some_and(super::pulse::Pulse::counts)
    };
    let reporting = near.iter().filter(counts).count();
    let down: BTreeSet<u32> = near
        .into_iter()
        .filter(|other| down.contains(other))
        .collect();
    rule.holds(down.len(), reporting).then_some((false, down))
}

fn source(judge: &Judge, index: u32) -> Option<&Arc<Source>> {
    let one = judge.ones.get(index as usize)?.as_deref()?;
    Some(&one.settings.source)
}

fn begin(judge: &mut Judge, name: &Arc<str>, index: u32, effects: &mut Vec<Effect>) {
    let Some((whole, members)) = together(judge, name, index) else {
        return;
    };
    let now = judge.world.clocks.now();
    let since = |member: &u32| judge.world.pulses[*member as usize].down;
    let first = members.iter().filter_map(since).min().unwrap_or(now.wall);
    let last = members.iter().filter_map(since).max().unwrap_or(now.wall);
    // Dwell runs on reading time, never later than receipt.
    let over = last.min(now.wall).plus_ms(dwell_ms(judge, &members));
    let drop = Drop {
        whole,
        first,
        members,
        dwell_ms: Some(now.steady_ms + over.since_ms(now.wall).max(0)),
        clear_ms: None,
    };
    let members = drop.members.clone();
    set_drop(judge, name, Some(drop));
    look_at_members(judge, &members, effects);
    look_at_barrels(judge, name, None, effects);
    if over <= now.wall {
        raise(judge, name, effects);
    }
}

/// Two intervals, of the member in the middle.
fn dwell_ms(judge: &Judge, members: &BTreeSet<u32>) -> i64 {
    let interval_ms = |index: &u32| {
        let one = judge.ones.get(*index as usize)?.as_deref()?;
        Some(one.settings.fresh_interval_ms())
    };
    let mut intervals: Vec<i64> = members.iter().filter_map(interval_ms).collect();
    intervals.sort_unstable();
    let middle = intervals.get(intervals.len() / 2).copied().unwrap_or(0);
    middle * i64::from(judge.world.rules.shared().zone_drop.dwell_intervals)
}

/// A source of a zone that is dropping is down now: it joins, with those around it that drop too.
fn grow(judge: &mut Judge, name: &Arc<str>, index: u32, effects: &mut Vec<Effect>) {
    let world = &judge.world;
    let rule = &world.rules.shared().zone_drop;
    let (Some(zone), Some(pulse)) = (world.zones.get(name), world.pulses.get(index as usize))
    else {
        return;
    };
    let (Some(drop), Some(since)) = (zone.drop(), pulse.down.filter(|_| pulse.counts())) else {
        return;
    };
    let from = drop.first.plus_ms(-i64::from(rule.within_s) * 1_000);
    if drop.members.contains(&index) || since < from {
        return;
    }
    let touches = || {
        source(judge, index).is_some_and(|source| {
            let near = world
                .places
                .within(Some(name), source.position, rule.near_m);
            near.into_iter().any(|other| drop.members.contains(&other))
        })
    };
    let (mut whole, mut joining) = (drop.whole, BTreeSet::new());
    if drop.whole || touches() {
        joining.insert(index);
    } else if let Some((_, others)) = together(judge, name, index) {
        joining.extend(others);
    }
    if !whole {
        let down = zone.down.range((from, 0)..);
        let down: BTreeSet<u32> = down.map(|(_, index)| *index).collect();
        if rule.holds(down.len(), zone.reporting) {
            whole = true;
            joining.extend(down);
        }
    }
    joining.retain(|other| !drop.members.contains(other));
    if joining.is_empty() {
        return;
    }
    let mut grown = drop.clone();
    grown.whole = whole;
    grown.members.extend(&joining);
    set_drop(judge, name, Some(grown));
    let codes = codes(judge, &joining);
    let command = fire_near(judge, &joining);
    let now = judge.world.clocks.now();
    if let Some(zone) = judge.world.zones.get_mut(name) {
        zone.group.change(now, effects, |incident| {
            let added = codes.iter().filter(|code| !incident.members.contains(code));
            let added: Vec<SourceCode> = added.cloned().collect();
            let news = !added.is_empty() || (command && !incident.tells_command);
            incident.members.extend(added);
            incident.tells_command |= command;
            news
        });
    }
    look_at_members(judge, &joining, effects);
    look_at_barrels(judge, name, Some(&joining).filter(|_| !whole), effects);
}

/// How much of a drop is left: before its dwell is over it may turn out to be none; afterwards it
/// ends when it has been well for long enough. A member that fell silent is still down: silence
/// resolves nothing.
fn weigh(judge: &mut Judge, name: &Arc<str>, effects: &mut Vec<Effect>) {
    let world = &judge.world;
    let rule = &world.rules.shared().zone_drop;
    let now = world.clocks.now();
    let Some((zone, drop)) = world.zones.get(name).and_then(|z| Some((z, z.drop()?))) else {
        return;
    };
    let is_down = |member: &&u32| {
        let pulse = world.pulses.get(**member as usize);
        pulse.is_some_and(|pulse| pulse.down.is_some())
    };
    let down = drop.members.iter().filter(is_down).count();
    let base = if drop.whole {
        zone.reporting.max(down)
    } else {
        drop.members.len()
    };
    if drop.dwell_ms.is_some() {
        if !rule.holds(down, base) {
            end(judge, name, effects);
        }
        return;
    }
    let clear_ms = rule.is_over(down, base).then(|| {
        let for_ms = i64::from(rule.clear_for_s) * 1_000;
        drop.clear_ms.unwrap_or(now.steady_ms + for_ms)
    });
    if clear_ms != drop.clear_ms {
        let mut drop = drop.clone();
        drop.clear_ms = clear_ms;
        set_drop(judge, name, Some(drop));
    }
    let history = judge.world.clocks.history;
    if let Some(zone) = judge.world.zones.get_mut(name)
        && zone.group.waits()
        && !history
        && down > 0
    {
        zone.group.page(now, effects);
    }
}

fn raise(judge: &mut Judge, name: &Arc<str>, effects: &mut Vec<Effect>) {
    let Some(mut drop) = judge.world.zones.get(name).and_then(Zone::drop).cloned() else {
        return;
    };
    drop.dwell_ms = None;
    let members = drop.members.clone();
    let opening = Opening {
        subject: Subject::Zone(name.clone()),
        rule: RuleName::ZoneDrop,
        severity: Severity::Critical,
        began_at: drop.first,
        evidence: evidence(judge, &members),
        detail: None,
        members: codes(judge, &members),
        tells_command: fire_near(judge, &members),
    };
    set_drop(judge, name, Some(drop));
    let now = judge.world.clocks.now();
    let history = judge.world.clocks.history;
    let reopen_ms = i64::from(judge.world.rules.shared().common.reopen_within_s) * 1_000;
    let world = &mut judge.world;
    if let Some(zone) = world.zones.get_mut(name) {
        let silences = &world.silences;
        zone.group
            .raise(opening, reopen_ms, history, silences, now, effects);
    }
    heeding::enter_deadline(judge);
    look_at_members(judge, &members, effects);
}

fn end(judge: &mut Judge, name: &Arc<str>, effects: &mut Vec<Effect>) {
    let Some(members) = judge
        .world
        .zones
        .get(name)
        .and_then(Zone::drop)
        .map(|drop| drop.members.clone())
    else {
        return;
    };
    set_drop(judge, name, None);
    let now = judge.world.clocks.now();
    if let Some(zone) = judge.world.zones.get_mut(name) {
        zone.group.clear(now, effects);
    }
    look_at_members(judge, &members, effects);
    look_at_barrels(judge, name, None, effects);
}

/// A fire was opened: command is told of an incident that has members within its reach.
pub fn look_at_fire(judge: &mut Judge, effects: &mut Vec<Effect>) {
    let dropping = judge.world.zones.dropping();
    let dropping: Vec<_> = dropping
        .map(|(name, drop)| (name.clone(), drop.members.clone()))
        .collect();
    for (name, members) in dropping {
        let command = fire_near(judge, &members);
        let now = judge.world.clocks.now();
        if let Some(zone) = judge.world.zones.get_mut(&name) {
            zone.group.change(now, effects, |incident| {
                command && !std::mem::replace(&mut incident.tells_command, command)
            });
        }
    }
}

/// Holds a zone's alert to what was told of it: see [`Judge::hold_to`].
pub fn hold_to(
    judge: &mut Judge,
    name: &Arc<str>,
    told: Option<EpisodeState>,
    effects: &mut Vec<Effect>,
) {
    let now = judge.world.clocks.now();
    if let Some(told) = told.as_ref().filter(|told| told.cleared_at.is_none()) {
        let members = told.members.iter();
        let members = members.filter_map(|code| judge.index_of(code));
        let drop = Drop {
            whole: true,
            first: told.began_at,
            members: members.collect(),
            dwell_ms: None,
            clear_ms: None,
        };
        let members = drop.members.clone();
        set_drop(judge, name, Some(drop));
        // They are down until their own readings say otherwise.
        for index in members {
            judge.with_one(index, effects, |one, _, _| {
                one.state.down_since.get_or_insert(told.began_at);
            });
        }
    } else if told.is_some() {
        set_drop(judge, name, None);
    }
    if let Some(zone) = judge.world.zones.get_mut(name) {
        zone.group.hold_to(told, now, effects);
    }
    weigh(judge, name, effects);
}

fn set_drop(judge: &mut Judge, name: &Arc<str>, drop: Option<Drop>) {
    let [before, after] = judge.world.zones.set_drop(name, drop);
    if before != after {
        if let Some(at) = before {
            judge.group_deadlines.remove(&(at, Due::Zone(name.clone())));
        }
        if let Some(at) = after {
            judge.group_deadlines.insert((at, Due::Zone(name.clone())));
        }
    }
}

fn codes(judge: &Judge, members: &BTreeSet<u32>) -> Vec<SourceCode> {
    let code = |index: &u32| source(judge, *index).map(|source| source.code.clone());
    members.iter().filter_map(code).collect()
}

fn fire_near(judge: &Judge, members: &BTreeSet<u32>) -> bool {
    !judge.world.incidents.is_empty()
        && members.iter().any(|index| {
            source(judge, *index).is_some_and(|s| judge.world.incident_near(s.position))
        })
}

/// Whether a fire burns within reach of a member of the zone's drop.
pub fn fire_near_zone(judge: &Judge, name: &str) -> bool {
    let drop = judge.world.zones.get(name).and_then(Zone::drop);
    drop.is_some_and(|drop| fire_near(judge, &drop.members))
}

/// The numbers of the members that dropped furthest below what is usual.
fn evidence(judge: &Judge, members: &BTreeSet<u32>) -> Evidence {
    let measured = |index: &u32| {
        let one = judge.ones.get(*index as usize)?.as_deref()?;
        let newest = one.state.suspects().last().copied();
        let newest = newest.unwrap_or_else(|| one.state.last());
        let value = newest.pressure_kpa?;
        let usual = one.usual_kpa(newest.at);
        Some(Measured {
            basis: Basis::StaticPressure,
            quantity: Quantity::PressureKpa,
            value,
            limit: usual,
            margin: usual.map(|usual| value - usual),
            at: newest.at,
        })
    };
    let mut all: Vec<Measured> = members.iter().filter_map(measured).collect();
    let depth = |m: &Measured| m.margin.unwrap_or(0.0);
    all.sort_by(|a, b| depth(a).total_cmp(&depth(b)));
    all.truncate(SHOWN);
    Evidence { measured: all }
}

fn look_at_members(judge: &mut Judge, members: &BTreeSet<u32>, effects: &mut Vec<Effect>) {
    for index in members {
        judge.look_at_pages(*index, effects);
    }
}

/// What barrels say depends on whether their zone drops: all of it, or around `near`.
fn look_at_barrels(
    judge: &mut Judge,
    name: &Arc<str>,
    near: Option<&BTreeSet<u32>>,
    effects: &mut Vec<Effect>,
) {
    let near_m = judge.world.rules.shared().zone_drop.near_m;
    let places = &judge.world.places;
    let mut found: BTreeSet<u32> = BTreeSet::new();
    match near {
        None => found.extend(places.all(name)),
        Some(members) => {
            for source in members.iter().filter_map(|index| source(judge, *index)) {
                found.extend(places.within(Some(name), source.position, near_m));
            }
        }
    }
    let is_barrel = |index: &u32| {
        source(judge, *index)
            .is_some_and(|s| matches!(s.kind, Kind::Hydrant { .. }) && !s.taps_main())
    };
    let barrels: Vec<u32> = found.into_iter().filter(is_barrel).collect();
    for index in barrels {
        judge.look_at_pages(index, effects);
    }
}
