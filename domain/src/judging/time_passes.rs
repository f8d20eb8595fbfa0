//! What time alone brings about: dwells that end, silence that sets in, windows and supply hours
//! that begin and end, pages that have waited long enough.

use super::condition::{Condition, Turn};
use super::device::spoke_nonsense_ms;
use super::episode::{self, Grounds, base_severity, look_at_page, turn};
use super::judge::{Due, Judge};
use super::outcome::{Effect, Evidence, RuleName, Severity};
use super::paging::waits_for_supply;
use super::reading::hold_against_residual;
use super::rules::Rules;
use super::state::One;
use super::tank;
use super::unauthorised::{look_at_use, pages_at_ms};
use super::world::World;
use super::{heeding, outages, receive, zone_drop};
use crate::time::Timestamp;

/// Lets time pass up to `journal`; what falls due on the way is carried out in its order, at its
/// own moment. What falls due at that very moment waits for the reports of it (`speaks`): one that
/// comes as a dwell or a silence ends was not late.
pub fn advance(judge: &mut Judge, journal: Timestamp, speaks: bool, effects: &mut Vec<Effect>) {
    let (mut steady_ms, mut listening_ms) = judge.world.clocks.span_to(journal);
    if judge.world.clocks.is_settling() || judge.world.clocks.is_gap(steady_ms) {
        judge.world.clocks.pass(steady_ms, listening_ms);
        return;
    }
    let listened = listening_ms > 0;
    while let Some((in_ms, due)) = next_due(judge, listened) {
        if in_ms > steady_ms || (speaks && in_ms == steady_ms) {
            break;
        }
        let heard_ms = if listened { in_ms } else { 0 };
        judge.world.clocks.pass(in_ms, heard_ms);
        steady_ms -= in_ms;
        listening_ms -= heard_ms;
        look_at(judge, &due, effects);
    }
    judge.world.clocks.pass(steady_ms, listening_ms);
}

/// Carries out what fell due while deadlines were held back.
pub fn fire_overdue(judge: &mut Judge, effects: &mut Vec<Effect>) {
    if judge.world.clocks.is_settling() {
        return;
    }
    while let Some((0, due)) = next_due(judge, true) {
        look_at(judge, &due, effects);
    }
}

/// What falls due next, and in how many milliseconds of steady time.
fn next_due(judge: &Judge, listening: bool) -> Option<(i64, Due)> {
    let now = judge.world.clocks.now();
    let deadline = judge
        .deadlines
        .first()
        .map(|(at, index)| ((at - now.steady_ms).max(0), *index));
    let silence = judge
        .silences
        .first()
        .map(|(at, index)| ((at - now.listening_ms).max(0), *index))
        .filter(|(in_ms, _)| listening || *in_ms == 0);
    let source = [deadline, silence].into_iter().flatten().min();
    let group = judge.group_deadlines.first();
    let group = group.map(|(at, due)| ((at - now.steady_ms).max(0), due));
    match (source, group) {
        (source, Some((in_ms, due))) if source.is_none_or(|(at, _)| in_ms < at) => {
            Some((in_ms, due.clone()))
        }
        (source, _) => source.map(|(in_ms, index)| (in_ms, Due::Source(index))),
    }
}

fn look_at(judge: &mut Judge, due: &Due, effects: &mut Vec<Effect>) {
    match due {
        Due::Source(index) => look_at_source(judge, *index, effects),
        Due::Receiving => receive::look_at_due(judge, effects),
        Due::Zone(name) => zone_drop::look_at_due(judge, name, effects),
        Due::Heeded => heeding::look_at_due(judge, effects),
    }
}

fn look_at_source(judge: &mut Judge, index: u32, effects: &mut Vec<Effect>) {
    let one = judge
        .ones
        .get(index as usize)
        .and_then(|one| one.as_deref());
    if one.is_some_and(|one| is_silence_due(one, &judge.world)) {
        outages::look_before_alert(judge, index, effects);
    }
    judge.with_one(index, effects, |one, world, effects| {
        one.settings.drop_ended(world.clocks.now().wall);
        end_dwells(one, index, world, effects);
        fall_silent(one, index, world, effects);
        end_unconfirmed_use(one, world, effects);
        look_at_use(one, index, false, world, effects);
        tank::pass(one, index, world, effects);
        for place in 0..one.state.conditions.len() {
            look_at_page(one, index, place, false, world, effects);
        }
    });
}

