//! A map of units from GeoJSON (RFC 7946): a `FeatureCollection` of `Polygon`s and `MultiPolygon`s
//! with `code`, `name` and `kind`. Everything wrong is told, feature by feature, and with one fault
//! nothing is taken.

use std::collections::HashMap;
use std::fmt;

use firemain_domain::units::UnitKind;
use firemain_store::register::units::{MOST_UNITS, Unit};
use geo::{LineString, MultiPolygon, Polygon, Validation};
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::overlaps::{self, Overlap};
use super::shape::Shape;

/// Points of one unit at most.
const MOST_POINTS_OF_UNIT: usize = 200_000;
/// Points of a map at most.
const MOST_POINTS: usize = 3_000_000;
/// Faults told at most.
const MOST_FAULTS: usize = 100;
/// Two units that share this much of the smaller are the same ground entered twice.
const SAME_GROUND: f64 = 0.98;

/// What a file holds.
#[derive(Debug, Default)]
pub struct UnitsFile {
    /// Its units with their outlines, in order of code.
    pub units: Vec<(Unit, MultiPolygon)>,
    /// Which of them overlap: their places in `units`.
    pub overlaps: Vec<Overlap>,
}

/// Something wrong with a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnitFault {
    /// The how-many-th feature, from 1.
    pub feature: usize,
    /// Its code, if it can be told.
    pub code: Option<String>,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UnitsError {
    /// It is no JSON, or no such JSON.
    #[error("{at}: {reason}")]
    Json {
        /// Where: a line and character, and the feature where that can be told.
        at: String,
        /// What is wrong.
        reason: String,
    },
    /// It is something else.
    #[error("the file is no GeoJSON FeatureCollection of units: {0}")]
    Other(String),
    /// Features are wrong.
    #[error("{} features cannot be taken", .0.len())]
    Faults(Vec<UnitFault>),
}

/// Reads a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(bytes: &[u8]) -> Result<UnitsFile, UnitsError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let file: File = serde_path_to_error::deserialize(&mut json).map_err(|e| told(&e))?;
    json.end().map_err(|e| UnitsError::Json {
        at: format!("line {}, character {}", e.line(), e.column()),
        reason: "something follows after the collection".to_owned(),
    })?;
    if file.kind != "FeatureCollection" {
        let kind: String = file.kind.chars().take(40).collect();
        return Err(UnitsError::Other(format!("its type is `{kind}`")));
    }
    let count = file.features.len();
    if !(1..=MOST_UNITS).contains(&count) {
        return Err(UnitsError::Other(format!(
            "it has {count} features; 1 to {MOST_UNITS} are possible"
        )));
    }
    let points: usize = file.features.iter().map(Feature::points).sum();
    if points > MOST_POINTS {
        return Err(UnitsError::Other(format!(
            "its outlines have {points} points; {MOST_POINTS} are possible: simplify them"
        )));
    }
    taken(file.features)
}

fn told(error: &serde_path_to_error::Error<serde_json::Error>) -> UnitsError {
    let inner = error.inner();
    let (line, character) = (inner.line(), inner.column());
    UnitsError::Json {
        at: format!("line {line}, character {character}, at {}", error.path()),
        reason: inner.to_string(),
    }
}

