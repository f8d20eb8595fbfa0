//! Logins of devices, and what the parts of firemain keep here of themselves.

use firemain_domain::Timestamp;
use rusqlite::{Connection, Row};

use super::queries as sql;
use super::rows::{all, column, json, limit, one, run, signed, to_json, unsigned};
use crate::journal::Position;
use crate::register::{Login, PartStatus, RegisterError};

/// Enters or replaces a login.
pub fn set_login(tx: &Connection, login: &Login) -> Result<(), RegisterError> {
    let row = (
        &*login.name,
        login.secret_sha256.as_slice(),
        to_json(&login.devices)?,
        login.created_at.ms(),
        &*login.broker_hash,
    );
    run(tx, sql::SET_LOGIN, row).map(drop)
}

/// Forgets a login; whether there was one.
pub fn remove_login(tx: &Connection, name: &str) -> Result<bool, RegisterError> {
    run(tx, sql::REMOVE_LOGIN, [name]).map(|removed| removed > 0)
}

/// One login.
pub fn login(db: &Connection, name: &str) -> Result<Option<Login>, RegisterError> {
    one(db, sql::LOGIN, [name], read_login)
}

/// Logins by name.
pub fn logins(
    db: &Connection,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<Login>, RegisterError> {
    let after = after.unwrap_or_default();
    all(db, sql::LOGINS, (after, limit(most)), read_login)
}

fn read_login(row: &Row<'_>) -> Result<Login, RegisterError> {
    let name: String = column(row, 0)?;
    Ok(Login {
        secret_sha256: column(row, 1)?,
        devices: json(row, 2, "login", &name)?,
        created_at: Timestamp::from_ms(column(row, 3)?),
        broker_hash: column(row, 4)?,
        name,
    })
}

/// A consumer's cursor and state.
pub fn cursor(
    db: &Connection,
    consumer: &str,
) -> Result<Option<(Position, Vec<u8>)>, RegisterError> {
    one(db, sql::CURSOR, [consumer], |row| {
        Ok((Position(unsigned(column(row, 0)?)), column(row, 1)?))
    })
}

/// Sets it.
pub fn set_cursor(
    tx: &Connection,
    consumer: &str,
    position: Position,
    state: &[u8],
) -> Result<(), RegisterError> {
    run(tx, sql::SET_CURSOR, (consumer, signed(position.0), state)).map(drop)
}

/// Keeps a part's newest word. Numbers that JSON cannot hold are left out.
pub fn tell_status(tx: &Connection, status: &PartStatus) -> Result<(), RegisterError> {
    let mut status = status.clone();
    status.numbers.retain(|_, number| number.is_finite());
    run(tx, sql::SET_STATUS, (&*status.part, to_json(&status)?)).map(drop)
}

/// The newest word of every part.
pub fn statuses(db: &Connection) -> Result<Vec<PartStatus>, RegisterError> {
    all(db, sql::STATUSES, [], |row| {
        let part: String = column(row, 0)?;
        json(row, 1, "status", &part)
    })
}
