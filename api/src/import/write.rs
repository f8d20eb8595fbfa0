//! Registers written so that they can be read again.

use std::io::{self, Write};

use firemain_domain::source::{Kind, Source};
use geojson::{Feature, Geometry, GeometryValue};
use serde_json::{Map, Value};

use super::cell::yes_no;
use super::column::{COLUMNS, Cells, Column, Sort};
use super::row::{KINDS, REPORT_MODES, STATUSES, TAP_POINTS};

/// Writes sources as CSV with a header.
///
/// # Errors
/// When `writer` fails.
pub fn write_csv<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
    writer: impl Write,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(writer);
    csv.write_record(COLUMNS)?;
    for source in sources {
        csv.write_record(cells(source).iter().map(|(_, text)| text))?;
    }
    csv.flush()
}

/// Writes sources as a GeoJSON `FeatureCollection`, one feature a line.
///
/// # Errors
/// When `writer` fails.
pub fn write_geojson<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
    mut writer: impl Write,
) -> io::Result<()> {
    writer.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    for (n, source) in sources.into_iter().enumerate() {
        writer.write_all(if n == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut writer, &to_geojson(source))?;
    }
    writer.write_all(b"\n]}\n")?;
    writer.flush()
}

/// A source as a GeoJSON feature: its columns are the properties, but for its position.
pub fn to_geojson(source: &Source) -> Feature {
    let mut properties = Map::new();
    for (column, text) in cells(source).iter() {
        if !text.is_empty() && !matches!(column, Column::Lat | Column::Lon) {
            properties.insert(column.name().to_owned(), value(column, text));
        }
    }
    let at = source.position;
    Feature {
        geometry: Some(Geometry::new(GeometryValue::new_point([at.lon, at.lat]))),
        properties: Some(properties),
        ..Feature::default()
    }
}

fn value(column: Column, text: &str) -> Value {
    match column.sort() {
        Sort::Words => Value::from(text),
        Sort::Number => text.parse::<f64>().map_or(Value::Null, Value::from),
        Sort::YesNo => yes_no(column, text).map_or(Value::Null, Value::from),
    }
}

fn cells(source: &Source) -> Cells<'_> {
    let mut row = Cells::new();
    let number = |row: &mut Cells<'_>, column, n: Option<f64>| {
        if let Some(n) = n {
            row.set(column, n.to_string());
        }
    };
    row.set(Column::Code, &*source.code);
    row.set(Column::Kind, named(KINDS, &source.kind_name()));
    row.set(Column::Name, &*source.name);
    number(&mut row, Column::Lat, Some(source.position.lat));
    number(&mut row, Column::Lon, Some(source.position.lon));
    row.set(Column::Device, source.device.as_deref().unwrap_or_default());
    row.set(Column::Unit, source.unit.as_deref().unwrap_or_default());
    row.set(Column::Zone, source.zone.as_deref().unwrap_or_default());
    number(
        &mut row,
        Column::RequiredPressure,
        source.requirement.pressure_kpa,
    );
    number(&mut row, Column::RequiredFlow, source.requirement.flow_lps);
    number(
        &mut row,
        Column::RequiredVolume,
        source.requirement.volume_m3,
    );
    number(
        &mut row,
        Column::ReportInterval,
        source.reporting.interval_s.map(f64::from),
    );
    row.set(
        Column::ReportMode,
        named(REPORT_MODES, &source.reporting.mode),
    );
    match &source.kind {
        Kind::Hydrant { tap_point } => row.set(Column::TapPoint, named(TAP_POINTS, tap_point)),
        Kind::Tank(tank) => {
            number(&mut row, Column::TankArea, tank.area_m2);
            number(&mut row, Column::TankHeight, tank.height_m);
            row.set(Column::TankOpen, tank.open.to_string());
            row.set(Column::TankDailyUse, tank.daily_use.to_string());
            number(&mut row, Column::OutletLevel, tank.outlet_level_m);
            number(&mut row, Column::RefillHours, tank.refill_hours);
        }
        Kind::DrawPoint(point) => {
            number(&mut row, Column::ApronLevel, point.apron_level_m);
            number(&mut row, Column::BedLevel, point.bed_level_m);
        }
    }
    number(&mut row, Column::RoadWidth, source.access.road_width_m);
    number(&mut row, Column::RoadHeight, source.access.road_height_m);
    number(&mut row, Column::RoadLoad, source.access.road_load_t);
    if let Some(room) = source.access.turning_area {
        row.set(Column::TurningArea, room.to_string());
    }
    row.set(
        Column::Obstruction,
        source.access.obstruction.as_deref().unwrap_or_default(),
    );
    row.set(Column::Status, named(STATUSES, &source.status));
    if let Some(hours) = &source.supply_schedule {
        row.set(Column::SupplySchedule, hours.to_string());
    }
    number(&mut row, Column::Elevation, source.elevation_m);
    number(&mut row, Column::SensorRange, source.sensor.range_max);
    number(&mut row, Column::SensorResolution, source.sensor.resolution);
    number(&mut row, Column::SensorAccuracy, source.sensor.accuracy);
    row
}

fn named<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    let found = words.iter().find(|(_, v)| v == value);
    found.map_or("", |(word, _)| word)
}
