//! What judging heeds of what people do about alerts: silences, alerts resolved by hand, and whose
//! the water is that is drawn.
//!
//! None of it improves a verdict. A silence and a resolution hold pages back; a fire within reach
//! lifts both for criticals, and what still stands when they end pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::episode;
use super::group::{Group, Heed};
use super::judge::{Due, Judge};
use super::outcome::{
    Effect, EpisodeEvent, EpisodeId, EpisodeState, HeededResolution, HeededSilence, RuleName,
    Severity, Subject,
};
use super::state::One;
use super::unauthorised::look_at_use;
use super::world::World;
use super::{receive, zone_drop};
use crate::change::Permit;
use crate::handling::{Act, Attachment, Silence, Silenced};
use crate::source::{Source, SourceCode};
use crate::time::Timestamp;

/// What people silenced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Silences {
    by_id: BTreeMap<String, Silence>,
    /// Steady time at which the alerts of many are to be looked at, ms.
    check_ms: Option<i64>,
}

impl Silences {
    /// The silence that holds for an alert, the longest where there are several.
    pub fn of(
        &self,
        id: &EpisodeId,
        source: Option<&Source>,
        now: Timestamp,
    ) -> Option<HeededSilence> {
        // Never suppressed.
        if self.by_id.is_empty() || id.rule == RuleName::LowResidual {
            return None;
        }
        let all = self.by_id.values();
        let holding = all.filter(|silence| silence.holds(id, source, now));
        let longest = holding.max_by_key(|silence| silence.until)?;
        Some(HeededSilence {
            id: longest.id.clone(),
            until: longest.until,
        })
    }

    /// When the alerts of many are to be looked at.
    pub const fn check_ms(&self) -> Option<i64> {
        self.check_ms
    }
}

/// Somebody did something about an alert.
pub fn hear(judge: &mut Judge, episode: &str, act: &Act, effects: &mut Vec<Effect>) {
    let Some(id) = EpisodeId::parse(episode) else {
        return;
    };
    match act {
        Act::Resolved { .. } => on_alert(judge, &id, effects, resolve),
        Act::Reopened => on_alert(judge, &id, effects, |episode, _, _| {
            episode.heed(|heeded| {
                // Whoever takes it back knows of it: no page is owed.
                heeded.page_again = false;
                heeded.resolution.take().is_some()
            })
        }),
        Act::Attached { attachment } => attach(judge, &id, attachment, effects),
        Act::Unacknowledged
        | Act::Assigned { .. }
        | Act::Unassigned
        | Act::Dispatched { .. }
        | Act::OnSite
        | Act::Commented { .. }
        | Act::Closed => {}
    }
}

fn resolve(episode: &mut EpisodeState, world: &World, wait_ms: i64) -> bool {
    let now = world.clocks.now();
    let resolution = HeededResolution {
        at: now.journal,
        until: now.wall.plus_ms(wait_ms),
        severity: episode.severity,
    };
    let paged = episode.pages;
    episode.heed(|heeded| {
        heeded.resolution = Some(resolution);
        heeded.page_again = paged;
    });
    true
}

/// Works on an alert that stands, tells of it where `work` says that it changed, and looks again at
/// whether it pages.
fn on_alert(
    judge: &mut Judge,
    id: &EpisodeId,
    effects: &mut Vec<Effect>,
    work: impl FnOnce(&mut EpisodeState, &World, i64) -> bool,
) {
    let Some(code) = id.source() else {
        let wait_ms = i64::from(judge.world.rules.shared().common.resolved_wait_s) * 1_000;
        // What is about many is held by the world itself: worked on beside it.
        let Some(mut group) = group_mut(&mut judge.world, id).cloned() else {
            return;
        };
        let now = judge.world.clocks.now();
        group.change_if(id, now, effects, |episode| {
            work(episode, &judge.world, wait_ms)
        });
        if let Some(place) = group_mut(&mut judge.world, id) {
            *place = group;
        }
        look_at_groups(judge, effects);
        return;
    };
    let Some(index) = judge.index_of(code) else {
        return;
    };
    judge.with_one(index, effects, |one, world, effects| {
        let wait_s = world.rules.of(&one.settings.source).common.resolved_wait_s;
        let Some(place) = place_of(one, id) else {
            return;
        };
        let condition = &mut one.state.conditions[place];
        let Some(episode) = condition.episode.as_deref_mut() else {
            return;
        };
        if work(episode, world, i64::from(wait_s) * 1_000) {
            episode::settle_page(one, index, place, world);
            let condition = &one.state.conditions[place];
            episode::tell(
                condition,
                world.clocks.now(),
                EpisodeEvent::Changed,
                effects,
            );
        }
    });
}