fn end_dwells(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let on_change = one.settings.on_change();
    let heard = !one.state.silent;
    for place in 0..one.state.conditions.len() {
        let outdated = is_from_before_supply(one, place, world);
        let condition = &mut one.state.conditions[place];
        if outdated {
            condition.wait_for_news(now.steady_ms);
        }
        let rule = condition.rule;
        let base = base_severity(rule);
        if let Some(what) = condition.pass(now.steady_ms, on_change, heard, base) {
            turn(one, index, place, what, world, effects);
            if rule == RuleName::InUse && what == Turn::Raise {
                hold_against_residual(one, index, world, effects);
            }
        }
    }
}

/// Whether what was low was so before supply began only: that water has not come is news that somebody
/// must bring. A device that reports on change has brought it by saying nothing, unless it says old
/// things.
fn is_from_before_supply(one: &One, place: usize, world: &World) -> bool {
    let condition = &one.state.conditions[place];
    let on_change = one.settings.on_change() && one.state.repeats().is_none();
    let Some(run) = &condition.run else {
        return false;
    };
    if on_change || !waits_for_supply(condition.rule) {
        return false;
    }
    let rules = world.rules.of(&one.settings.source);
    // It is asked at the very moment at which the grace ends.
    let grace_ms = i64::from(rules.common.supply_grace_s) * 1_000 + 1;
    let owed_from = one
        .settings
        .water_owed_from(world.clocks.now().wall, grace_ms);
    owed_from.is_some_and(|from| run.newest < from.plus_ms(-grace_ms))
}

/// When its device last said anything, if only what cannot be: listening time, ms.
fn spoke_ms(one: &One) -> i64 {
    let heard_ms = one.state.heard_listening_ms;
    spoke_nonsense_ms(one).map_or(heard_ms, |spoke_ms| spoke_ms.max(heard_ms))
}

/// Whether a source's silence alerts now. One whose device says what cannot be is not silent: DEVICE
/// tells of it.
fn is_silence_due(one: &One, world: &World) -> bool {
    let stale = &world.rules.of(&one.settings.source).stale;
    let silence_ms = world.clocks.now().listening_ms - spoke_ms(one);
    let expected = one.settings.is_in_service() && one.settings.source.device.is_some();
    let due = silence_ms >= stale.alert_after_ms(one.settings.source.interval_ms());
    expected && due && !one.state.is_open(RuleName::Stale)
}

/// Silence: first the verdict, later the alert.
fn fall_silent(one: &mut One, index: u32, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let interval_ms = one.settings.source.interval_ms();
    let stale = &world.rules.of(&one.settings.source).stale;
    let silence_ms = now.listening_ms - one.state.heard_listening_ms;
    if silence_ms >= stale.verdict_after_ms(interval_ms) {
        one.state.silent = true;
    }
    if !is_silence_due(one, world) {
        return;
    }
    one.state.heard_again = 0;
    let place = one.state.condition_place(RuleName::Stale);
    let began_at = one
        .state
        .heard_at
        .unwrap_or_else(|| now.journal.plus_ms(-silence_ms));
    let grounds = Grounds {
        began_at,
        severity: Severity::Major,
        evidence: Evidence::default(),
        detail: None,
        clock_off_s: None,
    };
    episode::raise(one, index, place, grounds, world, effects);
}

