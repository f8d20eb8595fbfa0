//! Writing: batches, one after the other, and the search for the point that spoils one.
//!
//! The server stores nothing of a body with one line it cannot read (400), so a refused batch is cut
//! until what is refused stands alone. Before a lone point is blamed, a harmless line of the same
//! time is written: only where that is taken is the point at fault.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use firemain_domain::source::{Source, SourceCode};
use firemain_domain::{Quantity, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::StatusCode;
use reqwest::header::CONTENT_ENCODING;
use tracing::warn;

use super::super::influxdb2::line;
use super::super::{ArchiveError, Point, Written};
use super::wrapped::{Server, Told};
use super::{sources, words};

/// Lines in one body.
const LINES: usize = 5_000;

/// Writes.
pub(super) struct Writer {
    server: Server,
    /// Lines in one body: fewer once something on the way found a body too large.
    lines: AtomicUsize,
}

impl Writer {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            lines: AtomicUsize::new(LINES),
        }
    }

    /// Writes; `dropped` says of a point why the server would drop it without a word.
    pub(super) async fn write(
        &self,
        points: Vec<Point>,
        dropped: impl Fn(&Point) -> Option<String>,
    ) -> Result<Written, ArchiveError> {
        let mut refused = Vec::new();
        let mut good: Vec<&Point> = Vec::with_capacity(points.len());
        for point in &points {
            match unwritable(point)
                .map(str::to_owned)
                .or_else(|| dropped(point))
            {
                Some(reason) => refused.push((point.clone(), reason)),
                None => good.push(point),
            }
        }
        let good = one_of_each_millisecond(good);
        let mut rest = &good[..];
        while !rest.is_empty() {
            let most = self.lines.load(Ordering::Relaxed);
            let (batch, more) = rest.split_at(line::first_lines(rest, most));
            self.batch(batch, &mut refused).await?;
            rest = more;
        }
        Ok(Written {
            points: (points.len() - refused.len()) as u64,
            refused,
        })
    }

    async fn batch(
        &self,
        batch: &[&Point],
        refused: &mut Vec<(Point, String)>,
    ) -> Result<(), ArchiveError> {
        let mut waiting = vec![batch];
        while let Some(points) = waiting.pop() {
            let lines = line::render_at(points, |point| Some(point.at.ms()));
            let told = self.post(&lines.text).await?;
            let (one, other) = points.split_at(points.len() / 2);
            match told.status {
                status if status.is_success() => {}
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if points.len() > 1 => {
                    waiting.extend([other, one]);
                }
                StatusCode::PAYLOAD_TOO_LARGE if points.len() > 1 => {
                    self.smaller_from_now(lines.count);
                    waiting.extend([other, one]);
                }
                StatusCode::BAD_REQUEST
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::PAYLOAD_TOO_LARGE
                    if self.another_is_taken(points[0]).await =>
                {
                    refused.push((points[0].clone(), words::cut(&told.text())));
                }
                _ => return Err(self.server.error(&told)),
            }
        }
        Ok(())
    }

    /// Whether a harmless line of the same time is taken, which speaks against the point.
    async fn another_is_taken(&self, point: &Point) -> bool {
        let probe = format!("firemain_probe ok=1 {}\n", point.at.ms());
        matches!(self.post(&probe).await, Ok(told) if told.status.is_success())
    }

    fn smaller_from_now(&self, lines: usize) {
        let half = (lines / 2).max(1);
        if self.lines.fetch_min(half, Ordering::Relaxed) > half {
            warn!(
                archive.lines = half,
                "a body was too large on its way to VictoriaMetrics: batches are smaller from now on"
            );
        }
    }

    /// Whether it may be written to, told by a body with nothing in it.
    pub(super) async fn may_write(&self) -> Result<(), ArchiveError> {
        self.stored("").await
    }

    pub(super) async fn write_sources(
        &self,
        all: &[Source],
        at: Timestamp,
    ) -> Result<(), ArchiveError> {
        for some in all.chunks(LINES / 2) {
            self.stored(&sources::lines(some, at)).await?;
        }
        Ok(())
    }

    /// Makes what was written visible to queries; a cluster does so by itself within seconds.
    pub(super) async fn flush(&self) -> Result<(), ArchiveError> {
        let settings = self.server.settings();
        if let Some(url) = settings.root_url("/internal/force_flush") {
            let request = self.server.get(url, settings.timeouts.write);
            let told = self.server.send(request).await?;
            // Whoever guards this path with a key of its own waits five seconds instead.
            if told.status.is_server_error() {
                return Err(self.server.error(&told));
            }
        }
        Ok(())
    }

    async fn stored(&self, text: &str) -> Result<(), ArchiveError> {
        let told = self.post(text).await?;
        if told.status.is_success() {
            Ok(())
        } else {
            Err(self.server.error(&told))
        }
    }

    async fn post(&self, text: &str) -> Result<Told, ArchiveError> {
        let settings = self.server.settings();
        let request = self
            .server
            .post(settings.write_url()?, settings.timeouts.write);
        let request = if settings.gzip {
            request.header(CONTENT_ENCODING, "gzip").body(
                zipped(text)
                    .map_err(|e| words::busy(format!("a batch cannot be compressed: {e}"), None))?,
            )
        } else {
            request.body(text.to_owned())
        };
        self.server.send(request).await
    }
}

/// Why a point can never be written; `None` if it can.
fn unwritable(point: &Point) -> Option<&'static str> {
    if !point.value.is_finite() {
        Some("VictoriaMetrics keeps no NaN and no infinity of ours")
    } else if point.at.ms() < 0 {
        Some("its time is before 1970, which VictoriaMetrics cannot keep")
    } else {
        line::unwritable_tag(&point.source)
    }
}

/// Of points of one series and millisecond the one with the highest mark, at the place of the first.
fn one_of_each_millisecond(points: Vec<&Point>) -> Vec<&Point> {
    let mut places: HashMap<(&SourceCode, &'static str, Quantity, i64), usize> =
        HashMap::with_capacity(points.len());
    let mut kept: Vec<&Point> = Vec::with_capacity(points.len());
    for point in points {
        let series = (
            &point.source,
            point.kind.name(),
            point.quantity,
            point.at.ms(),
        );
        match places.get(&series) {
            Some(&place) if kept[place].mark <= point.mark => kept[place] = point,
            Some(_) => {}
            None => {
                places.insert(series, kept.len());
                kept.push(point);
            }
        }
    }
    kept
}

fn zipped(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes())?;
    encoder.finish()
}
