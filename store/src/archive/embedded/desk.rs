//! Where points wait in memory until there are enough of them for a table, or they are old enough.
//!
//! Two buffers at most: one being filled, one being written by a thread of its own. When both are
//! full, writing waits; when the disk takes nothing, writing says so and can be tried again.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::super::{ArchiveError, Point, Written};
use super::buffer::Buffer;
use super::column::Packing;
use super::row::Row;
use super::shelf::{Exchange, Shelf};
use super::table::{Role, TableWriter};
use crate::journal::Position;

/// Marks are below this: see [`Point::mark`].
const MARK_LIMIT: u32 = 1_000_000;
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The points in memory.
#[derive(Debug)]
pub(super) struct Desk {
    shelf: Arc<Shelf>,
    limit: usize,
    buffers: RwLock<Buffers>,
    /// Held by whoever writes a buffer to disk.
    writing: Mutex<()>,
    closed: AtomicBool,
    written: AtomicU64,
}

#[derive(Debug)]
struct Buffers {
    active: Buffer,
    frozen: Option<Arc<Buffer>>,
    /// When the active one was first seen with something in it.
    since: Option<i64>,
}

/// What is to be done with points that were offered.
#[derive(Debug)]
pub(super) enum Offered {
    /// They are in.
    Taken(Written),
    /// They are in, and a buffer is full and should be filed now.
    TakenAndFull(Written),
    /// A buffer must be filed first.
    FileFirst(Vec<Point>),
}

impl Desk {
    pub(super) fn new(shelf: Arc<Shelf>, limit: usize) -> Self {
        let upto = Position(shelf.tables().upto);
        let buffers = Buffers {
            active: Buffer::after(upto),
            frozen: None,
            since: None,
        };
        Self {
            shelf,
            limit,
            buffers: RwLock::new(buffers),
            writing: Mutex::new(()),
            closed: AtomicBool::new(false),
            written: AtomicU64::new(0),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Buffers> {
        self.buffers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Buffers> {
        self.buffers.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes points if there is room.
    pub(super) fn offer(&self, points: Vec<Point>, upto: Position) -> Offered {
        let horizon = self.shelf.tables().horizon_ms;
        let mut buffers = self.change();
        let fits = buffers.active.len() == 0 || buffers.active.len() + points.len() <= self.limit;
        let freezes = !fits && buffers.frozen.is_none();
        if !fits && !freezes {
            return Offered::FileFirst(points);
        }
        if freezes {
            buffers.freeze();
        }
        let mut written = Written::default();
        for point in points {
            if let Some(reason) = unfit(&point, horizon) {
                written.refused.push((point, reason));
            } else {
                buffers.active.push(&point);
                written.points += 1;
            }
        }
        buffers.active.upto = buffers.active.upto.max(upto);
        self.written.fetch_add(written.points, Ordering::Relaxed);
        if freezes {
            Offered::TakenAndFull(written)
        } else {
            Offered::Taken(written)
        }
    }

    /// Points taken since this was last asked.
    pub(super) fn written_since(&self) -> u64 {
        self.written.swap(0, Ordering::Relaxed)
    }

    /// Appends the rows of a source in order of arrival.
    pub(super) fn rows_of(&self, code: &str, from: i64, until: i64) -> Vec<Row> {
        let mut rows = Vec::new();
        let buffers = self.read();
        for buffer in buffers
            .frozen
            .as_deref()
            .into_iter()
            .chain([&buffers.active])
        {
            if buffer.touches(from, until) {
                buffer.rows_of(code, &mut rows);
            }
        }
        rows
    }

    /// All that is in memory, as it is now, in order of arrival.
    pub(super) fn copy(&self) -> Vec<Arc<Buffer>> {
        let buffers = self.read();
        buffers
            .frozen
            .iter()
            .cloned()
            .chain([Arc::new(buffers.active.clone())])
            .collect()
    }

    pub(super) fn points(&self) -> u64 {
        let buffers = self.read();
        (buffers.active.len() + buffers.frozen.as_ref().map_or(0, |frozen| frozen.len())) as u64
    }

    /// Files the active buffer if it has waited for `wait_ms` by `now`.
    pub(super) fn file_old(&self, now: i64, wait_ms: i64) -> Result<(), ArchiveError> {
        {
            let mut buffers = self.change();
            if buffers.active.len() == 0 && buffers.active.upto.0 <= self.shelf.tables().upto {
                buffers.since = None;
                return Ok(());
            }
            let since = *buffers.since.get_or_insert(now);
            if now.saturating_sub(since) < wait_ms {
                return Ok(());
            }
        }
        self.file_all()
    }

    /// Files everything.
    pub(super) fn file_all(&self) -> Result<(), ArchiveError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.file_frozen_now()?;
        self.change().freeze();
        self.file_frozen_now()
    }

    /// Files the full buffer, if there is one.
    pub(super) fn file_frozen(&self) -> Result<(), ArchiveError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.file_frozen_now()
    }

    fn file_frozen_now(&self) -> Result<(), ArchiveError> {
        let Some(buffer) = self.read().frozen.clone().filter(|_| !self.is_closed()) else {
            return Ok(());
        };
        let filed = self.file(&buffer);
        self.shelf
            .record
            .failing(filed.as_ref().err().map(ToString::to_string));
        filed.map_err(failed)?;
        self.change().frozen = None;
        Ok(())
    }

    /// Writes a buffer as a table. First it is seen there, then no more in memory: never in neither.
    fn file(&self, buffer: &Buffer) -> io::Result<()> {
        let mut exchange = Exchange {
            upto: Some(buffer.upto.0),
            ..Exchange::default()
        };
        if buffer.len() > 0 {
            let id = self.shelf.new_id();
            let mut table = TableWriter::begin(&self.shelf.folder, id, Role::Block, id)?;
            let mut rows = Vec::new();
            for place in buffer.order() {
                let (hash, code) = buffer.source(place, &mut rows);
                table.add(hash, code, &rows, Packing::Plain)?;
            }
            exchange.add.push(table.finish(buffer.upto.0, Vec::new())?);
        }
        self.shelf.exchange(exchange)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Files nothing from now on; returns when whoever was at it has ended.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        drop(self.writing.lock());
    }
}

impl Buffers {
    /// The frozen one must be filed.
    fn freeze(&mut self) {
        if self.frozen.is_none() {
            let next = Buffer::after(self.active.upto);
            self.frozen = Some(Arc::new(std::mem::replace(&mut self.active, next)));
            self.since = None;
        }
    }
}

/// Why a point cannot be kept, in words.
fn unfit(point: &Point, horizon_ms: i64) -> Option<String> {
    if !point.value.is_finite() {
        Some("its value is no finite number".to_owned())
    } else if point.mark >= MARK_LIMIT {
        Some(format!("its mark {} is not below {MARK_LIMIT}", point.mark))
    } else if point.at.ms() < horizon_ms {
        Some("it is older than points are kept ([archive] raw_keep)".to_owned())
    } else {
        None
    }
}

/// A failure to write, as the caller is to understand it.
pub(super) fn failed(source: io::Error) -> ArchiveError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ArchiveError::Busy {
            reason: format!("the disk is full ({source}): free some space; it goes on by itself"),
            retry_after: Some(RETRY_AFTER),
        },
        _ => ArchiveError::Io {
            doing: "written",
            source,
        },
    }
}
