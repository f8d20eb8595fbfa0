//! `GET /sources/{code}/readings`: what a source measured, one by one or in buckets.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::source::SourceCode;
use firemain_domain::time::DAY_MS;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Bucket, Query, Value};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::no_source;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, Params, PathOf, cursor, from_cursor};
use crate::http::history;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{QuantityCode, age_s};

const LIST: &str = "readings";
/// Readings of a page, by default and at most.
const USUAL: u32 = 1_000;
const MOST: u32 = 10_000;
/// Buckets of an answer at most, over all quantities asked for.
const MOST_BUCKETS: i64 = 50_000;
/// A span at most: 10 years.
const LONGEST_MS: i64 = 3_660 * DAY_MS;

/// Which readings.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReadingsQuery {
    /// From this moment on; a day before `until` by default.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Up to, not including, this one; now by default.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Which quantities, with commas; all by default.
    #[param(example = "pressure_kpa,flow_lps")]
    quantities: Option<String>,
    /// Width of buckets, s: 60 to 2678400. Without it readings come one by one.
    #[param(minimum = 60, maximum = 2_678_400)]
    bucket_s: Option<u32>,
    /// Readings of a page, 1 to 10000; 1000 by default. Buckets come all at once.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// One reading.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reading {
    /// What was measured.
    #[schema(value_type = QuantityCode)]
    pub quantity: Quantity,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How old it is, s.
    pub age_s: i64,
    /// The value, in the unit that `quantity` ends in.
    #[schema(example = 215.0)]
    pub value: f64,
}

/// Readings of a span, in short.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BucketView {
    /// What was measured.
    #[schema(value_type = QuantityCode)]
    pub quantity: Quantity,
    /// Where the bucket begins: a multiple of its width since 1970.
    #[schema(value_type = String, format = DateTime)]
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

/// Readings one by one, or buckets where a width was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Readings {
    /// One by one.
    Single(Page<Reading>),
    /// In buckets; empty ones are left out, for a gap is a gap.
    Buckets(Page<BucketView>),
}

/// What a source measured: by quantity, then by time.
#[utoipa::path(get, path = "/sources/{code}/readings", tag = "readings",
    params(("code" = String, Path, description = "The source's code", example = "TR-0412"), ReadingsQuery),
    responses((status = 200, description = "Readings", body = Readings)))]
pub async fn list_readings(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(code): PathOf<String>,
    Params(query): Params<ReadingsQuery>,
) -> Result<Json<Readings>, Problem> {
    let now = app.now();
    let span = query.check(now)?;
    let source = known(&app, &code).await?;
    let asked = Query {
        source,
        quantities: span.quantities.clone(),
        from: span.from,
        until: span.until,
    };
    match query.bucket_s {
        Some(width_s) => {
            let buckets = history::buckets(&app, asked, i64::from(width_s) * 1_000).await?;
            let items = buckets.into_iter().map(BucketView::from).collect();
            Ok(Json(Readings::Buckets(Page { items, next: None })))
        }
        None => {
            let after = from_cursor::<Place>(LIST, query.after.as_deref())?;
            let page =
                one_by_one(&app, asked, query.limit.unwrap_or(USUAL) as usize, after).await?;
            Ok(Json(Readings::Single(Page {
                items: page
                    .items
                    .iter()
                    .map(|value| Reading::new(value, now))
                    .collect(),
                next: page.next,
            })))
        }
    }
}

/// Where a page ended: how many readings of one quantity and millisecond were given out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    quantity: u8,
    at_ms: i64,
    given: u32,
}

/// A page of readings, quantity by quantity.
async fn one_by_one(
    app: &App,
    asked: Query,
    limit: usize,
    after: Option<Place>,
) -> Result<Page<Value>, Problem> {
    let mut items: Vec<Value> = Vec::new();
    let mut quantities = asked.quantities.clone();
    quantities.sort_unstable();
    for quantity in quantities {
        let here = after.filter(|place| place.quantity == quantity.number());
        if after.is_some_and(|place| place.quantity > quantity.number()) {
            continue;
        }
        let skip = here.map_or(0, |place| place.given.min(MOST)) as usize;
        let from = here.map_or(asked.from, |place| {
            Timestamp::from_ms(place.at_ms).max(asked.from)
        });
        let want = limit + 1 - items.len();
        let one = Query {
            quantities: vec![quantity],
            from,
            ..asked.clone()
        };
        let values = history::range(app, one, want + skip).await?;
        items.extend(values.into_iter().skip(skip).take(want));
        if items.len() > limit {
            break;
        }
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| cursor(LIST, &place_of(last, &items, after)));
    Ok(Page { items, next })
}

