//! Keeping the tables few and small: blocks become weekly pieces, pieces become fewer and tighter,
//! a week that is over becomes one piece and its roll-up, and what is too old is deleted.
//!
//! [`plan`] decides, [`job`] does the long merges a bounded part at a time, [`sort`] takes blocks
//! apart into weeks. All of it on tables that nobody changes, beside writing and reading.

mod job;
mod plan;
mod sort;

use std::sync::{Arc, Mutex, PoisonError};

use super::super::ArchiveError;
use super::EmbeddedOptions;
use super::desk::{Desk, failed};
use super::row::{WEEK_MS, week_of, week_start};
use super::shelf::{Exchange, Shelf};
use super::table::{Meta, Role};
use job::{Job, Progress};
use plan::Times;

/// A call merges this many points at least, and this many times what came in since the last one.
const LEAST_PER_CALL: u64 = 16_000_000;
const PER_POINT_WRITTEN: u64 = 8;

/// Merging and deleting.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    job: Mutex<Option<Job>>,
}

impl Upkeep {
    /// One call's worth. What frees space comes first: the disk may be full.
    pub(super) fn work(
        &self,
        shelf: &Shelf,
        desk: &Desk,
        options: &EmbeddedOptions,
        now: i64,
    ) -> Result<(), ArchiveError> {
        let mut job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        let times = Times {
            horizon_ms: horizon(now, options.raw_keep_ms),
            rollup_horizon_ms: now.saturating_sub(options.rollup_keep_ms),
            now,
        };
        let tables = shelf.tables();
        let expired = plan::expired(&tables, times);
        if !expired.is_empty() || times.horizon_ms >= tables.horizon_ms + WEEK_MS {
            let exchange = Exchange {
                remove: expired,
                horizon_ms: Some(times.horizon_ms),
                ..Exchange::default()
            };
            shelf.exchange(exchange).map_err(failed)?;
        }
        let filed = desk.file_old(now, options.file_after_ms);
        let mut budget = LEAST_PER_CALL.max(desk.written_since().saturating_mul(PER_POINT_WRITTEN));
        let worked = loop {
            if desk.is_closed() {
                break Ok(());
            }
            match step(&mut job, shelf, times, &mut budget) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => {
                    *job = None;
                    break Err(failed(error));
                }
            }
        };
        filed.and(worked)
    }

    /// Returns when whoever was at it has ended; what was half done is dropped.
    pub(super) fn close(&self) {
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Points before this are not kept: whole weeks, none before 1970.
fn horizon(now: i64, keep_ms: i64) -> i64 {
    week_start(week_of(now.saturating_sub(keep_ms).max(0)))
}

/// Does the next thing; `false`: there is nothing more to do in this call.
fn step(
    job: &mut Option<Job>,
    shelf: &Shelf,
    times: Times,
    budget: &mut u64,
) -> std::io::Result<bool> {
    let tables = shelf.tables();
    if let Some(blocks) = plan::blocks_to_sort(&tables) {
        *budget = budget.saturating_sub(blocks.iter().map(|table| table.meta.points).sum());
        let exchange = sort::sort(shelf, &blocks, times)?;
        shelf.exchange(exchange)?;
        return Ok(true);
    }
    if *budget == 0 {
        return Ok(false);
    }
    if job.is_none() {
        *job = match plan::next(&tables, times) {
            Some(task) => Some(Job::begin(shelf, task)?),
            None => return Ok(false),
        };
    }
    let Some(mut running) = job.take() else {
        return Ok(false);
    };
    match running.advance(budget)? {
        Progress::More => *job = Some(running),
        Progress::Done => shelf.exchange(running.finish()?)?,
    }
    Ok(true)
}

/// The same for all tables taken as one: of several, the first one's place in the order of arrival.
fn order_of(inputs: &[Arc<super::table::Table>]) -> u64 {
    inputs
        .iter()
        .map(|table| table.meta.order)
        .min()
        .unwrap_or(0)
}

fn ids(inputs: &[Arc<super::table::Table>]) -> Vec<u64> {
    inputs.iter().map(|table| table.meta.id).collect()
}

const fn week_in(meta: &Meta) -> Option<i32> {
    match meta.role {
        Role::Block => None,
        Role::Piece { week, .. } | Role::Stray { week } | Role::Rollup { week } => Some(week),
    }
}
