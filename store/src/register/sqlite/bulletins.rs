//! Messages about alerts that page: which follow from what judging commits.

use firemain_domain::Timestamp;
use firemain_domain::judging::EpisodeState;
use rusqlite::{Connection, Row};

use super::SqliteRegister;
use super::rows::{all, column, json, limit, one, run, signed, to_json, unsigned};
use crate::register::RegisterError;
use crate::register::bulletins::{Bulletin, BulletinKind, BulletinRegister, identifier};

const LAST: &str = "SELECT number, identifier, kind, sent_at_ms, body FROM bulletin
     WHERE episode = ?1 ORDER BY number DESC LIMIT 1";
const COUNT: &str = "SELECT count(*) FROM bulletin WHERE episode = ?1";
const ADD: &str = "INSERT INTO bulletin (identifier, episode, kind, sent_at_ms, body)
     VALUES (?1, ?2, ?3, ?4, ?5)";
const LIST: &str = "SELECT number, identifier, kind, sent_at_ms, body FROM bulletin
     WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
const ONE: &str =
    "SELECT number, identifier, kind, sent_at_ms, body FROM bulletin WHERE identifier = ?1";
/// Those of the same standing: after the last that said it was over.
const BEFORE: &str = "SELECT identifier, sent_at_ms FROM bulletin AS b
     WHERE episode = ?1 AND number < ?2 AND number > coalesce(
         (SELECT max(number) FROM bulletin
          WHERE episode = ?1 AND number < ?2 AND kind = 'cancel'), 0)
     ORDER BY number";

/// What is to be made known of an alert as it is at a moment, after what was made known of it.
pub fn make_known(
    tx: &Connection,
    at: Timestamp,
    alert: &EpisodeState,
) -> Result<(), RegisterError> {
    let id = alert.id.to_string();
    let last = one(tx, LAST, [&id], read)?;
    let Some(kind) = next(last.as_ref(), alert) else {
        return Ok(());
    };
    let count = one(tx, COUNT, [&id], |row| column::<i64>(row, 0))?;
    let n = unsigned(count.unwrap_or_default()) + 1;
    let sent_at = last.map_or(at, |last| at.max(last.sent_at));
    let body = to_json(alert)?;
    let row = (
        identifier(&alert.id, n),
        id,
        kind.name(),
        sent_at.ms(),
        body,
    );
    run(tx, ADD, row).map(drop)
}

/// Which message follows; `None`: nothing new.
fn next(last: Option<&Bulletin>, alert: &EpisodeState) -> Option<BulletinKind> {
    match last.filter(|last| last.kind != BulletinKind::Cancel) {
        None => (alert.pages && alert.cleared_at.is_none()).then_some(BulletinKind::Alert),
        Some(_) if alert.cleared_at.is_some() => Some(BulletinKind::Cancel),
        Some(last) => {
            let same = last.alert.severity == alert.severity
                && last.alert.members == alert.members
                && last.alert.tells_command == alert.tells_command;
            (!same).then_some(BulletinKind::Update)
        }
    }
}

fn read(row: &Row<'_>) -> Result<Bulletin, RegisterError> {
    let (identifier, kind): (String, String) = (column(row, 1)?, column(row, 2)?);
    let known = BulletinKind::ALL
        .into_iter()
        .find(|known| known.name() == kind);
    Ok(Bulletin {
        number: unsigned(column(row, 0)?),
        kind: known.ok_or_else(|| RegisterError::Unreadable {
            what: "bulletin",
            reason: format!("{identifier}: nobody here knows the kind {kind}"),
        })?,
        sent_at: Timestamp::from_ms(column(row, 3)?),
        alert: json(row, 4, "bulletin", &identifier)?,
        follows: Vec::new(),
        identifier,
    })
}

impl BulletinRegister for SqliteRegister {
    fn bulletins(&self, before: Option<u64>, most: usize) -> Result<Vec<Bulletin>, RegisterError> {
        let key = (before.map_or(i64::MAX, signed), limit(most));
        self.readers.read(|db| all(db, LIST, key, read))
    }

    fn bulletin(&self, identifier: &str) -> Result<Option<Bulletin>, RegisterError> {
        self.readers.read(|db| {
            let Some(mut found) = one(db, ONE, [identifier], read)? else {
                return Ok(None);
            };
            let key = (found.alert.id.to_string(), signed(found.number));
            found.follows = all(db, BEFORE, key, |row| {
                Ok((column(row, 0)?, Timestamp::from_ms(column(row, 1)?)))
            })?;
            Ok(Some(found))
        })
    }
}
