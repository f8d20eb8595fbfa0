//! The alert of many at once: a zone that drops, a gateway that is dead, a part of ours that fails.
//! The same turns as a source's alert, without a condition at one source behind it.

use serde::{Deserialize, Serialize};

use super::condition::Moment;
use super::heeding::{Silences, lapse, note_silence, owes_another};
use super::outcome::{
    Detail, Effect, EpisodeEvent, EpisodeId, EpisodeState, Evidence, HeededSilence, Mute, RuleName,
    Severity, Subject,
};
use crate::source::SourceCode;
use crate::time::Timestamp;

/// One subject's alerts by one rule: how many there were, and the newest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    n: u32,
    episode: Option<Box<EpisodeState>>,
}

/// What an alert is raised with.
#[derive(Debug)]
pub struct Opening {
    /// About what.
    pub subject: Subject,
    /// By which rule.
    pub rule: RuleName,
    /// How bad it is.
    pub severity: Severity,
    /// When it began.
    pub began_at: Timestamp,
    /// The numbers.
    pub evidence: Evidence,
    /// What exactly.
    pub detail: Option<Detail>,
    /// The sources in it.
    pub members: Vec<SourceCode>,
    /// Whether command is told.
    pub tells_command: bool,
}

/// What people did that an alert of many heeds.
#[derive(Debug)]
pub struct Heed {
    /// The silence that holds.
    pub silence: Option<HeededSilence>,
    /// A fire within reach lifts it, and a resolution by hand.
    pub lifted: bool,
}

impl Group {
    /// The alert that stands.
    pub fn standing(&self) -> Option<&EpisodeState> {
        let episode = self.episode.as_deref();
        episode.filter(|episode| episode.cleared_at.is_none())
    }

    /// Whether there never was an alert.
    pub const fn is_unused(&self) -> bool {
        self.n == 0
    }

    /// Raises the alert, or re-opens the one that cleared within `reopen_ms`. It pages, unless
    /// `history` is being played in or somebody silenced it and no fire lifts that.
    pub fn raise(
        &mut self,
        opening: Opening,
        reopen_ms: i64,
        history: bool,
        silences: &Silences,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let lifted = opening.tells_command;
        let again = self.episode.take().filter(|episode| {
            let cleared = episode.cleared_at;
            cleared.is_some_and(|cleared| now.journal.since_ms(cleared) <= reopen_ms)
        });
        let (event, mut episode) = match again {
            Some(mut episode) => {
                episode.cleared_at = None;
                episode.reopened = episode.reopened.saturating_add(1);
                episode.evidence = opening.evidence;
                episode.tells_command |= opening.tells_command;
                for member in opening.members {
                    if !episode.members.contains(&member) {
                        episode.members.push(member);
                    }
                }
                (EpisodeEvent::Reopened, episode)
            }
            None => {
                self.n += 1;
                let id = EpisodeId {
                    subject: opening.subject,
                    rule: opening.rule,
                    n: self.n,
                };
                let episode = EpisodeState {
                    id,
                    severity: opening.severity,
                    highest: opening.severity,
                    began_at: opening.began_at,
                    raised_at: now.journal,
                    cleared_at: None,
                    reopened: 0,
                    pages: false,
                    muted_by: None,
                    tells_command: opening.tells_command,
                    evidence: opening.evidence,
                    detail: opening.detail,
                    clock_off_s: None,
                    incident: None,
                    members: opening.members,
                    paged: 0,
                    paged_as: None,
                    severity_since: None,
                    low_hours: 0,
                    heeded: None,
                };
                (EpisodeEvent::Raised, Box::new(episode))
            }
        };
        let silence = silences.of(&episode.id, None, now.wall);
        let silence = silence.filter(|_| !lifted);
        if history {
            episode.muted_by = (!episode.pages).then_some(Mute::LateData);
        } else if silence.is_some() {
            let paged = episode.pages;
            episode.heed(|heeded| {
                heeded.silence = silence;
                heeded.page_again = paged;
            });
            episode.muted_by = Some(Mute::Silence);
        } else {
            episode.page();
        }
        self.episode = Some(episode);
        self.tell(event, now, effects);
    }

