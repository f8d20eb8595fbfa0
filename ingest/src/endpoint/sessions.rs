//! Every client's session: its connection, last will, subscriptions and what waits for it.
//!
//! A session belongs to a login and a client id: nobody can take over another login's session.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::Delivery;
use super::rights::EVERY_DEVICE;
use crate::Arrival;

/// Commands that may wait for one session.
const WAITING: usize = 16;
/// Devices whose commands one session may subscribe to.
const SUBSCRIPTIONS: usize = 100_000;

/// Login name and client id.
pub(super) type Key = (Arc<str>, Arc<str>);

/// A command for one device.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
}

/// What a connection is told.
#[derive(Debug)]
pub(super) enum ToClient {
    Command(Command),
    /// The same client has connected anew.
    TakenOver,
    /// The endpoint stops.
    Stopping,
}

#[derive(Default)]
struct Session {
    generation: u64,
    connection: Option<mpsc::Sender<ToClient>>,
    will: Option<Arrival>,
    devices: HashSet<Arc<str>>,
    waiting: VecDeque<Command>,
    persistent: bool,
}

#[derive(Default)]
struct All {
    sessions: HashMap<Key, Session>,
    connected: usize,
    generations: u64,
}

/// All sessions.
pub(super) struct Sessions {
    all: Mutex<All>,
    most: usize,
}

/// A client that was let in.
pub(super) struct Attached {
    pub(super) generation: u64,
    pub(super) session_present: bool,
    /// The last will of the connection that this one takes over.
    pub(super) will_of_the_other: Option<Arrival>,
    pub(super) inbox: mpsc::Receiver<ToClient>,
}

impl Sessions {
    pub(super) fn new(most: usize) -> Self {
        Self {
            all: Mutex::default(),
            most,
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a client in, taking over its older connection; `None` if there are too many.
    pub(super) fn attach(
        &self,
        key: &Key,
        clean: bool,
        persistent: bool,
        will: Option<Arrival>,
    ) -> Option<Attached> {
        let mut all = self.all();
        let taken_over = all
            .sessions
            .get(key)
            .is_some_and(|s| s.connection.is_some());
        if !taken_over && all.connected >= self.most {
            return None;
        }
        if !taken_over {
            all.connected += 1;
        }
        all.forget_one_beyond(self.most * 2);
        all.generations += 1;
        let generation = all.generations;
        let present = all.sessions.contains_key(key) && !clean;
        let session = all.sessions.entry(key.clone()).or_default();
        let will_of_the_other = session.will.take();
        if let Some(other) = session.connection.take() {
            other.try_send(ToClient::TakenOver).ok();
        }
        if clean {
            *session = Session::default();
        }
        let (connection, inbox) = mpsc::channel(WAITING * 2);
        for command in session.waiting.drain(..) {
            connection.try_send(ToClient::Command(command)).ok();
        }
        session.generation = generation;
        session.connection = Some(connection);
        session.will = will;
        session.persistent = persistent;
        Some(Attached {
            generation,
            session_present: present,
            will_of_the_other,
            inbox,
        })
    }

    /// The connection is over; its last will, unless it said goodbye or was taken over.
    pub(super) fn detach(&self, key: &Key, generation: u64) -> Option<Arrival> {
        let mut all = self.all();
        let session = all
            .sessions
            .get_mut(key)
            .filter(|s| s.generation == generation)?;
        let was_connected = session.connection.take().is_some();
        let will = session.will.take();
        if !session.persistent {
            all.sessions.remove(key);
        }
        if was_connected {
            all.connected -= 1;
        }
        will
    }

    /// The client said goodbye.
    pub(super) fn forget_will(&self, key: &Key, generation: u64) {
        self.with(key, generation, |session| session.will = None);
    }

    /// Subscribes to a device's commands; false if there are too many.
    pub(super) fn subscribe(&self, key: &Key, generation: u64, device: &str) -> bool {
        let mut done = false;
        self.with(key, generation, |session| {
            let known = session.devices.contains(device);
            done = known || session.devices.len() < SUBSCRIPTIONS;
            if done && !known {
                session.devices.insert(device.into());
            }
        });
        done
    }

    pub(super) fn unsubscribe(&self, key: &Key, generation: u64, device: &str) {
        self.with(key, generation, |session| {
            session.devices.remove(device);
        });
    }

    /// A command that the device did not acknowledge: it waits for the next connection.
    pub(super) fn put_back(&self, key: &Key, command: Command) {
        if let Some(session) = self.all().sessions.get_mut(key)
            && session.persistent
        {
            session.pass_on(command);
        }
    }

    fn with(&self, key: &Key, generation: u64, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.all().sessions.get_mut(key)
            && session.generation == generation
        {
            change(session);
        }
    }

    pub(super) fn send(&self, device: &str, payload: Vec<u8>) -> Delivery {
        let mut all = self.all();
        let topic = format!("firemain/v1/{device}/command");
        let command = Command { topic, payload };
        let mut outcome = Delivery::NobodyListens;
        let listening = all.sessions.values_mut();
        for session in listening.filter(|session| session.listens_to(device)) {
            let delivery = session.pass_on(command.clone());
            if outcome != Delivery::Sent {
                outcome = delivery;
            }
        }
        outcome
    }

    /// Tells every connection that the endpoint stops.
    pub(super) fn stop(&self) {
        for session in self.all().sessions.values_mut() {
            session.will = None;
            if let Some(connection) = &session.connection {
                connection.try_send(ToClient::Stopping).ok();
            }
        }
    }

    pub(super) fn connected(&self) -> usize {
        self.all().connected
    }
}

impl All {
    /// Keeps the number of sessions of clients that are away within bounds: the longest away goes.
    fn forget_one_beyond(&mut self, most: usize) {
        if self.sessions.len() < most {
            return;
        }
        let away = self.sessions.iter().filter(|(_, s)| s.connection.is_none());
        if let Some(key) = away
            .min_by_key(|(_, s)| s.generation)
            .map(|(key, _)| key.clone())
        {
            self.sessions.remove(&key);
        }
    }
}

impl Session {
    fn listens_to(&self, device: &str) -> bool {
        self.devices.contains(device) || self.devices.contains(EVERY_DEVICE)
    }

    fn pass_on(&mut self, command: Command) -> Delivery {
        if let Some(connection) = &self.connection {
            return match connection.try_send(ToClient::Command(command)) {
                Ok(()) => Delivery::Sent,
                Err(_) => Delivery::Full,
            };
        }
        if self.waiting.len() >= WAITING {
            return Delivery::Full;
        }
        self.waiting.push_back(command);
        Delivery::Queued
    }
}
