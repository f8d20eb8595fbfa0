//! Columns of one kind of number, packed: `pco` where there are enough of them to pay for its
//! header, plain where not. Exact: what comes out is bit for bit what went in.

use pco::standalone::{simple_compress, simple_decompress};
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

use super::bytes::{Broken, Reader, put_varint, zigzag};

/// How much work to put into packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Quick to write and to merge again: files that live for hours.
    Plain,
    /// Small: files that live for years.
    Tight,
}

/// Below this many numbers the header of a pco chunk (about 30 B) costs more than it saves.
const WORTH_PACKING: usize = 24;
/// From this many on even a file that will be merged again is packed: it is merged but once more.
const ALWAYS_PACKED: usize = 512;
/// Longest column ever decoded: a week at 16 Hz. Beyond, the bytes are broken.
const LONGEST: usize = 10_000_000;

const PLAIN: u8 = 0;
const EVEN: u8 = 1;
const PCO: u8 = 2;

impl Packing {
    const fn packs(self, n: usize) -> bool {
        match self {
            Self::Plain => n >= ALWAYS_PACKED,
            Self::Tight => n >= WORTH_PACKING,
        }
    }
}

/// Appends whole numbers (times, marks, counts) with their length.
pub(super) fn put_integers(out: &mut Vec<u8>, numbers: &[i64], packing: Packing) {
    let step = numbers
        .get(1)
        .map_or(0, |second| second.wrapping_sub(numbers[0]));
    if numbers.windows(2).all(|w| w[1].wrapping_sub(w[0]) == step) {
        let mut even = vec![EVEN];
        put_varint(&mut even, zigzag(numbers.first().copied().unwrap_or(0)));
        put_varint(&mut even, zigzag(step));
        return put_blob(out, &even);
    }
    if packing.packs(numbers.len()) {
        let config = ChunkConfig::default()
            .with_mode_spec(ModeSpec::Classic)
            .with_delta_spec(if differences_are_small(numbers) {
                DeltaSpec::TryConsecutive(1)
            } else {
                DeltaSpec::NoOp
            });
        if let Ok(packed) = simple_compress(numbers, &config) {
            return put_packed(out, &packed);
        }
    }
    let mut plain = vec![PLAIN];
    let mut before = 0_i64;
    for number in numbers {
        put_varint(&mut plain, zigzag(number.wrapping_sub(before)));
        before = *number;
    }
    put_blob(out, &plain);
}

/// Whether neighbours lie closer to each other than to the column's middle: times and counters do,
/// hashes do not.
fn differences_are_small(numbers: &[i64]) -> bool {
    let lowest = numbers.iter().min().copied().unwrap_or(0);
    let width = |n: i64| u64::from(64 - n.unsigned_abs().leading_zeros());
    let differences: u64 = numbers
        .windows(2)
        .map(|w| width(w[1].wrapping_sub(w[0])))
        .sum();
    let heights: u64 = numbers.iter().map(|n| width(n.wrapping_sub(lowest))).sum();
    differences < heights
}

/// Appends values with their length.
pub(super) fn put_floats(out: &mut Vec<u8>, numbers: &[f64], packing: Packing) {
    let first = numbers.first().map_or(0, |n| n.to_bits());
    if numbers.iter().all(|n| n.to_bits() == first) {
        let mut even = vec![EVEN];
        even.extend_from_slice(&first.to_le_bytes());
        return put_blob(out, &even);
    }
    if packing.packs(numbers.len())
        && let Ok(packed) = simple_compress(numbers, &ChunkConfig::default())
    {
        return put_packed(out, &packed);
    }
    let mut plain = Vec::with_capacity(1 + 8 * numbers.len());
    plain.push(PLAIN);
    for number in numbers {
        plain.extend_from_slice(&number.to_bits().to_le_bytes());
    }
    put_blob(out, &plain);
}

fn put_packed(out: &mut Vec<u8>, packed: &[u8]) {
    put_varint(out, packed.len() as u64 + 1);
    out.push(PCO);
    out.extend_from_slice(packed);
}

fn put_blob(out: &mut Vec<u8>, blob: &[u8]) {
    put_varint(out, blob.len() as u64);
    out.extend_from_slice(blob);
}

/// Takes a column's bytes without decoding them.
pub(super) fn skip<'a>(from: &mut Reader<'a>) -> Result<&'a [u8], Broken> {
    let n = from.length()?;
    from.take(n)
}

