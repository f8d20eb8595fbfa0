//! Buckets of one source: from roll-ups where whole hours will do, from points elsewhere.
//!
//! A roll-up says from which tables it was made. Hours in which any other table, or memory, has
//! points of the source (late ones, or copies) are counted from points again; so both ways agree.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use firemain_domain::time::HOUR_MS;

use super::cell::{self, Cell};
use super::row::{Row, WEEK_MS, Wanted};
use super::shelf::Tables;
use super::table::{Gone, Table};
use super::view::View;

/// The cells of a span, `width_ms` wide, in order.
pub(super) fn cells(
    view: &mut View,
    tables: &Tables,
    code: (u64, &str),
    wanted: Wanted,
    (from, until): (i64, i64),
    width_ms: i64,
) -> Result<Vec<Cell>, Gone> {
    let mut cells = Vec::new();
    if width_ms % HOUR_MS != 0 {
        from_points(view, wanted, from, until, width_ms, &mut cells)?;
        cell::combine(&mut cells);
        return Ok(cells);
    }
    let mut at = from;
    for rollup in &tables.rollups {
        let begin = rollup.meta.first_at.max(at);
        let end = (rollup.meta.first_at + WEEK_MS).min(until);
        if begin >= end {
            continue;
        }
        from_points(view, wanted, at, begin, HOUR_MS, &mut cells)?;
        from_rollup(view, tables, rollup, code, wanted, (begin, end), &mut cells)?;
        at = end;
    }
    from_points(view, wanted, at, until, HOUR_MS, &mut cells)?;
    cell::combine(&mut cells);
    cell::widen(&mut cells, width_ms / HOUR_MS);
    Ok(cells)
}

fn from_points(
    view: &mut View,
    wanted: Wanted,
    from: i64,
    until: i64,
    width_ms: i64,
    cells: &mut Vec<Cell>,
) -> Result<(), Gone> {
    if from >= until {
        return Ok(());
    }
    view.each_window(wanted, from, until, |rows| {
        cell::gather(rows, width_ms, cells);
        ControlFlow::Continue(())
    })
}

fn from_rollup(
    view: &mut View,
    tables: &Tables,
    rollup: &Table,
    (hash, code): (u64, &str),
    wanted: Wanted,
    (from, until): (i64, i64),
    cells: &mut Vec<Cell>,
) -> Result<(), Gone> {
    let covers = |table: &Table| rollup.meta.covers.contains(&table.meta.id);
    let points_are_gone = !tables.points.iter().any(|table| covers(table));
    let again: BTreeSet<i64> = if points_are_gone {
        BTreeSet::new()
    } else {
        let late = view.rows_of(|table| !covers(table), wanted, from, until)?;
        let cut = [from, until]
            .into_iter()
            .filter(|at| at.rem_euclid(HOUR_MS) != 0);
        late.iter()
            .map(|row| row.at)
            .chain(cut)
            .map(|at| at.div_euclid(HOUR_MS))
            .collect()
    };
    let payloads = rollup.payloads(hash, code)?;
    if !points_are_gone && rollup.is_damaged() {
        return from_points(view, wanted, from, until, HOUR_MS, cells);
    }
    // While the points are there, an hour that the span cuts is counted from them; when they are
    // gone, it counts where it begins.
    for payload in payloads {
        let mut hours = Vec::new();
        if let Err(broken) = cell::decode(&payload, wanted, from, until, &mut hours) {
            rollup.damaged(hash, broken.0);
        }
        cells.extend(
            hours
                .into_iter()
                .filter(|hour| !again.contains(&hour.number)),
        );
    }
    if let (Some(first), Some(last)) = (again.first(), again.last()) {
        let (begin, end) = (first * HOUR_MS, (last + 1) * HOUR_MS);
        let mut rows: Vec<Row> = view.rows(wanted, begin.max(from), end.min(until))?;
        rows.retain(|row| again.contains(&row.at.div_euclid(HOUR_MS)));
        cell::gather(&rows, HOUR_MS, cells);
    }
    Ok(())
}