fn taken(features: Vec<Feature>) -> Result<UnitsFile, UnitsError> {
    let (mut faults, mut units) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, feature) in features.into_iter().enumerate() {
        let number = index + 1;
        let code = feature.text("code");
        let mut fault = |reason: String| {
            if faults.len() < MOST_FAULTS {
                let code = code.clone();
                faults.push(UnitFault {
                    feature: number,
                    code,
                    reason,
                });
            }
        };
        match feature.unit() {
            Err(reasons) => reasons.into_iter().for_each(&mut fault),
            Ok((unit, polygons)) => match seen.insert(unit.code.clone(), number) {
                Some(first) => fault(format!("its code is that of feature {first} too")),
                None => units.push((number, unit, polygons)),
            },
        }
    }
    if !faults.is_empty() {
        return Err(UnitsError::Faults(faults));
    }
    units.sort_by(|(_, a, _), (_, b, _)| a.code.cmp(&b.code));
    let numbers: Vec<usize> = units.iter().map(|(number, _, _)| *number).collect();
    let (mut rows, mut outlines) = (Vec::new(), Vec::new());
    for (_, unit, polygons) in units {
        rows.push(unit);
        outlines.push(polygons);
    }
    let overlaps = overlaps::find(&outlines);
    let twice = overlaps.iter().filter(|o| o.share >= SAME_GROUND);
    let faults: Vec<UnitFault> = twice
        .take(MOST_FAULTS)
        .map(|o| UnitFault {
            feature: numbers[o.other],
            code: Some(rows[o.other].code.clone()),
            reason: format!(
                "{:.0} % of the smaller of both is the ground of {} (feature {}): leave one of them out",
                o.share * 100.0, rows[o.one].code, numbers[o.one]
            ),
        })
        .collect();
    if !faults.is_empty() {
        return Err(UnitsError::Faults(faults));
    }
    Ok(UnitsFile {
        units: rows.into_iter().zip(outlines).collect(),
        overlaps,
    })
}

/// The polygons of a GeoJSON geometry that was taken before.
///
/// # Errors
/// What is wrong with it.
pub fn polygons_of(geometry: &str) -> Result<MultiPolygon, String> {
    let geometry: Geometry = serde_json::from_str(geometry).map_err(|e| e.to_string())?;
    geometry.polygons().map_err(|reasons| reasons.join("; "))
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    properties: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    geometry: Option<Geometry>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Polygon {
        coordinates: Vec<Vec<Point>>,
    },
    MultiPolygon {
        coordinates: Vec<Vec<Vec<Point>>>,
    },
    #[serde(other, skip_serializing)]
    Other,
}

/// Longitude and latitude; a height after them is passed over.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Point(f64, f64);

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Point;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a position: longitude, latitude")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Point, A::Error> {
                let missing = |n| serde::de::Error::invalid_length(n, &"longitude, latitude");
                let lon = seq.next_element()?.ok_or_else(|| missing(0))?;
                let lat = seq.next_element()?.ok_or_else(|| missing(1))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Point(lon, lat))
            }
        }
        from.deserialize_seq(Reading)
    }
}

