//! Alert episodes: what a turn of a condition makes of its alert.

use super::baseline::local_hour;
use super::condition::{Condition, Moment, Turn};
use super::heeding::{ends_at, lapse, note_silence, owes_another};
use super::outcome::{
    Detail, Effect, EpisodeEvent, EpisodeId, EpisodeState, Evidence, Mute, RuleName, Severity,
    Subject,
};
use super::paging::{incident_of, is_doubtful, mute, mute_again, stays_as_order, tells_command};
use super::state::One;
use super::world::World;
use crate::time::Timestamp;

/// The severity from which alerts page.
const PAGES_FROM: Severity = Severity::Major;

/// The severity a rule's alert has before two samples beyond its critical limit raise it.
pub fn base_severity(rule: RuleName) -> Severity {
    match rule {
        RuleName::LowResidual | RuleName::ZoneDrop => Severity::Critical,
        RuleName::LowStatic
        | RuleName::TankLow
        | RuleName::FlowDeficit
        | RuleName::DrawLow
        | RuleName::Stale
        | RuleName::RefillLate
        | RuleName::UnauthorisedUse => Severity::Major,
        RuleName::HighPressure
        | RuleName::TankLeak
        | RuleName::Flatline
        | RuleName::Drift
        | RuleName::Device
        | RuleName::Clock => Severity::Minor,
        RuleName::InUse | RuleName::Spike | RuleName::TankDrawoff | RuleName::Replay => {
            Severity::Info
        }
    }
}

/// What an alert is raised with.
#[derive(Debug)]
pub struct Grounds {
    /// When the condition began.
    pub began_at: Timestamp,
    /// How bad it is.
    pub severity: Severity,
    /// The numbers.
    pub evidence: Evidence,
    /// What exactly, where the rule knows several kinds.
    pub detail: Option<Detail>,
    /// How far the device's clock is off, s, where it is about that.
    pub clock_off_s: Option<i64>,
}

/// Carries out a turn of the condition at `place` among the source's conditions.
pub fn turn(
    one: &mut One,
    index: u32,
    place: usize,
    turn: Turn,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let now = world.clocks.now();
    let reopen_ms = i64::from(world.rules.of(&one.settings.source).common.reopen_within_s) * 1_000;
    let condition = &one.state.conditions[place];
    match turn {
        Turn::Raise => {
            let Some(run) = &condition.run else { return };
            let severity =
                condition.severity(base_severity(condition.rule), one.settings.on_change());
            let evidence = Evidence {
                measured: vec![run.measured],
            };
            raise(
                one,
                index,
                place,
                Grounds {
                    began_at: run.since,
                    severity,
                    evidence,
                    detail: None,
                    clock_off_s: None,
                },
                world,
                effects,
            );
        }
        Turn::Severity => {
            let severity =
                condition.severity(base_severity(condition.rule), one.settings.on_change());
            let measured = condition.run.as_ref().map(|run| run.measured);
            let Some(episode) = &mut one.state.conditions[place].episode else {
                return;
            };
            // One that was less for long, and is critical again, is news.
            let eased_ms = episode
                .severity_since
                .map(|since| now.journal.since_ms(since));
            let anew = severity == Severity::Critical && eased_ms.is_some_and(|ms| ms > reopen_ms);
            if anew && episode.pages {
                episode.heed(|heeded| heeded.page_again = true);
            }
            episode.severity = severity;
            episode.severity_since = Some(now.journal);
            if severity > episode.highest {
                episode.highest = severity;
                episode.evidence.measured.splice(0..0, measured);
                episode.evidence.measured.truncate(4);
            }
            tell(
                &one.state.conditions[place],
                now,
                EpisodeEvent::Changed,
                effects,
            );
            look_at_page(one, index, place, false, world, effects);
        }
        Turn::Clear if stays_as_order(one, condition, world, now) => {}
        Turn::Clear => clear(&mut one.state.conditions[place], now, effects),
    }
}

