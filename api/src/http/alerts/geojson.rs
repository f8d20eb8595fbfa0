//! Alerts as GeoJSON (RFC 7946): where their sources stand.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::board::Board;
use crate::http::ask::Page;
use crate::http::view::AlertView;

/// A `FeatureCollection` of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(example = "FeatureCollection")]
    kind: &'static str,
    /// The alerts, each a `Feature`: a point of its source, points of an incident's members, or no
    /// place at all.
    features: Vec<AlertFeature>,
    /// Where the next page begins: give it as `after`; `null` on the last page.
    next: Option<String>,
}

/// One alert as a feature.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    #[schema(example = "Feature")]
    kind: &'static str,
    /// The alert's id.
    #[schema(example = "TR-0412/LOW_STATIC/3")]
    id: String,
    /// Where it is; `null`: nowhere that is known.
    #[schema(value_type = Option<Object>)]
    geometry: Value,
    /// The alert.
    properties: AlertView,
}

/// A page of alerts as a `FeatureCollection`.
pub fn answer(page: Page<AlertView>, board: &Board) -> Response {
    let features = page.items.into_iter().map(|view| AlertFeature {
        kind: "Feature",
        id: view.id.clone(),
        geometry: geometry(&view, board),
        properties: view,
    });
    let collection = AlertCollection {
        kind: "FeatureCollection",
        features: features.collect(),
        next: page.next,
    };
    let body = serde_json::to_vec(&collection).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/geo+json")], body).into_response()
}

fn geometry(view: &AlertView, board: &Board) -> Value {
    let place = |code: &str| {
        let position = board.get(code)?.source.position;
        Some([position.lon, position.lat])
    };
    if let Some(code) = &view.source {
        return place(code).map_or(
            Value::Null,
            |at| json!({ "type": "Point", "coordinates": at }),
        );
    }
    let places: Vec<[f64; 2]> = view.members.iter().filter_map(|code| place(code)).collect();
    if places.is_empty() {
        Value::Null
    } else {
        json!({ "type": "MultiPoint", "coordinates": places })
    }
}
