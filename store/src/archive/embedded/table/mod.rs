//! A table: an immutable file of sections, one or more for each source, found by the source's hash.
//!
//! ```text
//! magic │ section … │ index page … │ footer (JSON) │ its length, its checksum, magic
//! section:    checksum │ length of the code │ code │ payload
//! index page: up to 128 × (hash │ offset │ length) │ checksum
//! ```
//! Sections lie in the order of (hash, code). Hashes are spread evenly, so a source is found by
//! guessing its page: two or three reads of 2.5 kB, and nothing kept in memory, at any number of
//! sources. Every section and page has its own checksum: a damaged one is passed, the rest answers.

mod find;
mod scan;
mod write;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::bytes::Reader;
use super::health::Record;

pub(super) use scan::{Portion, Scan};
pub(super) use write::TableWriter;

const MAGIC: &[u8; 8] = b"FMTABLE\x01";
const PAGE_ENTRIES: u64 = 128;
const ENTRY_BYTES: u64 = 20;
const PAGE_BYTES: u64 = PAGE_ENTRIES * ENTRY_BYTES + 4;
/// Longest section ever read: beyond, its index entry is broken.
const LONGEST_SECTION: u32 = 64 << 20;
/// Longest footer ever read.
const LONGEST_FOOTER: u64 = 1 << 20;

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Points as they came, of any week.
    Block,
    /// Points of one week.
    Piece {
        /// Which, counted from 1970.
        week: i32,
        /// How often it was merged: pieces of one tier are of like size.
        tier: u8,
    },
    /// Points from far ahead of the time at which they were written: kept as long as that week.
    Stray {
        /// In which week they came.
        week: i32,
    },
    /// The hours of one week.
    Rollup {
        /// Which.
        week: i32,
    },
}

/// What is known of a table without reading its sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// Its number, which is its name.
    pub(super) id: u64,
    pub(super) role: Role,
    /// Of two rows of one identity, the one in the table of lower order came first.
    pub(super) order: u64,
    pub(super) first_at: i64,
    pub(super) last_at: i64,
    pub(super) points: u64,
    /// The journal was read up to here when this was written; 0 where that says nothing.
    pub(super) upto: u64,
    /// Of a roll-up: the tables whose points it was made from.
    pub(super) covers: Vec<u64>,
    pub(super) entries: u64,
    pub(super) index_at: u64,
    pub(super) bytes: u64,
}

/// A file that was there when the list of files was read, and is not any more.
#[derive(Debug)]
pub(super) struct Gone;

/// A table on disk.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) meta: Meta,
    path: PathBuf,
    record: Arc<Record>,
    /// Another process may take files away.
    shared: bool,
    doomed: AtomicBool,
}

pub(super) fn name(id: u64) -> String {
    format!("{id:012}.table")
}

impl Table {
    pub(super) fn new(folder: &Path, meta: Meta, record: Arc<Record>, shared: bool) -> Self {
        let path = folder.join(name(meta.id));
        Self {
            meta,
            path,
            record,
            shared,
            doomed: AtomicBool::new(false),
        }
    }

    /// Reads the footer of a file: for when the list of files is lost.
    pub(super) fn read_meta(path: &Path) -> io::Result<Meta> {
        let broken = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let tail_at = bytes
            .checked_sub(16)
            .ok_or_else(|| broken("it is too short"))?;
        let mut tail = [0; 16];
        file.read_exact_at(&mut tail, tail_at)?;
        if tail[8..] != *MAGIC {
            return Err(broken("it does not end as a table does"));
        }
        let mut from = Reader::new(&tail);
        let (Ok(length), Ok(sum)) = (from.u32(), from.u32()) else {
            return Err(broken("it is too short"));
        };
        let length = u64::from(length);
        let Some(at) = tail_at
            .checked_sub(length)
            .filter(|_| length < LONGEST_FOOTER)
        else {
            return Err(broken("its footer is longer than it is"));
        };
        let mut footer = vec![0; length as usize];
        file.read_exact_at(&mut footer, at)?;
        if crc32fast::hash(&footer) != sum {
            return Err(broken("its footer is damaged"));
        }
        let mut meta: Meta = serde_json::from_slice(&footer).map_err(io::Error::other)?;
        meta.bytes = bytes;
        Ok(meta)
    }

    /// Whether any of its points may lie in the span.
    pub(super) const fn touches(&self, from: i64, until: i64) -> bool {
        self.meta.last_at >= from && self.meta.first_at < until
    }

    /// To be deleted once nobody reads it any more.
    pub(super) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn damaged(&self, offset: u64, what: &str) {
        self.record.damage(self.meta.id, offset, || {
            format!("{} at byte {offset}: {what}", self.path.display())
        });
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.record.is_damaged(self.meta.id)
    }

    /// Opens it; `None` if that cannot be, which is then noted.
    fn open(&self) -> Result<Option<File>, Gone> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if self.shared && error.kind() == io::ErrorKind::NotFound => Err(Gone),
            Err(error) => {
                self.damaged(0, &format!("it cannot be opened: {error}"));
                Ok(None)
            }
        }
    }

    fn pages(&self) -> u64 {
        self.meta.entries.div_ceil(PAGE_ENTRIES)
    }

    /// A page of the index, checked; `None` if it is damaged, which is then noted.
    fn page(&self, file: &File, number: u64) -> Option<Vec<Entry>> {
        let at = self.meta.index_at + number * PAGE_BYTES;
        let n = PAGE_ENTRIES.min(self.meta.entries - number * PAGE_ENTRIES) * ENTRY_BYTES;
        let mut bytes = vec![0; n as usize + 4];
        if let Err(error) = file.read_exact_at(&mut bytes, at) {
            self.damaged(at, &format!("a page of the index cannot be read: {error}"));
            return None;
        }
        let (entries, sum) = bytes.split_at(n as usize);
        if crc32fast::hash(entries).to_le_bytes() != *sum {
            self.damaged(at, "a page of the index is damaged");
            return None;
        }
        let entries = entries
            .chunks_exact(ENTRY_BYTES as usize)
            .filter_map(Entry::read);
        Some(entries.collect())
    }

    /// Splits a section's bytes into code and payload, if its checksum holds.
    fn checked_section<'a>(&self, bytes: &'a [u8], offset: u64) -> Option<(&'a str, &'a [u8])> {
        let parts = || {
            let mut from = Reader::new(bytes);
            if from.u32().ok()? != crc32fast::hash(from.rest()) {
                return None;
            }
            let n = from.length().ok()?;
            let code = std::str::from_utf8(from.take(n).ok()?).ok()?;
            Some((code, from.rest()))
        };
        let parts = parts();
        if parts.is_none() {
            self.damaged(offset, "the points of a source are damaged");
        }
        parts
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            // What stays behind is taken away when the archive is opened next.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Where a section lies.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    offset: u64,
    length: u32,
}

impl Entry {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        Some(Self {
            hash: from.u64().ok()?,
            offset: from.u64().ok()?,
            length: from
                .u32()
                .ok()
                .filter(|length| *length <= LONGEST_SECTION)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.hash.to_le_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
    }
}
