//! All points of one source in one file: columns of times and marks, and of values.
//!
//! Quantities that were measured together share one column of times, so that the second one of a
//! message costs only its values.

use super::bytes::{Broken, Reader, put_varint, zigzag};
use super::column::{Packing, floats, integers, put_floats, put_integers, skip};
use super::row::{Row, Wanted};

/// Appends the rows of one source, settled, in order of identity.
pub(super) fn encode(rows: &[Row], packing: Packing, out: &mut Vec<u8>) {
    let series: Vec<&[Row]> = rows.chunk_by(|a, b| a.quantity == b.quantity).collect();
    let mut clocks: Vec<&[Row]> = Vec::new();
    let clock_of: Vec<usize> = series
        .iter()
        .map(|rows| {
            clocks
                .iter()
                .position(|clock| beat_together(clock, rows))
                .unwrap_or_else(|| {
                    clocks.push(rows);
                    clocks.len() - 1
                })
        })
        .collect();
    put_varint(out, clocks.len() as u64);
    for clock in clocks {
        put_varint(out, clock.len() as u64);
        let (first, last) = (clock[0].at, clock[clock.len() - 1].at);
        put_varint(out, zigzag(first));
        put_varint(out, last.wrapping_sub(first) as u64);
        put_integers(
            out,
            &clock.iter().map(|row| row.at - first).collect::<Vec<_>>(),
            packing,
        );
        put_integers(
            out,
            &clock
                .iter()
                .map(|row| i64::from(row.mark))
                .collect::<Vec<_>>(),
            packing,
        );
    }
    put_varint(out, series.len() as u64);
    for (rows, clock) in series.iter().zip(clock_of) {
        out.push(rows[0].quantity);
        put_varint(out, clock as u64);
        put_floats(
            out,
            &rows.iter().map(|row| row.value).collect::<Vec<_>>(),
            packing,
        );
    }
}

fn beat_together(a: &[Row], b: &[Row]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.at == b.at && a.mark == b.mark)
}

/// A section read from disk, its columns still packed.
#[derive(Debug)]
pub(super) struct Section<'a> {
    clocks: Vec<Clock<'a>>,
    series: Vec<Series<'a>>,
}

#[derive(Debug)]
struct Clock<'a> {
    n: usize,
    first: i64,
    last: i64,
    times: &'a [u8],
    marks: &'a [u8],
}

#[derive(Debug)]
struct Series<'a> {
    quantity: u8,
    clock: usize,
    values: &'a [u8],
}

