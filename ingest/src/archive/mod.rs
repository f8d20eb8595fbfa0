//! From the journal to the archive: decode, write, let go.
//!
//! In: envelopes after a cursor of its own. Out: points to the archive, messages of unregistered
//! devices and what cannot be used to the intake, rebirth requests to the broker. One thread reads
//! and decodes the next slice while a task writes the last. An archive that is down is waited for,
//! and the journal holds what waits; what became durable is released there.

mod answers;
mod copies;
mod facts;
mod sorter;

mod reader;

mod delivery;
mod source_rows;
mod state;

pub(crate) use source_rows::SourceRows;
pub(crate) use state::{ArchiveState, Part};

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::journal::Position;
use firemain_wire::{CodecName, Decoder, Limits, Subscription};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::backoff::Backoff;
use crate::broker::Publication;
use crate::devices::Devices;
use crate::writer::WriterState;
use crate::{StartError, Stores};

/// Our name among the journal's consumers, and that of our cursor.
const CONSUMER: &str = "archive";
/// An archive of ours takes small slices as they come; another is better served with larger ones.
const GATHER_OWN: Duration = Duration::from_millis(10);
const GATHER_EXTERNAL: Duration = Duration::from_millis(200);

/// What archiving is made of.
pub(crate) struct ArchiveParts {
    pub(crate) stores: Stores,
    pub(crate) devices: Arc<Devices>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) limits: Limits,
    pub(crate) state: Arc<ArchiveState>,
    pub(crate) writer: Arc<WriterState>,
    pub(crate) outbox: Option<mpsc::Sender<Publication>>,
    pub(crate) clock: SharedClock,
}

/// Archiving, ready to run.
pub(crate) struct Archiving {
    delivery: delivery::Delivery,
    slices: mpsc::Receiver<sorter::Slice>,
    reader: std::thread::JoinHandle<()>,
    stopping: Arc<AtomicBool>,
}

impl Archiving {
    /// Takes up where the cursor stands, and begins to read. Blocks.
    pub(crate) fn start(parts: ArchiveParts) -> Result<Self, StartError> {
        let ArchiveParts {
            stores,
            devices,
            subscriptions,
            limits,
            state,
            writer,
            outbox,
            clock,
        } = parts;
        let remembers = subscriptions
            .iter()
            .any(|s| s.codec == CodecName::SparkplugB);
        let saved = stores.register.cursor(CONSUMER)?.unwrap_or_default();
        let durable = stores.archive.durable_upto();
        let mut after = begin_at(saved.0, durable, remembers);
        let head = stores.journal.head()?;
        if after > head {
            warn!(
                archive.position = after.0,
                journal.head = head.0,
                "this journal is not the one that was archived: archiving begins at its start"
            );
            after = Position(0);
        }
        stores.journal.add_consumer(CONSUMER, after)?;
        state.position.store(after.0, Ordering::Relaxed);
        state.durable.store(after.0, Ordering::Relaxed);
        let mut decoder = Decoder::new(subscriptions, limits);
        if after == saved.0 {
            decoder.restore(&saved.1);
        }
        let stopping = Arc::new(AtomicBool::new(false));
        let (to_delivery, slices) = mpsc::channel(1);
        let reader = reader::Reader {
            journal: Arc::clone(&stores.journal),
            devices,
            sorter: sorter::Sorter::new(decoder),
            after,
            remembers,
            gather: if durable.is_some() {
                GATHER_OWN
            } else {
                GATHER_EXTERNAL
            },
            slices: to_delivery,
            state: Arc::clone(&state),
            clock: Arc::clone(&clock),
            stopping: Arc::clone(&stopping),
        };
        let reader = reader.start().map_err(StartError::Thread)?;
        let delivery = delivery::Delivery {
            archive: stores.archive,
            intake: stores.intake,
            journal: stores.journal,
            register: stores.register,
            state,
            writer,
            outbox,
            clock,
            backoff: Backoff::new(RETRY_FIRST, RETRY_MOST, after.0),
            memories: VecDeque::new(),
            saved: (after, Vec::new()),
            remembers,
        };
        Ok(Self {
            delivery,
            slices,
            reader,
            stopping,
        })
    }

    /// Archives until the receiver stops; then makes durable what was written, and saves the cursor.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        self.delivery.run(self.slices, cancel).await;
        self.stopping.store(true, Ordering::Release);
        self.reader.thread().unpark();
        // It looks at the flag at least every second; its own panic has been printed.
        let _ = tokio::task::spawn_blocking(move || self.reader.join()).await;
    }
}

/// Waits between tries of the archive.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MOST: Duration = Duration::from_mins(1);

/// Where reading begins: where the archive itself says it is durable, or at the cursor; with a
/// decoder that remembers, not beyond the cursor, where its memory was taken.
fn begin_at(cursor: Position, durable: Option<Position>, remembers: bool) -> Position {
    match durable {
        Some(durable) if remembers => cursor.min(durable),
        Some(durable) => durable,
        None => cursor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_begins_where_nothing_can_be_missing() {
        let (cursor, durable) = (Position(10), Position(20));
        assert_eq!(begin_at(cursor, None, false), cursor);
        assert_eq!(begin_at(cursor, Some(durable), false), durable);
        assert_eq!(begin_at(cursor, Some(durable), true), cursor);
        assert_eq!(
            begin_at(cursor, Some(Position(5)), true),
            Position(5),
            "an archive made anew"
        );
    }
}