/// Where among a source's conditions the alert stands.
fn place_of(one: &One, id: &EpisodeId) -> Option<usize> {
    let mut conditions = one.state.conditions.iter();
    conditions.position(|c| c.is_open() && c.episode.as_ref().is_some_and(|e| e.id == *id))
}

/// Somebody said what water is drawn for. Of a permit the source gets its own copy.
fn attach(judge: &mut Judge, id: &EpisodeId, attachment: &Attachment, effects: &mut Vec<Effect>) {
    let Some(index) = id.source().and_then(|code| judge.index_of(code)) else {
        return;
    };
    judge.with_one(index, effects, |one, world, effects| {
        let what = match attachment {
            Attachment::Incident { id } => id,
            Attachment::Permit { permit } => {
                let source = one.settings.source.code.clone();
                one.settings_dirty = true;
                one.settings.enter_permit(Permit {
                    source,
                    ..(**permit).clone()
                });
                &permit.id
            }
        };
        for condition in &mut one.state.conditions {
            let of_use = matches!(condition.rule, RuleName::InUse | RuleName::UnauthorisedUse);
            if !(of_use && condition.is_open()) {
                continue;
            }
            if let Some(episode) = condition.episode.as_deref_mut() {
                episode.heed(|heeded| heeded.attached = Some(what.clone()));
            }
            episode::tell(
                condition,
                world.clocks.now(),
                EpisodeEvent::Changed,
                effects,
            );
        }
        look_at_use(one, index, false, world, effects);
    });
}

/// Whether people said that what is drawn is for an incident that is still open.
pub fn is_answered(one: &One, world: &World) -> bool {
    let using = one.state.condition(RuleName::InUse);
    let attached = using.and_then(|c| c.episode.as_deref()?.attached());
    attached.is_some_and(|id| world.incidents.contains_key(id))
}

/// An incident is over: water that is still drawn for it is somebody else's.
pub fn look_at_attached(judge: &mut Judge, incident: &str, effects: &mut Vec<Effect>) {
    let attached = |one: &One| {
        let using = one.state.condition(RuleName::InUse);
        using.is_some_and(|c| {
            c.episode.as_deref().and_then(EpisodeState::attached) == Some(incident)
        })
    };
    let ones = judge.ones.iter().enumerate();
    let found = ones.filter(|(_, one)| one.as_deref().is_some_and(attached));
    let found: Vec<u32> = found.map(|(index, _)| index as u32).collect();
    for index in found {
        judge.with_one(index, effects, |one, world, effects| {
            look_at_use(one, index, false, world, effects);
        });
    }
}

/// Somebody wants no pages for a while.
pub fn silence(judge: &mut Judge, silence: &Silence, effects: &mut Vec<Effect>) {
    let now = judge.world.clocks.now().wall;
    let silences = &mut judge.world.silences.by_id;
    silences.retain(|_, silence| silence.until > now);
    silences.insert(silence.id.clone(), silence.clone());
    look_at_silenced(judge, &silence.over, effects);
}

/// A silence was ended before its time: what it held back pages, if it still stands.
pub fn end_silence(judge: &mut Judge, id: &str, effects: &mut Vec<Effect>) {
    if let Some(silence) = judge.world.silences.by_id.remove(id) {
        look_at_silenced(judge, &silence.over, effects);
    }
}

fn look_at_silenced(judge: &mut Judge, over: &Silenced, effects: &mut Vec<Effect>) {
    let one_source = |code: &SourceCode| judge.index_of(code).into_iter().collect();
    let all = |wanted: &dyn Fn(&Source) -> bool| {
        let ones = judge.ones.iter().enumerate();
        let ones = ones.filter_map(|(index, one)| Some((index as u32, one.as_deref()?)));
        let alerted = ones
            .filter(|(_, one)| !one.state.conditions.is_empty() && wanted(&one.settings.source));
        alerted.map(|(index, _)| index).collect()
    };
    let indexes: Vec<u32> = match over {
        Silenced::Alert(id) => match EpisodeId::parse(id).map(|id| id.subject) {
            Some(Subject::Source(code)) => one_source(&code),
            _ => Vec::new(),
        },
        Silenced::Source(code) => one_source(code),
        Silenced::Zone(zone) => all(&|source| source.zone.as_ref() == Some(zone)),
        Silenced::Unit(unit) => all(&|source| source.unit.as_deref() == Some(&**unit)),
    };
    for index in indexes {
        judge.look_at_pages(index, effects);
    }
    look_at_groups(judge, effects);
}

