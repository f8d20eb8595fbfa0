//! What judging said: standings, alerts and the live stream.

use std::sync::Arc;

use firemain_domain::handling::Handling;
use firemain_domain::judging::{Severity, Standing};
use firemain_domain::source::SourceCode;
use rusqlite::{Connection, Row};

use super::alerts::stage_number;
use super::lists::no_cursor;
use super::queries as sql;
use super::rows::{all, column, json, limit, one, run, signed, unsigned};
use crate::register::{EpisodeFilter, EpisodeRow, RegisterError, StreamEvent};

/// How every registered source stood at the last commit.
pub fn standings(db: &Connection) -> Result<Vec<(SourceCode, Standing)>, RegisterError> {
    all(db, sql::STANDINGS, [], |row| {
        let code: SourceCode = Arc::from(column::<String>(row, 0)?);
        let standing = json(row, 1, "standing", &code)?;
        Ok((code, standing))
    })
}

/// One alert.
pub fn episode(db: &Connection, id: &str) -> Result<Option<EpisodeRow>, RegisterError> {
    one(db, sql::EPISODE, [id], read_episode)
}

/// Alerts, newest first.
pub fn episodes(
    db: &Connection,
    filter: &EpisodeFilter,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<EpisodeRow>, RegisterError> {
    let (raised_at_ms, id) = match after {
        None => (i64::MAX, ""),
        Some(id) => {
            let place = one(db, sql::EPISODE_PLACE, [id], |row| column(row, 0))?;
            (place.ok_or_else(|| no_cursor(id))?, id)
        }
    };
    let least = severity_number(filter.at_least.unwrap_or(Severity::Info));
    let rule = filter.rule.as_deref();
    let open = filter.open;
    let stage = filter.stage.map(stage_number);
    let (whose, waits) = (filter.assigned_to.as_deref(), filter.unacknowledged);
    let most = limit(most);
    let several = filter.sources.as_ref();
    let several = several.map(|codes| serde_json::json!(codes).to_string());
    let of = filter
        .source
        .as_deref()
        .map(|one| (one, sql::EPISODES_OF_SOURCE));
    let of = of.or(several
        .as_deref()
        .map(|codes| (codes, sql::EPISODES_OF_SOURCES)));
    if let Some((sources, query)) = of {
        let asked = (
            raised_at_ms,
            id,
            most,
            least,
            rule,
            open,
            stage,
            whose,
            waits,
            sources,
        );
        return all(db, query, asked, read_episode);
    }
    let query = if whose.is_some() {
        sql::EPISODES_ASSIGNED
    } else if stage.is_some() {
        sql::EPISODES_AT_STAGE
    } else if open == Some(true) {
        sql::EPISODES_OPEN
    } else {
        sql::EPISODES
    };
    let asked = (
        raised_at_ms,
        id,
        most,
        least,
        rule,
        open,
        stage,
        whose,
        waits,
    );
    all(db, query, asked, read_episode)
}

/// Severities as the column holds them.
pub const fn severity_number(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 0,
        Severity::Minor => 1,
        Severity::Major => 2,
        Severity::Critical => 3,
    }
}

fn read_episode(row: &Row<'_>) -> Result<EpisodeRow, RegisterError> {
    let id: String = column(row, 0)?;
    Ok(EpisodeRow {
        state: json(row, 1, "alert", &id)?,
        handling: match column::<Option<String>>(row, 2)? {
            Some(_) => json(row, 2, "handling of an alert", &id)?,
            None => Handling::default(),
        },
    })
}

/// Stream events after an id.
pub fn stream_after(
    db: &Connection,
    after: u64,
    most: usize,
) -> Result<Vec<StreamEvent>, RegisterError> {
    all(db, sql::STREAM_AFTER, (signed(after), limit(most)), |row| {
        Ok(StreamEvent {
            id: unsigned(column(row, 0)?),
            kind: column(row, 1)?,
            body: column(row, 2)?,
        })
    })
}

/// The oldest and newest ids kept.
pub fn stream_extent(db: &Connection) -> Result<(u64, u64), RegisterError> {
    let extent = one(db, sql::STREAM_EXTENT, [], |row| {
        Ok((unsigned(column(row, 0)?), unsigned(column(row, 1)?)))
    })?;
    Ok(extent.unwrap_or_default())
}

/// Keeps the newest events only.
pub fn prune_stream(db: &Connection, keep: u64) -> Result<(), RegisterError> {
    run(db, sql::PRUNE_STREAM, [signed(keep)]).map(drop)
}
