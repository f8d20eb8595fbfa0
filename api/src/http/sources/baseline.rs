//! `GET /sources/{code}/baseline`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::judging::{Usual, UsualHour};
use firemain_domain::{Quantity, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::no_source;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::QuantityCode;

/// A value so many σ off what is usual is not usual any more.
const USUAL_SIGMAS: f64 = 3.0;

/// What is usual at a source, as it was learned.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BaselineView {
    /// Whose.
    #[schema(example = "TR-0412")]
    pub code: String,
    /// Of what; the unit is the ending. `null`: nothing was learned yet.
    #[schema(value_type = Option<QuantityCode>)]
    pub quantity: Option<Quantity>,
    /// The 24 hours of a weekday from 00:00 local time (UTC+7); empty: nothing was learned yet.
    pub weekday: Vec<UsualHourView>,
    /// The same of a Saturday or Sunday. What is not learned there yet is borrowed from weekdays,
    /// with a wider σ.
    pub weekend: Vec<UsualHourView>,
    /// The newest value beside what is usual at its moment.
    pub now: Option<NewestView>,
}

/// What is usual in one hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct UsualHourView {
    /// The hour, local time, 0 to 23.
    pub hour: u8,
    /// Days that it was learned from; 14 stands for as many and more.
    pub days: u32,
    /// The mean, in the unit of the quantity; `null` until three days of it are learned.
    pub mean: Option<f64>,
    /// The standard deviation of one value from it.
    pub sigma: Option<f64>,
}

/// The newest value beside what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct NewestView {
    /// When it was measured.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The value, in the unit of the quantity.
    pub value: f64,
    /// What is usual at that moment, between the middles of the hours; `null`: not learned yet.
    pub mean: Option<f64>,
    /// And how far values usually are off it.
    pub sigma: Option<f64>,
    /// Whether the value is within 3 σ of it; `null`: nobody can say yet.
    pub usual: Option<bool>,
}

impl BaselineView {
    fn new(code: String, usual: Option<Usual>) -> Self {
        let Some(usual) = usual else {
            return Self {
                code,
                quantity: None,
                weekday: Vec::new(),
                weekend: Vec::new(),
                now: None,
            };
        };
        let [weekday, weekend] = usual.hours.map(|hours| {
            let hours = (0..).zip(hours);
            hours
                .map(|(at, hour)| UsualHourView::new(at, hour))
                .collect()
        });
        let now = usual.newest.map(|newest| NewestView {
            at: newest.at,
            value: newest.value,
            mean: newest.expected.map(|expected| expected.mean),
            sigma: newest.expected.map(|expected| expected.sigma),
            usual: newest.expected.map(|expected| {
                (newest.value - expected.mean).abs() <= USUAL_SIGMAS * expected.sigma
            }),
        });
        Self {
            code,
            quantity: Some(usual.quantity),
            weekday,
            weekend,
            now,
        }
    }
}

impl UsualHourView {
    fn new(hour: u8, usual: UsualHour) -> Self {
        Self {
            hour,
            days: usual.days,
            mean: usual.expected.map(|expected| expected.mean),
            sigma: usual.expected.map(|expected| expected.sigma),
        }
    }
}

/// What a source's pressure (or level) usually is at each hour of the day, as learned from its own
/// readings, and whether the newest is usual.
#[utoipa::path(get, path = "/sources/{code}/baseline", tag = "sources",
    params(("code" = String, Path, description = "Its code", example = "TR-0412")),
    responses((status = 200, description = "What is usual", body = BaselineView)))]
pub async fn get_baseline(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(code): PathOf<String>,
) -> Result<Json<BaselineView>, Problem> {
    if app.board.get(&code).is_none() {
        return Err(no_source(&code));
    }
    let asked = code.clone();
    match app.watch.ask(move |judge| judge.usual(&asked)).await {
        Some(usual) => Ok(Json(BaselineView::new(code, usual))),
        None => Err(Problem::busy(
            "judging is busy and did not answer; ask again",
            2,
        )),
    }
}
