//! Tables and buffers together, source by source.

use std::sync::Arc;

use firemain_domain::source::SourceCode;

use super::buffer::Buffer;
use super::row::{Row, Wanted, settle};
use super::section::Section;
use super::table::{Gone, Portion, Scan, Table};

/// Goes through several tables and buffers in step. Memory: one source at a time.
#[derive(Debug)]
pub(super) struct Merge {
    tables: Vec<(Scan, Option<Portion>)>,
    buffers: Vec<Buffered>,
}

#[derive(Debug)]
struct Buffered {
    buffer: Arc<Buffer>,
    order: std::vec::IntoIter<u32>,
    head: Option<(u64, SourceCode, Vec<Row>)>,
}

impl Buffered {
    fn advance(&mut self) {
        let buffer = &self.buffer;
        self.head = self.order.next().map(|place| {
            let mut rows = Vec::new();
            let (hash, code) = buffer.source(place, &mut rows);
            (hash, SourceCode::clone(code), rows)
        });
    }
}

impl Merge {
    /// Of tables and buffers in order of arrival.
    pub(super) fn begin(
        tables: impl IntoIterator<Item = Arc<Table>>,
        buffers: impl IntoIterator<Item = Arc<Buffer>>,
    ) -> Result<Self, Gone> {
        let tables = tables
            .into_iter()
            .map(|table| {
                let mut scan = Scan::begin(table)?;
                let head = scan.next();
                Ok((scan, head))
            })
            .collect::<Result<_, Gone>>()?;
        let buffers = buffers
            .into_iter()
            .map(|buffer| {
                let order = buffer.order().into_iter();
                let mut buffered = Buffered {
                    buffer,
                    order,
                    head: None,
                };
                buffered.advance();
                buffered
            })
            .collect();
        Ok(Self { tables, buffers })
    }

    /// The next source, its rows of the span settled into `rows`.
    pub(super) fn next(
        &mut self,
        from: i64,
        until: i64,
        rows: &mut Vec<Row>,
    ) -> Option<(u64, SourceCode)> {
        rows.clear();
        let (hash, code) = self.lowest()?;
        for (scan, head) in &mut self.tables {
            while let Some(portion) = head.take_if(|p| p.hash == hash && p.code == code) {
                let unpacked = Section::parse(&portion.payload)
                    .and_then(|section| section.rows(Wanted::ALL, from, until, rows));
                if let Err(broken) = unpacked {
                    scan.table().damaged(portion.offset, broken.0);
                }
                *head = scan.next();
            }
        }
        for buffered in &mut self.buffers {
            if let Some((_, _, more)) = buffered.head.take_if(|(h, c, _)| *h == hash && *c == code)
            {
                rows.extend(more.iter().filter(|row| (from..until).contains(&row.at)));
                buffered.advance();
            }
        }
        settle(rows);
        Some((hash, code))
    }

    fn lowest(&self) -> Option<(u64, SourceCode)> {
        let tables = self.tables.iter().filter_map(|(_, head)| head.as_ref());
        let buffers = self
            .buffers
            .iter()
            .filter_map(|buffered| buffered.head.as_ref());
        let (hash, code) = tables
            .map(|portion| (portion.hash, &portion.code))
            .chain(buffers.map(|(hash, code, _)| (*hash, code)))
            .min()?;
        Some((hash, SourceCode::clone(code)))
    }
}