impl Feature {
    fn text(&self, name: &str) -> Option<String> {
        let text = match self.properties.as_ref()?.get(name)? {
            serde_json::Value::String(text) => text.trim().to_owned(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let fits = !text.is_empty() && !text.chars().any(char::is_control);
        fits.then(|| text.chars().take(200).collect())
    }

    fn points(&self) -> usize {
        match &self.geometry {
            Some(Geometry::Polygon { coordinates }) => coordinates.iter().map(Vec::len).sum(),
            Some(Geometry::MultiPolygon { coordinates }) => {
                coordinates.iter().flatten().map(Vec::len).sum()
            }
            _ => 0,
        }
    }

    fn unit(self) -> Result<(Unit, MultiPolygon), Vec<String>> {
        let mut faults = Vec::new();
        let mut named = |name: &str, most: usize| {
            let text = self.text(name).filter(|text| text.chars().count() <= most);
            if text.is_none() {
                faults.push(format!(
                    "its property `{name}` must be a text of 1 to {most} characters"
                ));
            }
            text.unwrap_or_default()
        };
        let (code, name) = (named("code", 64), named("name", 128));
        let kind = kind_of(self.text("kind").as_deref(), &name);
        if kind.is_none() {
            faults.push("its property `kind` must be `ward`, `commune` or `other` (phường, xã); it may be left out where the name begins with Phường or Xã".to_owned());
        }
        if self.points() > MOST_POINTS_OF_UNIT {
            faults.push(format!(
                "its outline has more than {MOST_POINTS_OF_UNIT} points: simplify it"
            ));
            return Err(faults);
        }
        let polygons = match &self.geometry {
            Some(geometry) => geometry.polygons(),
            None => Err(vec!["it has no geometry".to_owned()]),
        };
        match (polygons, kind) {
            (Ok(polygons), Some(kind)) if faults.is_empty() => {
                let geometry = serde_json::to_string(&self.geometry).unwrap_or_default();
                let unit = Unit {
                    code,
                    name,
                    kind,
                    geometry,
                };
                Ok((unit, polygons))
            }
            (polygons, _) => {
                faults.extend(polygons.err().into_iter().flatten());
                Err(faults)
            }
        }
    }
}

/// What a unit is: as it is said, or as its name begins.
fn kind_of(said: Option<&str>, name: &str) -> Option<UnitKind> {
    let Some(said) = said else {
        let first = name.split_whitespace().next()?.to_lowercase();
        return match first.as_str() {
            "phường" | "phuong" => Some(UnitKind::Ward),
            "xã" | "xa" => Some(UnitKind::Commune),
            _ => None,
        };
    };
    match said.to_lowercase().as_str() {
        "ward" | "phường" | "phuong" => Some(UnitKind::Ward),
        "commune" | "xã" | "xa" => Some(UnitKind::Commune),
        "other" | "khác" | "khac" => Some(UnitKind::Other),
        _ => None,
    }
}

impl Geometry {
    fn polygons(&self) -> Result<MultiPolygon, Vec<String>> {
        let mut faults = Vec::new();
        let polygons = match self {
            Self::Polygon { coordinates } => vec![polygon(coordinates, &mut faults)],
            Self::MultiPolygon { coordinates } => {
                let parts = coordinates.iter();
                parts.map(|part| polygon(part, &mut faults)).collect()
            }
            Self::Other => {
                return Err(vec![
                    "its geometry must be a Polygon or a MultiPolygon".to_owned(),
                ]);
            }
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let polygons = MultiPolygon(polygons);
        if let Err(fault) = polygons.check_validation() {
            return Err(vec![format!("its outline is not sound: {fault}")]);
        }
        match Shape::of(&polygons) {
            Some(_) => Ok(polygons),
            None => Err(vec!["its outline has no area".to_owned()]),
        }
    }
}

fn polygon(rings: &[Vec<Point>], faults: &mut Vec<String>) -> Polygon {
    let mut lines = Vec::with_capacity(rings.len());
    for (n, ring) in rings.iter().enumerate() {
        if let Some(fault) = fault_of(ring) {
            faults.push(format!("ring {}: {fault}", n + 1));
        }
        let points = ring.iter().map(|point| (point.0, point.1));
        lines.push(points.collect::<LineString>());
    }
    if lines.is_empty() {
        faults.push("a polygon of it has no ring".to_owned());
        lines.push(LineString::new(Vec::new()));
    }
    let exterior = lines.remove(0);
    Polygon::new(exterior, lines)
}

fn fault_of(ring: &[Point]) -> Option<String> {
    if let Some(at) = ring.iter().position(|p| !on_earth(*p)) {
        let Point(lon, lat) = ring[at];
        let hint = if on_earth(Point(lat, lon)) {
            "latitude and longitude seem to have changed places"
        } else {
            "WGS 84 in degrees is expected, not VN-2000 metres"
        };
        return Some(format!(
            "point {} ({lon}, {lat}) is not on Earth: {hint}",
            at + 1
        ));
    }
    if ring.len() < 4 {
        return Some(format!("has {} points; four are the least", ring.len()));
    }
    (ring.first() != ring.last())
        .then(|| "is not closed: its last point must be its first".to_owned())
}

fn on_earth(Point(lon, lat): Point) -> bool {
    (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)
}
