//! A connection to a store's file that comes back by itself after a failure.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Error, ErrorCode, ffi};

use super::{Format, Refused, file_is_damaged, open};

/// One connection, one user at a time.
pub(crate) struct Desk {
    path: PathBuf,
    format: &'static Format,
    connection: Mutex<Option<Connection>>,
}

/// What went wrong at a desk, in the words that every store's errors share.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The disk is full.
    DiskFull,
    /// A newer version wrote the file.
    Newer { found: i64, known: i64 },
    /// The file is damaged, or no database.
    Damaged {
        path: PathBuf,
        doing: &'static str,
        source: Error,
    },
    /// The file cannot be opened at all.
    Unopenable { path: PathBuf, source: Error },
    /// Anything else.
    Other { doing: &'static str, source: Error },
}

/// Why a piece of work was not done.
pub(crate) enum Fault<E> {
    /// The database says so.
    Sqlite(Error),
    /// We say so.
    Refused(E),
}

impl<E> From<Error> for Fault<E> {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Desk {
    /// A desk at this file, opened once to see that it can be.
    pub(crate) fn open(path: PathBuf, format: &'static Format) -> Result<Self, Trouble> {
        let desk = Self {
            path,
            format,
            connection: Mutex::new(None),
        };
        desk.with::<(), Trouble>("opened", |_| Ok(()))?;
        Ok(desk)
    }

    /// Does one piece of work. After a failure of the disk or the file the next piece of work gets
    /// a connection of its own.
    pub(crate) fn with<T, E: From<Trouble>>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault<E>>,
    ) -> Result<T, E> {
        let mut held = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => open(&self.path, self.format).map_err(|refused| match refused {
                Refused::Newer { found, known } => Trouble::Newer { found, known },
                Refused::Sqlite(source) => self.explain("opened", source),
            })?,
        };
        match work(&mut connection) {
            Ok(done) => {
                *held = Some(connection);
                Ok(done)
            }
            Err(Fault::Refused(error)) => {
                *held = Some(connection);
                Err(error)
            }
            Err(Fault::Sqlite(error)) => {
                if !connection_is_spent(&error) {
                    *held = Some(connection);
                }
                Err(self.explain(doing, error).into())
            }
        }
    }

    fn explain(&self, doing: &'static str, source: Error) -> Trouble {
        let path = || self.path.clone();
        if disk_is_full(&source) {
            Trouble::DiskFull
        } else if file_is_damaged(&source) {
            Trouble::Damaged {
                path: path(),
                doing,
                source,
            }
        } else if source.sqlite_error_code() == Some(ErrorCode::CannotOpen) {
            Trouble::Unopenable {
                path: path(),
                source,
            }
        } else {
            Trouble::Other { doing, source }
        }
    }
}

/// Whether the disk, the quota or the file's limit is reached.
fn disk_is_full(error: &Error) -> bool {
    match error {
        Error::SqliteFailure(e, _) => {
            e.code == ErrorCode::DiskFull || e.extended_code == ffi::SQLITE_IOERR_SHMSIZE
        }
        _ => false,
    }
}

/// Whether a connection had better be opened anew after this.
fn connection_is_spent(error: &Error) -> bool {
    file_is_damaged(error)
        || matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly)
        )
}
