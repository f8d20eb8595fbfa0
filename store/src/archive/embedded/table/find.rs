//! Finding one source in a table.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::{Entry, Gone, Table};

impl Table {
    /// The payloads of a source's sections. What is damaged is noted and left out.
    pub(in super::super) fn payloads(&self, hash: u64, code: &str) -> Result<Vec<Vec<u8>>, Gone> {
        let Some(file) = self.open()? else {
            return Ok(Vec::new());
        };
        let entries = self.entries(&file, hash);
        Ok(entries
            .iter()
            .filter_map(|entry| self.payload(&file, *entry, code))
            .collect())
    }

    fn payload(&self, file: &File, entry: Entry, code: &str) -> Option<Vec<u8>> {
        let mut bytes = vec![0; entry.length as usize];
        if let Err(error) = file.read_exact_at(&mut bytes, entry.offset) {
            self.damaged(
                entry.offset,
                &format!("the points of a source cannot be read: {error}"),
            );
            return None;
        }
        let (of, payload) = self.checked_section(&bytes, entry.offset)?;
        let begin = bytes.len() - payload.len();
        (of == code).then(|| bytes.split_off(begin))
    }

    /// The entries of one hash, in order.
    fn entries(&self, file: &File, hash: u64) -> Vec<Entry> {
        let Some(mut number) = self.guess_page(file, hash) else {
            return Vec::new();
        };
        // More than one section of a source, or two codes of one hash, may cross a page's edge.
        while number > 0
            && self
                .page(file, number - 1)
                .is_some_and(|page| page.last().is_some_and(|entry| entry.hash == hash))
        {
            number -= 1;
        }
        let mut found = Vec::new();
        for number in number..self.pages() {
            let Some(page) = self.page(file, number) else {
                continue;
            };
            found.extend(page.iter().filter(|entry| entry.hash == hash));
            if page.last().is_none_or(|entry| entry.hash > hash) {
                break;
            }
        }
        found
    }

    /// A page that may hold the hash, by where it lies between the hashes around it, and by halves
    /// in turn in case they are not spread evenly.
    fn guess_page(&self, file: &File, hash: u64) -> Option<u64> {
        let (mut low, mut high) = (0, self.pages());
        let (mut low_hash, mut high_hash) = (0, u64::MAX);
        let mut by_halves = false;
        while low < high {
            let between = u128::from(high - low);
            let number = if by_halves {
                u128::from(low) + between / 2
            } else {
                let way = u128::from(hash - low_hash) * between;
                u128::from(low) + (way / (u128::from(high_hash - low_hash) + 1)).min(between - 1)
            };
            let number = number as u64;
            by_halves = !by_halves;
            let Some(page) = self.page(file, number) else {
                return self.look_everywhere(file, hash);
            };
            let (first, last) = (page.first()?.hash, page.last()?.hash);
            if hash < first {
                (high, high_hash) = (number, first);
            } else if hash > last {
                (low, low_hash) = (number + 1, last);
            } else {
                return Some(number);
            }
        }
        None
    }

    /// A damaged page was in the way of guessing: the others are looked at one by one.
    fn look_everywhere(&self, file: &File, hash: u64) -> Option<u64> {
        (0..self.pages()).find(|number| {
            self.page(file, *number)
                .is_some_and(|page| page.iter().any(|entry| entry.hash == hash))
        })
    }
}
