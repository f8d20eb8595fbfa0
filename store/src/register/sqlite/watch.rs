//! What judging commits: effects with their cursor.

use firemain_domain::change::ChangeNumber;
use rusqlite::Connection;

use super::alerts;
use super::bulletins;
use super::history;
use super::queries as sql;
use super::rows::{all, column, one, run, signed, to_json, unsigned};
use super::said::severity_number;
use super::telling;
use crate::journal::Position;
use crate::register::{RegisterError, WatchCommit};

/// A commit with its rows made ready, before the register is locked.
pub struct Written<'a> {
    commit: &'a WatchCommit,
    standings: Vec<(&'a str, String)>,
    episodes: Vec<(String, String)>,
}

impl<'a> Written<'a> {
    /// Makes the rows ready, in the order of the tables: neighbours on one page are written once.
    pub fn of(commit: &'a WatchCommit) -> Result<Self, RegisterError> {
        let mut standings = Vec::with_capacity(commit.standings.len());
        for (code, standing) in &commit.standings {
            standings.push((&**code, to_json(standing)?));
        }
        // Stable: of two standings of one source the last stays the last.
        standings.sort_by_key(|(code, _)| *code);
        let mut episodes = Vec::with_capacity(commit.episodes.len());
        for episode in &commit.episodes {
            episodes.push((episode.id.to_string(), to_json(episode)?));
        }
        Ok(Self {
            commit,
            standings,
            episodes,
        })
    }
}

/// Commits what a stretch of the journal led to.
pub fn commit(tx: &Connection, written: &Written<'_>) -> Result<(), RegisterError> {
    let commit = written.commit;
    let before = mark(tx)?;
    if commit.upto < before.upto {
        return Err(RegisterError::Conflict(format!(
            "judging wants to commit up to journal position {}, but {} is committed already: is another firemain judging on this register?",
            commit.upto.0, before.upto.0
        )));
    }
    for (code, body) in &written.standings {
        run(tx, sql::SET_STANDING, (code, body))?;
    }
    for (episode, (id, body)) in commit.episodes.iter().zip(&written.episodes) {
        let row = (
            id,
            episode.id.subject.to_string(),
            episode.id.rule.name(),
            severity_number(episode.severity),
            episode.raised_at.ms(),
            episode.cleared_at.map(firemain_domain::Timestamp::ms),
            body,
        );
        run(tx, sql::SET_EPISODE, row)?;
    }
    alerts::judged(tx, &commit.steps)?;
    history::note_verdicts(tx, &commit.verdicts)?;
    for (at, alert) in &commit.paging {
        bulletins::make_known(tx, *at, alert)?;
    }
    for notice in &commit.notices {
        telling::add_notice(tx, notice)?;
    }
    let mut last_event = before.last_event;
    for event in &commit.events {
        last_event += 1;
        run(
            tx,
            sql::ADD_EVENT,
            (signed(last_event), &*event.kind, &*event.body),
        )?;
    }
    let change = take_changes(tx, before.change, &commit.taken)?;
    let now = (signed(commit.upto.0), signed(change), signed(last_event));
    run(tx, sql::SET_COMMITTED, now).map(drop)
}

/// Records at which positions changes took effect; each does once, in the order of their numbers.
fn take_changes(
    tx: &Connection,
    before: ChangeNumber,
    taken: &[(ChangeNumber, Position)],
) -> Result<ChangeNumber, RegisterError> {
    let mut last = before;
    for (change, position) in taken {
        if *change <= last {
            return Err(RegisterError::Conflict(format!(
                "change {change} took effect already, or out of its order: the last that did is {last}"
            )));
        }
        run(tx, sql::ADD_TAKEN, (signed(*change), signed(position.0)))?;
        last = *change;
    }
    Ok(last)
}

/// How far is committed.
struct Mark {
    upto: Position,
    change: ChangeNumber,
    last_event: u64,
}

fn mark(db: &Connection) -> Result<Mark, RegisterError> {
    let found = one(db, sql::COMMITTED, [], |row| {
        Ok(Mark {
            upto: Position(unsigned(column(row, 0)?)),
            change: unsigned(column(row, 1)?),
            last_event: unsigned(column(row, 2)?),
        })
    })?;
    found.ok_or_else(|| RegisterError::Unreadable {
        what: "mark of what is committed",
        reason: "it is missing".into(),
    })
}

/// The position and the change up to which effects are committed.
pub fn committed(db: &Connection) -> Result<(Position, ChangeNumber), RegisterError> {
    mark(db).map(|mark| (mark.upto, mark.change))
}

/// At which position each change after `after` took effect.
pub fn taken_changes(
    db: &Connection,
    after: ChangeNumber,
) -> Result<Vec<(ChangeNumber, Position)>, RegisterError> {
    all(db, sql::TAKEN_AFTER, [signed(after)], |row| {
        Ok((
            unsigned(column(row, 0)?),
            Position(unsigned(column(row, 1)?)),
        ))
    })
}
