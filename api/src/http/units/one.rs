//! `GET /units/{code}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::list::{map_at, standings_in};
use super::view::{Feature, UnitView, geojson, moment};
use crate::http::app::App;
use crate::http::ask::{Params, PathOf};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::sources::{Format, wanted};

/// As of when, and how.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnitQuery {
    /// As of a date or time; now by default.
    #[param(example = "2025-07-01")]
    at: Option<String>,
    /// `json` (the default) or `geojson`, with its outline.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// One unit of the map valid at a time, by its code or its name.
#[utoipa::path(get, path = "/units/{code}", tag = "places",
    params(("code" = String, Path, description = "Its code or name", example = "00070"), UnitQuery),
    responses((status = 200, description = "The unit", content(
        (UnitView = "application/json"), (Object = "application/geo+json"),
    ))))]
pub async fn get_unit(
    State(app): State<Arc<App>>,
    _: Principal,
    headers: HeaderMap,
    PathOf(code): PathOf<String>,
    Params(query): Params<UnitQuery>,
) -> Result<Response, Problem> {
    let at = moment(query.at.as_deref(), app.now())?;
    let map = map_at(&app, at).await?;
    let found = map
        .as_deref()
        .and_then(|map| Some((map, map.named(&code)?)));
    let Some((map, unit)) = found else {
        let shown: String = code.chars().take(100).collect();
        return Err(Problem::not_found(format!(
            "no unit `{shown}` is on the map of that time: GET /api/v1/units lists those that are, GET /api/v1/units/versions the maps"
        )));
    };
    let view = UnitView::on_map(unit, standings_in(&app.board, map, &unit.code));
    match wanted(query.format, &headers) {
        Format::Json => Ok(Json(view).into_response()),
        Format::Geojson => Ok(geojson(&Feature::new(&view, Some(&unit.geometry)))),
    }
}
