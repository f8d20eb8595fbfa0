//! A batch as it lies on disk: postcard, packed with zstd, under a checksum.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Envelope, JournalError};

/// Fast, and still a third of the size: envelopes of one batch are much alike.
const LEVEL: i32 = 1;

/// Packs batches, with buffers that serve again.
pub(super) struct Packer {
    zstd: zstd::bulk::Compressor<'static>,
    raw: Vec<u8>,
}

/// A packed batch.
pub(super) struct Packed {
    pub(super) count: u32,
    pub(super) first_at_ms: i64,
    pub(super) last_at_ms: i64,
    pub(super) raw_bytes: usize,
    pub(super) bytes: Vec<u8>,
}

impl Packer {
    pub(super) fn new() -> Result<Self, JournalError> {
        Ok(Self {
            zstd: zstd::bulk::Compressor::new(LEVEL).map_err(unencodable)?,
            raw: Vec::new(),
        })
    }

    /// Packs a batch that is not empty.
    pub(super) fn pack(&mut self, batch: &[Envelope]) -> Result<Packed, JournalError> {
        let mut raw = std::mem::take(&mut self.raw);
        raw.clear();
        self.raw = postcard::to_extend(batch, raw).map_err(unencodable)?;
        let bytes = self.zstd.compress(&self.raw).map_err(unencodable)?;
        let times = || batch.iter().map(|e| e.received_at.ms());
        Ok(Packed {
            count: u32::try_from(batch.len()).map_err(unencodable)?,
            first_at_ms: times().min().unwrap_or_default(),
            last_at_ms: times().max().unwrap_or_default(),
            raw_bytes: self.raw.len(),
            bytes,
        })
    }
}

fn unencodable(error: impl std::fmt::Display) -> JournalError {
    JournalError::Unencodable(error.to_string())
}

/// Guards what is packed and where it belongs.
pub(super) fn checksum(first: u64, count: u32, packed: &[u8]) -> i64 {
    xxh3_64_with_seed(packed, first ^ (u64::from(count) << 40)).cast_signed()
}

/// A row as it was read.
pub(super) struct Row<'a> {
    pub(super) first: u64,
    pub(super) count: u32,
    pub(super) raw_bytes: usize,
    pub(super) checksum: i64,
    pub(super) packed: &'a [u8],
}

impl Row<'_> {
    /// The envelopes, or what is wrong with the row.
    pub(super) fn unpack(&self) -> Result<Vec<Envelope>, String> {
        if checksum(self.first, self.count, self.packed) != self.checksum {
            return Err("its checksum does not match".into());
        }
        let raw = zstd::bulk::decompress(self.packed, self.raw_bytes)
            .map_err(|e| format!("it cannot be unpacked: {e}"))?;
        let envelopes: Vec<Envelope> =
            postcard::from_bytes(&raw).map_err(|e| format!("it cannot be decoded: {e}"))?;
        if envelopes.len() == self.count as usize {
            Ok(envelopes)
        } else {
            Err(format!(
                "it holds {} envelopes where {} are named",
                envelopes.len(),
                self.count
            ))
        }
    }
}
