//! What is to be merged or deleted next: decided from what is known of the tables, without reading
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use firemain_domain::time::DAY_MS;

use super::super::row::{WEEK_MS, week_start};
use super::super::shelf::Tables;
use super::super::table::{Role, Table};
use super::week_in;

/// Blocks are taken apart when there are this many.
const BLOCKS: usize = 12;
/// Pieces of one tier, or strays, that make one of the next.
const SAME_TIER: usize = 4;
/// The tier of the piece that a week ends as.
pub(super) const FINAL: u8 = u8::MAX;
/// Late points are taken into a week that is over when they are more than this part of it.
const LATE_PART: u64 = 8;
/// A week is over for a day before it is made one piece: most late points have come by then.
const GRACE_MS: i64 = DAY_MS;

/// The moments that decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Points before are not kept; begins a week.
    pub(super) horizon_ms: i64,
    pub(super) rollup_horizon_ms: i64,
    pub(super) now: i64,
}

/// A long merge within one week.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) inputs: Vec<Arc<Table>>,
    pub(super) role: Role,
    /// Also make the week's roll-up, instead of these.
    pub(super) rollup: Option<Vec<u64>>,
}

/// Tables that are too old: of points once their hours are in a roll-up, and roll-ups.
pub(super) fn expired(tables: &Tables, times: Times) -> Vec<u64> {
    let mut expired = Vec::new();
    for (week, points) in weeks(tables) {
        let pieces = pieces(&points);
        if week_start(week) + WEEK_MS <= times.horizon_ms && uncovered(tables, week, &pieces) == 0 {
            expired.extend(points.iter().map(|table| table.meta.id));
        }
    }
    let over = |table: &&Arc<Table>| table.meta.last_at < times.rollup_horizon_ms;
    expired.extend(
        tables
            .rollups
            .iter()
            .filter(over)
            .map(|table| table.meta.id),
    );
    expired
}

/// The oldest blocks, when there are enough of them.
pub(super) fn blocks_to_sort(tables: &Tables) -> Option<Vec<Arc<Table>>> {
    let blocks = tables
        .points
        .iter()
        .filter(|table| table.meta.role == Role::Block);
    let blocks: Vec<_> = blocks.take(BLOCKS).cloned().collect();
    (blocks.len() == BLOCKS).then_some(blocks)
}

/// The next merge within a week.
pub(super) fn next(tables: &Tables, times: Times) -> Option<Task> {
    weeks(tables).into_iter().find_map(|(week, points)| {
        let pieces = pieces(&points);
        let end = week_start(week) + WEEK_MS;
        let late = uncovered(tables, week, &pieces);
        let all: u64 = pieces.iter().map(|table| table.meta.points).sum();
        let due = end <= times.horizon_ms && late > 0;
        if due || end + GRACE_MS <= times.now && late * LATE_PART > all {
            let role = Role::Piece { week, tier: FINAL };
            let before = rollup_of(tables, week).map(|table| table.meta.id);
            return Some(Task {
                inputs: pieces,
                role,
                rollup: Some(before.into_iter().collect()),
            });
        }
        merge_of_like(&pieces, week).or_else(|| merge_of_strays(&points, week))
    })
}

/// The newest pieces of one tier, when there are enough of them.
fn merge_of_like(pieces: &[Arc<Table>], week: i32) -> Option<Task> {
    let tier_of = |table: &Arc<Table>| match table.meta.role {
        Role::Piece { tier, .. } => tier,
        _ => FINAL,
    };
    let runs = pieces.chunk_by(|a, b| tier_of(a) == tier_of(b));
    let run = runs
        .filter(|run| tier_of(&run[0]) < FINAL - 1)
        .find(|run| run.len() >= SAME_TIER)?;
    Some(Task {
        role: Role::Piece {
            week,
            tier: tier_of(&run[0]) + 1,
        },
        inputs: run.to_vec(),
        rollup: None,
    })
}

fn merge_of_strays(points: &[Arc<Table>], week: i32) -> Option<Task> {
    let role = Role::Stray { week };
    let strays: Vec<_> = points
        .iter()
        .filter(|table| table.meta.role == role)
        .cloned()
        .collect();
    (strays.len() >= SAME_TIER).then_some(Task {
        inputs: strays,
        role,
        rollup: None,
    })
}

/// How many points of a week are not in its roll-up.
fn uncovered(tables: &Tables, week: i32, pieces: &[Arc<Table>]) -> u64 {
    let covers = rollup_of(tables, week).map_or(&[][..], |rollup| &rollup.meta.covers);
    let late = pieces
        .iter()
        .filter(|table| !covers.contains(&table.meta.id));
    late.map(|table| table.meta.points).sum()
}

fn rollup_of(tables: &Tables, week: i32) -> Option<&Arc<Table>> {
    tables
        .rollups
        .iter()
        .find(|table| week_in(&table.meta) == Some(week))
}

/// Points by week; in each in order of arrival.
fn weeks(tables: &Tables) -> BTreeMap<i32, Vec<Arc<Table>>> {
    let mut weeks = BTreeMap::<i32, Vec<_>>::new();
    for table in &tables.points {
        if let Some(week) = week_in(&table.meta) {
            weeks.entry(week).or_default().push(Arc::clone(table));
        }
    }
    weeks
}

fn pieces(points: &[Arc<Table>]) -> Vec<Arc<Table>> {
    let pieces = points
        .iter()
        .filter(|table| matches!(table.meta.role, Role::Piece { .. }));
    pieces.cloned().collect()
}