/// The alert of many that has this id, or had.
fn group_mut<'a>(world: &'a mut World, id: &EpisodeId) -> Option<&'a mut Group> {
    match (&id.subject, id.rule) {
        (Subject::Zone(name), RuleName::ZoneDrop) => {
            world.zones.get_mut(name).map(|zone| &mut zone.group)
        }
        (subject @ (Subject::Gateway(_) | Subject::Zone(_)), RuleName::Stale) => {
            world.outages.group_mut(subject)
        }
        (Subject::Part(name), RuleName::Stale) if **name == *receive::PART => {
            Some(world.receiving.group_mut())
        }
        _ => None,
    }
}

/// Looks again at whether the alerts of many page: a silence, a resolution or a fire began or ended.
pub fn look_at_groups(judge: &mut Judge, effects: &mut Vec<Effect>) {
    let (now, history) = (judge.world.clocks.now(), judge.world.clocks.history);
    for id in standing_groups(&judge.world) {
        let lifted = match &id.subject {
            Subject::Zone(name) if id.rule == RuleName::ZoneDrop => {
                zone_drop::fire_near_zone(judge, name)
            }
            _ => false,
        };
        let silence = judge.world.silences.of(&id, None, now.wall);
        let heed = Heed { silence, lifted };
        if let Some(group) = group_mut(&mut judge.world, &id) {
            group.look(heed, history, now, effects);
        }
    }
    enter_deadline(judge);
}

fn standing_groups(world: &World) -> Vec<EpisodeId> {
    let zones = world.zones.groups();
    let groups = zones.chain(world.outages.groups());
    let groups = groups.chain([world.receiving.group()]);
    let standing = groups.filter_map(|group| group.standing());
    standing.map(|episode| episode.id.clone()).collect()
}

/// Enters when the alerts of many are to be looked at next: as the first silence or resolution that
/// holds for one of them ends.
pub fn enter_deadline(judge: &mut Judge) {
    let now = judge.world.clocks.now();
    let world = &judge.world;
    let groups = world.zones.groups().chain(world.outages.groups());
    let groups = groups.chain([world.receiving.group()]);
    let ends = groups.filter_map(|group| ends_at(group.standing()?));
    let next = ends.min();
    let next_ms = next.map(|at| now.steady_ms + at.since_ms(now.wall).max(1));
    let before = std::mem::replace(&mut judge.world.silences.check_ms, next_ms);
    if before != next_ms {
        if let Some(at) = before {
            judge.group_deadlines.remove(&(at, Due::Heeded));
        }
        judge
            .group_deadlines
            .extend(next_ms.map(|at| (at, Due::Heeded)));
    }
}

/// When the first of what holds an alert back ends.
pub fn ends_at(episode: &EpisodeState) -> Option<Timestamp> {
    let resolution = episode.resolution().map(|r| r.until);
    [episode.silenced_until(), resolution]
        .into_iter()
        .flatten()
        .min()
}

/// A silence or a resolution ended.
pub fn look_at_due(judge: &mut Judge, effects: &mut Vec<Effect>) {
    if let Some(at) = judge.world.silences.check_ms.take() {
        judge.group_deadlines.remove(&(at, Due::Heeded));
    }
    look_at_groups(judge, effects);
}

/// A resolution by hand is over: its time has passed, or it is worse than it was, or a fire lifts
/// it. The alert is open again.
pub fn lapse(episode: &mut EpisodeState, lifted: bool, now: Timestamp) -> bool {
    let Some(resolution) = episode.resolution() else {
        return false;
    };
    let worse = episode.severity > resolution.severity;
    if now < resolution.until && !worse && !lifted {
        return false;
    }
    let paged = episode.pages;
    episode.heed(|heeded| {
        heeded.resolution = None;
        heeded.page_again = paged;
    });
    episode.reopened = episode.reopened.saturating_add(1);
    true
}

/// Takes note of the silence that holds, or none. One that begins makes a page owed when it ends.
pub fn note_silence(episode: &mut EpisodeState, silence: Option<HeededSilence>) {
    let paged = episode.pages;
    episode.heed(|heeded| {
        heeded.page_again |= paged && heeded.silence.is_none() && silence.is_some();
        heeded.silence = silence;
    });
}

/// Whether a page is owed though it has paged before: silenced or resolved meanwhile, or critical
/// now and not then.
pub fn owes_another(episode: &EpisodeState) -> bool {
    let paged_as = episode.paged_as.unwrap_or(episode.highest);
    let worse = episode.severity == Severity::Critical && paged_as < Severity::Critical;
    worse
        || episode
            .heeded
            .as_ref()
            .is_some_and(|heeded| heeded.page_again)
}
