//! What archiving counts and shows of itself.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// Counters and gauges of archiving.
#[derive(Debug, Default)]
pub(crate) struct ArchiveState {
    pub(crate) messages: AtomicU64,
    pub(crate) points: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    pub(crate) unregistered: AtomicU64,
    pub(crate) unknown_fields: AtomicU64,
    pub(crate) refused_points: AtomicU64,
    /// Values that are no number, and those of retained messages without a time.
    pub(crate) left_out: AtomicU64,
    /// Writes that had to be tried again.
    pub(crate) failures: AtomicU64,
    /// Rows about sources written, and writes of them that failed.
    pub(crate) source_rows: AtomicU64,
    pub(crate) source_row_failures: AtomicU64,
    /// Everything up to here was written.
    pub(crate) position: AtomicU64,
    /// Everything up to here is durable and released.
    pub(crate) durable: AtomicU64,
    pub(crate) canary_ms: AtomicI64,
    wrong: Mutex<[Option<String>; Part::COUNT]>,
}

/// The steps that can fail, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Reading,
    Keeping,
    Writing,
    Releasing,
    Maintaining,
    Adopting,
    Answers,
    MakingRoom,
}

impl Part {
    const COUNT: usize = 8;
}

impl ArchiveState {
    /// What is wrong with a step; `None`: nothing any more. True if that is news.
    pub(crate) fn set_complaint(&self, part: Part, complaint: Option<String>) -> bool {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let news = wrong[part as usize].is_some() != complaint.is_some();
        wrong[part as usize] = complaint;
        news
    }

    /// What is wrong, in words for people.
    pub(crate) fn complaint(&self) -> Option<String> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<&str> = wrong.iter().flatten().map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
