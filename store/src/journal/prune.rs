//! Deleting what everybody has let go of, oldest first.

use rusqlite::{Connection, TransactionBehavior, params};

use super::Pruned;
use super::schema::{DELETE_UPTO, OLDEST_RELEASED, PRUNED_UPTO, RELEASED};
use crate::database::file_is_damaged;

/// What is to go: everything older than a moment, and then the oldest until so much is freed.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) older_than_ms: i64,
    pub(super) free_bytes: u64,
}

/// Deletes up to 256 of the oldest batches that all consumers have released; whether there may be
/// more to delete. A batch whose pages are broken cannot be deleted: it is passed.
pub(super) fn cut(
    connection: &mut Connection,
    what: Cut,
    freed: u64,
) -> Result<(Pruned, bool), rusqlite::Error> {
    match cut_some(connection, what, freed, false) {
        Err(error) if file_is_damaged(&error) => cut_some(connection, what, freed, true),
        done => done,
    }
}

fn cut_some(
    connection: &mut Connection,
    what: Cut,
    freed: u64,
    spare_damaged: bool,
) -> Result<(Pruned, bool), rusqlite::Error> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let released: Option<i64> = step.query_row(RELEASED, [], |row| row.get(0))?;
    let mut pruned = Pruned::default();
    let mut upto = None;
    let mut more = false;
    {
        let mut oldest = step.prepare_cached(OLDEST_RELEASED)?;
        let mut rows = oldest.query(params![released.unwrap_or(i64::MAX), spare_damaged])?;
        while let Some(row) = rows.next()? {
            let (last, count): (i64, u64) = (row.get(0)?, row.get(1)?);
            let (last_at_ms, bytes): (i64, u64) = (row.get(2)?, row.get(3)?);
            let wanted = last_at_ms < what.older_than_ms || freed + pruned.bytes < what.free_bytes;
            more = wanted;
            if !wanted {
                break;
            }
            pruned.envelopes += count;
            pruned.bytes += bytes;
            upto = Some(last);
        }
    }
    let Some(upto) = upto else {
        return Ok((pruned, false));
    };
    step.execute(DELETE_UPTO, params![upto, spare_damaged])?;
    step.execute(PRUNED_UPTO, [upto])?;
    step.commit()?;
    Ok((pruned, more))
}