    /// Whether the alert stands and has not paged: known from history only.
    pub fn waits(&self) -> bool {
        let late = |e: &EpisodeState| !e.pages && e.muted_by == Some(Mute::LateData);
        self.standing().is_some_and(late)
    }

    /// A current reading says that what was known from history still is so.
    pub fn page(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(episode) = self.episode.as_mut().filter(|_| self.n > 0) else {
            return;
        };
        if episode.silenced_until().is_some() {
            episode.muted_by = Some(Mute::Silence);
            self.tell(EpisodeEvent::Changed, now, effects);
        } else {
            episode.page();
            self.tell(EpisodeEvent::Paged, now, effects);
        }
    }

    /// Looks again at whether the alert that stands pages, by what people did about it.
    pub fn look(&mut self, heed: Heed, history: bool, now: Moment, effects: &mut Vec<Effect>) {
        let waits = self.waits();
        let open = self.episode.as_deref_mut();
        let Some(episode) = open.filter(|e| e.cleared_at.is_none()) else {
            return;
        };
        let before = (episode.muted_by, episode.silenced_until(), episode.paged);
        let lapsed = lapse(episode, heed.lifted, now.wall);
        note_silence(episode, heed.silence.filter(|_| !heed.lifted));
        let owed = !waits && !history && (!episode.pages || owes_another(episode));
        if owed && episode.severity >= Severity::Major {
            let resolved = episode.resolution().map(|_| Mute::Resolved);
            let silenced = episode.silenced_until().map(|_| Mute::Silence);
            match resolved.or(silenced) {
                Some(mute) => episode.muted_by = Some(mute),
                None => episode.page(),
            }
        }
        let after = (episode.muted_by, episode.silenced_until(), episode.paged);
        if lapsed {
            self.tell(EpisodeEvent::Reopened, now, effects);
        } else if after.2 != before.2 {
            self.tell(EpisodeEvent::Paged, now, effects);
        } else if after != before {
            self.tell(EpisodeEvent::Changed, now, effects);
        }
    }

    /// Changes the alert of that id, if it is the one that stands, and tells of it if `work` says
    /// that it did.
    pub fn change_if(
        &mut self,
        id: &EpisodeId,
        now: Moment,
        effects: &mut Vec<Effect>,
        work: impl FnOnce(&mut EpisodeState) -> bool,
    ) {
        if self.standing().is_some_and(|episode| episode.id == *id) {
            self.change(now, effects, work);
        }
    }

    /// Changes the alert that stands, and tells of it if `work` says that it did.
    pub fn change(
        &mut self,
        now: Moment,
        effects: &mut Vec<Effect>,
        work: impl FnOnce(&mut EpisodeState) -> bool,
    ) {
        let open = self.episode.as_deref_mut();
        if open.filter(|e| e.cleared_at.is_none()).is_some_and(work) {
            self.tell(EpisodeEvent::Changed, now, effects);
        }
    }

    /// Ends the alert, if it stands.
    pub fn clear(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let open = self.episode.as_deref_mut();
        if let Some(episode) = open.filter(|e| e.cleared_at.is_none()) {
            episode.cleared_at = Some(now.journal);
            episode.heed(|heeded| {
                heeded.resolution = None;
                heeded.page_again = false;
            });
            self.tell(EpisodeEvent::Cleared, now, effects);
        }
    }

    /// Holds the alert to what was told of it: see [`super::Judge::hold_to`].
    pub fn hold_to(&mut self, told: Option<EpisodeState>, now: Moment, effects: &mut Vec<Effect>) {
        match told {
            Some(told) => {
                self.n = told.id.n;
                self.episode = Some(Box::new(told));
            }
            None if self.standing().is_some() => self.tell(EpisodeEvent::Raised, now, effects),
            None => {}
        }
    }

    fn tell(&self, what: EpisodeEvent, now: Moment, effects: &mut Vec<Effect>) {
        if let Some(episode) = &self.episode {
            effects.push(Effect::Episode {
                at: now.journal,
                what,
                episode: episode.clone(),
            });
        }
    }
}
