//! Reading a table from front to end.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use firemain_domain::source::SourceCode;

use super::{Entry, Gone, Table};

/// How much is read at once.
const AHEAD: usize = 256 << 10;

/// What one table holds of one source, or a part of it.
#[derive(Debug)]
pub(in super::super) struct Portion {
    pub(in super::super) hash: u64,
    pub(in super::super) code: SourceCode,
    pub(in super::super) payload: Vec<u8>,
    /// Where it lies, to say so if it is damaged.
    pub(in super::super) offset: u64,
}

/// Goes through a table in order; what is damaged is noted and left out.
#[derive(Debug)]
pub(in super::super) struct Scan {
    table: Arc<Table>,
    file: Option<File>,
    next_page: u64,
    page: std::vec::IntoIter<Entry>,
    ahead: Vec<u8>,
    ahead_at: u64,
}

impl Scan {
    pub(in super::super) fn begin(table: Arc<Table>) -> Result<Self, Gone> {
        Ok(Self {
            file: table.open()?,
            table,
            next_page: 0,
            page: Vec::new().into_iter(),
            ahead: Vec::new(),
            ahead_at: 0,
        })
    }

    pub(in super::super) fn table(&self) -> &Table {
        &self.table
    }

    fn next_entry(&mut self) -> Option<Entry> {
        loop {
            if let Some(entry) = self.page.next() {
                return Some(entry);
            }
            if self.next_page >= self.table.pages() {
                return None;
            }
            let page = self.table.page(self.file.as_ref()?, self.next_page);
            self.next_page += 1;
            self.page = page.unwrap_or_default().into_iter();
        }
    }

    /// Sees that the bytes of an entry have been read, and says where they begin.
    fn read(&mut self, entry: Entry) -> Option<usize> {
        let n = entry.length as usize;
        let begin = entry
            .offset
            .checked_sub(self.ahead_at)
            .map(|begin| begin as usize);
        if let Some(begin) = begin.filter(|begin| *begin + n <= self.ahead.len()) {
            return Some(begin);
        }
        let file = self.file.as_ref()?;
        let most = self.table.meta.index_at.saturating_sub(entry.offset) as usize;
        self.ahead.resize(AHEAD.max(n).min(most).max(n), 0);
        self.ahead_at = entry.offset;
        if let Err(error) = file.read_exact_at(&mut self.ahead, entry.offset) {
            self.ahead.clear();
            let what = format!("the points of a source cannot be read: {error}");
            self.table.damaged(entry.offset, &what);
            return None;
        }
        Some(0)
    }
}

impl Iterator for Scan {
    type Item = Portion;

    fn next(&mut self) -> Option<Portion> {
        loop {
            let entry = self.next_entry()?;
            let Some(begin) = self.read(entry) else {
                continue;
            };
            let bytes = &self.ahead[begin..begin + entry.length as usize];
            if let Some((code, payload)) = self.table.checked_section(bytes, entry.offset) {
                return Some(Portion {
                    hash: entry.hash,
                    code: code.into(),
                    payload: payload.to_vec(),
                    offset: entry.offset,
                });
            }
        }
    }
}
