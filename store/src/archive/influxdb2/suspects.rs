//! Batches that failed before in a way that may be their own fault.
//!
//! InfluxDB answers some bodies with 500 for ever (a truncated gzip is one). A client that retries
//! every 500 would then never write again; one that gives up at once would lose points whenever the
//! server stumbles. So failures are counted, across calls, by the point with which a batch begins.

use std::collections::HashMap;
use std::hash::{Hash as _, Hasher as _};

use xxhash_rust::xxh3::Xxh3;

use super::super::Point;

/// After so many failures of one batch, on a server that is healthy, its points are tried apart.
const TRIES: u32 = 3;
/// Batches remembered at most; past this all are forgotten, and counted from the beginning.
const MOST: usize = 256;

/// How often which batch failed.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    failures: HashMap<u64, u32>,
}

impl Suspects {
    /// Notes a failure; true once it was one too many.
    pub(super) fn failed(&mut self, first: &Point) -> bool {
        if self.failures.len() >= MOST {
            self.failures.clear();
        }
        let failures = self.failures.entry(key(first)).or_default();
        *failures += 1;
        *failures >= TRIES
    }

    /// It was written, or its bad points were found.
    pub(super) fn cleared(&mut self, first: &Point) {
        if !self.failures.is_empty() {
            self.failures.remove(&key(first));
        }
    }
}

fn key(point: &Point) -> u64 {
    let mut hash = Xxh3::new();
    point.source.hash(&mut hash);
    (
        point.quantity.number(),
        point.at,
        point.mark,
        point.value.to_bits(),
    )
        .hash(&mut hash);
    hash.finish()
}
