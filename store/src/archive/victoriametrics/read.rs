//! Reading: raw points by `/api/v1/export`, sums and newest times by `/api/v1/query`.
//!
//! Buckets are made here, from raw points: PromQL's windows carry values beyond their ends, and
//! count a point twice that was written twice. An export is never in part: where a storage node is
//! missing, a cluster refuses it; a query answers in part and says so, which is no answer here.

use std::collections::BTreeMap;

use firemain_domain::source::SourceCode;
use firemain_domain::{Quantity, Timestamp};
use serde::Deserialize;

use super::super::{ArchiveError, Bucket, Query, Value};
use super::words::{self, busy, cut, refused};
use super::wrapped::Server;

/// The newest moment we ask for, ms: the end of the year 2199.
const LAST_MS: i64 = 7_258_118_399_999;

/// Reads.
pub(super) struct Reader {
    server: Server,
}

/// A series and its points.
#[derive(Deserialize)]
struct Series {
    metric: Labels,
    values: Vec<Option<f64>>,
    timestamps: Vec<i64>,
}

#[derive(Deserialize)]
struct Labels {
    #[serde(rename = "__name__", default)]
    name: String,
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    #[serde(default)]
    is_partial: bool,
    data: Found,
}

#[derive(Deserialize)]
struct Found {
    result: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    metric: Labels,
    value: (f64, String),
}

/// Points by quantity and ms: one of each, of points written apart the greatest, as the server has
/// it that removes them itself.
type Points = BTreeMap<(Quantity, i64), f64>;

impl Reader {
    pub(super) fn new(server: Server) -> Self {
        Self { server }
    }

    pub(super) async fn range(
        &self,
        query: Query,
        limit: usize,
    ) -> Result<Vec<Value>, ArchiveError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let points = self.points(&query).await?;
        Ok(points.into_iter().take(limit).map(value).collect())
    }

    pub(super) async fn buckets(
        &self,
        query: Query,
        width_ms: i64,
    ) -> Result<Vec<Bucket>, ArchiveError> {
        if width_ms < 1 {
            return Err(refused("a bucket must be at least 1 ms wide"));
        }
        Ok(bucketed(self.points(&query).await?, width_ms))
    }

    pub(super) async fn latest(&self, source: SourceCode) -> Result<Vec<Value>, ArchiveError> {
        let all = selector(Some(&source), &[]);
        let newest = format!("tlast_over_time({all}[{LAST_MS}ms]) keep_metric_names");
        let mut found: BTreeMap<Quantity, i64> = BTreeMap::new();
        for sample in self.query(&newest, LAST_MS).await? {
            let seconds: f64 = sample
                .value
                .1
                .parse()
                .map_err(|_| self.unreadable("time"))?;
            if let Some(quantity) = quantity(&sample.metric) {
                let ms = (seconds * 1_000.0).round() as i64;
                let newest = found.entry(quantity).or_insert(ms);
                *newest = ms.max(*newest);
            }
        }
        // The value of that very moment: a second query of the newest might be of a newer one.
        let one = async |(quantity, ms): (Quantity, i64)| {
            let (from, until) = (Timestamp::from_ms(ms), Timestamp::from_ms(ms + 1));
            let (source, quantities) = (source.clone(), vec![quantity]);
            let query = Query {
                source,
                quantities,
                from,
                until,
            };
            self.points(&query).await
        };
        let mut values = Vec::with_capacity(found.len());
        for moment in found {
            values.extend(one(moment).await?.into_iter().map(value));
        }
        Ok(values)
    }

    pub(super) async fn count(
        &self,
        source: Option<SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, ArchiveError> {
        if let Some(source) = source {
            let query = Query {
                source,
                quantities: Vec::new(),
                from,
                until,
            };
            return Ok(self.points(&query).await?.len() as u64);
        }
        let Some((first, last)) = span(from, until) else {
            return Ok(0);
        };
        // A window reaches back from its end without its beginning.
        let window_ms = last - first + 1;
        let all = selector(None, &[]);
        let counted = format!("sum(count_over_time({all}[{window_ms}ms]))");
        let found = self.query(&counted, last).await?;
        let Some(sample) = found.first() else {
            return Ok(0);
        };
        let count: f64 = sample
            .value
            .1
            .parse()
            .map_err(|_| self.unreadable("count"))?;
        Ok(count as u64)
    }

    /// Whether it may be read, and is what we take it for.
    pub(super) async fn may_read(&self) -> Result<(), ArchiveError> {
        self.query("vector(1)", 1_000).await.map(drop)
    }

    async fn points(&self, query: &Query) -> Result<Points, ArchiveError> {
        let mut points = Points::new();
        let Some((first, last)) = span(query.from, query.until) else {
            return Ok(points);
        };
        let settings = self.server.settings();
        let url = settings.read_url("api/v1/export")?;
        let form = [
            ("match[]", selector(Some(&query.source), &query.quantities)),
            ("start", seconds(first)),
            ("end", seconds(last)),
        ];
        let request = self.server.post(url, settings.timeouts.read).form(&form);
        let body = self.server.ask(request).await?;
        for line in body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let series: Series =
                serde_json::from_slice(line).map_err(|e| self.unreadable(&e.to_string()))?;
            let Some(quantity) = quantity(&series.metric) else {
                continue;
            };
            for (ms, value) in series.timestamps.into_iter().zip(series.values) {
                if let Some(value) = value.filter(|_| (first..=last).contains(&ms)) {
                    let kept = points.entry((quantity, ms)).or_insert(value);
                    *kept = kept.max(value);
                }
            }
        }
        Ok(points)
    }

    async fn query(&self, query: &str, at_ms: i64) -> Result<Vec<Sample>, ArchiveError> {
        let settings = self.server.settings();
        let form = [
            ("query", query.to_owned()),
            ("time", seconds(at_ms)),
            ("nocache", "1".to_owned()),
            ("latency_offset", "1ms".to_owned()),
        ];
        let url = settings.read_url("api/v1/query")?;
        let request = self.server.post(url, settings.timeouts.read).form(&form);
        let body = self.server.ask(request).await?;
        let answered: Answered =
            serde_json::from_slice(&body).map_err(|e| self.unreadable(&e.to_string()))?;
        if answered.is_partial {
            return Err(busy(
                format!(
                    "VictoriaMetrics at {} answers only in part: one of its storage nodes is down, and \
                     readings are missing from what it says",
                    settings.url
                ),
                None,
            ));
        }
        Ok(answered.data.result)
    }

    fn unreadable(&self, reason: &str) -> ArchiveError {
        ArchiveError::Damaged {
            place: format!(
                "the answer of VictoriaMetrics at {}",
                self.server.settings().url
            ),
            reason: words::cut(&cut(reason)),
        }
    }
}

