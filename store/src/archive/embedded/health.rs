//! What is wrong with the archive's files: noted once for each place, told to whoever asks.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Places of damage told apart; beyond them they are only known to be more.
const MOST_PLACES: usize = 10_000;
/// Places of damage told in words.
const MOST_WORDS: usize = 20;

/// How the archive is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Sections, index pages and files that could not be read, and were passed over.
    pub damaged_places: u64,
    /// The first of them in words: which file, what is wrong.
    pub damage: Vec<String>,
    /// Points dropped when files were merged because their week is no longer kept.
    pub expired_points: u64,
    /// Points in memory, not yet in a file.
    pub buffered_points: u64,
    /// Files of points and of roll-ups.
    pub files: u64,
    /// What they take on disk.
    pub bytes: u64,
    /// Points in files; copies that were not yet merged count each.
    pub filed_points: u64,
    /// Why the last attempt to write a file failed, until one succeeds.
    pub failing: Option<String>,
}

/// Where damage and failures are written down.
#[derive(Debug, Default)]
pub(super) struct Record {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    places: BTreeSet<(u64, u64)>,
    damage: Vec<String>,
    expired_points: u64,
    failing: Option<String>,
}

impl Record {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a damaged place of a table; the same one again changes nothing.
    pub(super) fn damage(&self, table: u64, offset: u64, words: impl FnOnce() -> String) {
        let mut inner = self.inner();
        if inner.places.len() >= MOST_PLACES || !inner.places.insert((table, offset)) {
            return;
        }
        let words = words();
        tracing::error!(archive.damage = %words, "part of the archive cannot be read");
        if inner.damage.len() < MOST_WORDS {
            inner.damage.push(words);
        }
    }

    pub(super) fn is_damaged(&self, table: u64) -> bool {
        self.inner()
            .places
            .range((table, 0)..=(table, u64::MAX))
            .next()
            .is_some()
    }

    pub(super) fn expired(&self, points: u64) {
        self.inner().expired_points += points;
    }

    pub(super) fn failing(&self, why: Option<String>) {
        self.inner().failing = why;
    }

    /// What it knows; the rest of [`Health`] is for the caller to fill in.
    pub(super) fn tell(&self) -> Health {
        let inner = self.inner();
        Health {
            damaged_places: inner.places.len() as u64,
            damage: inner.damage.clone(),
            expired_points: inner.expired_points,
            failing: inner.failing.clone(),
            ..Health::default()
        }
    }
}
