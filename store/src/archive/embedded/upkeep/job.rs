//! A long merge within one week, done a bounded part at a time.

use std::io;

use firemain_domain::time::HOUR_MS;

use super::super::cell;
use super::super::column::Packing;
use super::super::merge::Merge;
use super::super::row::{Row, WEEK_MS, week_start};
use super::super::shelf::{Exchange, Shelf};
use super::super::table::{Role, TableWriter};
use super::plan::Task;
use super::sort::gone;
use super::{ids, order_of};

/// From this tier on a piece is packed tightly: it will be read more often than merged again.
const TIGHT_FROM: u8 = 3;

/// How far a job came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Done,
}

/// A merge under way: its inputs stay as they are until it is finished.
#[derive(Debug)]
pub(super) struct Job {
    merge: Merge,
    out: TableWriter,
    rollup: Option<TableWriter>,
    packing: Packing,
    remove: Vec<u64>,
    upto: u64,
    rows: Vec<Row>,
}

impl Job {
    pub(super) fn begin(shelf: &Shelf, task: Task) -> io::Result<Self> {
        let begin =
            |role| TableWriter::begin(&shelf.folder, shelf.new_id(), role, order_of(&task.inputs));
        let (packing, week) = match task.role {
            Role::Piece { week, tier } if tier >= TIGHT_FROM => (Packing::Tight, week),
            Role::Piece { week, .. } | Role::Stray { week } | Role::Rollup { week } => {
                (Packing::Plain, week)
            }
            Role::Block => (Packing::Plain, 0),
        };
        let out = begin(task.role)?;
        let mut remove = ids(&task.inputs);
        let rollup = match task.rollup {
            Some(before) => {
                remove.extend(before);
                let mut rollup = begin(Role::Rollup { week })?;
                rollup.spans(week_start(week), week_start(week) + WEEK_MS - 1);
                Some(rollup)
            }
            None => None,
        };
        Ok(Self {
            upto: task
                .inputs
                .iter()
                .map(|table| table.meta.upto)
                .max()
                .unwrap_or(0),
            merge: Merge::begin(task.inputs, []).map_err(|_| gone())?,
            out,
            rollup,
            packing,
            remove,
            rows: Vec::new(),
        })
    }

    /// Merges until the budget of points is used up or there is nothing more.
    pub(super) fn advance(&mut self, budget: &mut u64) -> io::Result<Progress> {
        while *budget > 0 {
            let Some((hash, code)) = self.merge.next(i64::MIN, i64::MAX, &mut self.rows) else {
                return Ok(Progress::Done);
            };
            *budget = budget.saturating_sub(self.rows.len().max(1) as u64);
            if self.rows.is_empty() {
                continue;
            }
            self.out.add(hash, &code, &self.rows, self.packing)?;
            if let Some(rollup) = &mut self.rollup {
                let (mut hours, mut payload) = (Vec::new(), Vec::new());
                cell::gather(&self.rows, HOUR_MS, &mut hours);
                cell::encode(&hours, &mut payload);
                rollup.add_payload(hash, &code, &payload)?;
            }
        }
        Ok(Progress::More)
    }

    /// Ends the files: what takes them in for the old ones.
    pub(super) fn finish(self) -> io::Result<Exchange> {
        let covers = vec![self.out.id()];
        let mut exchange = Exchange {
            remove: self.remove,
            ..Exchange::default()
        };
        if !self.out.is_empty() {
            exchange.add.push(self.out.finish(self.upto, Vec::new())?);
        }
        if let Some(rollup) = self.rollup {
            exchange.add.push(rollup.finish(0, covers)?);
        }
        Ok(exchange)
    }
}
