//! One source across memory and all tables: what answers are made from.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::Value;
use super::buffer::hash;
use super::row::{Row, WEEK_MS, Wanted, settle};
use super::section::Section;
use super::shelf::Tables;
use super::table::{Gone, Table};

/// The payloads of a source's sections in one table.
type Sections = Vec<Vec<u8>>;

/// A source's points in a span; sections are read when first needed.
#[derive(Debug)]
pub(super) struct View {
    hash: u64,
    code: String,
    /// In order of arrival.
    tables: Vec<(Arc<Table>, Option<Sections>)>,
    /// What is in memory came after all that is in tables.
    pub(super) buffered: Vec<Row>,
}

impl View {
    pub(super) fn new(
        code: &str,
        tables: &Tables,
        buffered: &[Row],
        from: i64,
        until: i64,
    ) -> Self {
        let touching = tables
            .points
            .iter()
            .filter(|table| table.touches(from, until));
        Self {
            hash: hash(code),
            code: code.to_owned(),
            tables: touching.map(|table| (Arc::clone(table), None)).collect(),
            buffered: buffered.to_vec(),
        }
    }

    fn sections(&mut self, i: usize) -> Result<&[Vec<u8>], Gone> {
        let (table, sections) = &mut self.tables[i];
        if sections.is_none() {
            *sections = Some(table.payloads(self.hash, &self.code)?);
        }
        Ok(sections.as_deref().unwrap_or_default())
    }

    /// The wanted rows of the span, settled.
    pub(super) fn rows(&mut self, wanted: Wanted, from: i64, until: i64) -> Result<Vec<Row>, Gone> {
        self.rows_of(|_| true, wanted, from, until)
    }

    /// The same from some of the tables, and from memory.
    pub(super) fn rows_of(
        &mut self,
        takes: impl Fn(&Table) -> bool,
        wanted: Wanted,
        from: i64,
        until: i64,
    ) -> Result<Vec<Row>, Gone> {
        let mut rows = Vec::new();
        for i in 0..self.tables.len() {
            if !self.tables[i].0.touches(from, until) || !takes(&self.tables[i].0) {
                continue;
            }
            let mut broken = None;
            for payload in self.sections(i)? {
                let unpacked = Section::parse(payload)
                    .and_then(|section| section.rows(wanted, from, until, &mut rows));
                broken = broken.or(unpacked.err());
            }
            if let Some(broken) = broken {
                self.tables[i].0.damaged(self.hash, broken.0);
            }
        }
        let in_span = |row: &&Row| (from..until).contains(&row.at) && wanted.has(row.quantity);
        rows.extend(self.buffered.iter().filter(in_span));
        settle(&mut rows);
        Ok(rows)
    }

    /// A moment at or after `at`, before which there is no point; `None`: there is none at all.
    fn next_at(&mut self, at: i64) -> Result<Option<i64>, Gone> {
        let later = self
            .buffered
            .iter()
            .map(|row| row.at)
            .filter(|other| *other >= at);
        let mut next = later.min();
        let mut earlier = |other: i64| next = Some(next.map_or(other, |next| next.min(other)));
        for i in 0..self.tables.len() {
            let (first_at, last_at) = (
                self.tables[i].0.meta.first_at,
                self.tables[i].0.meta.last_at,
            );
            if last_at < at {
                continue;
            }
            if first_at > at {
                earlier(first_at);
                continue;
            }
            for payload in self.sections(i)? {
                let Ok(section) = Section::parse(payload) else {
                    continue;
                };
                let spans = section.spans().filter(|(_, last)| *last >= at);
                spans.for_each(|(first, _)| earlier(first.max(at)));
            }
        }
        Ok(next)
    }

    /// Hands on the rows of the span in pieces of about a week, in order of time, so that no span
    /// takes more memory than that.
    pub(super) fn each_window(
        &mut self,
        wanted: Wanted,
        from: i64,
        until: i64,
        mut each: impl FnMut(&[Row]) -> ControlFlow<()>,
    ) -> Result<(), Gone> {
        let (mut at, mut width) = (from, WEEK_MS);
        while let Some(next) = self.next_at(at)?.filter(|next| *next < until) {
            let end = next.saturating_add(width).min(until);
            let rows = self.rows(wanted, next, end)?;
            // Two lone points may lie thousands of years apart.
            width = if rows.is_empty() {
                width.saturating_mul(2)
            } else {
                WEEK_MS
            };
            if each(&rows).is_break() || end == until {
                break;
            }
            at = end;
        }
        Ok(())
    }

    /// At most `limit` points in order of quantity, time and mark.
    pub(super) fn range(
        &mut self,
        quantities: &[u8],
        from: i64,
        until: i64,
        limit: usize,
    ) -> Result<Vec<Value>, Gone> {
        let mut values = Vec::new();
        for quantity in quantities {
            if values.len() >= limit {
                break;
            }
            self.each_window(Wanted::only(*quantity), from, until, |rows| {
                let left = limit - values.len();
                values.extend(rows.iter().filter_map(Row::value).take(left));
                if values.len() < limit {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
        }
        Ok(values)
    }

    /// The newest row of each quantity, in their order.
    pub(super) fn newest(&mut self) -> Result<Vec<Value>, Gone> {
        let mut newest: Vec<Row> = Vec::new();
        // Of equal identities the one that came first counts: tables before memory.
        let mut order: Vec<usize> = (0..self.tables.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.tables[*i].0.meta.last_at));
        for i in order {
            for payload in self.sections(i)? {
                let _ = Section::parse(payload).and_then(|section| section.newest(&mut newest));
            }
        }
        for row in &self.buffered {
            match newest
                .iter_mut()
                .find(|known| known.quantity == row.quantity)
            {
                Some(known) if known.identity() >= row.identity() => {}
                Some(known) => *known = *row,
                None => newest.push(*row),
            }
        }
        newest.sort_by_key(Row::identity);
        Ok(newest.iter().filter_map(Row::value).collect())
    }
}
