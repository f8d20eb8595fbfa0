//! What is known of the points of one span: the hours of roll-ups, and the buckets of answers.

use firemain_domain::time::HOUR_MS;
use firemain_domain::{Quantity, Timestamp};

use super::super::Bucket;
use super::bytes::{Broken, Reader, put_varint};
use super::column::{Packing, floats, integers, put_floats, put_integers, skip};
use super::row::{Row, Wanted};

/// Lowest, highest, sum, newest and number of the points of one quantity in one span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) quantity: u8,
    /// Which span, counted from 1970 in its width.
    pub(super) number: i64,
    min: f64,
    max: f64,
    sum: f64,
    last: f64,
    count: u64,
}

impl Cell {
    fn of(row: &Row, width_ms: i64) -> Self {
        Self {
            quantity: row.quantity,
            number: row.at.div_euclid(width_ms),
            min: row.value,
            max: row.value,
            sum: row.value,
            last: row.value,
            count: 1,
        }
    }

    /// Takes in a later cell of the same span.
    fn take_in(&mut self, later: &Self) {
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.sum += later.sum;
        self.last = later.last;
        self.count += later.count;
    }

    pub(super) fn bucket(&self, width_ms: i64) -> Option<Bucket> {
        Some(Bucket {
            quantity: Quantity::from_number(self.quantity)?,
            at: Timestamp::from_ms(self.number.saturating_mul(width_ms)),
            min: self.min,
            mean: self.sum / self.count as f64,
            max: self.max,
            last: self.last,
            count: self.count,
        })
    }
}

/// Appends the cells of settled rows.
pub(super) fn gather(rows: &[Row], width_ms: i64, out: &mut Vec<Cell>) {
    let mut open: Option<Cell> = None;
    for row in rows {
        let cell = Cell::of(row, width_ms);
        match &mut open {
            Some(open) if (open.quantity, open.number) == (cell.quantity, cell.number) => {
                open.take_in(&cell);
            }
            _ => out.extend(open.replace(cell)),
        }
    }
    out.extend(open);
}

/// Puts cells in order and makes one of those of one span; earlier ones must come earlier.
pub(super) fn combine(cells: &mut Vec<Cell>) {
    cells.sort_by_key(|cell| (cell.quantity, cell.number));
    cells.dedup_by(|later, open| {
        let same = (later.quantity, later.number) == (open.quantity, open.number);
        if same {
            open.take_in(later);
        }
        same
    });
}

/// Hours as cells of a width of several hours; the hours in order.
pub(super) fn widen(hours: &mut Vec<Cell>, hours_wide: i64) {
    for cell in hours.iter_mut() {
        cell.number = cell.number.div_euclid(hours_wide);
    }
    combine(hours);
}

/// Appends the hours of one source, in order.
pub(super) fn encode(hours: &[Cell], out: &mut Vec<u8>) {
    let series = hours.chunk_by(|a, b| a.quantity == b.quantity);
    put_varint(out, series.clone().count() as u64);
    for cells in series {
        out.push(cells[0].quantity);
        put_varint(out, cells.len() as u64);
        let whole = |part: fn(&Cell) -> i64| cells.iter().map(part).collect::<Vec<_>>();
        let broken = |part: fn(&Cell) -> f64| cells.iter().map(part).collect::<Vec<_>>();
        put_integers(out, &whole(|cell| cell.number), Packing::Tight);
        put_integers(out, &whole(|cell| cell.count as i64), Packing::Tight);
        put_floats(out, &broken(|cell| cell.min), Packing::Tight);
        put_floats(out, &broken(|cell| cell.max), Packing::Tight);
        put_floats(out, &broken(|cell| cell.sum), Packing::Tight);
        put_floats(out, &broken(|cell| cell.last), Packing::Tight);
    }
}

/// The wanted hours of a section that begin in the span, in order.
pub(super) fn decode(
    payload: &[u8],
    wanted: Wanted,
    from: i64,
    until: i64,
    out: &mut Vec<Cell>,
) -> Result<(), Broken> {
    let mut bytes = Reader::new(payload);
    for _ in 0..bytes.length()? {
        let quantity = bytes.byte()?;
        let n = bytes.varint()? as usize;
        let columns: [&[u8]; 6] = [
            skip(&mut bytes)?,
            skip(&mut bytes)?,
            skip(&mut bytes)?,
            skip(&mut bytes)?,
            skip(&mut bytes)?,
            skip(&mut bytes)?,
        ];
        if !wanted.has(quantity) {
            continue;
        }
        let (numbers, counts) = (integers(columns[0], n)?, integers(columns[1], n)?);
        let (min, max) = (floats(columns[2], n)?, floats(columns[3], n)?);
        let (sum, last) = (floats(columns[4], n)?, floats(columns[5], n)?);
        let begins = |i: &usize| (from..until).contains(&numbers[*i].saturating_mul(HOUR_MS));
        out.extend((0..n).filter(begins).map(|i| Cell {
            quantity,
            number: numbers[i],
            min: min[i],
            max: max[i],
            sum: sum[i],
            last: last[i],
            count: counts[i] as u64,
        }));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        (0..500)
            .map(|i| Row {
                at: i * 700_000,
                value: ((i * 37) % 101) as f64 * 0.5,
                mark: 0,
                quantity: (i / 250) as u8,
            })
            .collect()
    }

    #[test]
    fn hours_come_back_as_they_went_in() {
        let (mut hours, mut payload, mut back) = (Vec::new(), Vec::new(), Vec::new());
        gather(&rows(), HOUR_MS, &mut hours);
        encode(&hours, &mut payload);
        decode(&payload, Wanted::ALL, i64::MIN, i64::MAX, &mut back).unwrap();
        assert_eq!(back, hours);
        assert_eq!(hours.iter().map(|cell| cell.count).sum::<u64>(), 500);
    }

    #[test]
    fn days_of_hours_are_days_of_points() {
        let (mut hours, mut days) = (Vec::new(), Vec::new());
        gather(&rows(), HOUR_MS, &mut hours);
        widen(&mut hours, 24);
        gather(&rows(), 24 * HOUR_MS, &mut days);
        assert_eq!(hours, days);
    }

    #[test]
    fn broken_hours_never_panic() {
        let (mut hours, mut payload) = (Vec::new(), Vec::new());
        gather(&rows(), HOUR_MS, &mut hours);
        encode(&hours, &mut payload);
        for at in 0..payload.len() {
            let mut broken = payload.clone();
            broken[at] ^= 0xff;
            let _ = decode(&broken, Wanted::ALL, i64::MIN, i64::MAX, &mut Vec::new());
        }
    }
}
