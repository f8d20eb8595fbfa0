//! InfluxDB 2: the archive in a database of its own.
//!
//! In: points, written by the `influxdb2` crate as line protocol. Out: ranges, buckets and latest
//! values, asked for in Flux and read from its CSV by ourselves. It waits on the server; how long to
//! wait after [`ArchiveError::Busy`] is the caller's to decide.
//!
//! The schema: measurement `reading`, tags `kind` and `source`, one field for each quantity, named
//! with its unit. Every field is a float, yes and no are 1 and 0: InfluxDB notices two types of one
//! field only within a shard group, and then shows one of them without a word. The time is the
//! point's milliseconds · 10⁶ + its mark, so that points of one millisecond stay apart and a point
//! written twice is one. Whatever can change about a source is in `source_info`.
//!
//! A point's way: [`mod@line`] makes it text, [`write`](mod@write) sends batches and finds the one that
//! is refused, [`suspects`] remembers what failed before, [`words`] says it to people.

mod settings;

pub(super) mod line;
mod source_info;
mod suspects;
mod write;

mod answer;
mod flux;
mod read;

mod words;

pub use settings::{InfluxSettings, Timeouts};
pub use source_info::SourceInfo;

use std::fmt;

use firemain_domain::Timestamp;
use firemain_domain::source::{Source, SourceCode};

use super::{Answer, Archive, ArchiveError, Bucket, Point, Query, Value, Written};
use crate::journal::Position;
use read::Reader;
use write::Writer;

/// An archive in InfluxDB 2.
pub struct InfluxArchive {
    settings: InfluxSettings,
    writer: Writer,
    reader: Reader,
}

impl InfluxArchive {
    /// An archive there. Nothing is sent yet: see [`Archive::check`].
    ///
    /// # Errors
    /// [`ArchiveError::Refused`] when the settings cannot be right, saying which and why.
    pub fn new(settings: InfluxSettings) -> Result<Self, ArchiveError> {
        let url = settings.checked_url()?;
        let reader = Reader::new(&settings, &url)?;
        let writer = Writer::new(&settings, &url, reader.clone())?;
        Ok(Self {
            settings,
            writer,
            reader,
        })
    }

    /// Writes what the dashboards join to the readings: one row of `source_info` for each source,
    /// at `at`. Write all of them now and then (daily), for retention removes old rows.
    ///
    /// # Errors
    /// As [`Archive::write`]; rows that are refused are [`ArchiveError::Refused`].
    pub async fn write_source_info(
        &self,
        sources: &[SourceInfo],
        at: Timestamp,
    ) -> Result<(), ArchiveError> {
        self.writer.write_source_info(sources, at).await
    }

    async fn check_in_words(&self) -> Result<(), ArchiveError> {
        self.reader.health().await?;
        self.writer.may_write().await?;
        self.reader.may_read().await
    }
}

impl fmt::Debug for InfluxArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InfluxArchive")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Archive for InfluxArchive {
    fn write(&self, points: Vec<Point>, _upto: Position) -> Answer<'_, Written> {
        Box::pin(self.writer.write(points))
    }

    fn durable_upto(&self) -> Option<Position> {
        None
    }

    fn range(&self, query: Query, limit: usize) -> Answer<'_, Vec<Value>> {
        Box::pin(self.reader.range(query, limit))
    }

    fn buckets(&self, query: Query, width_ms: i64) -> Answer<'_, Vec<Bucket>> {
        Box::pin(self.reader.buckets(query, width_ms))
    }

    fn latest(&self, source: SourceCode) -> Answer<'_, Vec<Value>> {
        Box::pin(self.reader.latest(source))
    }

    fn count(
        &self,
        source: Option<SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Answer<'_, u64> {
        Box::pin(self.reader.count(source, from, until))
    }

    fn maintain(&self, _now: Timestamp) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn keeps_sources(&self) -> bool {
        true
    }

    fn write_sources(&self, sources: Vec<Source>, at: Timestamp) -> Answer<'_, ()> {
        Box::pin(async move {
            let rows: Vec<SourceInfo> = sources.iter().map(SourceInfo::from).collect();
            self.write_source_info(&rows, at).await
        })
    }

    fn flush(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(self.check_in_words())
    }
}
