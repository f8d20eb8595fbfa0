//! The archive in a folder of our own: nothing to install, a day of a source in milliseconds.
//!
//! In: points. They wait in memory ([`desk`]) until there are half a million of them or some
//! minutes have passed, then become one immutable file, sorted by source ([`table`]), which is
//! durable together with the journal position it reaches; what a crash takes from memory is read
//! from the journal again. [`upkeep`] merges files into weekly ones, drops copies, makes hourly
//! roll-ups and deletes what is too old. Out: [`view`] puts together what memory and files have of
//! one source; [`buckets`] uses roll-ups where they tell the same as the points.
//!
//! One process writes; others may read the same folder ([`EmbeddedArchive::open_reader`]) and see
//! what is in files. Points are kept by whole weeks. A point that comes when its week is not kept
//! any more is refused. Of points more than a week ahead of their time of arrival no roll-up is
//! made, and they go with the week in which they came. When points have gone, buckets of whole hours
//! are answered from roll-ups, hour by hour; narrower ones and [`Archive::latest`] know nothing any more.
//!
//! What is damaged is passed over, counted ([`EmbeddedArchive::health`]) and set aside; the rest
//! answers.

mod bytes;
mod column;
mod row;
mod section;

mod health;
mod table;

mod manifest;
mod shelf;

mod buffer;
mod desk;

mod merge;
mod upkeep;

mod buckets;
mod cell;
mod count;
mod view;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use firemain_domain::source::SourceCode;
use firemain_domain::time::DAY_MS;
use firemain_domain::{Quantity, Timestamp};

use super::{Answer, Archive, ArchiveError, Bucket, Point, Query, Value, Written};
use crate::journal::Position;
use desk::{Desk, Offered};
pub use health::Health;
use row::{Row, Wanted};
use shelf::{Shelf, Tables};
use table::Gone;
use upkeep::Upkeep;
use view::View;

/// How an embedded archive keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// Points are kept at least this long, ms.
    pub raw_keep_ms: i64,
    /// Roll-ups are kept at least this long, ms.
    pub rollup_keep_ms: i64,
    /// Points in memory that make a file; twice as many are in memory at most. 24 B each, and 40 B
    /// for each source that has any.
    pub buffer_points: usize,
    /// Points wait in memory this long at most, ms, as told by [`Archive::maintain`].
    pub file_after_ms: i64,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            raw_keep_ms: 90 * DAY_MS,
            rollup_keep_ms: 5 * 366 * DAY_MS,
            buffer_points: 512 << 10,
            file_after_ms: 5 * 60_000,
        }
    }
}

/// The archive in a folder.
#[derive(Debug)]
pub struct EmbeddedArchive {
    shelf: Arc<Shelf>,
    writer: Option<Arc<Writer>>,
}

#[derive(Debug)]
struct Writer {
    options: EmbeddedOptions,
    desk: Desk,
    upkeep: Upkeep,
    lock: Mutex<Option<File>>,
}

impl EmbeddedArchive {
    /// Opens the folder to write to it, making it if need be. There can be only one writer.
    pub fn open(folder: impl AsRef<Path>, options: EmbeddedOptions) -> Result<Self, ArchiveError> {
        let folder = folder.as_ref();
        let opened = |source| ArchiveError::Io {
            doing: "opened",
            source,
        };
        std::fs::create_dir_all(folder).map_err(opened)?;
        let lock = File::create(folder.join("writer.lock")).map_err(opened)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(source)) => return Err(opened(source)),
            Err(TryLockError::WouldBlock) => {
                return Err(ArchiveError::Refused {
                    reason: format!(
                        "another firemain writes to the archive in {}: stop that one, or choose another folder by [data] dir",
                        folder.display()
                    ),
                });
            }
        }
        let shelf = Arc::new(Shelf::open(folder)?);
        let writer = Writer {
            desk: Desk::new(Arc::clone(&shelf), options.buffer_points.max(1)),
            options,
            upkeep: Upkeep::default(),
            lock: Mutex::new(Some(lock)),
        };
        Ok(Self {
            shelf,
            writer: Some(Arc::new(writer)),
        })
    }

    /// Opens the folder to read what another process writes there. It need not be there yet.
    pub fn open_reader(folder: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        let shelf = Shelf::shared(folder.as_ref());
        shelf.refresh()?;
        Ok(Self {
            shelf: Arc::new(shelf),
            writer: None,
        })
    }

    /// How it is: damage, failures, size.
    pub fn health(&self) -> Health {
        // What a reader cannot bring up to date it tells as it was.
        let _ = self.shelf.refresh();
        let tables = self.shelf.tables();
        let all = || tables.points.iter().chain(&tables.rollups);
        Health {
            buffered_points: self
                .writer
                .as_ref()
                .map_or(0, |writer| writer.desk.points()),
            files: all().count() as u64,
            bytes: all().map(|table| table.meta.bytes).sum(),
            filed_points: tables.points.iter().map(|table| table.meta.points).sum(),
            ..self.shelf.record.tell()
        }
    }

    /// Work on files, away from the threads that must not wait.
    fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shelf, Option<&Writer>) -> Result<T, ArchiveError> + Send + 'static,
    ) -> Answer<'_, T> {
        let (shelf, writer) = (Arc::clone(&self.shelf), self.writer.clone());
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || work(&shelf, writer.as_deref())).await;
            done.unwrap_or_else(|stopped| {
                Err(ArchiveError::Busy {
                    reason: stopped.to_string(),
                    retry_after: None,
                })
            })
        })
    }

    fn write_work(
        &self,
        work: impl FnOnce(&Shelf, &Writer) -> Result<(), ArchiveError> + Send + 'static,
    ) -> Answer<'_, ()> {
        self.work(|shelf, writer| work(shelf, writer.ok_or_else(only_read)?))
    }

    fn ask<T: Send + 'static>(
        &self,
        source: SourceCode,
        (from, until): (i64, i64),
        mut ask: impl FnMut(&mut View, &Tables) -> Result<T, Gone> + Send + 'static,
    ) -> Answer<'_, T> {
        self.work(move |shelf, writer| {
            // Memory first, then tables: what is filed in between is seen twice, never not at all.
            let buffered: Vec<Row> =
                writer.map_or_else(Vec::new, |writer| writer.desk.rows_of(&source, from, until));
            shelf.ask(|tables| {
                ask(
                    &mut View::new(&source, &tables, &buffered, from, until),
                    &tables,
                )
            })
        })
    }
}

