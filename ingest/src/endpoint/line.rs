//! What a connection is to be told, put down by others and taken up by its own task.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Why a connection is ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The same client has connected anew.
    TakenOver,
    /// Its login was removed or changed.
    LoginGone,
    /// The endpoint stops.
    Stopping,
    /// It is over already.
    Over,
}

/// A device's status, for who has subscribed to it.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) device: Arc<str>,
    pub(super) payload: Arc<[u8]>,
    /// Kept from before the subscription.
    pub(super) retained: bool,
}

/// The line to one connection. Bounded: of each device only the newest status waits.
#[derive(Debug, Default)]
pub(super) struct Line {
    words: Mutex<Words>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Words {
    ending: Option<Ending>,
    order: VecDeque<Arc<str>>,
    statuses: HashMap<Arc<str>, Status>,
}

impl Line {
    /// Ends the connection; the first reason counts.
    pub(super) fn end(&self, why: Ending) {
        self.words().ending.get_or_insert(why);
        self.news.notify_one();
    }

    /// Tells a device's status.
    pub(super) fn tell(&self, status: Status) {
        let mut words = self.words();
        let device = Arc::clone(&status.device);
        if words.statuses.insert(Arc::clone(&device), status).is_none() {
            words.order.push_back(device);
        }
        drop(words);
        self.news.notify_one();
    }

    /// There may be a command.
    pub(super) fn knock(&self) {
        self.news.notify_one();
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        self.words().ending
    }

    pub(super) fn take_status(&self) -> Option<Status> {
        let mut words = self.words();
        let device = words.order.pop_front()?;
        words.statuses.remove(&device)
    }

    /// Resolves when there is something new.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// Resolves when the connection is to end.
    pub(super) async fn ended(&self) {
        while self.ending().is_none() {
            self.news().await;
        }
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