fn value(((quantity, ms), value): ((Quantity, i64), f64)) -> Value {
    Value {
        quantity,
        at: Timestamp::from_ms(ms),
        mark: 0,
        value,
    }
}

fn quantity(labels: &Labels) -> Option<Quantity> {
    // Another program may keep other series under this name: they are not ours.
    let ours = !labels.kind.is_empty();
    let name = labels.name.strip_prefix("reading_").filter(|_| ours)?;
    Quantity::from_name(name)
}

/// The first and the last millisecond of a span, within what the server knows.
fn span(from: Timestamp, until: Timestamp) -> Option<(i64, i64)> {
    let first = from.ms().clamp(0, LAST_MS);
    let last = until.ms().saturating_sub(1).clamp(-1, LAST_MS);
    (first <= last).then_some((first, last))
}

fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// A selector of readings, of one source or all, of some quantities or all.
fn selector(source: Option<&SourceCode>, quantities: &[Quantity]) -> String {
    let names = if quantities.is_empty() {
        ".+".to_owned()
    } else {
        let names: Vec<_> = quantities.iter().map(|q| q.name()).collect();
        names.join("|")
    };
    match source {
        // JSON's escapes are those of a PromQL text.
        Some(source) => {
            let source = serde_json::Value::from(&**source);
            format!("{{__name__=~\"reading_({names})\",source={source}}}")
        }
        None => format!("{{__name__=~\"reading_({names})\",kind!=\"\"}}"),
    }
}

fn bucketed(points: Points, width_ms: i64) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut sum = 0.0;
    for ((quantity, ms), value) in points {
        let at = Timestamp::from_ms(ms.div_euclid(width_ms) * width_ms);
        match buckets
            .last_mut()
            .filter(|b| b.quantity == quantity && b.at == at)
        {
            Some(bucket) => {
                sum += value;
                bucket.count += 1;
                bucket.min = bucket.min.min(value);
                bucket.max = bucket.max.max(value);
                bucket.last = value;
                bucket.mean = sum / bucket.count as f64;
            }
            None => {
                sum = value;
                buckets.push(Bucket {
                    quantity,
                    at,
                    min: value,
                    mean: value,
                    max: value,
                    last: value,
                    count: 1,
                });
            }
        }
    }
    buckets
}