/// Raises an alert, or re-opens the one that cleared within the last hour.
pub fn raise(
    one: &mut One,
    index: u32,
    place: usize,
    grounds: Grounds,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let now = world.clocks.now();
    let reopen_ms = i64::from(world.rules.of(&one.settings.source).common.reopen_within_s) * 1_000;
    let code = one.settings.source.code.clone();
    let condition = &mut one.state.conditions[place];
    let again = condition.episode.take().filter(|episode| {
        episode
            .cleared_at
            .is_some_and(|cleared| now.journal.since_ms(cleared) <= reopen_ms)
    });
    let (event, episode) = match again {
        Some(mut episode) => {
            episode.cleared_at = None;
            episode.reopened = episode.reopened.saturating_add(1);
            let paged = episode.pages;
            episode.heed(|heeded| heeded.page_again = paged);
            episode.severity_since = None;
            episode.severity = grounds.severity;
            episode.highest = episode.highest.max(grounds.severity);
            episode.evidence = grounds.evidence;
            episode.detail = grounds.detail;
            episode.clock_off_s = grounds.clock_off_s;
            (EpisodeEvent::Reopened, episode)
        }
        None => {
            condition.n += 1;
            let rule = condition.rule;
            let episode = EpisodeState {
                id: EpisodeId {
                    subject: Subject::Source(code),
                    rule,
                    n: condition.n,
                },
                severity: grounds.severity,
                highest: grounds.severity,
                began_at: grounds.began_at,
                raised_at: now.journal,
                cleared_at: None,
                reopened: 0,
                pages: false,
                muted_by: None,
                tells_command: false,
                evidence: grounds.evidence,
                detail: grounds.detail,
                clock_off_s: grounds.clock_off_s,
                incident: None,
                members: Vec::new(),
                paged: 0,
                paged_as: None,
                severity_since: None,
                low_hours: 0,
                heeded: None,
            };
            (EpisodeEvent::Raised, Box::new(episode))
        }
    };
    condition.episode = Some(episode);
    decide_page(one, index, place, world);
    tell(&one.state.conditions[place], now, event, effects);
}

/// Ends an alert, if it stands.
pub fn clear(condition: &mut Condition, now: Moment, effects: &mut Vec<Effect>) {
    condition.page_check_ms = None;
    condition.forget_run();
    if let Some(episode) = condition
        .episode
        .as_mut()
        .filter(|e| e.cleared_at.is_none())
    {
        episode.cleared_at = Some(now.journal);
        episode.heed(|heeded| {
            heeded.resolution = None;
            heeded.page_again = false;
        });
        tell(condition, now, EpisodeEvent::Cleared, effects);
    }
}

/// Holds a rule's alert to what was told of it: see [`super::Judge::hold_to`].
pub fn hold_to(
    one: &mut One,
    rule: RuleName,
    told: Option<EpisodeState>,
    now: Moment,
    effects: &mut Vec<Effect>,
) {
    let place = one.state.conditions.iter().position(|c| c.rule == rule);
    match (place, told) {
        (None, None) => {}
        (None, Some(told)) => {
            let mut condition = Condition::new(rule);
            condition.n = told.id.n;
            condition.episode = Some(Box::new(told));
            one.state.conditions.push(condition);
        }
        (Some(place), Some(told)) => {
            let condition = &mut one.state.conditions[place];
            condition.n = told.id.n;
            condition.episode = Some(Box::new(told));
        }
        (Some(place), None) => {
            let condition = &one.state.conditions[place];
            if condition.is_open() {
                tell(condition, now, EpisodeEvent::Raised, effects);
            }
        }
    }
}

/// Looks again at whether a standing alert that has not paged does so now, and whether command is
/// to be told. `news`: a current reading says that the condition still holds; without one, an alert
/// known only from old data stays quiet.
pub fn look_at_page(
    one: &mut One,
    index: u32,
    place: usize,
    news: bool,
    world: &World,
    effects: &mut Vec<Effect>,
) {
    let condition = &one.state.conditions[place];
    let Some(before) = condition
        .episode
        .as_ref()
        .filter(|e| e.cleared_at.is_none())
    else {
        return;
    };
    // Silence that goes on after history is over is news by itself.
    let silent = condition.rule == RuleName::Stale
        && one.state.silent
        && !world.clocks.history
        && condition
            .page_check_ms
            .is_some_and(|at| at <= world.clocks.now().steady_ms);
    if before.muted_by == Some(Mute::LateData) && !news && !silent {
        // It was heard, if not enough to end it: should it fall silent again, that is seen then.
        let now_ms = world.clocks.now().steady_ms;
        let stale = &world.rules.of(&one.settings.source).stale;
        let again_ms = now_ms
            + stale
                .verdict_after_ms(one.settings.source.interval_ms())
                .max(1_000);
        let condition = &mut one.state.conditions[place];
        condition.page_check_ms = condition
            .page_check_ms
            .map(|at| if at <= now_ms { again_ms } else { at });
        return;
    }
    let (paged, muted_by, told) = (before.paged, before.muted_by, before.tells_command);
    let (incident, silenced) = (before.incident.clone(), before.silenced_until());
    let lapsed = settle_page(one, index, place, world);
    let condition = &one.state.conditions[place];
    let Some(after) = &condition.episode else {
        return;
    };
    let changed = after.muted_by != muted_by
        || after.tells_command != told
        || after.incident != incident
        || after.silenced_until() != silenced;
    let what = match (lapsed, after.paged > paged) {
        (true, _) => EpisodeEvent::Reopened,
        (false, true) => EpisodeEvent::Paged,
        (false, false) if changed => EpisodeEvent::Changed,
        (false, false) => return,
    };
    tell(condition, world.clocks.now(), what, effects);
}