fn only_read() -> ArchiveError {
    ArchiveError::Refused {
        reason: "this process only reads the archive; the one that receives writes to it"
            .to_owned(),
    }
}

impl Archive for EmbeddedArchive {
    fn write(&self, points: Vec<Point>, upto: Position) -> Answer<'_, Written> {
        let Some(writer) = self.writer.clone() else {
            return Box::pin(std::future::ready(Err(only_read())));
        };
        let mut points = points;
        Box::pin(async move {
            loop {
                match writer.desk.offer(points, upto) {
                    Offered::Taken(written) => return Ok(written),
                    Offered::TakenAndFull(written) => {
                        let writer = Arc::clone(&writer);
                        // A failure is on record, and told to who writes when memory is full.
                        drop(tokio::task::spawn_blocking(move || {
                            writer.desk.file_frozen()
                        }));
                        return Ok(written);
                    }
                    Offered::FileFirst(back) => {
                        points = back;
                        self.write_work(|_, writer| writer.desk.file_frozen())
                            .await?;
                    }
                }
            }
        })
    }

    fn durable_upto(&self) -> Option<Position> {
        // A reader that cannot look knows what it knew.
        let _ = self.shelf.refresh();
        Some(Position(self.shelf.tables().upto))
    }

    fn range(&self, query: Query, limit: usize) -> Answer<'_, Vec<Value>> {
        let mut quantities: Vec<u8> = query.quantities.iter().map(|q| q.number()).collect();
        if quantities.is_empty() {
            quantities.extend(Quantity::ALL.map(Quantity::number));
        }
        quantities.sort_unstable();
        quantities.dedup();
        let (from, until) = (query.from.ms(), query.until.ms());
        self.ask(query.source, (from, until), move |view, _| {
            view.range(&quantities, from, until, limit)
        })
    }

    fn buckets(&self, query: Query, width_ms: i64) -> Answer<'_, Vec<Bucket>> {
        if width_ms < 1 {
            let reason = format!("a bucket is at least 1 ms wide, not {width_ms}");
            return Box::pin(std::future::ready(Err(ArchiveError::Refused { reason })));
        }
        let wanted = Wanted::of(&query.quantities);
        let span = (query.from.ms(), query.until.ms());
        let code = SourceCode::clone(&query.source);
        self.ask(query.source, span, move |view, tables| {
            let code = (buffer::hash(&code), &*code);
            let cells = buckets::cells(view, tables, code, wanted, span, width_ms)?;
            Ok(cells
                .iter()
                .filter_map(|cell| cell.bucket(width_ms))
                .collect())
        })
    }

    fn latest(&self, source: SourceCode) -> Answer<'_, Vec<Value>> {
        self.ask(source, (i64::MIN, i64::MAX), |view, _| view.newest())
    }

    fn count(
        &self,
        source: Option<SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Answer<'_, u64> {
        let (from, until) = (from.ms(), until.ms());
        if let Some(source) = source {
            return self.ask(source, (from, until), move |view, _| {
                let mut count = 0;
                view.each_window(Wanted::ALL, from, until, |rows| {
                    count += rows.len() as u64;
                    std::ops::ControlFlow::Continue(())
                })?;
                Ok(count)
            });
        }
        self.work(move |shelf, writer| {
            let buffers = writer.map_or_else(Vec::new, |writer| writer.desk.copy());
            shelf.ask(|tables| count::all(&tables, &buffers, from, until))
        })
    }

    fn maintain(&self, now: Timestamp) -> Answer<'_, ()> {
        self.write_work(move |shelf, writer| {
            writer
                .upkeep
                .work(shelf, &writer.desk, &writer.options, now.ms())
        })
    }

    fn flush(&self) -> Answer<'_, ()> {
        self.write_work(|_, writer| writer.desk.file_all())
    }

    fn check(&self) -> Answer<'_, ()> {
        self.work(|shelf, writer| {
            shelf.refresh()?;
            if let Some(reason) = shelf.record.tell().failing {
                return Err(ArchiveError::Busy {
                    reason,
                    retry_after: None,
                });
            }
            match std::fs::metadata(&shelf.folder) {
                Err(source) if writer.is_some() => Err(ArchiveError::Io {
                    doing: "found",
                    source,
                }),
                _ => Ok(()),
            }
        })
    }
}

impl Drop for EmbeddedArchive {
    /// What is in memory is not filed (that is [`Archive::flush`]); the folder is free afterwards.
    fn drop(&mut self) {
        if let Some(writer) = &self.writer {
            writer.desk.close();
            writer.upkeep.close();
            *writer.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
