//! Messages that cannot be used.

use rusqlite::{Connection, Row, Transaction, params};

use super::{IntakePolicy, Quarantined, Why, schema, sqlite::add_to_total, sqlite::total};
use crate::journal::Position;
use firemain_domain::Timestamp;

/// What is kept of a payload.
const PAYLOAD_BYTES: usize = 4 << 10;
/// What is kept of a detail.
const DETAIL_CHARS: usize = 200;

/// Puts messages into quarantine, and lets the oldest go beyond the policy.
///
/// A consumer that goes back after a crash brings messages again. Those still there change nothing;
/// those older than the oldest of a full quarantine were dropped, and counted, before.
pub(super) fn put(
    step: &Transaction<'_>,
    messages: &[Quarantined],
    policy: IntakePolicy,
) -> Result<(), rusqlite::Error> {
    let before = total(step, "quarantined")?;
    let oldest: Option<u64> = step.query_row(schema::OLDEST_QUARANTINED, [], |row| row.get(0))?;
    let dropped_before = oldest.filter(|_| before >= policy.quarantine_rows);
    let mut insert = step.prepare_cached(schema::QUARANTINE)?;
    let mut new = 0;
    for message in messages {
        if dropped_before.is_some_and(|oldest| message.position.0 < oldest) {
            continue;
        }
        let detail: String = message.detail.chars().take(DETAIL_CHARS).collect();
        new += insert.execute(params![
            message.position.0,
            message.received_at.ms(),
            message.why.code(),
            detail,
            message.topic,
            &message.payload[..message.payload.len().min(PAYLOAD_BYTES)],
        ])? as u64;
    }
    let dropped = (before + new).saturating_sub(policy.quarantine_rows);
    if dropped > 0 {
        step.execute(schema::DROP_QUARANTINED, [dropped])?;
    }
    add_to_total(step, "quarantined", new as i64 - dropped as i64)?;
    add_to_total(step, "quarantine_dropped", dropped as i64)
}

/// Newest first, before a position, of one reason or all.
pub(super) fn list(
    connection: &Connection,
    why: Option<Why>,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<Quarantined>, rusqlite::Error> {
    let before = before.map_or(i64::MAX, |p| i64::try_from(p.0).unwrap_or(i64::MAX));
    match why {
        None => connection
            .prepare_cached(schema::QUARANTINED)?
            .query_map(params![before, limit], quarantined)?
            .collect(),
        Some(why) => connection
            .prepare_cached(schema::QUARANTINED_FOR)?
            .query_map(params![before, limit, why.code()], quarantined)?
            .collect(),
    }
}

fn quarantined(row: &Row<'_>) -> Result<Quarantined, rusqlite::Error> {
    let code: String = row.get(2)?;
    let why = Why::from_code(&code).ok_or_else(|| {
        let unknown = format!("`{code}` is no reason for quarantine");
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, unknown.into())
    })?;
    Ok(Quarantined {
        position: Position(row.get(0)?),
        received_at: Timestamp::from_ms(row.get(1)?),
        why,
        detail: row.get(3)?,
        topic: row.get(4)?,
        payload: row.get(5)?,
    })
}