/// Decodes `n` whole numbers.
pub(super) fn integers(blob: &[u8], n: usize) -> Result<Vec<i64>, Broken> {
    let mut from = checked(blob, n)?;
    match from.byte()? {
        EVEN => {
            let (first, step) = (from.signed()?, from.signed()?);
            Ok((0..n as i64)
                .map(|i| first.wrapping_add(step.wrapping_mul(i)))
                .collect())
        }
        PLAIN => {
            if n > from.rest().len() {
                return Err(Broken("a column is too short"));
            }
            let mut numbers = Vec::with_capacity(n);
            let mut before = 0_i64;
            for _ in 0..n {
                before = before.wrapping_add(from.signed()?);
                numbers.push(before);
            }
            Ok(numbers)
        }
        PCO => unpacked(simple_decompress::<i64>(from.rest()), n),
        _ => Err(Broken("a column is packed in an unknown way")),
    }
}

/// Decodes `n` values.
pub(super) fn floats(blob: &[u8], n: usize) -> Result<Vec<f64>, Broken> {
    let mut from = checked(blob, n)?;
    match from.byte()? {
        EVEN => Ok(vec![from.f64()?; n]),
        PLAIN => {
            if n * 8 > from.rest().len() {
                return Err(Broken("a column is too short"));
            }
            (0..n).map(|_| from.f64()).collect()
        }
        PCO => unpacked(simple_decompress::<f64>(from.rest()), n),
        _ => Err(Broken("a column is packed in an unknown way")),
    }
}

fn checked(blob: &[u8], n: usize) -> Result<Reader<'_>, Broken> {
    if n > LONGEST {
        return Err(Broken("a column is longer than any can be"));
    }
    Ok(Reader::new(blob))
}

fn unpacked<T>(numbers: pco::errors::PcoResult<Vec<T>>, n: usize) -> Result<Vec<T>, Broken> {
    match numbers {
        Ok(numbers) if numbers.len() == n => Ok(numbers),
        Ok(_) => Err(Broken("a column has another length than stated")),
        Err(_) => Err(Broken("a column cannot be unpacked")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn integers_survive(numbers: &[i64]) {
        for packing in [Packing::Plain, Packing::Tight] {
            let mut out = Vec::new();
            put_integers(&mut out, numbers, packing);
            let blob = skip(&mut Reader::new(&out)).unwrap();
            assert_eq!(integers(blob, numbers.len()).unwrap(), numbers);
        }
    }

    #[test]
    fn whole_numbers_come_back_exactly() {
        integers_survive(&[]);
        integers_survive(&[7]);
        integers_survive(&[i64::MIN, i64::MAX, 0, -1]);
        integers_survive(&(0..1_000).map(|i| i * 900_000).collect::<Vec<_>>());
        integers_survive(
            &(0..1_000)
                .map(|i| i * i * 7_919 % 1_000_003)
                .collect::<Vec<_>>(),
        );
    }

    #[test]
    fn values_come_back_bit_for_bit() {
        let mut numbers = vec![-0.0, 0.0, 0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, -f64::MAX];
        numbers.extend((0..2_000).map(|i| f64::from(i % 317) * 0.1));
        for packing in [Packing::Plain, Packing::Tight] {
            for n in [0, 1, 6, 30, numbers.len()] {
                let mut out = Vec::new();
                put_floats(&mut out, &numbers[..n], packing);
                let back = floats(skip(&mut Reader::new(&out)).unwrap(), n).unwrap();
                let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&back), bits(&numbers[..n]));
            }
        }
    }

    #[test]
    fn a_broken_column_is_an_error_and_no_panic() {
        let mut out = Vec::new();
        put_integers(
            &mut out,
            &(0..600).map(|i| i * i).collect::<Vec<_>>(),
            Packing::Tight,
        );
        let blob = skip(&mut Reader::new(&out)).unwrap().to_vec();
        assert!(integers(&blob, 599).is_err());
        assert!(integers(&blob, usize::MAX).is_err());
        for cut in 0..blob.len() {
            let _ = integers(&blob[..cut], 600);
        }
        for at in 0..blob.len() {
            let mut flipped = blob.clone();
            flipped[at] ^= 0x55;
            let _ = integers(&flipped, 600);
        }
    }
}
