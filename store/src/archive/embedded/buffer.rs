//! The newest points, in memory, until the next block is written. Bounded by whoever fills it.
//!
//! Rows lie in order of arrival; those of one source hang together as a chain, so that a query
//! reads only its own, and a block is written source by source without sorting them all.

use firemain_domain::source::SourceCode;
use hashbrown::HashTable;

use super::super::Point;
use super::row::{Row, settle};
use crate::journal::Position;

const END: u32 = u32::MAX;

/// Points not yet on disk, with the span of the journal they came from.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer {
    sources: Vec<Chain>,
    by_hash: HashTable<u32>,
    slots: Vec<(Row, u32)>,
    /// The journal position before its first point.
    pub(super) after: Position,
    /// The journal position everything up to which is in here or in earlier ones.
    pub(super) upto: Position,
}

#[derive(Clone, Debug)]
struct Chain {
    hash: u64,
    code: SourceCode,
    newest: u32,
}

/// The order of sources in every file.
pub(super) fn hash(code: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(code.as_bytes())
}

impl Buffer {
    pub(super) fn after(after: Position) -> Self {
        Self { after, upto: after, ..Self::default() }
    }

    pub(super) const fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn push(&mut self, point: &Point) {
        let hash = hash(&point.source);
        let place = self.slots.len() as u32;
        let row = Row {
            at: point.at.ms(),
            value: point.value,
            mark: point.mark,
            quantity: point.quantity.number(),
        };
        let sources = &mut self.sources;
        if let Some(&found) =
            self.by_hash.find(hash, |i| sources[*i as usize].code == point.source)
        {
            let chain = &mut sources[found as usize];
            self.slots.push((row, chain.newest));
            chain.newest = place;
        } else {
            let new = sources.len() as u32;
            sources.push(Chain { hash, code: point.source.clone(), newest: place });
            self.by_hash.insert_unique(hash, new, |i| sources[*i as usize].hash);
            self.slots.push((row, END));
        }
    }

    /// Appends the rows of one source as they came.
    pub(super) fn rows_of(&self, code: &str, out: &mut Vec<Row>) {
        let found = self
            .by_hash
            .find(hash(code), |i| *self.sources[*i as usize].code == *code);
        if let Some(&found) = found {
            self.follow(&self.sources[found as usize], out);
        }
    }

    /// Each source with its rows, settled; in the order of files.
    pub(super) fn for_each_source<E>(
        &self,
        mut each: impl FnMut(u64, &str, &[Row]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut order: Vec<&Chain> = self.sources.iter().collect();
        order.sort_unstable_by(|a, b| (a.hash, &a.code).cmp(&(b.hash, &b.code)));
        let mut rows = Vec::new();
        for chain in order {
            rows.clear();
            self.follow(chain, &mut rows);
            settle(&mut rows);
            each(chain.hash, &chain.code, &rows)?;
        }
        Ok(())
    }

    fn follow(&self, chain: &Chain, out: &mut Vec<Row>) {
        let begin = out.len();
        let mut at = chain.newest;
        while let Some((row, before)) = self.slots.get(at as usize) {
            out.push(*row);
            at = *before;
        }
        out[begin..].reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::source::KindName;
    use firemain_domain::{Quantity, Timestamp};

    #[test]
    fn each_source_finds_its_own_rows_in_order_of_arrival() {
        let mut buffer = Buffer::default();
        for i in 0..1_000_i64 {
            buffer.push(&Point {
                source: format!("TR-{:04}", i % 100).into(),
                kind: KindName::Hydrant,
                quantity: Quantity::PressureKpa,
                at: Timestamp::from_ms(i),
                mark: 0,
                value: i as f64,
            });
        }
        let mut rows = Vec::new();
        buffer.rows_of("TR-0042", &mut rows);
        let expected: Vec<i64> = (0..10).map(|i| 42 + 100 * i).collect();
        assert_eq!(rows.iter().map(|row| row.at).collect::<Vec<_>>(), expected);
        rows.clear();
        buffer.rows_of("TR-9999", &mut rows);
        assert!(rows.is_empty());

        let mut hashes = Vec::new();
        buffer
            .for_each_source(|hash, _, rows| {
                hashes.push(hash);
                assert_eq!(rows.len(), 10);
                Ok::<_, ()>(())
            })
            .unwrap();
        assert_eq!(hashes.len(), 100);
        assert!(hashes.is_sorted());
    }
}
