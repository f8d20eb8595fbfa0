//! Sources as GeoJSON (RFC 7946): what maps read.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::ask::Page;
use crate::http::view::SourceView;

/// How sources are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Our own.
    Json,
    /// RFC 7946.
    Geojson,
}

/// What the parameter says, or the `Accept` header.
pub fn wanted(parameter: Option<Format>, headers: &HeaderMap) -> Format {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    match parameter {
        Some(format) => format,
        None if accept.contains("application/geo+json") => Format::Geojson,
        None => Format::Json,
    }
}

/// A `FeatureCollection` of sources.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Collection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(example = "FeatureCollection")]
    kind: &'static str,
    /// The sources.
    features: Vec<Feature>,
    /// Where the next page begins: give it as `after`; `null` on the last page.
    next: Option<String>,
}

/// One source as a feature.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Feature {
    /// `Feature`.
    #[serde(rename = "type")]
    #[schema(example = "Feature")]
    kind: &'static str,
    /// The source's code.
    #[schema(example = "TR-0412")]
    id: String,
    /// Where it stands.
    geometry: Point,
    /// The source and how it stands.
    properties: SourceView,
}

/// A point.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// `Point`.
    #[serde(rename = "type")]
    #[schema(example = "Point")]
    kind: &'static str,
    /// Longitude, latitude.
    #[schema(example = json!([105.8512, 21.0345]))]
    coordinates: [f64; 2],
}

/// A page of sources as a `FeatureCollection`.
pub fn answer(page: Page<SourceView>) -> Response {
    let features = page.items.into_iter().map(|view| Feature {
        kind: "Feature",
        id: view.source.code.clone(),
        geometry: Point {
            kind: "Point",
            coordinates: [view.source.position.lon, view.source.position.lat],
        },
        properties: view,
    });
    let collection = Collection {
        kind: "FeatureCollection",
        features: features.collect(),
        next: page.next,
    };
    let body = serde_json::to_vec(&collection).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/geo+json")], body).into_response()
}
