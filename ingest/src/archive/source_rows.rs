//! Rows about the sources themselves, for an archive that others read without us: all of them at
//! the start and once a day, one whenever somebody edits its source.
//!
//! In: the register, in pages. Out: rows in the archive. It keeps nothing in memory but how far it
//! is, so that an archive that is away costs nothing: what it lacks is read from the register again.
//! It complains to nobody, for whoever cannot write rows cannot write readings either, and that is
//! told; it counts. Readings never wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::clock::SharedClock;
use firemain_domain::source::{Source, SourceCode};
use firemain_store::archive::{Archive, ArchiveError};
use firemain_store::register::{Register, RegisterError};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::ArchiveState;
use crate::Stores;
use crate::adopt::blocking;
use crate::backoff::Backoff;
use crate::writer::WriterState;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A round over all sources is begun so long after the last, ms; sooner where the database refused
/// rows, for somebody may have mended it.
const ROUND_EVERY_MS: u64 = 86_400_000;
const ROUND_AFTER_REFUSAL_MS: u64 = 600_000;
/// Sources, or changes, read at once.
const AT_ONCE: usize = 2_000;
/// Waits between tries.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(30);

/// What writes the rows.
pub(crate) struct SourceRows {
    archive: Arc<dyn Archive>,
    register: Arc<dyn Register>,
    state: Arc<ArchiveState>,
    writer: Arc<WriterState>,
    clock: SharedClock,
    backoff: Backoff,
    place: Place,
    last_at: Timestamp,
    /// The next round is due at this time of the monotonic clock, ms.
    round_due_ms: u64,
    /// The database refused rows since the last round was begun.
    refused: bool,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A round goes on after this source.
    Round(Option<SourceCode>, ChangeNumber),
    /// Changes up to this one are written.
    Changes(ChangeNumber),
}

/// One write's worth of rows, and where it leads.
struct Page {
    sources: Vec<Source>,
    then: Place,
}

impl SourceRows {
    pub(crate) fn new(
        stores: &Stores,
        state: Arc<ArchiveState>,
        writer: Arc<WriterState>,
        clock: SharedClock,
    ) -> Self {
        Self {
            archive: Arc::clone(&stores.archive),
            register: Arc::clone(&stores.register),
            state,
            writer,
            round_due_ms: clock.monotonic_ms(),
            clock,
            backoff: Backoff::new(RETRY_FIRST, RETRY_MOST, 0),
            place: Place::Changes(0),
            last_at: Timestamp::MIN,
            refused: false,
        }
    }

    /// Writes until the receiver stops.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(looks.tick()).await.is_some() {
            let Some(done) = cancel.run_until_cancelled(self.catch_up()).await else {
                return;
            };
            if let Err(error) = done {
                self.state.source_row_failures.fetch_add(1, Relaxed);
                debug!(archive.error = %error, "cannot write rows about sources; it is tried again");
                let wait = self.backoff.next();
                // An early end of the wait is the receiver's end.
                let _ = tokio::time::timeout(wait, cancel.cancelled()).await;
            }
        }
    }

    /// Writes page after page until there is nothing new.
    async fn catch_up(&mut self) -> Result<(), String> {
        if self.writer.journal_ms.load(Acquire) == 0 {
            return Ok(());
        }
        self.begin_round_if_due().await?;
        while let Some(page) = self.next_page().await? {
            let rows = page.sources.len() as u64;
            let at = self.next_at();
            match self.archive.write_sources(page.sources, at).await {
                Ok(()) => {
                    self.state.source_rows.fetch_add(rows, Relaxed);
                    self.backoff.reset();
                }
                Err(error @ ArchiveError::Refused { .. }) => self.pass_over(&error),
                Err(error) => return Err(error.to_string()),
            }
            self.place = page.then;
        }
        Ok(())
    }

    /// The time of the next rows: later than any before, whatever a clock was set to, for the newest
    /// counts, and rows of one time would become one of both.
    fn next_at(&mut self) -> Timestamp {
        let journal = Timestamp::from_ms(self.writer.journal_ms.load(Acquire));
        self.last_at = self.clock.now().max(journal).max(self.last_at.plus_ms(1));
        self.last_at
    }

    async fn begin_round_if_due(&mut self) -> Result<(), String> {
        let now_ms = self.clock.monotonic_ms();
        if now_ms < self.round_due_ms || matches!(self.place, Place::Round(..)) {
            return Ok(());
        }
        // What changes while the round goes on is written once more after it.
        let register = Arc::clone(&self.register);
        let change = blocking(move || register.newest_change()).await?;
        self.place = Place::Round(None, change);
        self.round_due_ms = now_ms + ROUND_EVERY_MS;
        self.refused = false;
        Ok(())
    }

    async fn next_page(&self) -> Result<Option<Page>, String> {
        let (register, place) = (Arc::clone(&self.register), self.place.clone());
        blocking(move || match place {
            Place::Round(after, change) => of_round(&*register, after.as_deref(), change),
            Place::Changes(after) => of_changes(&*register, after),
        })
        .await
    }

    /// Rows that the database refuses hold up no others; they are tried again before long.
    fn pass_over(&mut self, error: &ArchiveError) {
        self.state.source_row_failures.fetch_add(1, Relaxed);
        self.round_due_ms = self
            .round_due_ms
            .min(self.clock.monotonic_ms() + ROUND_AFTER_REFUSAL_MS);
        if !std::mem::replace(&mut self.refused, true) {
            warn!(archive.error = %error, "the archive refuses rows about sources; they are written again in ten minutes");
        }
    }
}

fn of_round(
    register: &dyn Register,
    after: Option<&str>,
    change: ChangeNumber,
) -> Result<Option<Page>, RegisterError> {
    let sources = register.sources(after, AT_ONCE)?;
    let then = sources.last().map_or(Place::Changes(change), |last| {
        Place::Round(Some(SourceCode::clone(&last.code)), change)
    });
    Ok(Some(Page { sources, then }))
}

/// The newest state of each source that was edited.
fn of_changes(register: &dyn Register, after: ChangeNumber) -> Result<Option<Page>, RegisterError> {
    if register.newest_change()? == after {
        return Ok(None);
    }
    let changes = register.changes_after(after, AT_ONCE)?;
    let Some(last) = changes.last() else {
        return Ok(None);
    };
    let then = Place::Changes(last.number);
    let mut edited = BTreeMap::new();
    for numbered in changes {
        match numbered.change {
            Change::SourceSet { source } => {
                edited.insert(SourceCode::clone(&source.code), *source);
            }
            Change::SourceRemoved { code } => {
                edited.remove(&code);
            }
            _ => {}
        }
    }
    let sources = edited.into_values().collect();
    Ok(Some(Page { sources, then }))
}
