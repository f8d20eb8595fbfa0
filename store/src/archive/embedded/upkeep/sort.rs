//! Blocks taken apart into pieces of one week each.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::super::column::Packing;
use super::super::merge::Merge;
use super::super::row::{Row, week_of};
use super::super::shelf::{Exchange, Shelf};
use super::super::table::{Role, Table, TableWriter};
use super::plan::Times;
use super::{ids, order_of};

/// Files written at once. Points of more weeks than that stay in a block, for the next time.
const MOST_WEEKS: usize = 32;
/// Weeks ahead of now that are partitions of their own; what lies further ahead is stray.
const WEEKS_AHEAD: i32 = 1;

/// Merges blocks into pieces; what is too old to be kept is dropped and counted.
pub(super) fn sort(shelf: &Shelf, blocks: &[Arc<Table>], times: Times) -> io::Result<Exchange> {
    let order = order_of(blocks);
    let begin = |role| TableWriter::begin(&shelf.folder, shelf.new_id(), role, order);
    let mut pieces: BTreeMap<Place, TableWriter> = BTreeMap::new();
    let mut rest: Option<TableWriter> = None;
    let mut merge = Merge::begin(blocks.iter().cloned(), []).map_err(|_| gone())?;
    let (mut rows, mut left, mut expired) = (Vec::new(), Vec::new(), 0);
    let mut parts: BTreeMap<Place, Vec<Row>> = BTreeMap::new();
    while let Some((hash, code)) = merge.next(i64::MIN, i64::MAX, &mut rows) {
        parts.values_mut().for_each(Vec::clear);
        left.clear();
        for row in &rows {
            if row.at < times.horizon_ms {
                expired += 1;
                continue;
            }
            let role = Place::of(row.at, times.now);
            let known = parts.len();
            match parts.get_mut(&role) {
                Some(part) => part.push(*row),
                None if known < MOST_WEEKS => {
                    parts.insert(role, vec![*row]);
                }
                None => left.push(*row),
            }
        }
        for (role, rows) in parts.iter().filter(|(_, rows)| !rows.is_empty()) {
            let piece = match pieces.entry(*role) {
                std::collections::btree_map::Entry::Occupied(piece) => piece.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(begin(role.role())?)
                }
            };
            piece.add(hash, &code, rows, Packing::Plain)?;
        }
        if !left.is_empty() {
            if rest.is_none() {
                rest = Some(begin(Role::Block)?);
            }
            if let Some(rest) = &mut rest {
                rest.add(hash, &code, &left, Packing::Plain)?;
            }
        }
    }
    let mut exchange = Exchange {
        remove: ids(blocks),
        ..Exchange::default()
    };
    for table in pieces.into_values().chain(rest) {
        exchange.add.push(table.finish(upto(blocks), Vec::new())?);
    }
    shelf.record.expired(expired);
    Ok(exchange)
}

fn upto(blocks: &[Arc<Table>]) -> u64 {
    blocks
        .iter()
        .map(|table| table.meta.upto)
        .max()
        .unwrap_or(0)
}

/// The writer's own files cannot go away under its hands.
pub(super) fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "a file of the archive is missing")
}

/// Where a row goes, in an order for maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Week(i32),
    Stray(i32),
}

impl Place {
    const fn of(at: i64, now: i64) -> Self {
        let (week, this_week) = (week_of(at), week_of(now));
        if week > this_week + WEEKS_AHEAD {
            Self::Stray(this_week)
        } else {
            Self::Week(week)
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Week(week) => Role::Piece { week, tier: 1 },
            Self::Stray(week) => Role::Stray { week },
        }
    }
}
