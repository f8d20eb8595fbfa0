//! GeoJSON (RFC 7946): a `FeatureCollection` of points, read feature by feature.

use std::fmt;
use std::io::{BufReader, Read};

use geojson::{Feature, GeometryValue};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::ImportError;
use super::bounded::{Bounded, Budget};
use super::column::{Cells, Column};
use super::plan::{Gathering, ImportPlan, Place};

/// Reads a register.
pub fn read(reader: impl Read) -> Result<ImportPlan, ImportError> {
    let budget = Budget::new();
    let mut taking = Taking {
        gathering: Gathering::new(false),
        budget: budget.clone(),
        features: 0,
        stopped: None,
        is_collection: false,
        has_features: false,
    };
    let input = BufReader::with_capacity(1 << 16, Bounded::new(reader, budget.clone()));
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = (&mut json)
        .deserialize_map(Collection(&mut taking))
        .and_then(|()| json.end());
    if let Some(stopped) = taking.stopped {
        return Err(stopped);
    }
    if let Err(error) = read {
        if error.is_io() || budget.is_spent() {
            let after = Place::Feature(taking.features).to_string();
            return Err(budget.explain(error.into(), after));
        }
        if error.is_data() {
            return Err(ImportError::NoCollection);
        }
        return Err(ImportError::Json {
            line: error.line(),
            character: error.column(),
            reason: error.to_string(),
        });
    }
    if taking.is_collection && taking.has_features {
        Ok(taking.gathering.finish())
    } else {
        Err(ImportError::NoCollection)
    }
}

struct Taking {
    gathering: Gathering,
    budget: Budget,
    features: u64,
    stopped: Option<ImportError>,
    is_collection: bool,
    has_features: bool,
}

struct Collection<'a>(&'a mut Taking);

impl<'de> Visitor<'de> for Collection<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => {
                    self.0.is_collection = map.next_value::<String>()? == "FeatureCollection";
                }
                "features" => {
                    self.0.has_features = true;
                    map.next_value_seed(Features(self.0))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Features<'a>(&'a mut Taking);

impl<'de> DeserializeSeed<'de> for Features<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut features: A) -> Result<(), A::Error> {
        while let Some(feature) = features.next_element::<Value>()? {
            let taking = &mut *self.0;
            taking.budget.renew_row();
            taking.features += 1;
            if let Err(stopped) = taking.gathering.begin_row() {
                taking.stopped = Some(stopped);
                return Err(A::Error::custom("stopped"));
            }
            take(
                feature,
                Place::Feature(taking.features),
                &mut taking.gathering,
            );
        }
        Ok(())
    }
}

fn take(value: Value, place: Place, gathering: &mut Gathering) {
    let feature = match serde_json::from_value::<Feature>(value) {
        Ok(feature) => feature,
        Err(e) => return gathering.bad_row(place, None, format!("is no GeoJSON feature: {e}")),
    };
    let geometry = feature.geometry.map(|geometry| geometry.value);
    let Some(GeometryValue::Point { coordinates }) = geometry else {
        let reason = "expected a geometry {\"type\":\"Point\",\"coordinates\":[lon, lat]}".into();
        return gathering.bad_row(place, None, reason);
    };
    let [lon, lat, ..] = coordinates.as_slice() else {
        let reason = "expected two coordinates: [lon, lat]".into();
        return gathering.bad_row(place, None, reason);
    };
    let mut cells = Cells::new();
    for (name, value) in feature.properties.unwrap_or_default() {
        let Some(column) = Column::of(&name) else {
            gathering.unknown_column(&name);
            continue;
        };
        match value {
            Value::Null => {}
            Value::String(text) => cells.set(column, text),
            Value::Number(number) => cells.set(column, number.to_string()),
            Value::Bool(yes) => cells.set(column, yes.to_string()),
            Value::Array(_) | Value::Object(_) => {
                let reason = "expected a text, a number, true, false or null".into();
                return gathering.bad_row(place, Some(column), reason);
            }
        }
    }
    // Where it stands, the geometry says.
    cells.set(Column::Lat, lat.to_string());
    cells.set(Column::Lon, lon.to_string());
    gathering.take(place, &cells);
}
