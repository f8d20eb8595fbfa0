//! Asking the database and reading its rows.

use rusqlite::{CachedStatement, Connection, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::connection::during;
use crate::register::RegisterError;

/// Every row that `query` finds.
pub fn all<T>(
    db: &Connection,
    query: &'static str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, RegisterError>,
) -> Result<Vec<T>, RegisterError> {
    let mut statement = ready(db, query)?;
    let rows = statement.query(params).map_err(reading)?;
    take(rows, read)
}

/// The row that `query` finds, if there is one.
pub fn one<T>(
    db: &Connection,
    query: &'static str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, RegisterError>,
) -> Result<Option<T>, RegisterError> {
    let mut statement = ready(db, query)?;
    let mut rows = statement.query(params).map_err(reading)?;
    rows.next().map_err(reading)?.map(read).transpose()
}

/// Carries a statement out; how many rows it changed.
pub fn run(
    db: &Connection,
    statement: &'static str,
    params: impl Params,
) -> Result<usize, RegisterError> {
    ready(db, statement)?
        .execute(params)
        .map_err(|e| during("written to", e))
}

/// One column of a row.
pub fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, at: usize) -> Result<T, RegisterError> {
    row.get(at).map_err(reading)
}

/// A column that holds JSON, and is `what` of `whose`.
pub fn json<T: DeserializeOwned>(
    row: &Row<'_>,
    at: usize,
    what: &'static str,
    whose: &dyn std::fmt::Display,
) -> Result<T, RegisterError> {
    let text = row.get_ref(at).map_err(reading)?;
    let text = text.as_str().map_err(|e| RegisterError::Unreadable {
        what,
        reason: format!("{whose}: {e}"),
    })?;
    serde_json::from_str(text).map_err(|e| RegisterError::Unreadable {
        what,
        reason: format!("{whose}: {e}"),
    })
}

/// The JSON of plain data.
pub fn to_json(value: &impl Serialize) -> Result<String, RegisterError> {
    serde_json::to_string(value).map_err(|e| RegisterError::Unreadable {
        what: "value",
        reason: e.to_string(),
    })
}

/// A page's size as SQLite counts.
pub fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A number of ours as SQLite counts.
pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// And back.
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub fn ready<'a>(
    db: &'a Connection,
    query: &'static str,
) -> Result<CachedStatement<'a>, RegisterError> {
    db.prepare_cached(query).map_err(reading)
}

fn take<T>(
    mut rows: rusqlite::Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> Result<T, RegisterError>,
) -> Result<Vec<T>, RegisterError> {
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(reading)? {
        found.push(read(row)?);
    }
    Ok(found)
}

pub fn reading(error: rusqlite::Error) -> RegisterError {
    during("read", error)
}
