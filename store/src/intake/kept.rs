//! Messages of devices that nobody has registered.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sqlite::{add_to_total, total};
use super::{IntakePolicy, Stranger, Unregistered, schema};
use crate::journal::{Message, Position};
use firemain_domain::Timestamp;

/// Keeps one message, and lets the oldest of the same device go beyond the policy.
///
/// A consumer that goes back after a crash brings messages again. Those still there change nothing;
/// those older than the oldest of a device of which no more are kept were dropped before, as were
/// those of a device too many up to the last one refused: neither is counted twice.
pub(super) fn keep(
    step: &Transaction<'_>,
    message: &Unregistered,
    policy: IntakePolicy,
) -> Result<(), rusqlite::Error> {
    let device = &*message.device;
    let at_ms = message.received_at.ms();
    let known = stranger(step, device)?;
    match &known {
        Some(known) if known.kept >= policy.unregistered_per_device => {
            let oldest: Option<u64> = step
                .prepare_cached(schema::OLDEST_KEPT)?
                .query_row([device], |row| row.get(0))?;
            if oldest.is_some_and(|oldest| message.position.0 < oldest) {
                return Ok(());
            }
        }
        Some(_) => {}
        None if total(step, "strangers")? >= policy.unregistered_devices => {
            return refuse(step, message.position.0);
        }
        None => {
            step.prepare_cached(schema::ADD_STRANGER)?
                .execute(params![device, at_ms])?;
            add_to_total(step, "strangers", 1)?;
        }
    }
    let packed = postcard::to_allocvec(&message.message)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    let new = step.prepare_cached(schema::KEEP)?.execute(params![
        device,
        message.position.0,
        at_ms,
        packed
    ])?;
    if new == 0 {
        return Ok(());
    }
    step.prepare_cached(schema::HEARD)?
        .execute(params![device, at_ms])?;
    add_to_total(step, "kept", 1)?;
    let kept = known.map_or(0, |known| known.kept) + 1;
    let too_many = kept.saturating_sub(policy.unregistered_per_device);
    if too_many > 0 {
        let dropped = step
            .prepare_cached(schema::DROP_KEPT)?
            .execute(params![device, too_many])?;
        lose(step, device, dropped)?;
        add_to_total(step, "kept_dropped", dropped as i64)?;
    }
    Ok(())
}

/// A message of a device too many.
fn refuse(step: &Transaction<'_>, position: u64) -> Result<(), rusqlite::Error> {
    if position > total(step, "refused_upto")? {
        step.prepare_cached(schema::RAISE_TOTAL)?
            .execute(params!["refused_upto", position])?;
        add_to_total(step, "kept_dropped", 1)?;
    }
    Ok(())
}

fn lose(step: &Transaction<'_>, device: &str, rows: usize) -> Result<(), rusqlite::Error> {
    step.prepare_cached(schema::LESS_KEPT)?
        .execute(params![device, rows])?;
    add_to_total(step, "kept", -(rows as i64))
}

/// Forgets what was adopted, and the stranger with the last of it.
pub(super) fn adopted(
    step: &Transaction<'_>,
    device: &str,
    upto: i64,
) -> Result<(), rusqlite::Error> {
    let gone = step.execute(schema::ADOPTED, params![device, upto])?;
    lose(step, device, gone)?;
    let forgotten = step.execute(schema::FORGET_STRANGER, [device])?;
    add_to_total(step, "strangers", -(forgotten as i64))
}

/// One device that nobody has registered.
pub(super) fn stranger(
    connection: &Connection,
    device: &str,
) -> Result<Option<Stranger>, rusqlite::Error> {
    connection
        .prepare_cached(schema::STRANGER)?
        .query_row([device], to_stranger)
        .optional()
}

/// All of them by name.
pub(super) fn strangers(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Stranger>, rusqlite::Error> {
    connection
        .prepare_cached(schema::STRANGERS)?
        .query_map(params![after.unwrap_or_default(), limit], to_stranger)?
        .collect()
}

fn to_stranger(row: &Row<'_>) -> Result<Stranger, rusqlite::Error> {
    let device: String = row.get(0)?;
    Ok(Stranger {
        device: device.into(),
        first_at: Timestamp::from_ms(row.get(1)?),
        last_at: Timestamp::from_ms(row.get(2)?),
        messages: row.get(3)?,
        kept: row.get(4)?,
    })
}

/// What is kept of one device, oldest first.
pub(super) fn list(
    connection: &Connection,
    device: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<Unregistered>, rusqlite::Error> {
    let device_id = device.into();
    connection
        .prepare_cached(schema::KEPT)?
        .query_map(params![device, after, limit], |row| {
            let packed = row.get_ref(2)?.as_blob()?;
            let message: Message = postcard::from_bytes(packed).map_err(|e| {
                let blob = rusqlite::types::Type::Blob;
                rusqlite::Error::FromSqlConversionFailure(2, blob, e.into())
            })?;
            Ok(Unregistered {
                device: std::sync::Arc::clone(&device_id),
                position: Position(row.get(0)?),
                received_at: Timestamp::from_ms(row.get(1)?),
                message,
            })
        })?
        .collect()
}
