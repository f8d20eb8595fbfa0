//! How many points there are of all sources in a span, each once: to balance the books.

use std::sync::Arc;

use super::buffer::Buffer;
use super::merge::Merge;
use super::shelf::Tables;
use super::table::{Gone, Table};

/// Tables and buffers that overlap in time, and so may hold the same points.
#[derive(Debug, Default)]
struct Cluster {
    tables: Vec<Arc<Table>>,
    buffers: Vec<Arc<Buffer>>,
    reaches: Option<i64>,
}

#[derive(Debug)]
enum Held<'a> {
    Filed(&'a Arc<Table>),
    Buffered(&'a Arc<Buffer>),
}

/// Counts. A table that overlaps nothing and lies wholly in the span need not be read.
pub(super) fn all(
    tables: &Tables,
    buffers: &[Arc<Buffer>],
    from: i64,
    until: i64,
) -> Result<u64, Gone> {
    let mut spans: Vec<((i64, i64), Held)> = Vec::new();
    let touching = tables
        .points
        .iter()
        .filter(|table| table.touches(from, until));
    spans.extend(touching.map(|table| {
        (
            (table.meta.first_at, table.meta.last_at),
            Held::Filed(table),
        )
    }));
    let touching = buffers.iter().filter(|buffer| buffer.touches(from, until));
    spans.extend(touching.map(|buffer| (buffer.span(), Held::Buffered(buffer))));
    spans.sort_by_key(|(span, _)| *span);

    let (mut count, mut cluster) = (0, Cluster::default());
    for ((first, last), what) in spans {
        if cluster.reaches.is_some_and(|reaches| first > reaches) {
            count += std::mem::take(&mut cluster).count(from, until)?;
        }
        cluster.reaches = cluster.reaches.max(Some(last));
        match what {
            Held::Filed(table) => cluster.tables.push(Arc::clone(table)),
            Held::Buffered(buffer) => cluster.buffers.push(Arc::clone(buffer)),
        }
    }
    Ok(count + cluster.count(from, until)?)
}

impl Cluster {
    fn count(mut self, from: i64, until: i64) -> Result<u64, Gone> {
        if let ([alone], []) = (&self.tables[..], &self.buffers[..])
            && alone.meta.first_at >= from
            && alone.meta.last_at < until
        {
            return Ok(alone.meta.points);
        }
        self.tables
            .sort_by_key(|table| (table.meta.order, table.meta.id));
        let mut merge = Merge::begin(self.tables, self.buffers)?;
        let (mut rows, mut count) = (Vec::new(), 0);
        while merge.next(from, until, &mut rows).is_some() {
            count += rows.len() as u64;
        }
        Ok(count)
    }
}