impl<'a> Section<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, Broken> {
        let mut from = Reader::new(payload);
        let clocks = (0..from.length()?)
            .map(|_| {
                let n = usize::try_from(from.varint()?).map_err(|_| Broken("too many points"))?;
                let first = from.signed()?;
                let last = first.wrapping_add(from.varint()? as i64);
                Ok(Clock {
                    n,
                    first,
                    last,
                    times: skip(&mut from)?,
                    marks: skip(&mut from)?,
                })
            })
            .collect::<Result<Vec<_>, Broken>>()?;
        let series = (0..from.length()?)
            .map(|_| {
                let quantity = from.byte()?;
                let clock = from.varint()? as usize;
                if clock >= clocks.len() {
                    return Err(Broken("a series has no times"));
                }
                Ok(Series {
                    quantity,
                    clock,
                    values: skip(&mut from)?,
                })
            })
            .collect::<Result<Vec<_>, Broken>>()?;
        Ok(Self { clocks, series })
    }

    /// The spans of time in which it has points, as far as that can be told without unpacking.
    pub(super) fn spans(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.clocks.iter().map(|clock| (clock.first, clock.last))
    }

    /// Appends the wanted rows of the span.
    pub(super) fn rows(
        &self,
        wanted: Wanted,
        from: i64,
        until: i64,
        out: &mut Vec<Row>,
    ) -> Result<(), Broken> {
        let mut unpacked: Vec<Option<(Vec<i64>, Vec<i64>)>> = vec![None; self.clocks.len()];
        for series in &self.series {
            let clock = &self.clocks[series.clock];
            if !wanted.has(series.quantity) || clock.last < from || clock.first >= until {
                continue;
            }
            let slot = &mut unpacked[series.clock];
            if slot.is_none() {
                *slot = Some((
                    integers(clock.times, clock.n)?,
                    integers(clock.marks, clock.n)?,
                ));
            }
            let Some((times, marks)) = slot else { continue };
            let values = floats(series.values, clock.n)?;
            let begin = times.partition_point(|at| at.wrapping_add(clock.first) < from);
            let end = times.partition_point(|at| at.wrapping_add(clock.first) < until);
            out.extend((begin..end.max(begin)).map(|i| Row {
                at: times[i].wrapping_add(clock.first),
                value: values[i],
                mark: marks[i] as u32,
                quantity: series.quantity,
            }));
        }
        Ok(())
    }

    /// Puts the newest row of each quantity into `newest` where it is newer than what is there.
    pub(super) fn newest(&self, newest: &mut Vec<Row>) -> Result<(), Broken> {
        let mut rows = Vec::new();
        for series in &self.series {
            let last = self.clocks[series.clock].last;
            let known = newest
                .iter()
                .position(|row| row.quantity == series.quantity);
            if known.is_some_and(|known| newest[known].at > last) {
                continue;
            }
            rows.clear();
            self.rows(Wanted::only(series.quantity), last, i64::MAX, &mut rows)?;
            let Some(row) = rows.last() else { continue };
            match known {
                Some(known) if newest[known].identity() >= row.identity() => {}
                Some(known) => newest[known] = *row,
                None => newest.push(*row),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows(n: i64) -> Vec<Row> {
        (0..3_u8)
            .flat_map(|quantity| {
                (0..n).map(move |i| Row {
                    at: 1_764_000_000_000 + i * 900_000 + (i * 37) % 1_000,
                    value: 200.0 + f64::from(quantity) + (i % 50) as f64 / 10.0,
                    mark: (i % 1_000_000) as u32,
                    quantity,
                })
            })
            .collect()
    }

    #[test]
    fn what_is_packed_comes_back_whole_and_in_part() {
        for (n, packing) in [
            (1, Packing::Plain),
            (10, Packing::Tight),
            (672, Packing::Tight),
        ] {
            let rows = rows(n);
            let mut payload = Vec::new();
            encode(&rows, packing, &mut payload);
            let section = Section::parse(&payload).unwrap();
            let mut back = Vec::new();
            section
                .rows(Wanted::ALL, i64::MIN, i64::MAX, &mut back)
                .unwrap();
            assert_eq!(back, rows);

            let middle = rows[rows.len() / 2];
            back.clear();
            section
                .rows(
                    Wanted::only(middle.quantity),
                    middle.at,
                    middle.at + 1,
                    &mut back,
                )
                .unwrap();
            assert_eq!(back, [middle]);
        }
    }

    #[test]
    fn quantities_of_one_message_share_their_times() {
        let three = rows(672);
        let one: Vec<Row> = three
            .iter()
            .filter(|row| row.quantity == 0)
            .copied()
            .collect();
        let size = |rows: &[Row]| {
            let mut payload = Vec::new();
            encode(rows, Packing::Tight, &mut payload);
            payload.len()
        };
        assert!(
            size(&three) + 100 < 3 * size(&one),
            "{} against {}",
            size(&three),
            size(&one)
        );
    }

    #[test]
    fn broken_bytes_never_panic() {
        let mut payload = Vec::new();
        encode(&rows(100), Packing::Tight, &mut payload);
        for at in 0..payload.len() {
            let mut broken = payload.clone();
            broken[at] ^= 0xff;
            if let Ok(section) = Section::parse(&broken) {
                let _ = section.rows(Wanted::ALL, i64::MIN, i64::MAX, &mut Vec::new());
                let _ = section.newest(&mut Vec::new());
            }
        }
    }
}
