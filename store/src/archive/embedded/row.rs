//! A point without its source: what blocks, chunks and queries handle.

use firemain_domain::time::DAY_MS;
use firemain_domain::{Quantity, Timestamp};

use super::super::Value;

/// Milliseconds in a week: the span of one partition.
pub(super) const WEEK_MS: i64 = 7 * DAY_MS;

/// One point of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) at: i64,
    pub(super) value: f64,
    pub(super) mark: u32,
    pub(super) quantity: u8,
}

impl Row {
    /// What makes it the same point as another of its source.
    pub(super) const fn identity(&self) -> (u8, i64, u32) {
        (self.quantity, self.at, self.mark)
    }

    pub(super) fn value(&self) -> Option<Value> {
        Some(Value {
            quantity: Quantity::from_number(self.quantity)?,
            at: Timestamp::from_ms(self.at),
            mark: self.mark,
            value: self.value,
        })
    }
}

/// Which quantities are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted(u32);

impl Wanted {
    pub(super) const ALL: Self = Self(u32::MAX);

    /// Those named; none named: all.
    pub(super) fn of(quantities: &[Quantity]) -> Self {
        if quantities.is_empty() {
            return Self::ALL;
        }
        quantities
            .iter()
            .fold(Self(0), |all, q| Self(all.0 | Self::only(q.number()).0))
    }

    pub(super) const fn only(quantity: u8) -> Self {
        Self(1 << (quantity & 31))
    }

    pub(super) const fn has(self, quantity: u8) -> bool {
        quantity < 32 && self.0 >> quantity & 1 == 1
    }
}

/// Sorts by identity and keeps, of each, the one that came first: a duplicate changes nothing.
pub(super) fn settle(rows: &mut Vec<Row>) {
    if !rows.is_sorted_by(|a, b| a.identity() < b.identity()) {
        rows.sort_by_key(Row::identity);
        rows.dedup_by_key(|row| row.identity());
    }
}

/// The partition a moment belongs to: weeks since 1970.
pub(super) const fn week_of(at: i64) -> i32 {
    at.div_euclid(WEEK_MS) as i32
}

/// Where a partition begins, ms since 1970.
pub(super) const fn week_start(week: i32) -> i64 {
    week as i64 * WEEK_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_rows_of_one_identity_the_first_stays() {
        let row = |at, mark, value| Row {
            at,
            value,
            mark,
            quantity: 0,
        };
        let mut rows = vec![
            row(2, 0, 1.0),
            row(1, 5, 2.0),
            row(2, 0, 3.0),
            row(1, 4, 4.0),
        ];
        settle(&mut rows);
        assert_eq!(rows, [row(1, 4, 4.0), row(1, 5, 2.0), row(2, 0, 1.0)]);
    }

    #[test]
    fn weeks_before_1970_begin_before_their_moments() {
        assert_eq!(week_of(-1), -1);
        assert_eq!(week_start(-1), -WEEK_MS);
        assert_eq!(week_of(WEEK_MS), 1);
    }
}
