//! Flags as GeoJSON (RFC 7946): where what falls short stands, for maps.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::Flag;
use crate::http::ask::Page;

/// A `FeatureCollection` of flags, worst first.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(example = "FeatureCollection")]
    kind: &'static str,
    /// The flagged sources, each a `Feature` with a point.
    features: Vec<FlagFeature>,
    /// Where the next page begins: give it as `after`; `null` on the last page.
    next: Option<String>,
}

/// One flagged source as a feature.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    #[schema(example = "Feature")]
    kind: &'static str,
    /// The source's code.
    #[schema(example = "TR-0412")]
    id: String,
    /// Where it stands.
    geometry: FlagPoint,
    /// The flag.
    properties: Flag,
}

/// A point on WGS 84.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagPoint {
    /// `Point`.
    #[serde(rename = "type")]
    #[schema(example = "Point")]
    kind: &'static str,
    /// Longitude, then latitude, degrees.
    #[schema(value_type = Vec<f64>, example = json!([105.8528, 21.0341]))]
    coordinates: [f64; 2],
}

/// A page of flags as a `FeatureCollection`.
pub fn answer(page: Page<Flag>) -> Response {
    let features = page.items.into_iter().map(|flag| FlagFeature {
        kind: "Feature",
        id: flag.code.clone(),
        geometry: FlagPoint {
            kind: "Point",
            coordinates: [flag.position.lon, flag.position.lat],
        },
        properties: flag,
    });
    let collection = FlagCollection {
        kind: "FeatureCollection",
        features: features.collect(),
        next: page.next,
    };
    let body = serde_json::to_vec(&collection).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/geo+json")], body).into_response()
}
