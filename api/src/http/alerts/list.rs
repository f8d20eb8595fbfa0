//! `GET /alerts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use firemain_domain::handling::Stage;
use firemain_domain::judging::{RuleName, Severity};
use firemain_store::register::EpisodeFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{AlertView, RuleCode, SeverityCode, StageCode};

use super::geojson::{AlertCollection, answer};
use crate::http::sources::{Format, wanted};

const LIST: &str = "alerts";

/// Which alerts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertsQuery {
    /// Of one source.
    #[param(example = "TR-0412")]
    source: Option<String>,
    /// Of the sources of one administrative unit, by code or name, and incidents with one of them
    /// among their members; not beside `source`.
    unit: Option<String>,
    /// Of one rule.
    #[param(value_type = Option<RuleCode>, inline)]
    rule: Option<RuleName>,
    /// At least this severe.
    #[param(value_type = Option<SeverityCode>, inline)]
    at_least: Option<Severity>,
    /// Those that stand (true), or those that data has cleared (false); both by default.
    open: Option<bool>,
    /// Those that people are so far with.
    #[param(value_type = Option<StageCode>, inline)]
    state: Option<Stage>,
    /// Those of a person or a team.
    #[param(example = "Đội Chữa cháy và CNCH khu vực 1")]
    assigned: Option<String>,
    /// Those that nobody has taken (true), or that somebody has or that are resolved (false).
    unacknowledged: Option<bool>,
    /// `json` (the default) or `geojson`, with where the sources stand; the header
    /// `Accept: application/geo+json` does the same.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/alerts", tag = "alerts", params(AlertsQuery),
    responses((status = 200, description = "A page of alerts", content(
        (Page<AlertView> = "application/json"), (AlertCollection = "application/geo+json"),
    ))))]
pub async fn list_alerts(
    State(app): State<Arc<App>>,
    _: Principal,
    headers: HeaderMap,
    Params(query): Params<AlertsQuery>,
) -> Result<Response, Problem> {
    let as_features = wanted(query.format, &headers) == Format::Geojson;
    let mut checks = Checks::default();
    checks.text_if("source", query.source.as_deref(), 64);
    checks.text_if("unit", query.unit.as_deref(), 100);
    checks.that(
        query.unit.is_none() || query.source.is_none(),
        "unit",
        "a source belongs to its unit: give one of `source` and `unit`",
    );
    checks.text_if("assigned", query.assigned.as_deref(), 128);
    checks.of_params()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let filter = EpisodeFilter {
        source: query.source,
        sources: query.unit.map(|unit| app.board.codes_in(&unit)),
        rule: query.rule.map(|rule| rule.name().to_owned()),
        at_least: query.at_least,
        open: query.open,
        stage: query.state,
        assigned_to: query.assigned,
        unacknowledged: query.unacknowledged,
    };
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .episodes(&filter, after.as_deref(), size.items() + 1)
        })
        .await?;
    let now = app.now();
    let key = |row: &firemain_store::register::EpisodeRow| row.state.id.to_string();
    let page = page_of(rows, size, LIST, key, |row| {
        AlertView::new(&row, &app.board, now)
    });
    if as_features {
        return Ok(answer(page, &app.board));
    }
    Ok(Json(page).into_response())
}
