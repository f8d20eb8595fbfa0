//! The archive: every point, by source, quantity and time.
//!
//! In: points, in batches, at least once each; a point written twice is one point. Out: ranges,
//! buckets, and the latest values. Adapters: embedded, InfluxDB 2, VictoriaMetrics.

pub mod embedded;
pub mod influxdb2;
pub mod victoriametrics;

use std::future::Future;
use std::pin::Pin;

use firemain_domain::source::{KindName, Source, SourceCode};
use firemain_domain::{Quantity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::journal::Position;

/// A value of one source at one moment. Its identity is (source, quantity, at, mark).
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Whose.
    pub source: SourceCode,
    /// What kind of source: a tag in external databases.
    pub kind: KindName,
    /// What was measured.
    pub quantity: Quantity,
    /// When: the device's time, or the receipt of its first copy.
    pub at: Timestamp,
    /// Tells points of one millisecond apart: from sequence or payload hash, and the place in the
    /// message. Deterministic, below 1,000,000: InfluxDB's time is `at` · 10⁶ + `mark` ns.
    pub mark: u32,
    /// Finite.
    pub value: f64,
}

/// What is asked of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Whose.
    pub source: SourceCode,
    /// Which quantities; empty: all.
    pub quantities: Vec<Quantity>,
    /// From this moment on.
    pub from: Timestamp,
    /// Up to, not including, this one.
    pub until: Timestamp,
}

/// A point as it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// What was measured.
    pub quantity: Quantity,
    /// When.
    pub at: Timestamp,
    /// The mark it was written with.
    #[serde(skip)]
    pub mark: u32,
    /// The value.
    pub value: f64,
}

/// A bucket of points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// What was measured.
    pub quantity: Quantity,
    /// Where the bucket begins: a multiple of its width since 1970.
    pub at: Timestamp,
    /// Lowest.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Highest.
    pub max: f64,
    /// The newest.
    pub last: f64,
    /// How many.
    pub count: u64,
}

/// What an answer of the archive may be waited for as.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ArchiveError>> + Send + 'a>>;

/// The archive.
pub trait Archive: Send + Sync {
    /// Writes points that came from the journal up to `upto`. When it returns they will survive a
    /// crash, or [`Archive::durable_upto`] does not yet say so and the journal is read again.
    /// Points the database refuses for what they are come back in [`Written::refused`].
    fn write(&self, points: Vec<Point>, upto: Position) -> Answer<'_, Written>;

    /// The journal position up to which everything is durable here; `None` if the archive does not
    /// keep it (an external one): then every write that returned is durable.
    fn durable_upto(&self) -> Option<Position>;

    /// Points of one source in order of quantity, time and mark: at most `limit`.
    fn range(&self, query: Query, limit: usize) -> Answer<'_, Vec<Value>>;

    /// Buckets of one source, `width_ms` wide, in order of quantity and time; empty ones left out.
    fn buckets(&self, query: Query, width_ms: i64) -> Answer<'_, Vec<Bucket>>;

    /// The newest point of each quantity of one source.
    fn latest(&self, source: SourceCode) -> Answer<'_, Vec<Value>>;

    /// How many points are kept of one source (`None`: of all) in a span: to balance the books.
    fn count(
        &self,
        source: Option<SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Answer<'_, u64>;

    /// Merging, roll-ups and retention; called every minute or so. `now` is journal time.
    fn maintain(&self, now: Timestamp) -> Answer<'_, ()>;

    /// Whether it keeps rows about the sources themselves beside their readings, for what reads it
    /// without us. Where it does not, the register is the only place.
    fn keeps_sources(&self) -> bool {
        false
    }

    /// Writes one complete row about each source, at `at`. What is written again stands twice, and
    /// the newest counts.
    fn write_sources(&self, _sources: Vec<Source>, _at: Timestamp) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether it tells points of one series and millisecond apart by their marks. Where it does not,
    /// one stands for all of them, the highest mark of those written together, and reads give the
    /// mark 0.
    fn keeps_marks(&self) -> bool {
        true
    }

    /// What is set there such that readings would be dropped, counted twice or not found, in words
    /// for people.
    fn warnings(&self) -> Answer<'_, Vec<String>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Makes everything written so far durable: before a shutdown.
    fn flush(&self) -> Answer<'_, ()>;

    /// Whether it answers, in words for people if not.
    fn check(&self) -> Answer<'_, ()>;
}

/// What a write did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Points taken.
    pub points: u64,
    /// Points refused for what they are, each with the database's reason, cut to 200 characters.
    pub refused: Vec<(Point, String)>,
}

/// What can go wrong with the archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It does not answer, or is too busy: try again after a while.
    #[error("the archive cannot take this now: {reason}")]
    Busy {
        /// What it said.
        reason: String,
        /// How long it asks us to wait.
        retry_after: Option<std::time::Duration>,
    },
    /// It refuses us, not the points: token, bucket, organisation. A person must act.
    #[error("the archive refuses: {reason}")]
    Refused {
        /// What is wrong and what to do.
        reason: String,
    },
    /// Reading or writing its files failed.
    #[error("the archive cannot be {doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// What it holds cannot be read.
    #[error("the archive is damaged at {place}: {reason}")]
    Damaged {
        /// Which file or answer.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}