fn place_of(last: &Value, items: &[Value], before: Option<Place>) -> Place {
    let same = |value: &&Value| value.quantity == last.quantity && value.at == last.at;
    let here = items.iter().filter(same).count() as u32;
    let (quantity, at_ms) = (last.quantity.number(), last.at.ms());
    let earlier = before.filter(|place| place.quantity == quantity && place.at_ms == at_ms);
    Place {
        quantity,
        at_ms,
        given: here + earlier.map_or(0, |place| place.given),
    }
}

/// The source, if the register has it.
pub async fn known(app: &App, code: &str) -> Result<SourceCode, Problem> {
    if let Some(entry) = app.board.get(code) {
        return Ok(entry.source.code.clone());
    }
    let wanted = code.to_owned();
    let source = app
        .ask(move |stores| stores.register.source(&wanted))
        .await?;
    source
        .map(|source| source.code)
        .ok_or_else(|| no_source(code))
}

/// What is asked for, made whole.
#[derive(Debug)]
struct Span {
    from: Timestamp,
    until: Timestamp,
    quantities: Vec<Quantity>,
}

impl ReadingsQuery {
    fn check(&self, now: Timestamp) -> Result<Span, Problem> {
        let mut checks = Checks::default();
        let until = self.until.unwrap_or_else(|| now.plus_ms(1));
        let from = self.from.unwrap_or_else(|| until.plus_ms(-DAY_MS));
        let span_ms = until.since_ms(from);
        checks.that(span_ms > 0, "from", "must be before `until`");
        checks.that(
            span_ms <= LONGEST_MS,
            "from",
            "must be at most 10 years before `until`",
        );
        checks.within_if("limit", self.limit, 1..=MOST);
        checks.within_if("bucket_s", self.bucket_s, 60..=2_678_400);
        let quantities = self.quantities(&mut checks);
        if let Some(width_s) = self.bucket_s {
            checks.that(
                self.limit.is_none(),
                "limit",
                "does not go with `bucket_s`: buckets come all at once",
            );
            checks.that(
                self.after.is_none(),
                "after",
                "does not go with `bucket_s`: buckets come all at once",
            );
            let per_quantity = span_ms / (i64::from(width_s) * 1_000).max(1) + 1;
            let widest = span_ms * quantities.len() as i64 / MOST_BUCKETS / 1_000 + 1;
            checks.that(
                per_quantity * quantities.len() as i64 <= MOST_BUCKETS,
                "bucket_s",
                format!("gives too many buckets; ask for fewer quantities, a shorter span, or buckets of {} s and more", widest.max(60)),
            );
        }
        checks.of_params()?;
        Ok(Span {
            from,
            until,
            quantities,
        })
    }

    fn quantities(&self, checks: &mut Checks) -> Vec<Quantity> {
        let Some(names) = self.quantities.as_deref() else {
            return Quantity::ALL.to_vec();
        };
        let mut quantities = Vec::new();
        for name in names.split(',').map(str::trim).take(32) {
            match Quantity::from_name(name) {
                Some(quantity) if !quantities.contains(&quantity) => quantities.push(quantity),
                Some(_) => {}
                None => {
                    let all = Quantity::ALL.map(Quantity::name).join(", ");
                    let shown: String = name.chars().take(40).collect();
                    checks.fault(
                        "quantities",
                        format!("`{shown}` is not measured; there are: {all}"),
                    );
                }
            }
        }
        quantities
    }
}

impl Reading {
    /// `value` as it looks at `now`.
    pub fn new(value: &Value, now: Timestamp) -> Self {
        Self {
            quantity: value.quantity,
            at: value.at,
            age_s: age_s(value.at, now),
            value: value.value,
        }
    }
}

impl From<Bucket> for BucketView {
    fn from(bucket: Bucket) -> Self {
        Self {
            quantity: bucket.quantity,
            at: bucket.at,
            min: bucket.min,
            mean: bucket.mean,
            max: bucket.max,
            last: bucket.last,
            count: bucket.count,
        }
    }
}
