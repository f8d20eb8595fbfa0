//! `GET /alarm-budget`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::time::DAY_MS;
use firemain_store::register::RegisterError;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::ask::{Checks, Params};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::notify::budget::{AlarmBudget, MOST_ROWS, Span};

/// Over which span, and of which unit.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BudgetQuery {
    /// From when; a week before `until` by default.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Until when; now by default. At most 92 days after `from`.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Only of sources in this administrative unit.
    unit: Option<String>,
}

/// Alarms per person, floods, chattering, stale ones, shares by priority, and the worst sources.
#[utoipa::path(get, path = "/alarm-budget", tag = "telling", params(BudgetQuery),
    responses((status = 200, description = "The budget", body = AlarmBudget)))]
pub async fn get_alarm_budget(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<BudgetQuery>,
) -> Result<Json<AlarmBudget>, Problem> {
    let now = app.now();
    let until = query.until.unwrap_or(now);
    let from = query.from.unwrap_or_else(|| until.plus_ms(-7 * DAY_MS));
    let mut checks = Checks::default();
    checks.text_if("unit", query.unit.as_deref(), 128);
    checks.that(from < until, "from", "must be before `until`");
    checks.that(
        until.since_ms(from) <= 92 * DAY_MS,
        "from",
        "must be at most 92 days before `until`",
    );
    checks.of_params()?;
    let (alerts, pages) = app
        .ask(move |stores| {
            let alerts = stores.register.raised_within(from, until, MOST_ROWS)?;
            let pages = stores.register.told_pages(from, until, MOST_ROWS)?;
            Ok::<_, RegisterError>((alerts, pages))
        })
        .await?;
    let board = app.board.clone();
    let keeps = move |subject: &str| match &query.unit {
        None => true,
        Some(unit) => board
            .get(subject)
            .is_some_and(|entry| board.units().of(&entry.source, now).is(unit)),
    };
    let span = Span { from, until, now };
    Ok(Json(AlarmBudget::of(&span, &alerts, &pages, keeps)))
}
