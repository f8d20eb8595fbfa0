//! Writing: batches, a few at once, and the search for the point that spoils one.
//!
//! InfluxDB stores nothing of a body with one line it cannot read (400), and all but the bad lines
//! where it is the values it refuses (422). Writing a point again changes nothing, so a refused
//! batch is simply cut until what is refused stands alone. Before a lone point is blamed for an
//! answer that may also mean "not now", a harmless line of the same time is written: only where that
//! is taken is the point at fault.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use firemain_domain::Timestamp;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use influxdb2::RequestError;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use tracing::warn;

use super::super::{ArchiveError, Point, Written};
use super::line::{self, Lines};
use super::read::Reader;
use super::suspects::Suspects;
use super::{InfluxSettings, SourceInfo, words};

/// Lines in one body: InfluxDB's own advice.
const LINES: usize = 5_000;
/// Bodies under way at once.
const BODIES_AT_ONCE: usize = 4;

/// Writes.
pub(super) struct Writer {
    client: influxdb2::Client,
    settings: InfluxSettings,
    /// Asked whether the server is healthy when a batch fails again and again.
    reader: Reader,
    suspects: Mutex<Suspects>,
    /// Lines in one body: fewer once something on the way found a body too large.
    lines: AtomicUsize,
}

/// Why a body was not stored.
#[derive(Debug)]
enum Failure {
    /// The server answered.
    Status(StatusCode, String),
    /// It did not.
    NoAnswer(reqwest::Error),
    /// Neither.
    Other(String),
}

/// What to do with points that were not stored.
enum Then<'p> {
    /// Try these apart.
    Apart(Vec<&'p Point>, Vec<&'p Point>),
    /// They are at fault, all of them.
    Refused(String),
    /// They are not: stop here.
    Stop(ArchiveError),
}

impl Writer {
    pub(super) fn new(
        settings: &InfluxSettings,
        url: &Url,
        reader: Reader,
    ) -> Result<Self, ArchiveError> {
        let mut headers = HeaderMap::new();
        if settings.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let builder = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.timeouts.connect)
            .timeout(settings.timeouts.write)
            .pool_max_idle_per_host(BODIES_AT_ONCE);
        let (url, org, token) = (url.as_str(), &settings.org, &settings.token);
        let client = influxdb2::ClientBuilder::with_builder(builder, url, org, token)
            .build()
            .map_err(|e| words::refused(format!("no HTTP client can be made: {e}")))?;
        Ok(Self {
            client,
            settings: settings.clone(),
            reader,
            suspects: Mutex::default(),
            lines: AtomicUsize::new(LINES),
        })
    }

    pub(super) async fn write(&self, points: Vec<Point>) -> Result<Written, ArchiveError> {
        let (good, bad): (Vec<&Point>, Vec<&Point>) = points
            .iter()
            .partition(|point| line::unwritable(point).is_none());
        let mut refused: Vec<(Point, String)> = bad
            .into_iter()
            .map(|p| {
                (
                    p.clone(),
                    line::unwritable(p).unwrap_or_default().to_owned(),
                )
            })
            .collect();
        let mut batches = self.batches(&good).into_iter();
        let mut under_way: FuturesUnordered<_> = batches
            .by_ref()
            .take(BODIES_AT_ONCE)
            .map(|batch| self.batch(batch))
            .collect();
        let mut failed = None;
        while let Some(answer) = under_way.next().await {
            match answer {
                Ok(more) => refused.extend(more),
                // What a person must act on is said before what waiting mends.
                Err(e @ ArchiveError::Refused { .. }) => failed = Some(e),
                Err(e) => failed = failed.or(Some(e)),
            }
            // After a failure all is written again: nothing new is begun.
            if failed.is_none() {
                under_way.extend(batches.next().map(|batch| self.batch(batch)));
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(Written {
                points: (points.len() - refused.len()) as u64,
                refused,
            }),
        }
    }

    fn batches<'p, 's>(&self, mut points: &'s [&'p Point]) -> Vec<&'s [&'p Point]> {
        let most = self.lines.load(Ordering::Relaxed);
        let mut batches = Vec::new();
        while !points.is_empty() {
            let (batch, rest) = points.split_at(line::first_lines(points, most));
            batches.push(batch);
            points = rest;
        }
        batches
    }

    /// Writes one batch; gives back the points that are refused for what they are.
    async fn batch(&self, batch: &[&Point]) -> Result<Vec<(Point, String)>, ArchiveError> {
        let mut refused = Vec::new();
        let mut suspected = false;
        let mut waiting = vec![batch.to_vec()];
        while let Some(points) = waiting.pop() {
            let lines = line::render(&points);
            let Err(failure) = self.post(&lines.text).await else {
                continue;
            };
            suspected = suspected || self.suspected(batch[0], &failure).await;
            match self.then(&points, &lines, &failure, suspected).await {
                Then::Apart(one, other) => waiting.extend([other, one]),
                Then::Refused(reason) => {
                    refused.extend(points.iter().map(|p| ((*p).clone(), reason.clone())));
                }
                Then::Stop(error) => return Err(error),
            }
        }
        self.suspects().cleared(batch[0]);
        Ok(refused)
    }

    /// Whether a batch failed so often, while the server was healthy, that it may be at fault.
    async fn suspected(&self, first: &Point, failure: &Failure) -> bool {
        let too_often = failure.may_be_the_body() && self.suspects().failed(first);
        too_often && self.reader.health().await.is_ok()
    }

    async fn then<'p>(
        &self,
        points: &[&'p Point],
        lines: &Lines,
        failure: &Failure,
        suspected: bool,
    ) -> Then<'p> {
        let alone = points.len() == 1;
        match failure {
            Failure::Status(StatusCode::UNPROCESSABLE_ENTITY, body) => {
                refused_values(points, lines.count, &words::message(body))
            }
            Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, body) if alone => {
                Then::Refused(words::message(body))
            }
            Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, _) => {
                self.smaller_from_now(lines.count);
                halves(points)
            }
            Failure::Status(StatusCode::BAD_REQUEST, _) if !alone => halves(points),
            Failure::Status(StatusCode::BAD_REQUEST, body) => {
                if self.another_is_taken(points[0]).await {
                    Then::Refused(words::message(body))
                } else {
                    Then::Stop(self.error(failure))
                }
            }
            _ if suspected && failure.may_be_the_body() && !alone => halves(points),
            Failure::Status(StatusCode::INTERNAL_SERVER_ERROR, body) if suspected => {
                if self.another_is_taken(points[0]).await {
                    Then::Refused(words::message(body))
                } else {
                    Then::Stop(self.error(failure))
                }
            }
            _ => Then::Stop(self.error(failure)),
        }
    }

    /// Whether a harmless line of the same time is taken, which speaks against the point.
    async fn another_is_taken(&self, point: &Point) -> bool {
        let ns = line::nanos(point).unwrap_or_default();
        self.post(&format!("firemain_probe ok=1 {ns}\n"))
            .await
            .is_ok()
    }

    fn smaller_from_now(&self, lines: usize) {
        let half = (lines / 2).max(1);
        if self.lines.fetch_min(half, Ordering::Relaxed) > half {
            warn!(
                archive.lines = half,
                "a body was too large on its way to InfluxDB: batches are smaller from now on"
            );
        }
    }

    /// Whether the bucket may be written, told by a body with nothing in it.
    pub(super) async fn may_write(&self) -> Result<(), ArchiveError> {
        self.post("").await.map_err(|failure| self.error(&failure))
    }

    pub(super) async fn write_source_info(
        &self,
        sources: &[SourceInfo],
        at: Timestamp,
    ) -> Result<(), ArchiveError> {
        let ns = at
            .ms()
            .saturating_mul(1_000_000)
            .clamp(line::MIN_NS, line::MAX_NS);
        for some in sources.chunks(LINES) {
            let mut text = String::with_capacity(some.len() * 160);
            // A code that no tag can hold has no readings there either.
            some.iter()
                .filter(|info| line::unwritable_tag(&info.source).is_none())
                .for_each(|info| info.push_line(&mut text, ns));
            self.post(&text)
                .await
                .map_err(|failure| self.error(&failure))?;
        }
        Ok(())
    }

    async fn post(&self, text: &str) -> Result<(), Failure> {
        let body = if self.settings.gzip {
            zipped(text)?
        } else {
            text.as_bytes().to_vec()
        };
        let InfluxSettings { org, bucket, .. } = &self.settings;
        match self.client.write_line_protocol(org, bucket, body).await {
            Ok(()) => Ok(()),
            Err(RequestError::Http { status, text }) => Err(Failure::Status(status, text)),
            Err(RequestError::ReqwestProcessing { source }) => Err(Failure::NoAnswer(source)),
            Err(other) => Err(Failure::Other(other.to_string())),
        }
    }

    fn error(&self, failure: &Failure) -> ArchiveError {
        match failure {
            Failure::Status(status, body) => words::status(&self.settings, *status, body, None),
            Failure::NoAnswer(error) => words::no_answer(&self.settings, error),
            Failure::Other(what) => words::busy(words::cut(what), None),
        }
    }

    fn suspects(&self) -> std::sync::MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failure {
    /// Whether the body may be what the server stumbles over: 503, 429 and the like mean itself.
    fn may_be_the_body(&self) -> bool {
        match self {
            Self::Status(status, _) => *status == StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoAnswer(error) => error.is_timeout() && !error.is_connect(),
            Self::Other(_) => false,
        }
    }
}