/// Takes note of what people did about a standing alert, and decides whether it pages. Whether a
/// resolution by hand is over, so that the alert is open again.
pub fn settle_page(one: &mut One, index: u32, place: usize, world: &World) -> bool {
    let now = world.clocks.now().wall;
    let position = one.settings.source.position;
    let Some(episode) = &mut one.state.conditions[place].episode else {
        return false;
    };
    let heeded = episode.resolution().is_some();
    let lifted = heeded && episode.severity == Severity::Critical && world.incident_near(position);
    let lapsed = heeded && lapse(episode, lifted, now);
    decide_page(one, index, place, world);
    lapsed
}

fn decide_page(one: &mut One, index: u32, place: usize, world: &World) {
    let now = world.clocks.now();
    let doubtful = is_doubtful(one, index, &one.state.conditions[place], world);
    if let (Some(doubtful), Some(episode)) = (doubtful, &mut one.state.conditions[place].episode)
        && matches!(episode.detail, None | Some(Detail::DryOrBroken))
    {
        episode.detail = doubtful.then_some(Detail::DryOrBroken);
    }
    heed_silence(one, place, world);
    let condition = &one.state.conditions[place];
    let owed = condition
        .episode
        .as_deref()
        .is_some_and(|e| !e.pages || owes_another(e));
    let first = condition.episode.as_deref().is_some_and(|e| !e.pages);
    let muted = match (owed, first) {
        (true, true) => mute(one, index, condition, world, now),
        (true, false) => mute_again(one, index, condition, world, now),
        (false, _) => None,
    };
    let low_hours = one.state.low_hours();
    let low_hours = low_hours.filter(|_| muted.is_some_and(|m| m.by == Mute::EveryDay));
    let low_hours = low_hours.map(|hours| {
        let rule = &world.rules.of(&one.settings.source).every_day;
        hours.usually_low(rule, local_hour(now.wall))
    });
    let command = tells_command(one, condition, world, now);
    let incident = incident_of(one, index, condition, world).cloned();
    let condition = &mut one.state.conditions[place];
    condition.page_check_ms = None;
    let Some(episode) = &mut condition.episode else {
        return;
    };
    episode.tells_command |= command;
    // One that pages by itself after its incident is over belongs to it no more.
    if incident.is_some() || !episode.pages {
        episode.incident = incident;
    }
    let in_ms = |until: Timestamp| now.steady_ms + until.since_ms(now.wall).max(1);
    let held_ms = ends_at(episode).map(in_ms);
    condition.page_check_ms = held_ms;
    if episode.severity < PAGES_FROM {
        // What held a page back holds back none.
        if matches!(episode.muted_by, Some(Mute::Silence | Mute::Resolved)) {
            episode.muted_by = None;
        }
        return;
    }
    if !owed {
        return;
    }
    match muted {
        Some(muted) => episode.muted_by = Some(muted.by),
        None => episode.page(),
    }
    if episode.muted_by == Some(Mute::EveryDay) {
        episode.detail = Some(Detail::EveryDay);
        episode.low_hours = low_hours.unwrap_or(episode.low_hours);
    } else if episode.detail == Some(Detail::EveryDay) {
        episode.detail = None;
    }
    let muted_ms = muted.and_then(|m| m.until).map(in_ms);
    condition.page_check_ms = [held_ms, muted_ms].into_iter().flatten().min();
}

/// Takes note of the silence that holds for an alert; a fire within reach lifts it for criticals.
fn heed_silence(one: &mut One, place: usize, world: &World) {
    let Some(episode) = &mut one.state.conditions[place].episode else {
        return;
    };
    let source = &one.settings.source;
    let silence = world
        .silences
        .of(&episode.id, Some(source), world.clocks.now().wall);
    if silence.is_none() && episode.silenced_until().is_none() {
        return;
    }
    let lifted = episode.severity == Severity::Critical && world.incident_near(source.position);
    note_silence(episode, silence.filter(|_| !lifted));
}

/// Says that an alert is as it now is.
pub fn tell(condition: &Condition, now: Moment, what: EpisodeEvent, effects: &mut Vec<Effect>) {
    if let Some(episode) = &condition.episode {
        effects.push(Effect::Episode {
            at: now.journal,
            what,
            episode: episode.clone(),
        });
    }
}
