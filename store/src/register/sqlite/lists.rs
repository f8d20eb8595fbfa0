//! What people entered, in pages.

use firemain_domain::Timestamp;
use firemain_domain::change::ChangeNumber;
use firemain_domain::judging::{Parameters, RuleScope};
use firemain_domain::source::{KindName, Source};
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::queries as sql;
use super::rows::{all, column, json, limit, one, reading, ready, signed, unsigned};
use crate::register::checks::shown;
use crate::register::{Ended, NumberedChange, RegisterError};

/// Kinds of entries.
pub const FLOW_TEST: &str = "flow_test";
pub const WINDOW: &str = "window";
pub const INCIDENT: &str = "incident";
pub const PERMIT: &str = "permit";
pub const INSPECTION: &str = "inspection";
pub const ROUND: &str = "round";
pub const SILENCE: &str = "silence";

/// The number of the newest change.
pub fn newest_change(db: &Connection) -> Result<ChangeNumber, RegisterError> {
    let newest = one(db, sql::NEWEST_CHANGE, [], |row| column(row, 0))?;
    Ok(unsigned(newest.unwrap_or(0)))
}

/// Changes after a number, in order.
pub fn changes_after(
    db: &Connection,
    after: ChangeNumber,
    most: usize,
) -> Result<Vec<NumberedChange>, RegisterError> {
    let key = (signed(after), limit(most));
    all(db, sql::CHANGES_AFTER, key, read_change)
}

/// Changes before a number, newest first.
pub fn changes_before(
    db: &Connection,
    before: Option<ChangeNumber>,
    most: usize,
) -> Result<Vec<NumberedChange>, RegisterError> {
    let key = (before.map_or(i64::MAX, signed), limit(most));
    all(db, sql::CHANGES_BEFORE, key, read_change)
}

fn read_change(row: &Row<'_>) -> Result<NumberedChange, RegisterError> {
    let number = unsigned(column(row, 0)?);
    Ok(NumberedChange {
        number,
        at: Timestamp::from_ms(column(row, 1)?),
        by: column(row, 2)?,
        change: json(row, 3, "change", &number)?,
    })
}

/// What is set about the rules, by scope.
pub fn rule_sets(db: &Connection) -> Result<Vec<(RuleScope, Parameters)>, RegisterError> {
    all(db, sql::RULE_SETS, [], |row| {
        let scope: String = column(row, 0)?;
        json(row, 1, "set of rule parameters", &scope)
    })
}

/// Sources by code.
pub fn sources(
    db: &Connection,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<Source>, RegisterError> {
    let after = after.unwrap_or_default();
    all(db, sql::SOURCES, (after, limit(most)), read_source)
}

/// One source.
pub fn source(db: &Connection, code: &str) -> Result<Option<Source>, RegisterError> {
    one(db, sql::SOURCE, [code], read_source)
}

fn read_source(row: &Row<'_>) -> Result<Source, RegisterError> {
    let code: String = column(row, 0)?;
    json(row, 1, "source", &code)
}

/// Shows every registered device with its source.
pub fn visit_devices(
    db: &Connection,
    visit: &mut dyn FnMut(&str, &str, KindName),
) -> Result<(), RegisterError> {
    let unknown = || RegisterError::Unreadable {
        what: "kind of a source",
        reason: "nobody here knows it".to_owned(),
    };
    let mut statement = ready(db, sql::DEVICES)?;
    let mut rows = statement.query([]).map_err(reading)?;
    while let Some(row) = rows.next().map_err(reading)? {
        let text = |at| {
            row.get_ref(at)
                .map_err(reading)?
                .as_str()
                .map_err(|e| reading(e.into()))
        };
        let kind = text(2)?;
        let kind = KindName::ALL.into_iter().find(|known| known.name() == kind);
        visit(text(0)?, text(1)?, kind.ok_or_else(unknown)?);
    }
    Ok(())
}

/// Which entries are asked for.
pub struct Page<'a> {
    /// Of which kind.
    pub kind: &'static str,
    /// Only those that nobody ended (or withdrew).
    pub standing_only: bool,
    /// Of one source.
    pub source: Option<&'a str>,
    /// After the entry of that id.
    pub after: Option<&'a str>,
    /// How many.
    pub limit: usize,
}

/// Entries, newest first.
pub fn entries<T: DeserializeOwned>(
    db: &Connection,
    page: &Page<'_>,
) -> Result<Vec<Ended<T>>, RegisterError> {
    let (at_ms, id) = match page.after {
        None => (i64::MAX, String::new()),
        Some(id) => (place(db, page.kind, id)?, id.to_owned()),
    };
    let read = |row: &Row<'_>| {
        let id: String = column(row, 0)?;
        Ok(Ended {
            what: json(row, 1, page.kind, &id)?,
            ended_at: column::<Option<i64>>(row, 2)?.map(Timestamp::from_ms),
        })
    };
    let key = (page.kind, at_ms, id, limit(page.limit));
    match (page.source, page.standing_only) {
        (None, false) => all(db, sql::ENTRIES, key, read),
        (None, true) => all(db, sql::ENTRIES_STANDING, key, read),
        (Some(source), standing) => {
            let query = if standing {
                sql::ENTRIES_STANDING_OF_SOURCE
            } else {
                sql::ENTRIES_OF_SOURCE
            };
            all(db, query, (key.0, key.1, key.2, key.3, source), read)
        }
    }
}

/// One entry.
pub fn entry<T: DeserializeOwned>(
    db: &Connection,
    kind: &'static str,
    id: &str,
) -> Result<Option<Ended<T>>, RegisterError> {
    one(db, sql::ENTRY_BODY, (kind, id), |row| {
        Ok(Ended {
            what: json(row, 1, kind, &id)?,
            ended_at: column::<Option<i64>>(row, 2)?.map(Timestamp::from_ms),
        })
    })
}

/// Where the entry stands in the order of its kind.
fn place(db: &Connection, kind: &str, id: &str) -> Result<i64, RegisterError> {
    let found = one(db, sql::ENTRY, [id], |row| {
        Ok((column::<String>(row, 0)?, column::<i64>(row, 2)?))
    })?;
    found
        .filter(|(found, _)| found == kind)
        .map(|(_, at_ms)| at_ms)
        .ok_or_else(|| no_cursor(id))
}

/// A page was asked for after something that is not there.
pub fn no_cursor(id: &str) -> RegisterError {
    RegisterError::NotFound(format!(
        "the list cannot go on after {}, which is not in it: begin again without a cursor",
        shown(id)
    ))
}
