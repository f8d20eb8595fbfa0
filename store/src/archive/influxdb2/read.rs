//! Reading: questions in Flux by POST, answers as CSV.

use std::collections::BTreeMap;
use std::time::Duration;

use firemain_domain::source::SourceCode;
use firemain_domain::{Quantity, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, Url};
use serde_json::json;

use super::super::{ArchiveError, Bucket, Query, Value};
use super::answer::{self, Row, Wrong};
use super::{InfluxSettings, flux, words};

/// Bytes of an answer that are read at most.
const ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// Seconds a server may ask us to wait at most.
const LONGEST_WAIT_S: u64 = 3_600;

/// Reads.
#[derive(Clone)]
pub(super) struct Reader {
    client: reqwest::Client,
    settings: InfluxSettings,
    url: Url,
}

impl Reader {
    pub(super) fn new(settings: &InfluxSettings, url: &Url) -> Result<Self, ArchiveError> {
        let unusable =
            |e: &dyn std::fmt::Display| words::refused(format!("no HTTP client can be made: {e}"));
        let mut token = HeaderValue::from_str(&format!("Token {}", settings.token))
            .map_err(|e| unusable(&e))?;
        token.set_sensitive(true);
        let client = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, token)]))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.timeouts.connect)
            .timeout(settings.timeouts.read)
            .gzip(settings.gzip)
            .build()
            .map_err(|e| unusable(&e))?;
        Ok(Self {
            client,
            settings: settings.clone(),
            url: url.clone(),
        })
    }

    pub(super) async fn range(
        &self,
        query: Query,
        limit: usize,
    ) -> Result<Vec<Value>, ArchiveError> {
        if limit == 0 || query.from >= query.until {
            return Ok(Vec::new());
        }
        let flux = flux::range(&self.settings.bucket, &query, limit);
        let mut values = self.values(&flux).await?;
        values.truncate(limit);
        Ok(values)
    }

    pub(super) async fn latest(&self, source: SourceCode) -> Result<Vec<Value>, ArchiveError> {
        let values = self
            .values(&flux::latest(&self.settings.bucket, &source))
            .await?;
        // A source that was of another kind once has a series of each.
        let newest: BTreeMap<Quantity, Value> = values
            .into_iter()
            .map(|value| (value.quantity, value))
            .collect();
        Ok(newest.into_values().collect())
    }

    pub(super) async fn count(
        &self,
        source: Option<SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, ArchiveError> {
        if from >= until {
            return Ok(0);
        }
        let mut count = 0.0;
        let flux = flux::count(&self.settings.bucket, source.as_ref(), from, until);
        self.each(&flux, |row| {
            count += row.number("_value")?.unwrap_or_default();
            Ok(())
        })
        .await?;
        Ok(count as u64)
    }

    pub(super) async fn buckets(
        &self,
        query: Query,
        width_ms: i64,
    ) -> Result<Vec<Bucket>, ArchiveError> {
        if width_ms < 1 {
            return Err(words::refused("a bucket must be at least 1 ms wide"));
        }
        if query.from >= query.until {
            return Ok(Vec::new());
        }
        // By quantity, beginning and kind: a source that was of another kind once has two series.
        let mut parts: BTreeMap<(Quantity, i64, String), [f64; 5]> = BTreeMap::new();
        let flux = flux::buckets(&self.settings.bucket, &query, width_ms);
        self.each(&flux, |row| {
            let (Some(quantity), Some(value)) = (quantity(row), row.number("_value")?) else {
                return Ok(());
            };
            let name = row.text("result").ok_or("`result` is missing")?;
            let place = flux::AGGREGATES
                .iter()
                .position(|aggregate| *aggregate == name)
                .ok_or_else(|| format!("a result {name:?} was not asked for"))?;
            let at = row.time("_time")?.0.ms().div_euclid(width_ms) * width_ms;
            let kind = row.text("kind").unwrap_or_default().to_owned();
            parts.entry((quantity, at, kind)).or_default()[place] = value;
            Ok(())
        })
        .await?;
        Ok(joined(parts))
    }

    /// Rows of `_time`, `_field` and `_value`, in order of quantity, time and mark.
    async fn values(&self, flux: &str) -> Result<Vec<Value>, ArchiveError> {
        let mut values = Vec::new();
        self.each(flux, |row| {
            if let (Some(quantity), Some(value)) = (quantity(row), row.number("_value")?) {
                let (at, mark) = row.time("_time")?;
                values.push(Value {
                    quantity,
                    at,
                    mark,
                    value,
                });
            }
            Ok(())
        })
        .await?;
        values.sort_by_key(|v| (v.quantity, v.at, v.mark));
        values.dedup_by_key(|v| (v.quantity, v.at, v.mark));
        Ok(values)
    }

    async fn each(
        &self,
        flux: &str,
        each: impl FnMut(&Row<'_>) -> Result<(), String>,
    ) -> Result<(), ArchiveError> {
        let body = self.ask(flux).await?;
        answer::rows(&body, each).map_err(|wrong| match wrong {
            Wrong::BrokenOff(error) => words::busy(
                format!("InfluxDB broke off its answer: {}", words::cut(&error)),
                None,
            ),
            Wrong::Unreadable(reason) => ArchiveError::Damaged {
                place: format!("the answer of InfluxDB at {}", self.settings.url),
                reason: words::cut(&reason),
            },
        })
    }

    async fn ask(&self, flux: &str) -> Result<Vec<u8>, ArchiveError> {
        let mut url = self.url.clone();
        url.set_path("/api/v2/query");
        let question = json!({
            "query": flux,
            "type": "flux",
            "dialect": { "header": true, "annotations": [] },
        });
        let request = self
            .client
            .post(url)
            .query(&[("org", &self.settings.org)])
            .json(&question);
        self.whole(request).await
    }

    /// Whether the server says that it is well.
    pub(super) async fn health(&self) -> Result<(), ArchiveError> {
        let mut url = self.url.clone();
        url.set_path("/health");
        let body = self.whole(self.client.get(url)).await?;
        let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        match told["status"].as_str() {
            Some("pass") => Ok(()),
            Some(_) => {
                let says = words::cut(told["message"].as_str().unwrap_or("it does not say why"));
                Err(words::busy(
                    format!("InfluxDB at {} is not well: {says}", self.settings.url),
                    None,
                ))
            }
            None => Err(words::refused(format!(
                "what answers at {} is no InfluxDB 2: correct `[archive] url`",
                self.settings.url
            ))),
        }
    }

    /// Whether the bucket may be read.
    pub(super) async fn may_read(&self) -> Result<(), ArchiveError> {
        self.ask(&flux::anything(&self.settings.bucket))
            .await
            .map(drop)
    }

    /// The whole body of a good answer.
    async fn whole(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, ArchiveError> {
        let no_answer = |e: reqwest::Error| words::no_answer(&self.settings, &e);
        let mut response = request.send().await.map_err(no_answer)?;
        let (status, wait) = (response.status(), retry_after(&response));
        let mut body = Vec::new();
        while let Some(more) = response.chunk().await.map_err(no_answer)? {
            if body.len() + more.len() > ANSWER_BYTES {
                return Err(words::refused(
                    "the answer of InfluxDB is too large: ask for a shorter span",
                ));
            }
            body.extend_from_slice(&more);
        }
        if status.is_success() {
            Ok(body)
        } else {
            let text = String::from_utf8_lossy(&body);
            Err(words::status(&self.settings, status, &text, wait))
        }
    }
}

fn quantity(row: &Row<'_>) -> Option<Quantity> {
    // Another program may keep other fields in this measurement: they are not ours.
    row.text("_field").and_then(Quantity::from_name)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT_S)))
}

fn joined(parts: BTreeMap<(Quantity, i64, String), [f64; 5]>) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::with_capacity(parts.len());
    for ((quantity, ms, _), [min, mean, max, last, count]) in parts {
        let at = Timestamp::from_ms(ms);
        let count = count as u64;
        match buckets
            .last_mut()
            .filter(|b| b.quantity == quantity && b.at == at)
        {
            Some(before) => {
                let all = before.count + count;
                before.mean =
                    (before.mean * before.count as f64 + mean * count as f64) / all.max(1) as f64;
                before.min = before.min.min(min);
                before.max = before.max.max(max);
                before.last = last;
                before.count = all;
            }
            None => buckets.push(Bucket {
                quantity,
                at,
                min,
                mean,
                max,
                last,
                count,
            }),
        }
    }
    buckets
}
