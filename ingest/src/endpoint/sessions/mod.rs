//! Every client's session: its connection, last will and subscriptions.
//!
//! A session belongs to a login and a client id: nobody can take over another login's session.
//! One that outlives its connection is a row in the register too, and so outlives us. Commands
//! are not queued here: they wait on the [`Board`] until their device takes them.
//! Here clients come and go; what they are told is in `told`, what time does to them in `time`.

mod time;
mod told;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firemain_domain::Timestamp;
use firemain_store::register::endpoint::{EndpointEdit, KeptSession};
use tokio::sync::oneshot;

use super::Granted;
use super::board::Board;
use super::desk::{Busy, Desk};
use super::line::{Ending, Line};
use super::rights::{Rights, Wish};
use crate::Arrival;

/// What one session may subscribe to.
const SUBSCRIPTIONS: usize = 100_000;
/// Sessions of one login that are kept while their clients are away.
const KEPT_OF_LOGIN: usize = 1_000;
/// The longest that a session is kept, s: 30 days.
pub(super) const LONGEST_KEPT_S: u32 = 30 * 24 * 3_600;

/// Login name and client id.
pub(super) type Key = (Arc<str>, Arc<str>);

/// What a client leaves behind.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub(super) arrival: Arrival,
    /// It is to be kept as the device's status.
    pub(super) retain: bool,
    /// For how long after the connection's end it is held back, s.
    pub(super) delay_s: u32,
}

/// On what terms a client comes in.
pub(super) struct Terms {
    /// Without what there was before.
    pub(super) clean: bool,
    /// For how long its session is kept after the connection, s.
    pub(super) keep_s: u32,
    pub(super) will: Option<Will>,
}

#[derive(Default)]
struct Session {
    generation: u64,
    line: Option<Arc<Line>>,
    granted: Option<Arc<Granted>>,
    will: Option<Will>,
    /// When the will of a connection that is over is due, by the monotonic clock.
    will_due_ms: Option<u64>,
    commands_of: HashSet<Arc<str>>,
    statuses_of: HashSet<Arc<str>>,
    keep_s: u32,
    away_since: Option<Timestamp>,
}

#[derive(Default)]
struct All {
    sessions: BTreeMap<Key, Session>,
    connected: usize,
    generations: u64,
    board: Board,
    statuses: HashMap<Arc<str>, Arc<[u8]>>,
    /// Who has subscribed to a device's status.
    listeners: HashMap<Arc<str>, HashSet<Key>>,
}

/// All sessions.
pub(super) struct Sessions {
    all: Mutex<All>,
    most: usize,
    desk: Desk,
}

/// A client that was let in.
pub(super) struct Attached {
    pub(super) generation: u64,
    pub(super) session_present: bool,
    /// The last will of the connection before, if it counts now.
    pub(super) will_of_the_other: Option<Will>,
    pub(super) line: Arc<Line>,
    /// Resolves when what there was before is forgotten for good.
    pub(super) forgotten: Option<oneshot::Receiver<()>>,
}

