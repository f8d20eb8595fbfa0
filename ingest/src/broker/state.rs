//! What the session shows of itself.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// How the session at the broker is.
#[derive(Debug, Default)]
pub(crate) struct BrokerState {
    pub(crate) connected: AtomicBool,
    pub(crate) drained: AtomicBool,
    pub(crate) reconnects: AtomicU64,
    pub(crate) unacked: AtomicU64,
    wrong: Mutex<Wrong>,
}

#[derive(Debug, Default)]
struct Wrong {
    connection: Option<String>,
    refused_topics: Vec<String>,
}

impl BrokerState {
    /// Why there is no connection; `None`: there is one.
    pub(super) fn set_connection_complaint(&self, complaint: Option<String>) {
        self.wrong().connection = complaint;
    }

    /// The topics that the broker does not let us subscribe to.
    pub(super) fn set_refused_topics(&self, topics: Vec<String>) {
        self.wrong().refused_topics = topics;
    }

    /// What is wrong, in words for people; nothing where all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        let wrong = self.wrong();
        let refused = (!wrong.refused_topics.is_empty()).then(|| {
            format!(
                "the broker refuses our subscription to {}: allow it there to this user, or correct [mqtt] subscriptions",
                wrong.refused_topics.join(", ")
            )
        });
        let all: Vec<_> = wrong
            .connection
            .clone()
            .into_iter()
            .chain(refused)
            .collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn wrong(&self) -> std::sync::MutexGuard<'_, Wrong> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
