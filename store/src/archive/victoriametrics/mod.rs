//! VictoriaMetrics: the archive in a time-series database that answers PromQL.
//!
//! In: points, written as line protocol to `/api/v2/write`. Out: ranges, buckets, latest values and
//! counts, from `/api/v1/export` and `/api/v1/query`. It waits on the server; how long to wait after
//! [`ArchiveError::Busy`] is the caller's to decide.
//!
//! The schema: one series for each source and quantity, `reading_pressure_kpa{kind,source}`. What
//! can change about a source stands in the labels of `source_info{source,kind,name,status,unit,zone}`,
//! its numbers in `source_info_lat` and the like, for texts are kept as labels only.
//!
//! Times are milliseconds: of readings of one series and millisecond that are written together the
//! highest mark stands for all. A point written twice is two rows to the server unless it runs with
//! `-dedup.minScrapeInterval=1ms`; reads of one source see one in any case. What is older than the
//! server's retention, or too far ahead, it drops and says 204: what it is set to is asked of it, and
//! such points are refused here, with the reason, before they are sent.

mod settings;

mod sources;
mod write;

mod read;
mod wrapped;

mod limits;
mod words;

pub use settings::VictoriaSettings;

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use firemain_domain::Timestamp;
use firemain_domain::source::{Source, SourceCode};

use super::{Answer, Archive, ArchiveError, Bucket, Point, Query, Value, Written};
use crate::journal::Position;
use limits::Limits;
use read::Reader;
use wrapped::Server;
use write::Writer;

/// An archive in VictoriaMetrics, a single node or a cluster.
pub struct VictoriaArchive {
    server: Server,
    writer: Writer,
    reader: Reader,
    limits: Limits,
    /// Journal time when we were last maintained, ms.
    now_ms: AtomicI64,
}

impl VictoriaArchive {
    /// An archive there. Nothing is sent yet: see [`Archive::check`].
    ///
    /// # Errors
    /// [`ArchiveError::Refused`] when the settings cannot be right, saying which and why.
    pub fn new(settings: VictoriaSettings) -> Result<Self, ArchiveError> {
        let server = Server::new(settings)?;
        Ok(Self {
            writer: Writer::new(server.clone()),
            reader: Reader::new(server.clone()),
            limits: Limits::default(),
            now_ms: AtomicI64::new(i64::MIN),
            server,
        })
    }

    async fn write_points(&self, points: Vec<Point>) -> Result<Written, ArchiveError> {
        let now = self.now_ms.load(Ordering::Relaxed);
        let dropped = |point: &Point| self.limits.dropped(point.at.ms(), now);
        self.writer.write(points, dropped).await
    }

    async fn check_in_words(&self) -> Result<(), ArchiveError> {
        self.reader.may_read().await?;
        self.writer.may_write().await
    }

    async fn look_at_limits(&self, now: Timestamp) -> Result<(), ArchiveError> {
        self.now_ms.store(now.ms(), Ordering::Relaxed);
        self.limits.learn(&self.server).await;
        Ok(())
    }
}

impl fmt::Debug for VictoriaArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VictoriaArchive")
            .field("settings", self.server.settings())
            .finish_non_exhaustive()
    }
}

impl Archive for VictoriaArchive {
    fn write(&self, points: Vec<Point>, _upto: Position) -> Answer<'_, Written> {
        Box::pin(self.write_points(points))
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

    fn maintain(&self, now: Timestamp) -> Answer<'_, ()> {
        Box::pin(self.look_at_limits(now))
    }

    fn keeps_sources(&self) -> bool {
        true
    }

    fn write_sources(&self, sources: Vec<Source>, at: Timestamp) -> Answer<'_, ()> {
        Box::pin(async move { self.writer.write_sources(&sources, at).await })
    }

    fn keeps_marks(&self) -> bool {
        false
    }

    fn warnings(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async move { Ok(limits::warnings(&self.server).await) })
    }

    fn flush(&self) -> Answer<'_, ()> {
        Box::pin(self.writer.flush())
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(self.check_in_words())
    }
}
