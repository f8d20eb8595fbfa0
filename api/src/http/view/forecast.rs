//! What will happen.

use firemain_domain::Timestamp;
use firemain_domain::judging::{Forecast, Foreseen, Why};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ForeseenCode, WhyCode};

/// Something that will happen at a source. What rests on a trend has a 95 % interval; what is
/// certain has `earliest` and `latest` equal to `at`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ForecastView {
    /// What.
    #[schema(value_type = ForeseenCode)]
    pub what: Foreseen,
    /// What says so.
    #[schema(value_type = WhyCode)]
    pub why: Why,
    /// When, by the best estimate; it may be past.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// In how many seconds; negative: it is past.
    pub in_s: i64,
    /// The early end of the interval.
    #[schema(value_type = String, format = DateTime)]
    pub earliest: Timestamp,
    /// The late end; `null`: perhaps never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub latest: Option<Timestamp>,
}

impl ForecastView {
    /// `forecast` as it looks at `now`.
    pub fn new(forecast: &Forecast, now: Timestamp) -> Self {
        Self {
            what: forecast.what,
            why: forecast.why,
            at: forecast.at,
            in_s: forecast.at.since_ms(now) / 1_000,
            earliest: forecast.earliest,
            latest: forecast.latest,
        }
    }
}