/// History is over: a source that fell silent in it gets as long as makes any source `unknown` to be
/// heard; then its silence pages.
pub fn wait_for_the_silent(judge: &mut Judge, effects: &mut Vec<Effect>) {
    for index in 0..judge.ones.len() as u32 {
        let silent = judge.ones[index as usize]
            .as_deref()
            .is_some_and(|one| one.state.is_open(RuleName::Stale));
        if !silent {
            continue;
        }
        judge.with_one(index, effects, |one, world, _| {
            let stale = &world.rules.of(&one.settings.source).stale;
            let wait_ms = stale.verdict_after_ms(one.settings.source.interval_ms());
            let until_ms = world.clocks.now().steady_ms + wait_ms;
            for condition in &mut one.state.conditions {
                if condition.rule == RuleName::Stale {
                    condition.page_check_ms = Some(until_ms);
                }
            }
        });
    }
}

/// A use that no sample has confirmed for some intervals is over.
fn end_unconfirmed_use(one: &mut One, world: &World, effects: &mut Vec<Effect>) {
    let now = world.clocks.now();
    let unconfirmed =
        use_ends_at(one, world.rules.of(&one.settings.source)).is_some_and(|at| now.wall >= at);
    if !one.state.is_drawing() || !(one.state.silent || unconfirmed) {
        return;
    }
    // What was low while it was in use stays so until data says otherwise.
    for condition in &mut one.state.conditions {
        if condition.rule == RuleName::InUse {
            episode::clear(condition, now, effects);
        }
    }
}

/// When a use that is not confirmed any more ends.
fn use_ends_at(one: &One, rules: &Rules) -> Option<Timestamp> {
    let intervals = i64::from(rules.in_use.unconfirmed_intervals);
    let seen_at = one.state.use_seen_at.filter(|_| one.state.is_drawing())?;
    Some(seen_at.plus_ms(one.settings.source.interval_ms() * intervals))
}

/// Enters when a source is to be looked at next.
pub fn enter_deadlines(judge: &mut Judge, one: &mut One, index: u32) {
    let now = judge.world.clocks.now();
    let settings = one.settings.next_change(now.wall);
    let use_ends = use_ends_at(one, judge.world.rules.of(&one.settings.source));
    let tank = tank::next_due(one, judge.world.rules.of(&one.settings.source));
    let by_wall = [settings, use_ends, tank].into_iter().flatten().min();
    let by_wall_ms = by_wall.map(|at| now.steady_ms + at.since_ms(now.wall).max(1));
    let conditions_ms = one
        .state
        .conditions
        .iter()
        .filter_map(Condition::next_deadline_ms)
        .min();
    let pages_ms = pages_at_ms(one, &judge.world);
    let deadline_ms = [by_wall_ms, conditions_ms, pages_ms]
        .into_iter()
        .flatten()
        .min();
    if deadline_ms != one.deadline_ms {
        if let Some(before) = one.deadline_ms.take() {
            judge.deadlines.remove(&(before, index));
        }
        if let Some(at) = deadline_ms {
            judge.deadlines.insert((at, index));
        }
        one.deadline_ms = deadline_ms;
    }
    enter_silence(judge, one, index, now.listening_ms);
}

/// A message moves its source's silence further off; to spare the list, it is moved there only when
/// the old entry falls due.
fn enter_silence(judge: &mut Judge, one: &mut One, index: u32, listening_ms: i64) {
    let interval_ms = one.settings.source.interval_ms();
    let stale = &judge.world.rules.of(&one.settings.source).stale;
    let verdict_ms = one.state.heard_listening_ms + stale.verdict_after_ms(interval_ms);
    let alert_ms = spoke_ms(one) + stale.alert_after_ms(interval_ms);
    let next = if !one.state.silent {
        Some(verdict_ms)
    } else if one.state.is_open(RuleName::Stale) || alert_ms <= listening_ms {
        None
    } else {
        Some(alert_ms)
    };
    let next = next.map(|at| at.max(listening_ms + 1));
    let early = |entered: i64, next: i64| entered > listening_ms && entered <= next;
    if one
        .silence_ms
        .zip(next)
        .is_some_and(|(entered, next)| early(entered, next))
    {
        return;
    }
    if let Some(before) = one.silence_ms.take() {
        judge.silences.remove(&(before, index));
    }
    if let Some(at) = next {
        judge.silences.insert((at, index));
        one.silence_ms = Some(at);
    }
}
