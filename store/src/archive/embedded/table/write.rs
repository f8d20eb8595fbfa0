//! Writing a table: under a passing name until it is whole and on disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::bytes::put_varint;
use super::super::column::Packing;
use super::super::row::Row;
use super::super::section;
use super::{Entry, MAGIC, Meta, PAGE_ENTRIES, Role, name};

/// Rows of one source in one section; a source with more has several.
const SECTION_ROWS: usize = 1 << 18;

/// A table being written. Dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub(in super::super) struct TableWriter {
    out: BufWriter<File>,
    passing: PathBuf,
    lasting: PathBuf,
    meta: Meta,
    entries: Vec<Entry>,
    payload: Vec<u8>,
    body: Vec<u8>,
    finished: bool,
}

impl TableWriter {
    pub(in super::super) fn begin(
        folder: &Path,
        id: u64,
        role: Role,
        order: u64,
    ) -> io::Result<Self> {
        let lasting = folder.join(name(id));
        let passing = lasting.with_extension("tmp");
        let mut out = BufWriter::with_capacity(256 << 10, File::create(&passing)?);
        out.write_all(MAGIC)?;
        Ok(Self {
            out,
            passing,
            lasting,
            meta: Meta {
                id,
                role,
                order,
                first_at: i64::MAX,
                last_at: i64::MIN,
                points: 0,
                upto: 0,
                covers: Vec::new(),
                entries: 0,
                index_at: MAGIC.len() as u64,
                bytes: 0,
            },
            entries: Vec::new(),
            payload: Vec::new(),
            body: Vec::new(),
            finished: false,
        })
    }

    pub(in super::super) const fn id(&self) -> u64 {
        self.meta.id
    }

    pub(in super::super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds the rows of a source, settled; sources in the order of (hash, code).
    pub(in super::super) fn add(
        &mut self,
        hash: u64,
        code: &str,
        rows: &[Row],
        packing: Packing,
    ) -> io::Result<()> {
        for rows in rows.chunks(SECTION_ROWS) {
            let mut payload = std::mem::take(&mut self.payload);
            payload.clear();
            section::encode(rows, packing, &mut payload);
            for row in rows {
                self.meta.first_at = self.meta.first_at.min(row.at);
                self.meta.last_at = self.meta.last_at.max(row.at);
            }
            self.meta.points += rows.len() as u64;
            let added = self.add_payload(hash, code, &payload);
            self.payload = payload;
            added?;
        }
        Ok(())
    }

    /// Adds a section of another make, of which the table's span must be told beside.
    pub(in super::super) fn add_payload(
        &mut self,
        hash: u64,
        code: &str,
        payload: &[u8],
    ) -> io::Result<()> {
        self.body.clear();
        put_varint(&mut self.body, code.len() as u64);
        self.body.extend_from_slice(code.as_bytes());
        self.body.extend_from_slice(payload);
        self.out
            .write_all(&crc32fast::hash(&self.body).to_le_bytes())?;
        self.out.write_all(&self.body)?;
        let length = self.body.len() as u32 + 4;
        self.entries.push(Entry {
            hash,
            offset: self.meta.index_at,
            length,
        });
        self.meta.index_at += u64::from(length);
        Ok(())
    }

    pub(in super::super) const fn spans(&mut self, first_at: i64, last_at: i64) {
        self.meta.first_at = first_at;
        self.meta.last_at = last_at;
    }

    /// Ends the file and gives it its name, once it is on disk.
    pub(in super::super) fn finish(mut self, upto: u64, covers: Vec<u64>) -> io::Result<Meta> {
        let mut page = Vec::new();
        let mut index_bytes = 0;
        for entries in self.entries.chunks(PAGE_ENTRIES as usize) {
            page.clear();
            for entry in entries {
                entry.write(&mut page);
            }
            let sum = crc32fast::hash(&page);
            page.extend_from_slice(&sum.to_le_bytes());
            index_bytes += page.len() as u64;
            self.out.write_all(&page)?;
        }
        self.meta.entries = self.entries.len() as u64;
        self.meta.upto = upto;
        self.meta.covers = covers;
        let footer = serde_json::to_vec(&self.meta).map_err(io::Error::other)?;
        self.out.write_all(&footer)?;
        self.out.write_all(&(footer.len() as u32).to_le_bytes())?;
        self.out
            .write_all(&crc32fast::hash(&footer).to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        self.meta.bytes = self.meta.index_at + index_bytes + footer.len() as u64 + 16;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        fs::rename(&self.passing, &self.lasting)?;
        self.finished = true;
        Ok(self.meta.clone())
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if !self.finished {
            // What stays behind is taken away when the archive is opened next.
            let _ = fs::remove_file(&self.passing);
        }
    }
}
