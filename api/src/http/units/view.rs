//! Units as they are shown.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use firemain_domain::Timestamp;
use firemain_domain::local_time::LocalDate;
use firemain_domain::units::UnitKind;
use firemain_store::register::units::UnitVersion;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::ask::Checks;
use crate::http::places::Standings;
use crate::http::problem::Problem;
use crate::units::UnitOnMap;

/// The kinds of unit.
#[derive(ToSchema)]
#[schema(as = UnitKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "only documents")]
pub enum UnitKindCode {
    /// Phường.
    Ward,
    /// Xã.
    Commune,
    /// Anything else.
    Other,
}

/// An administrative unit, with how its sources stand.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct UnitView {
    /// Its code; `null`: it is on no map, only entered with sources.
    #[schema(example = "00070")]
    pub code: Option<String>,
    /// Its name.
    #[schema(example = "Phường Hoàn Kiếm")]
    pub name: String,
    /// What it is; `null` where it is on no map.
    #[schema(value_type = Option<UnitKindCode>)]
    pub kind: Option<UnitKind>,
    /// Its area, km²; `null` where it is on no map.
    pub area_km2: Option<f64>,
    /// How its sources stand now.
    #[serde(flatten)]
    pub standings: Standings,
}

impl UnitView {
    /// A unit of a map.
    pub fn on_map(unit: &UnitOnMap, standings: Standings) -> Self {
        Self {
            code: Some(unit.code.to_string()),
            name: unit.name.to_string(),
            kind: Some(unit.kind),
            area_km2: Some((unit.area_m2 / 1e3).round() / 1e3),
            standings,
        }
    }

    /// A name that is on no map.
    pub fn entered(name: &str, standings: Standings) -> Self {
        Self {
            code: None,
            name: name.to_owned(),
            kind: None,
            area_km2: None,
            standings,
        }
    }
}

/// A map of units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitVersionView {
    /// Its id.
    #[schema(example = "2025-07-01-5f0c1a2b")]
    pub id: String,
    /// The day at whose beginning in Hanoi it takes effect.
    #[schema(example = "2025-07-01")]
    pub valid_from: String,
    /// That moment.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from_at: Timestamp,
    /// How many units.
    pub units: u32,
    /// Whether it is the one that is valid now.
    pub valid_now: bool,
    /// When it was entered.
    #[schema(value_type = String, format = DateTime)]
    pub entered_at: Timestamp,
    /// Who entered it.
    pub by: String,
    /// When it was struck out as wrong; `null`: it stands.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub withdrawn_at: Option<Timestamp>,
}

impl UnitVersionView {
    /// A map, where `current` is the id of the one valid now.
    pub fn new(version: UnitVersion, current: Option<&str>) -> Self {
        Self {
            valid_from: LocalDate::at(version.valid_from).to_string(),
            valid_from_at: version.valid_from,
            units: version.units,
            valid_now: current == Some(&version.id),
            entered_at: version.entered_at,
            by: version.by,
            withdrawn_at: version.withdrawn_at,
            id: version.id,
        }
    }
}

/// The moment meant by `at`: a date (its beginning in Hanoi) or an RFC 3339 time; now where none is.
pub fn moment(at: Option<&str>, now: Timestamp) -> Result<Timestamp, Problem> {
    let Some(at) = at else { return Ok(now) };
    let date = LocalDate::parse(at).map(LocalDate::midnight);
    if let Some(at) = date.or_else(|| Timestamp::parse(at)) {
        return Ok(at);
    }
    let mut checks = Checks::default();
    checks.fault(
        "at",
        "must be a date like 2025-07-01 or a time like 2025-07-01T00:00:00+07:00",
    );
    checks.of_params().map(|()| now)
}

/// A unit with its outline, as GeoJSON has it.
#[derive(Debug, Serialize)]
pub struct Feature<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Option<&'a str>,
    geometry: Option<&'a RawValue>,
    properties: &'a UnitView,
}

impl<'a> Feature<'a> {
    /// A unit with its outline; what is on no map has none.
    pub fn new(properties: &'a UnitView, outline: Option<&'a str>) -> Self {
        Self {
            kind: "Feature",
            id: properties.code.as_deref(),
            geometry: outline.and_then(|text| serde_json::from_str(text).ok()),
            properties,
        }
    }
}

/// As `application/geo+json`.
pub fn geojson(what: &impl Serialize) -> Response {
    let body = serde_json::to_vec(what).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/geo+json")], body).into_response()
}
