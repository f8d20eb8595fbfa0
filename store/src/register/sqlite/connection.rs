//! Connections to the register's file: one that writes, some that read, and what SQLite's errors
//! mean here.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::register::RegisterError;

/// How long one process waits while another writes.
const BUSY_FOR: Duration = Duration::from_secs(10);
/// So many tries to make a new file write-ahead while others open it too.
const WAL_TRIES: u32 = 1_000;
/// Connections that read at one time; more callers wait for one of them.
const MOST_READERS: usize = 16;
/// Statements kept ready on each connection: all there are.
const STATEMENTS: usize = 144;

/// A connection that may write: write-ahead log, every commit on disk before it returns.
pub fn open_for_writing(path: &Path) -> Result<Connection, RegisterError> {
    let connection = Connection::open(path).map_err(|e| opening(path, e))?;
    prepare(&connection)
        .and_then(|()| write_ahead(&connection))
        .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
        // 16 MiB: the pages of a large import or checkpoint.
        .and_then(|()| connection.pragma_update(None, "cache_size", -16_384))
        // A log grown by such a transaction shrinks again.
        .and_then(|()| connection.pragma_update(None, "journal_size_limit", 64 << 20))
        .map_err(|e| opening(path, e))?;
    Ok(connection)
}

/// A connection that only reads.
pub fn open_for_reading(path: &Path) -> Result<Connection, RegisterError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| opening(path, e))?;
    prepare(&connection)
        .and_then(|()| connection.pragma_update(None, "query_only", true))
        .map_err(|e| opening(path, e))?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(BUSY_FOR)
}

/// Makes the file write-ahead. SQLite does not wait for others when it changes a file's mode, so
/// we wait for their locks by taking one of our own, and try again.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(e) if is_busy(&e) && tries < WAL_TRIES => {
                tries += 1;
                connection
                    .execute_batch("BEGIN IMMEDIATE; COMMIT")
                    .or_else(|e| if is_busy(&e) { Ok(()) } else { Err(e) })?;
            }
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// An error of SQLite while something was being `doing`.
pub fn during(doing: &'static str, error: rusqlite::Error) -> RegisterError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => RegisterError::DiskFull,
        _ => RegisterError::Database {
            doing,
            source: error,
        },
    }
}

fn opening(path: &Path, error: rusqlite::Error) -> RegisterError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => RegisterError::Foreign {
            path: path.to_owned(),
        },
        _ => during("opened", error),
    }
}

/// Connections that read, lent one caller each. In the write-ahead log they never wait for a
/// writer, nor a writer for them.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    shelf: Mutex<Shelf>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Shelf {
    idle: Vec<Connection>,
    lent: usize,
}

impl Readers {
    /// Of the register at `path`; opened as they are needed.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            shelf: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// Reads.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, RegisterError>,
    ) -> Result<T, RegisterError> {
        let mut loan = Loan {
            connection: self.take(),
            readers: self,
        };
        let connection = match loan.connection.take() {
            Some(connection) => connection,
            None => open_for_reading(&self.path)?,
        };
        work(loan.connection.insert(connection))
    }

    /// An idle connection, or `None` where one more may be opened; waits while all are lent.
    fn take(&self) -> Option<Connection> {
        let mut shelf = self
            .returned
            .wait_while(lock(&self.shelf), |shelf| shelf.lent >= MOST_READERS)
            .unwrap_or_else(PoisonError::into_inner);
        shelf.lent += 1;
        shelf.idle.pop()
    }
}

/// A lent connection: comes back whatever happens to its borrower.
struct Loan<'a> {
    connection: Option<Connection>,
    readers: &'a Readers,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut shelf = lock(&self.readers.shelf);
        shelf.lent -= 1;
        shelf.idle.extend(self.connection.take());
        drop(shelf);
        self.readers.returned.notify_one();
    }
}

/// Takes a lock; what a panicking holder left is sound, for transactions roll back.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