/// What 422 means: too old for the bucket, or a field that is of another type there already.
fn refused_values<'p>(points: &[&'p Point], lines: usize, reason: &str) -> Then<'p> {
    let all = points.len() == 1 || dropped(reason).is_some_and(|dropped| dropped >= lines);
    let by_age = reason.contains("retention");
    let one_quantity = points.iter().all(|p| p.quantity == points[0].quantity);
    if all && (points.len() == 1 || by_age || one_quantity) {
        return Then::Refused(reason.to_owned());
    }
    let conflicting = |p: &Point| reason.contains(&format!("\"{}\"", p.quantity.name()));
    let (these, others): (Vec<&Point>, Vec<&Point>) = points.iter().partition(|p| conflicting(p));
    if these.is_empty() || others.is_empty() {
        halves(points)
    } else {
        Then::Apart(these, others)
    }
}

/// How many points a "partial write" says it dropped.
fn dropped(reason: &str) -> Option<usize> {
    let after = reason
        .split("dropped")
        .nth(1)?
        .trim_start_matches(['=', ' ']);
    after
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn halves<'p>(points: &[&'p Point]) -> Then<'p> {
    let (one, other) = points.split_at(points.len() / 2);
    Then::Apart(one.to_vec(), other.to_vec())
}

fn zipped(text: &str) -> Result<Vec<u8>, Failure> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|e| Failure::Other(format!("a batch cannot be compressed: {e}")))
}

#[cfg(test)]
mod tests {
    use super::dropped;

    #[test]
    fn what_was_dropped_is_counted() {
        assert_eq!(
            dropped("partial write: field type conflict: … dropped=12"),
            Some(12)
        );
        assert_eq!(
            dropped("partial write: dropped 3 points outside retention policy"),
            Some(3)
        );
        assert_eq!(dropped("unable to parse"), None);
    }
}
