//! How each channel is, and what is done about one that is dead: an alert of our own,
//! `firemain:channel:NAME`, that goes by another, and ends by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firemain_domain::Timestamp;
use firemain_domain::judging::{
    EpisodeEvent, EpisodeId, EpisodeState, Evidence, RuleName, Severity, Subject,
};
use firemain_domain::time::MINUTE_MS;
use firemain_store::register::telling::{NewNotice, Occasion, QueueState};
use firemain_store::register::{EpisodeFilter, RegisterError, StreamEvent};

use super::Shared;
use super::channels::{Answer, ChannelKind};

/// How often the queues are looked at, ms.
const LOOK_MS: u64 = 2_000;

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelHealth {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Whether it delivers nothing.
    pub dead: bool,
    /// Failures since the last success.
    pub failures_in_row: u32,
    /// When a receiver last took something.
    pub succeeded_at: Option<Timestamp>,
    /// When a try last failed, and why.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
    /// Messages that wait.
    pub waiting: u64,
    /// When the oldest of them was made.
    pub oldest_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
struct State {
    dead: bool,
    failures_in_row: u32,
    succeeded_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    failure: Option<String>,
    queue: QueueState,
    /// When something was first seen waiting since the last success, by the steady clock.
    waits_since_ms: Option<u64>,
    accepted: u64,
    refused: u64,
    failed: u64,
    /// An alert of an earlier run was looked for.
    known: bool,
}

/// How all channels are.
#[derive(Debug)]
pub struct Healths {
    states: Mutex<BTreeMap<String, State>>,
    looked_ms: Mutex<u64>,
}

impl Healths {
    /// Of channels of these names, nothing known yet.
    pub fn new<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        Self {
            states: Mutex::new(names.map(|name| (name.clone(), State::default())).collect()),
            looked_ms: Mutex::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A receiver answered, or did not.
    pub fn heard(&self, name: &str, answer: &Answer, now: Timestamp, steady_ms: u64) {
        let mut states = self.lock();
        let Some(state) = states.get_mut(name) else {
            return;
        };
        match answer {
            Answer::Accepted(_) => {
                state.accepted += 1;
                state.failures_in_row = 0;
                state.succeeded_at = Some(now);
                state.waits_since_ms = None;
            }
            // It speaks, if only to refuse.
            Answer::Refused(why) => {
                state.refused += 1;
                state.failures_in_row = 0;
                state.waits_since_ms = None;
                state.failed_at = Some(now);
                state.failure = Some(why.clone());
            }
            Answer::Failed { why, .. } => {
                state.failed += 1;
                state.failures_in_row += 1;
                state.waits_since_ms.get_or_insert(steady_ms);
                state.failed_at = Some(now);
                state.failure = Some(why.clone());
            }
        }
    }

    /// How a channel is.
    pub fn of(&self, name: &str, kind: ChannelKind) -> ChannelHealth {
        let state = self.lock().get(name).cloned().unwrap_or_default();
        ChannelHealth {
            name: name.to_owned(),
            kind,
            dead: state.dead,
            failures_in_row: state.failures_in_row,
            succeeded_at: state.succeeded_at,
            failed_at: state.failed_at,
            failure: state.failure,
            waiting: state.queue.waiting,
            oldest_at: state.queue.oldest,
        }
    }

    /// Channels that deliver nothing.
    pub fn dead(&self) -> Vec<String> {
        let states = self.lock();
        let dead = states.iter().filter(|(_, state)| state.dead);
        dead.map(|(name, _)| name.clone()).collect()
    }

    /// Counters for the metrics.
    pub fn count_into(&self, numbers: &mut BTreeMap<String, f64>) {
        for (name, state) in &*self.lock() {
            let name: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            for (what, value) in [
                ("accepted_total", state.accepted as f64),
                ("refused_total", state.refused as f64),
                ("failed_total", state.failed as f64),
                ("waiting", state.queue.waiting as f64),
                ("dead", f64::from(u8::from(state.dead))),
            ] {
                numbers.insert(format!("tell_channel_{name}_{what}"), value);
            }
        }
    }
}

/// Looks at every channel, and raises or clears its alert.
pub async fn look(shared: &Arc<Shared>) -> Result<(), RegisterError> {
    let (now, steady_ms) = (shared.clock.now(), shared.clock.monotonic_ms());
    {
        let mut looked_ms = shared
            .healths
            .looked_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *looked_ms > 0 && steady_ms < *looked_ms + LOOK_MS {
            return Ok(());
        }
        *looked_ms = steady_ms.max(1);
    }
    for name in shared.channels.keys() {
        let asked = name.clone();
        let queue = shared
            .ask(move |register| register.queue(&asked, now))
            .await?;
        let (dead, was_dead, known) = {
            let mut states = shared.healths.lock();
            let Some(state) = states.get_mut(name) else {
                continue;
            };
            state.queue = queue;
            if queue.waiting == 0 {
                state.waits_since_ms = None;
            } else {
                state.waits_since_ms.get_or_insert(steady_ms);
            }
            (is_dead(state, shared, steady_ms), state.dead, state.known)
        };
        if dead != was_dead || !known {
            turn(shared, name, dead, now).await?;
            let mut states = shared.healths.lock();
            if let Some(state) = states.get_mut(name) {
                (state.dead, state.known) = (dead, true);
            }
        }
    }
    Ok(())
}

fn is_dead(state: &State, shared: &Shared, steady_ms: u64) -> bool {
    let settings = &shared.settings;
    let too_many = state.failures_in_row >= settings.dead_after_failures.max(1);
    let too_long_ms = (i64::from(settings.dead_after_min.max(1)) * MINUTE_MS) as u64;
    let too_long = state
        .waits_since_ms
        .is_some_and(|since| steady_ms.saturating_sub(since) >= too_long_ms);
    // Dead until something is taken, or nothing is left that could be.
    too_many || too_long || (state.dead && state.failures_in_row > 0)
}

/// Raises or clears the alert of a channel, where it does not stand so already.
async fn turn(
    shared: &Arc<Shared>,
    name: &str,
    dead: bool,
    now: Timestamp,
) -> Result<(), RegisterError> {
    let subject = Subject::Part(format!("channel:{name}").into());
    let filter = EpisodeFilter {
        source: Some(subject.to_string()),
        ..EpisodeFilter::default()
    };
    let newest = shared
        .ask(move |register| register.episodes(&filter, None, 1))
        .await?;
    let newest = newest.into_iter().next().map(|row| row.state);
    let standing = newest.as_ref().filter(|state| state.cleared_at.is_none());
    let (what, occasion, episode) = match (dead, standing) {
        (true, Some(_)) | (false, None) => return Ok(()),
        (true, None) => {
            let n = newest.map_or(1, |state| state.id.n + 1);
            let episode = raised(subject, n, now);
            tracing::error!(channel = name, "the channel delivers nothing");
            (EpisodeEvent::Raised, Occasion::Paged, episode)
        }
        (false, Some(standing)) => {
            let mut episode = standing.clone();
            episode.cleared_at = Some(now);
            tracing::info!(channel = name, "the channel delivers again");
            (EpisodeEvent::Cleared, Occasion::Cleared, episode)
        }
    };
    let body = crate::watch::EpisodeEvent::new(what, now, &episode);
    let event = StreamEvent {
        id: 0,
        kind: "episode".to_owned(),
        body: serde_json::to_string(&body).unwrap_or_default(),
    };
    let notice = NewNotice {
        occasion,
        level: 0,
        at: now,
        episode: episode.clone(),
    };
    shared
        .ask(move |register| register.tell_own(&episode, &event, &[notice]))
        .await?;
    shared.telling.notify_waiters();
    Ok(())
}

fn raised(subject: Subject, n: u32, now: Timestamp) -> EpisodeState {
    EpisodeState {
        id: EpisodeId {
            subject,
            rule: RuleName::Stale,
            n,
        },
        severity: Severity::Major,
        highest: Severity::Major,
        began_at: now,
        raised_at: now,
        cleared_at: None,
        reopened: 0,
        pages: true,
        muted_by: None,
        tells_command: false,
        evidence: Evidence::default(),
        detail: None,
        clock_off_s: None,
        incident: None,
        members: Vec::new(),
        paged: 1,
        paged_as: Some(Severity::Major),
        severity_since: None,
        low_hours: 0,
        heeded: None,
    }
}