impl Sessions {
    /// Sessions as the register has them.
    pub(super) fn new(
        most: usize,
        desk: Desk,
        kept: Vec<KeptSession>,
        statuses: Vec<(Arc<str>, Vec<u8>)>,
    ) -> Self {
        let mut all = All::default();
        let now = desk.clock.now();
        for kept in kept {
            let key: Key = (kept.login.into(), kept.client_id.into());
            let mut session = Session {
                keep_s: kept.keep_s,
                away_since: kept.away_since.or(Some(now)),
                ..Session::default()
            };
            for filter in &kept.filters {
                match Wish::of(filter) {
                    Some(Wish::Commands(device)) => {
                        session.commands_of.insert(device.into());
                    }
                    Some(Wish::Status(device)) => {
                        session.statuses_of.insert(device.into());
                        let of = all.listeners.entry(device.into()).or_default();
                        of.insert(key.clone());
                    }
                    None => {}
                }
            }
            all.sessions.insert(key, session);
        }
        let statuses = statuses.into_iter();
        all.statuses = statuses
            .map(|(device, payload)| (device, payload.into()))
            .collect();
        Self {
            all: Mutex::new(all),
            most,
            desk,
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a client in, taking over its older connection; `None` if there are too many.
    pub(super) fn attach(
        &self,
        key: &Key,
        rights: &Rights,
        terms: Terms,
    ) -> Result<Attached, Busy> {
        let mut all = self.all();
        let known = all.sessions.get(key);
        let taken_over = known.is_some_and(|session| session.line.is_some());
        let was_kept = known.is_some_and(|session| session.keep_s > 0);
        let present = was_kept && !terms.clean;
        if !taken_over && all.connected >= self.most {
            return Err(Busy);
        }
        let forgotten = if was_kept && !present {
            Some(self.desk.keep(forget(key))?)
        } else {
            None
        };
        let mut will_of_the_other = None;
        if let Some(session) = all.sessions.get_mut(key) {
            if let Some(other) = session.line.take() {
                other.end(Ending::TakenOver);
            }
            let held_back = session.will.as_ref().is_some_and(|will| will.delay_s > 0);
            // A session that goes on within the delay takes its will back (MQTT 5, 3.1.3.2.2).
            will_of_the_other = session.will.take().filter(|_| !(held_back && present));
            session.will_due_ms = None;
        }
        if !present {
            all.remove(key, taken_over);
            self.make_room(&mut all, key, terms.keep_s > 0);
            all.connected += 1;
        } else if !taken_over {
            all.connected += 1;
        }
        all.generations += 1;
        let generation = all.generations;
        all.withdraw(key, rights);
        let session = all.sessions.entry(key.clone()).or_default();
        let line = Arc::new(Line::default());
        if terms.keep_s > 0 && (session.keep_s != terms.keep_s || session.away_since.is_some()) {
            self.desk.edit(keep(key, terms.keep_s, None));
        } else if terms.keep_s == 0 && present {
            self.desk.edit(forget(key));
        }
        session.generation = generation;
        session.line = Some(Arc::clone(&line));
        session.granted = rights.granted();
        session.will = terms.will;
        session.keep_s = terms.keep_s;
        session.away_since = None;
        Ok(Attached {
            generation,
            session_present: present,
            will_of_the_other,
            line,
            forgotten,
        })
    }

    /// Keeps the number of sessions of clients that are away within bounds: the longest away goes.
    fn make_room(&self, all: &mut All, key: &Key, kept: bool) {
        let mut over = Vec::new();
        if kept {
            let of_login = all.of_login(&key.0);
            if of_login.clone().count() >= KEPT_OF_LOGIN {
                over.extend(longest_away(of_login));
            }
        }
        if all.sessions.len() >= self.most * 2 {
            over.extend(longest_away(all.sessions.iter()));
        }
        for key in over {
            all.remove(&key, false);
            self.desk.edit(forget(&key));
        }
    }

    /// The connection is over; its last will if that counts now: unless it said goodbye, was
    /// taken over or holds its will back.
    pub(super) fn detach(&self, key: &Key, generation: u64) -> Option<Will> {
        let mut all = self.all();
        let session = all.sessions.get_mut(key);
        let session = session.filter(|session| session.generation == generation)?;
        if let Some(line) = session.line.take() {
            line.end(Ending::Over);
            all.connected -= 1;
        }
        let session = all.sessions.get_mut(key)?;
        if session.keep_s == 0 {
            let will = session.will.take();
            all.remove(key, false);
            return will;
        }
        let now = self.desk.clock.now();
        session.away_since = Some(now);
        self.desk.edit(keep(key, session.keep_s, Some(now)));
        let delay_s = session.will.as_ref()?.delay_s.min(session.keep_s);
        if delay_s == 0 {
            return session.will.take();
        }
        let delay_ms = u64::from(delay_s) * 1_000;
        session.will_due_ms = Some(self.desk.clock.monotonic_ms() + delay_ms);
        None
    }

    /// The client goes: its last will counts only where it says so, and it may change for how long
    /// its session is kept.
    pub(super) fn goodbye(&self, key: &Key, generation: u64, with_will: bool, keep_s: Option<u32>) {
        let mut all = self.all();
        let session = all.sessions.get_mut(key);
        if let Some(session) = session.filter(|session| session.generation == generation) {
            if !with_will {
                session.will = None;
            }
            self.change_keep(key, session, keep_s);
        }
    }

    fn change_keep(&self, key: &Key, session: &mut Session, keep_s: Option<u32>) {
        // A session that was not to be kept cannot become one that is (MQTT 5, 3.14.2.2.2).
        if let Some(keep_s) = keep_s
            && session.keep_s > 0
        {
            session.keep_s = keep_s.min(LONGEST_KEPT_S);
            if session.keep_s == 0 {
                self.desk.edit(forget(key));
            }
        }
    }

    /// Tells every connection that the endpoint stops.
    pub(super) fn stop(&self) {
        for session in self.all().sessions.values_mut() {
            session.will = None;
            if let Some(line) = &session.line {
                line.end(Ending::Stopping);
            }
        }
    }

    pub(super) fn connected(&self) -> usize {
        self.all().connected
    }
}

impl All {
    fn of_login(&self, name: &str) -> impl Iterator<Item = (&Key, &Session)> + Clone {
        let name: Arc<str> = name.into();
        self.sessions
            .range((Arc::clone(&name), Arc::from(""))..)
            .take_while(move |(key, _)| key.0 == name)
    }

    fn remove(&mut self, key: &Key, connected: bool) {
        if connected {
            self.connected -= 1;
        }
        if let Some(session) = self.sessions.remove(key) {
            for device in &session.statuses_of {
                self.stop_listening(key, device);
            }
        }
    }

    fn stop_listening(&mut self, key: &Key, device: &str) {
        if let Some(of) = self.listeners.get_mut(device) {
            of.remove(key);
            if of.is_empty() {
                self.listeners.remove(device);
            }
        }
    }

    /// Ends the subscriptions that a session has no right to any more. Their rows go with it.
    fn withdraw(&mut self, key: &Key, rights: &Rights) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        session
            .commands_of
            .retain(|device| rights.speaks_for(device));
        let lost = session
            .statuses_of
            .extract_if(|device| !rights.speaks_for(device));
        let lost: Vec<_> = lost.collect();
        for device in lost {
            self.stop_listening(key, &device);
        }
    }
}

fn longest_away<'a>(sessions: impl Iterator<Item = (&'a Key, &'a Session)>) -> Option<Key> {
    let away = sessions.filter(|(_, session)| session.line.is_none());
    let longest = away.min_by_key(|(_, session)| session.away_since);
    longest.map(|(key, _)| key.clone())
}

fn keep(key: &Key, keep_s: u32, away_since: Option<Timestamp>) -> EndpointEdit {
    EndpointEdit::Keep {
        login: key.0.to_string(),
        client_id: key.1.to_string(),
        keep_s,
        away_since,
    }
}

fn forget(key: &Key) -> EndpointEdit {
    EndpointEdit::Forget {
        login: key.0.to_string(),
        client_id: key.1.to_string(),
    }
}
