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
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    sources: Vec<Chain>,
    by_hash: HashTable<u32>,
    slots: Vec<Slot>,
    earliest: i64,
    newest: i64,
    /// The journal position everything up to which is in here or in earlier ones.
    pub(super) upto: Position,
}

/// A row and the one before it of its source, in 24 bytes: there are half a million of them.
#[derive(Clone, Copy, Debug)]
struct Slot {
    at: i64,
    value: f64,
    /// The quantity's number above 24 bits of mark.
    quantity_and_mark: u32,
    before: u32,
}

impl Slot {
    const fn row(self) -> Row {
        Row {
            at: self.at,
            value: self.value,
            mark: self.quantity_and_mark & 0x00ff_ffff,
            quantity: (self.quantity_and_mark >> 24) as u8,
        }
    }
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
    pub(super) fn after(upto: Position) -> Self {
        Self {
            sources: Vec::new(),
            by_hash: HashTable::new(),
            slots: Vec::new(),
            earliest: i64::MAX,
            newest: i64::MIN,
            upto,
        }
    }

    /// Whether any of its rows may lie in the span.
    pub(super) const fn touches(&self, from: i64, until: i64) -> bool {
        self.newest >= from && self.earliest < until
    }

    /// The times of its earliest and its latest row.
    pub(super) const fn span(&self) -> (i64, i64) {
        (self.earliest, self.newest)
    }

    pub(super) const fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn push(&mut self, point: &Point) {
        let hash = hash(&point.source);
        let place = self.slots.len() as u32;
        let mut slot = Slot {
            at: point.at.ms(),
            value: point.value,
            quantity_and_mark: u32::from(point.quantity.number()) << 24 | point.mark & 0x00ff_ffff,
            before: END,
        };
        self.earliest = self.earliest.min(slot.at);
        self.newest = self.newest.max(slot.at);
        let sources = &mut self.sources;
        if let Some(&found) = self
            .by_hash
            .find(hash, |i| sources[*i as usize].code == point.source)
        {
            let chain = &mut sources[found as usize];
            slot.before = chain.newest;
            chain.newest = place;
        } else {
            let new = sources.len() as u32;
            sources.push(Chain {
                hash,
                code: point.source.clone(),
                newest: place,
            });
            self.by_hash
                .insert_unique(hash, new, |i| sources[*i as usize].hash);
        }
        self.slots.push(slot);
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

    /// Its sources in the order of files; each is a place to ask [`Buffer::source`] about.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut order: Vec<(u64, u32)> = self
            .sources
            .iter()
            .zip(0..)
            .map(|(chain, i)| (chain.hash, i))
            .collect();
        order.sort_unstable();
        for same in order
            .chunk_by_mut(|a, b| a.0 == b.0)
            .filter(|same| same.len() > 1)
        {
            same.sort_unstable_by_key(|(_, i)| &self.sources[*i as usize].code);
        }
        order.into_iter().map(|(_, i)| i).collect()
    }

    /// The source at a place, its rows settled into `rows`.
    pub(super) fn source(&self, place: u32, rows: &mut Vec<Row>) -> (u64, &SourceCode) {
        let chain = &self.sources[place as usize];
        rows.clear();
        self.follow(chain, rows);
        settle(rows);
        (chain.hash, &chain.code)
    }

    fn follow(&self, chain: &Chain, out: &mut Vec<Row>) {
        let begin = out.len();
        let mut at = chain.newest;
        while let Some(slot) = self.slots.get(at as usize) {
            out.push(slot.row());
            at = slot.before;
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
        let mut buffer = Buffer::after(Position(0));
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
        for place in buffer.order() {
            let (hash, _) = buffer.source(place, &mut rows);
            hashes.push(hash);
            assert_eq!(rows.len(), 10);
        }
        assert_eq!(hashes.len(), 100);
        assert!(hashes.is_sorted());
    }
}
