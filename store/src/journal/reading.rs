//! Reading batches, each decoded once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use super::batch::Row;
use super::schema::{HOLDING, HOLDING_RANGE};
use super::{Envelope, Position};
use crate::database::file_is_damaged;

/// Batches kept decoded: one for each consumer of a process, and some to spare.
const BATCHES: usize = 6;
/// What they may take together, before decoding; the newest stays even if it is larger.
const BYTES: usize = 16 << 20;

/// A decoded batch.
pub(super) struct Batch {
    first: u64,
    raw_bytes: usize,
    envelopes: Vec<Envelope>,
}

impl Batch {
    fn holds(&self, position: u64) -> bool {
        (self.first..self.after()).contains(&position)
    }

    /// The position after its last.
    pub(super) fn after(&self) -> u64 {
        self.first + self.envelopes.len() as u64
    }

    /// Its envelopes from a position on.
    pub(super) fn from(&self, position: u64) -> impl Iterator<Item = (Position, Envelope)> {
        let skip = position.saturating_sub(self.first) as usize;
        (self.first..)
            .map(Position)
            .zip(&self.envelopes)
            .skip(skip)
            .map(|(at, envelope)| (at, envelope.clone()))
    }
}

/// Batches decoded lately.
#[derive(Default)]
pub(super) struct Lately(Mutex<VecDeque<Arc<Batch>>>);

impl Lately {
    /// The batch that holds a position, if it was decoded lately.
    pub(super) fn holding(&self, position: u64) -> Option<Arc<Batch>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|batch| batch.holds(position))?;
        let batch = kept.remove(at)?;
        kept.push_back(Arc::clone(&batch));
        Some(batch)
    }

    /// Lets go of all: some of them are deleted.
    pub(super) fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Keeps a batch, and lets the longest unused go.
    pub(super) fn keep(&self, batch: &Arc<Batch>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(Arc::clone(batch));
        let mut bytes: usize = kept.iter().map(|b| b.raw_bytes).sum();
        while kept.len() > 1 && (kept.len() > BATCHES || bytes > BYTES) {
            bytes -= kept.pop_front().map_or(0, |b| b.raw_bytes);
        }
    }
}

/// What is found at a position.
pub(super) enum Found {
    /// A batch, sound.
    Sound(Batch),
    /// A batch that is damaged: where it is, and why.
    Damaged {
        first: u64,
        count: u32,
        reason: String,
    },
    /// Nothing there yet.
    End,
}

/// Finds the batch that holds a position, or else the next one.
pub(super) fn find(connection: &Connection, position: u64) -> Result<Found, rusqlite::Error> {
    let mut holding = connection.prepare_cached(HOLDING)?;
    let found = holding
        .query_row([signed(position)], |row| {
            let row = Row {
                first: row.get(0)?,
                count: row.get(1)?,
                raw_bytes: row.get(2)?,
                checksum: row.get(3)?,
                packed: row.get_ref(4)?.as_blob()?,
            };
            Ok(match row.unpack() {
                Ok(envelopes) => Found::Sound(Batch {
                    first: row.first,
                    raw_bytes: row.raw_bytes,
                    envelopes,
                }),
                Err(reason) => Found::Damaged {
                    first: row.first,
                    count: row.count,
                    reason,
                },
            })
        })
        .optional();
    match found {
        Ok(found) => Ok(found.unwrap_or(Found::End)),
        Err(error) if file_is_damaged(&error) => find_broken(connection, position, error),
        Err(error) => Err(error),
    }
}

/// The pages under a batch are broken: if the row itself can be read, only this batch is lost.
fn find_broken(
    connection: &Connection,
    position: u64,
    error: rusqlite::Error,
) -> Result<Found, rusqlite::Error> {
    let range = connection.query_row(HOLDING_RANGE, [signed(position)], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    match range {
        Ok((first, count)) => Ok(Found::Damaged {
            first,
            count,
            reason: format!("its pages are broken: {error}"),
        }),
        Err(_) => Err(error),
    }
}

/// A position as SQLite holds it.
pub(super) fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
