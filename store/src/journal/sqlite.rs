//! The embedded journal: one SQLite file, one row per batch.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firemain_domain::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::batch::{Packed, Packer, checksum};
use super::prune::{self, Cut};
use super::reading::{self, Batch, Found, Lately, signed};
use super::wake::Wake;
use super::{Envelope, Journal, JournalError, JournalHealth, Position, Pruned, schema};
use crate::database::{self, Desk, Fault, Trouble};

/// How much an embedded journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalOptions {
    /// How long released envelopes stay, ms.
    pub keep_ms: i64,
    /// What the journal may take on disk, bytes. The write-ahead log beside it takes up to 32 MiB
    /// more.
    pub max_bytes: u64,
}

/// The embedded journal. Appending and reading have a connection each and do not wait for each
/// other; any number of threads may share it.
pub struct SqliteJournal {
    path: PathBuf,
    /// `None`: this handle neither appends nor prunes.
    options: Option<JournalOptions>,
    packer: Mutex<Packer>,
    writing: Desk,
    reading: Desk,
    lately: Lately,
    wake: Wake,
}

impl SqliteJournal {
    /// Opens the journal for its one writer, making it if need be.
    pub fn open(path: &Path, options: JournalOptions) -> Result<Self, JournalError> {
        Self::open_as(path, Some(options))
    }

    /// Opens the journal for a process that consumes it: it reads, waits and releases, but neither
    /// appends nor prunes. The writer may come before or after.
    pub fn open_reader(path: &Path) -> Result<Self, JournalError> {
        Self::open_as(path, None)
    }

    fn open_as(path: &Path, options: Option<JournalOptions>) -> Result<Self, JournalError> {
        let journal = Self {
            path: path.to_owned(),
            options,
            packer: Mutex::new(Packer::new()?),
            writing: Desk::open(path.to_owned(), &schema::FORMAT)?,
            reading: Desk::open(path.to_owned(), &schema::FORMAT)?,
            lately: Lately::default(),
            wake: Wake::at(0),
        };
        journal.wake.tell(journal.head()?.0);
        Ok(journal)
    }

    fn options(&self, doing: &'static str) -> Result<JournalOptions, JournalError> {
        self.options.ok_or(JournalError::OnlyReads { doing })
    }

    /// Sees that the batch fits, deleting the oldest released if it does not.
    fn make_room(
        connection: &mut Connection,
        needed: u64,
        options: JournalOptions,
        lately: &Lately,
    ) -> Result<(), Fault<JournalError>> {
        let bytes = database::bytes_in_use(connection)?;
        let Some(too_much) = (bytes + needed).checked_sub(options.max_bytes + 1) else {
            return Ok(());
        };
        let cut = Cut {
            older_than_ms: i64::MIN,
            // Some more, so that not every append has to prune.
            free_bytes: too_much + 1 + options.max_bytes / 64,
        };
        let mut freed = 0;
        loop {
            let (pruned, more) = prune::cut(connection, cut, freed)?;
            freed += pruned.bytes;
            if !more {
                break;
            }
        }
        lately.forget();
        let bytes = database::bytes_in_use(connection)?;
        if bytes + needed <= options.max_bytes {
            return Ok(());
        }
        Err(Fault::Refused(JournalError::Full {
            bytes,
            max_bytes: options.max_bytes,
        }))
    }

    pub(super) fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault<JournalError>>,
    ) -> Result<T, JournalError> {
        self.writing.with(doing, work)
    }

    fn look<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault<JournalError>>,
    ) -> Result<T, JournalError> {
        self.reading.with("read", work)
    }

    /// Remembers a damaged batch, so that it is passed from now on.
    fn set_aside(&self, first: u64, count: u32, reason: &str) {
        let done = self.write("marked", |connection| {
            connection.execute(schema::SET_ASIDE, params![first, count, reason])?;
            Ok(())
        });
        let last = first + u64::from(count) - 1;
        match done {
            Ok(()) => tracing::error!(
                journal.path = %self.path.display(),
                journal.first = first,
                journal.last = last,
                reason,
                "a batch of the journal is damaged and was set aside"
            ),
            Err(error) => tracing::error!(
                journal.path = %self.path.display(),
                journal.first = first,
                journal.last = last,
                reason,
                %error,
                "a batch of the journal is damaged and could not be set aside; it is passed"
            ),
        }
    }

    /// The sound batch that holds a position, or else the next one.
    fn sound_batch(&self, mut position: u64) -> Result<Option<Arc<Batch>>, JournalError> {
        loop {
            if let Some(batch) = self.lately.holding(position) {
                return Ok(Some(batch));
            }
            let found = self.look(|connection| Ok(reading::find(connection, position)?))?;
            match found {
                Found::Sound(batch) => {
                    let batch = Arc::new(batch);
                    self.lately.keep(&batch);
                    return Ok(Some(batch));
                }
                Found::Damaged {
                    first,
                    count,
                    reason,
                } => {
                    self.set_aside(first, count, &reason);
                    position = first + u64::from(count);
                }
                Found::End => return Ok(None),
            }
        }
    }
}

fn insert(step: &Transaction<'_>, packed: &Packed) -> Result<u64, rusqlite::Error> {
    let first = head(step)? + 1;
    step.prepare_cached(schema::INSERT)?.execute(params![
        first,
        packed.count,
        packed.first_at_ms,
        packed.last_at_ms,
        packed.raw_bytes,
        checksum(first, packed.count, &packed.bytes),
        packed.bytes,
    ])?;
    Ok(first)
}

