//! How much room a file takes, and giving some of it back.

use rusqlite::{Connection, Error};

/// Pages that are moved in one go when a file is made smaller.
const PAGES_AT_ONCE: u64 = 1_024;

/// Room that is in use, in bytes: the file without its free pages.
pub(crate) fn bytes_in_use(connection: &Connection) -> Result<u64, Error> {
    let pages = pragma(connection, "page_count")? - pragma(connection, "freelist_count")?;
    Ok(pages * pragma(connection, "page_size")?)
}

/// The size of the file itself, in bytes.
pub(crate) fn file_bytes(connection: &Connection) -> Result<u64, Error> {
    Ok(pragma(connection, "page_count")? * pragma(connection, "page_size")?)
}

/// Makes the file smaller by some of its free pages, but for a sixteenth that will soon be needed
/// again; whether there are more.
pub(crate) fn shrink(connection: &Connection) -> Result<bool, Error> {
    let free = pragma(connection, "freelist_count")?;
    let spare = (pragma(connection, "page_count")? / 16).max(64);
    if free <= spare {
        return Ok(false);
    }
    let pages = (free - spare).min(PAGES_AT_ONCE);
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    Ok(free - pages > spare)
}

/// Copies the write-ahead log back into the file as far as readers allow, which is when the file
/// becomes smaller.
pub(crate) fn settle(connection: &Connection) -> Result<(), Error> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn pragma(connection: &Connection, name: &str) -> Result<u64, Error> {
    connection
        .prepare_cached(&format!("PRAGMA {name}"))?
        .query_row([], |row| row.get(0))
}
