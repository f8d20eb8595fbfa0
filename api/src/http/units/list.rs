//! `GET /units`.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use firemain_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::{Feature, UnitView, geojson, moment};
use crate::board::Board;
use crate::http::app::App;
use crate::http::ask::{Page, Params};
use crate::http::places::Standings;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::sources::{Format, wanted};
use crate::units::{UnitMap, unit_on};

/// Which units.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnitsQuery {
    /// As of a date or time; now by default. The sources counted are those of now, where they would
    /// belong then.
    #[param(example = "2025-07-01")]
    at: Option<String>,
    /// `json` (the default) or `geojson`, with outlines; the header `Accept: application/geo+json`
    /// does the same.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// A `FeatureCollection` of units.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitCollection<'a> {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(example = "FeatureCollection")]
    kind: &'static str,
    /// The units, each a `Feature` with its outline.
    #[schema(value_type = Vec<Object>)]
    features: Vec<Feature<'a>>,
}

/// The administrative units, with how their sources stand: those of the map valid at a time, all on
/// one page, and after them the names that were only entered with sources.
#[utoipa::path(get, path = "/units", tag = "places", params(UnitsQuery),
    responses((status = 200, description = "All of them", content(
        (Page<UnitView> = "application/json"), (UnitCollection<'static> = "application/geo+json"),
    ))))]
pub async fn list_units(
    State(app): State<Arc<App>>,
    _: Principal,
    headers: HeaderMap,
    Params(query): Params<UnitsQuery>,
) -> Result<Response, Problem> {
    let at = moment(query.at.as_deref(), app.now())?;
    let as_features = wanted(query.format, &headers) == Format::Geojson;
    let board = app.board.clone();
    app.ask(move |_| {
        let map = board.units().map_at(at);
        let items = units(&board, map.as_deref());
        if !as_features {
            return Ok::<_, Problem>(Json(Page { items, next: None }).into_response());
        }
        let outline = |n: usize| Some(map.as_ref()?.units().get(n)?.geometry.as_str());
        let features = items.iter().enumerate();
        Ok(geojson(&UnitCollection {
            kind: "FeatureCollection",
            features: features
                .map(|(n, view)| Feature::new(view, outline(n)))
                .collect(),
        }))
    })
    .await
}

/// The map's units in their order, then names that are on no map.
fn units(board: &Board, map: Option<&UnitMap>) -> Vec<UnitView> {
    let mut on_map: HashMap<Arc<str>, Standings> = HashMap::new();
    let mut entered: BTreeMap<Arc<str>, Standings> = BTreeMap::new();
    board.visit(None, |view| {
        let unit = unit_on(map, view.source());
        let counted = match (unit.code, unit.name) {
            (Some(code), _) => Some(on_map.entry(code).or_default()),
            (None, Some(name)) => Some(entered.entry(name).or_default()),
            (None, None) => None,
        };
        if let Some(standings) = counted {
            standings.count(view.verdict());
        }
        ControlFlow::Continue(())
    });
    let mapped = map.map(UnitMap::units).unwrap_or_default().iter();
    let mapped = mapped.map(|unit| {
        let standings = on_map.get(&unit.code).copied().unwrap_or_default();
        UnitView::on_map(unit, standings)
    });
    let named = entered.iter();
    let named = named.map(|(name, standings)| UnitView::entered(name, *standings));
    mapped.chain(named).collect()
}

/// How the sources of one unit of a map stand now.
pub fn standings_in(board: &Board, map: &UnitMap, code: &str) -> Standings {
    let mut standings = Standings::default();
    board.visit(None, |view| {
        if unit_on(Some(map), view.source()).code.as_deref() == Some(code) {
            standings.count(view.verdict());
        }
        ControlFlow::Continue(())
    });
    standings
}

/// The map valid at a moment, asked for where blocking is allowed.
pub async fn map_at(app: &App, at: Timestamp) -> Result<Option<Arc<UnitMap>>, Problem> {
    let units = app.board.units().clone();
    app.ask(move |_| Ok::<_, Problem>(units.map_at(at))).await
}