fn head(connection: &Connection) -> Result<u64, rusqlite::Error> {
    connection
        .prepare_cached(schema::HEAD)?
        .query_row([], |row| row.get(0))
}

impl From<Trouble> for JournalError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::DiskFull => Self::DiskFull,
            Trouble::Newer { found, known } => Self::Newer { found, known },
            Trouble::Damaged {
                path,
                doing,
                source,
            } => Self::Damaged {
                path,
                doing,
                source,
            },
            Trouble::Unopenable { path, source } => Self::Unopenable { path, source },
            Trouble::Other { doing, source } => Self::Database { doing, source },
        }
    }
}

impl Journal for SqliteJournal {
    fn append(&self, batch: &[Envelope]) -> Result<Position, JournalError> {
        let options = self.options("appended to")?;
        if batch.is_empty() {
            return Ok(Position(self.head()?.0 + 1));
        }
        let packed = self
            .packer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pack(batch)?;
        let first = self.write("appended to", |connection| {
            Self::make_room(connection, packed.bytes.len() as u64, options, &self.lately)?;
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let first = insert(&step, &packed)?;
            step.commit()?;
            Ok(first)
        })?;
        self.wake.tell(first + u64::from(packed.count) - 1);
        Ok(Position(first))
    }

    fn read(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Envelope)>, JournalError> {
        let mut next = after.0.saturating_add(1);
        let mut envelopes = Vec::new();
        while envelopes.len() < limit {
            let Some(batch) = self.sound_batch(next)? else {
                break;
            };
            envelopes.extend(batch.from(next).take(limit - envelopes.len()));
            next = batch.after();
        }
        Ok(envelopes)
    }

    fn head(&self) -> Result<Position, JournalError> {
        self.look(|connection| Ok(Position(head(connection)?)))
    }

    fn extent(&self) -> Result<(Position, Position), JournalError> {
        self.look(|connection| {
            let step = connection.transaction()?;
            let newest = head(&step)?;
            let oldest = step
                .query_row(schema::OLDEST, [], |row| row.get(0))
                .optional()?;
            Ok((Position(oldest.unwrap_or(newest + 1)), Position(newest)))
        })
    }

    fn add_consumer(&self, consumer: &str, from: Position) -> Result<(), JournalError> {
        self.write("given a consumer", |connection| {
            connection.execute(schema::ADD_CONSUMER, params![consumer, signed(from.0)])?;
            Ok(())
        })
    }

    fn release(&self, consumer: &str, upto: Position) -> Result<(), JournalError> {
        self.write("released", |connection| {
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let upto = signed(upto.0).min(head(&step)?.cast_signed());
            let known = step.execute(schema::RELEASE, params![consumer, upto])?;
            if known == 0 {
                let consumer = consumer.to_owned();
                return Err(Fault::Refused(JournalError::UnknownConsumer { consumer }));
            }
            step.commit()?;
            Ok(())
        })
    }

    fn remove_consumer(&self, consumer: &str) -> Result<(), JournalError> {
        self.write("rid of a consumer", |connection| {
            connection.execute(schema::REMOVE_CONSUMER, [consumer])?;
            Ok(())
        })
    }

    fn consumers(&self) -> Result<Vec<(String, Position)>, JournalError> {
        self.look(|connection| {
            let mut consumers = connection.prepare_cached(schema::CONSUMERS)?;
            let rows = consumers.query_map([], |row| Ok((row.get(0)?, Position(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn prune(&self, now: Timestamp) -> Result<Pruned, JournalError> {
        let options = self.options("pruned")?;
        let older_than_ms = now.ms().saturating_sub(options.keep_ms);
        let mut pruned = Pruned::default();
        // In small pieces: appends come in between.
        loop {
            let (some, more) = self.write("pruned", |connection| {
                let in_use = database::bytes_in_use(connection)?;
                let cut = Cut {
                    older_than_ms,
                    free_bytes: in_use.saturating_sub(options.max_bytes),
                };
                Ok(prune::cut(connection, cut, 0)?)
            })?;
            if some.envelopes > 0 {
                self.lately.forget();
            }
            pruned.envelopes += some.envelopes;
            pruned.bytes += some.bytes;
            if !more {
                break;
            }
        }
        while self.write("made smaller", |connection| {
            Ok(database::shrink(connection)?)
        })? {}
        if pruned.envelopes > 0 {
            self.write("made smaller", |connection| {
                Ok(database::settle(connection)?)
            })?;
        }
        Ok(pruned)
    }

    fn wait(&self, after: Position, at_most: Duration) -> Result<bool, JournalError> {
        if self.options.is_some() {
            // Nobody else appends.
            return Ok(self.wake.wait(after.0, at_most));
        }
        self.wake
            .wait_looking(after.0, at_most, || Ok(self.head()?.0))
    }

    fn health(&self) -> Result<JournalHealth, JournalError> {
        let log = std::fs::metadata(with_suffix(&self.path, "-wal")).map_or(0, |m| m.len());
        self.look(|connection| {
            let (damaged_batches, damaged_envelopes) =
                connection.query_row(schema::DAMAGE, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(JournalHealth {
                bytes: database::file_bytes(connection)? + log,
                damaged_batches,
                damaged_envelopes,
            })
        })
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
