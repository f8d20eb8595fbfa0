//! Alert episodes: what a turn of a condition makes of its alert.

use super::condition::{Condition, Moment, Turn};
use super::outcome::{
    Detail, Effect, EpisodeEvent, EpisodeId, EpisodeState, Evidence, Mute, RuleName, Severity,
    Subject,
};
use super::paging::{incident_of, is_doubtful, mute, stays_as_order, tells_command};
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
            episode.severity = severity;
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
    let (paged, muted_by, told) = (before.pages, before.muted_by, before.tells_command);
    let incident = before.incident.clone();
    decide_page(one, index, place, world);
    let condition = &one.state.conditions[place];
    let Some(after) = &condition.episode else {
        return;
    };
    if after.pages && !paged {
        tell(condition, world.clocks.now(), EpisodeEvent::Paged, effects);
    } else if after.muted_by != muted_by
        || after.tells_command != told
        || after.incident != incident
    {
        tell(
            condition,
            world.clocks.now(),
            EpisodeEvent::Changed,
            effects,
        );
    }
}

fn decide_page(one: &mut One, index: u32, place: usize, world: &World) {
    let now = world.clocks.now();
    let doubtful = is_doubtful(one, index, &one.state.conditions[place], world);
    if let (Some(doubtful), Some(episode)) = (doubtful, &mut one.state.conditions[place].episode)
        && matches!(episode.detail, None | Some(Detail::DryOrBroken))
    {
        episode.detail = doubtful.then_some(Detail::DryOrBroken);
    }
    let muted = mute(one, index, &one.state.conditions[place], world, now);
    let command = tells_command(one, &one.state.conditions[place], world, now);
    let incident = incident_of(one, index, &one.state.conditions[place], world).cloned();
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
    if episode.pages || episode.severity < PAGES_FROM {
        return;
    }
    episode.pages = muted.is_none();
    episode.muted_by = muted.map(|m| m.by);
    if episode.muted_by == Some(Mute::EveryDay) {
        episode.detail = Some(Detail::EveryDay);
    } else if episode.detail == Some(Detail::EveryDay) {
        episode.detail = None;
    }
    condition.page_check_ms = muted
        .and_then(|m| m.until)
        .map(|until| now.steady_ms + until.since_ms(now.wall).max(1));
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
