//! Readers that keep a file within bounds, whoever sent it.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use super::{ImportError, MOST_BYTES, MOST_ROW_BYTES};

/// What is left to be read: of the file, and of the row under way. Shared by the reader, which
/// spends it, and whoever takes rows, who renews it.
#[derive(Clone, Debug)]
pub struct Budget {
    file: Rc<Cell<u64>>,
    row: Rc<Cell<u64>>,
}

impl Budget {
    pub fn new() -> Self {
        Self {
            file: Rc::new(Cell::new(MOST_BYTES)),
            row: Rc::new(Cell::new(MOST_ROW_BYTES)),
        }
    }

    /// A row was taken: the next may be as long.
    pub fn renew_row(&self) {
        self.row.set(MOST_ROW_BYTES);
    }

    /// The error behind a failed read: ours, where a bound was met.
    pub fn explain(&self, error: io::Error, after: String) -> ImportError {
        if self.file.get() == 0 {
            ImportError::TooLarge
        } else if self.row.get() == 0 {
            ImportError::RowTooLong { after }
        } else {
            ImportError::Read(error)
        }
    }

    /// Whether a bound was met.
    pub fn is_spent(&self) -> bool {
        self.file.get() == 0 || self.row.get() == 0
    }
}

/// Fails where the budget ends.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    budget: Budget,
}

impl<R> Bounded<R> {
    pub fn new(inner: R, budget: Budget) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.budget.is_spent() {
            return Err(io::Error::other("the limit is reached"));
        }
        let read = self.inner.read(into)?;
        for left in [&self.budget.file, &self.budget.row] {
            left.set(left.get().saturating_sub(read as u64));
        }
        Ok(read)
    }
}

/// Makes every line end in one `\n`, the last one too, whichever system wrote the file: lines can
/// then be counted.
#[derive(Debug)]
pub struct OneLineEnd<R> {
    inner: R,
    after_cr: bool,
    ended: bool,
}

impl<R> OneLineEnd<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            after_cr: false,
            ended: false,
        }
    }

    /// Rewrites a block in place; its new length.
    fn rewrite(&mut self, block: &mut [u8]) -> usize {
        let mut kept = 0;
        for at in 0..block.len() {
            let byte = block[at];
            let second_half = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            if !second_half {
                block[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }
}

impl<R: Read> Read for OneLineEnd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !into.is_empty() {
            let read = self.inner.read(into)?;
            if read == 0 {
                self.ended = true;
                into[0] = b'\n';
                return Ok(1);
            }
            let kept = self.rewrite(&mut into[..read]);
            if kept > 0 {
                return Ok(kept);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn every_line_ends_alike() {
        for whole in [b"a\r\nb\rc\n\r\nd".as_slice(), b"a\nb\nc\n\nd"] {
            let (mut dripped, mut poured) = (String::new(), String::new());
            OneLineEnd::new(Dripping(whole))
                .read_to_string(&mut dripped)
                .unwrap();
            OneLineEnd::new(whole).read_to_string(&mut poured).unwrap();
            assert_eq!(dripped, "a\nb\nc\n\nd\n");
            assert_eq!(poured, dripped);
        }
    }

    #[test]
    fn a_row_without_end_is_cut_off_and_a_renewed_one_is_not() {
        let budget = Budget::new();
        let mut endless = Bounded::new(io::repeat(b'a'), budget.clone());
        let mut block = vec![0; 1 << 16];
        for _ in 0..(MOST_ROW_BYTES >> 16) * 4 {
            endless.read_exact(&mut block).unwrap();
            budget.renew_row();
        }
        let mut kept = Vec::new();
        let error = endless.read_to_end(&mut kept).unwrap_err();
        assert!(kept.len() as u64 <= MOST_ROW_BYTES + (1 << 20));
        let told = budget.explain(error, "line 7".into()).to_string();
        assert!(told.contains("after line 7"), "{told}");
    }
}
