//! How a device's battery and signal go, from the daily values of its source's history.

use firemain_domain::judging::trend::{self, Point};
use firemain_domain::source::SourceCode;
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Bucket, Query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::history;
use crate::http::problem::Problem;
use crate::http::view::QuantityCode;

/// Days that are looked back.
const DAYS: i64 = 30;
/// Dates further off are no dates, days.
const FURTHEST_DAYS: f64 = 3_650.0;
/// A battery ends at 10 %, a lithium cell of 3.6 V at 3.1 V: as the rule DEVICE has it.
const ENDS_AT: [(Quantity, f64); 2] = [(Quantity::BatteryPct, 10.0), (Quantity::BatteryV, 3.1)];

/// How a quantity goes from day to day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct TrendView {
    /// Of what; the unit is the ending.
    #[schema(value_type = QuantityCode)]
    pub quantity: Quantity,
    /// The newest value.
    pub value: f64,
    /// The day it is of.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Days of the last 30 that have a value.
    pub days: usize,
    /// How fast it rises a day, by the median slope (Theil–Sen) of the daily means; `null`: too few.
    pub per_day: Option<f64>,
    /// The lower end of the slope's 95 % interval.
    pub per_day_low: Option<f64>,
    /// The upper end.
    pub per_day_high: Option<f64>,
    /// Of a battery: when it ends (10 %, or 3.1 V), if it surely falls.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
}

/// Battery and signal of the device of a source; what it does not measure is left out. `since`: the
/// device is there only since then.
pub async fn of(
    app: &App,
    source: SourceCode,
    since: Option<Timestamp>,
) -> Result<Vec<TrendView>, Problem> {
    let now = app.now();
    let from = now.plus_ms(-DAYS * DAY_MS);
    let query = Query {
        source,
        quantities: vec![
            Quantity::BatteryPct,
            Quantity::BatteryV,
            Quantity::SignalDbm,
        ],
        from: since.map_or(from, |since| since.max(from)),
        until: now.plus_ms(1),
    };
    let buckets = history::buckets(app, query, DAY_MS).await?;
    let series = buckets.chunk_by(|a, b| a.quantity == b.quantity);
    Ok(series.filter_map(trend_of).collect())
}

fn trend_of(days: &[Bucket]) -> Option<TrendView> {
    let newest = days.last()?;
    let points: Vec<Point> = days
        .iter()
        .map(|day| Point {
            at_min: (day.at.ms() / MINUTE_MS) as i32,
            value: day.mean as f32,
            part: 0,
        })
        .collect();
    let slope = trend::slope(&points);
    let end = ENDS_AT.iter().find(|(of, _)| *of == newest.quantity);
    let ends_at = end.zip(slope).and_then(|((_, end), slope)| {
        let days = (newest.last - end).max(0.0) / -f64::from(slope.per_day);
        (slope.high < 0.0 && days <= FURTHEST_DAYS)
            .then(|| newest.at.plus_ms((days * DAY_MS as f64) as i64))
    });
    Some(TrendView {
        quantity: newest.quantity,
        value: newest.last,
        at: newest.at,
        days: days.len(),
        per_day: slope.map(|slope| f64::from(slope.per_day)),
        per_day_low: slope.map(|slope| f64::from(slope.low)),
        per_day_high: slope.map(|slope| f64::from(slope.high)),
        ends_at,
    })
}
