//! How a SQLite file is opened, the same for every store: in WAL mode, each commit on disk before
//! it returns, safe for several processes, and refused where a newer version wrote it.

mod desk;
mod room;

pub(crate) use desk::{Desk, Fault, Trouble};
pub(crate) use room::{bytes_in_use, file_bytes, settle, shrink};

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, TransactionBehavior};

/// How long a process waits for another to finish writing.
const BUSY: Duration = Duration::from_secs(10);

/// A file's format: statements that bring it from each version to the next, the first from nothing.
pub(crate) struct Format {
    pub(crate) steps: &'static [&'static str],
}

/// Why a file was not opened.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A newer version wrote it.
    Newer { found: i64, known: i64 },
    /// The database says so.
    Sqlite(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens the file, making it or bringing it up to date if need be.
pub(crate) fn open(path: &Path, format: &Format) -> Result<Connection, Refused> {
    // Two processes that make the same file at the same moment would find each other's half; SQLite
    // does not wait for that lock. Gone when this returns.
    let alone = lock_folder(path);
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    let known = format.steps.len() as i64;
    let found = version(&connection)?;
    if found > known {
        return Err(Refused::Newer { found, known });
    }
    if found == 0 {
        // Effective only before the first table.
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 33554432;
         PRAGMA wal_autocheckpoint = 2000;",
    )?;
    if found < known {
        bring_up_to_date(&mut connection, format)?;
        if let Some(folder) = &alone {
            // The file's name has to last as well as what is in it.
            folder.sync_all().ok();
        }
    }
    Ok(connection)
}

fn bring_up_to_date(connection: &mut Connection, format: &Format) -> Result<(), Error> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&step)?;
    for sql in format.steps.iter().skip(found as usize) {
        step.execute_batch(sql)?;
    }
    step.pragma_update(None, "user_version", format.steps.len() as i64)?;
    step.commit()
}

fn version(connection: &Connection) -> Result<i64, Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// The file's folder, locked; `None` where the system locks no folders.
fn lock_folder(path: &Path) -> Option<File> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = File::open(parent.unwrap_or(Path::new("."))).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// Whether the file itself is damaged, or no database at all.
pub(crate) fn file_is_damaged(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Format = Format {
        steps: &["CREATE TABLE a (x INTEGER)"],
    };
    const TWO: Format = Format {
        steps: &["CREATE TABLE a (x INTEGER)", "ALTER TABLE a ADD COLUMN y"],
    };

    #[test]
    fn a_file_is_made_brought_up_to_date_and_refused_by_the_older() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        open(&path, &ONE)
            .unwrap()
            .execute("INSERT INTO a VALUES (1)", [])
            .unwrap();
        let connection = open(&path, &TWO).unwrap();
        let row = connection.query_row("SELECT x, y FROM a", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        });
        assert_eq!(row.unwrap(), (1, None));
        match open(&path, &ONE) {
            Err(Refused::Newer { found: 2, known: 1 }) => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn many_that_make_the_same_file_at_once_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..10 {
            let path = folder.path().join(format!("{round}.db"));
            std::thread::scope(|s| {
                for _ in 0..8 {
                    s.spawn(|| open(&path, &TWO).unwrap());
                }
            });
        }
    }
}
