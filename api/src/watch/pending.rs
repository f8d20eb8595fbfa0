//! Effects on their way into the register: gathered over a stretch of the journal, committed at
//! once.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::change::ChangeNumber;
use firemain_domain::judging::{self, Effect, EpisodeId, EpisodeState, Standing};
use firemain_domain::source::SourceCode;
use firemain_store::journal::Position;
use firemain_store::register::history::VerdictRow;
use firemain_store::register::telling::NewNotice;
use firemain_store::register::{JudgedStep, NumberedChange, StreamEvent, WatchCommit};
use serde::Serialize;

use super::event::{ChangeEvent, EpisodeEvent, StandingEvent};
use super::notices;
use super::status::WatchCounts;

/// What is to be committed.
#[derive(Debug, Default)]
pub(super) struct Pending {
    standings: HashMap<SourceCode, Standing>,
    episodes: HashMap<EpisodeId, EpisodeState>,
    steps: Vec<JudgedStep>,
    notices: Vec<NewNotice>,
    events: Vec<StreamEvent>,
    verdicts: Vec<(SourceCode, VerdictRow)>,
    paging: Vec<(Timestamp, EpisodeState)>,
    taken: Vec<(ChangeNumber, Position)>,
}

impl Pending {
    /// Whether there is nothing to commit.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.taken.is_empty()
    }

    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Takes effects in their order.
    pub(super) fn take(&mut self, effects: impl Iterator<Item = Effect>, counts: &mut WatchCounts) {
        for effect in effects {
            match effect {
                Effect::Stands {
                    source,
                    at,
                    standing,
                } => {
                    counts.standings += 1;
                    self.event("standing", &StandingEvent::new(&source, at, &standing));
                    self.verdicts
                        .push((source.clone(), VerdictRow::of(&standing)));
                    self.standings.insert(source, *standing);
                }
                Effect::Episode { at, what, episode } => {
                    count(what, &episode, counts);
                    self.event("episode", &EpisodeEvent::new(what, at, &episode));
                    self.steps.push(JudgedStep {
                        episode: episode.id.to_string(),
                        at,
                        event: what,
                        severity: episode.severity,
                        pages: episode.pages,
                        muted_by: episode.muted_by,
                    });
                    if episode.pages {
                        self.paging.push((at, (*episode).clone()));
                    }
                    self.notices.extend(notices::of(at, what, &episode));
                    self.episodes.insert(episode.id.clone(), *episode);
                }
                Effect::LeftOut { why, .. } => counts.left_out.count(why),
            }
        }
    }

    /// A change took effect before the envelope at `before`.
    pub(super) fn took(&mut self, change: &NumberedChange, before: Position) {
        let NumberedChange {
            number,
            at,
            by,
            change,
        } = change;
        self.taken.push((*number, before));
        self.event("change", &ChangeEvent::new(*number, *at, by, change));
    }

    /// The commit of all this.
    pub(super) fn commit(&mut self, upto: Position) -> WatchCommit {
        let mut standings: Vec<_> = self.standings.drain().collect();
        standings.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut episodes: Vec<_> = self.episodes.drain().map(|(_, episode)| episode).collect();
        episodes.sort_by(|a, b| a.id.cmp(&b.id));
        WatchCommit {
            upto,
            standings,
            episodes,
            steps: std::mem::take(&mut self.steps),
            notices: std::mem::take(&mut self.notices),
            events: std::mem::take(&mut self.events),
            verdicts: std::mem::take(&mut self.verdicts),
            paging: std::mem::take(&mut self.paging),
            taken: std::mem::take(&mut self.taken),
        }
    }

    fn event(&mut self, kind: &str, body: &impl Serialize) {
        let body = serde_json::to_string(body).expect("plain data in memory always serialises");
        self.events.push(StreamEvent {
            id: 0,
            kind: kind.to_owned(),
            body,
        });
    }
}

fn count(what: judging::EpisodeEvent, episode: &EpisodeState, counts: &mut WatchCounts) {
    use judging::EpisodeEvent::{Changed, Cleared, Paged, Raised, Reopened};
    match what {
        Raised => {
            counts.episodes_raised += 1;
            counts.pages += u64::from(episode.pages);
        }
        Reopened => counts.episodes_reopened += 1,
        Paged => counts.pages += 1,
        Cleared => counts.episodes_cleared += 1,
        Changed => {}
    }
}
