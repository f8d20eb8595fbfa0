//! The register file of a town: the CSV that `firemain import` and `firemain backtest` read.

use std::io::{self, Write};

use firemain_domain::source::{Kind, ReportMode, Source, Status, TapPoint};

use super::Town;

const COLUMNS: [&str; 33] = [
    "code",
    "kind",
    "name",
    "lat",
    "lon",
    "device",
    "tap_point",
    "unit",
    "zone",
    "required_pressure_kpa",
    "required_flow_lps",
    "required_volume_m3",
    "report_interval_s",
    "report_mode",
    "tank_area_m2",
    "tank_height_m",
    "tank_open",
    "tank_daily_use",
    "outlet_level_m",
    "refill_hours",
    "apron_level_m",
    "bed_level_m",
    "road_width_m",
    "road_height_m",
    "road_load_t",
    "turning_area",
    "status",
    "supply_schedule",
    "elevation_m",
    "sensor_range_max",
    "sensor_resolution",
    "sensor_accuracy",
    "obstruction",
];

impl Town {
    /// Writes its register file: UTF-8 CSV with a header.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_register_csv(&self, to: impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(to);
        csv.write_record(COLUMNS)?;
        for source in self.sources() {
            csv.write_record(row(source))?;
        }
        csv.flush()
    }

    /// Its register file as a text.
    pub fn register_csv(&self) -> String {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = self.write_register_csv(&mut bytes);
        String::from_utf8(bytes).unwrap_or_default()
    }
}

fn row(source: &Source) -> Vec<String> {
    let number = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
    let (tank, point, tap) = match &source.kind {
        Kind::Hydrant { tap_point } => (None, None, Some(*tap_point)),
        Kind::Tank(tank) => (Some(**tank), None, None),
        Kind::DrawPoint(point) => (None, Some(**point), None),
    };
    let yes_no = |yes: Option<bool>| yes.map(|y| y.to_string()).unwrap_or_default();
    vec![
        source.code.to_string(),
        source.kind_name().name().to_owned(),
        source.name.clone(),
        source.position.lat.to_string(),
        source.position.lon.to_string(),
        source.device.as_deref().unwrap_or_default().to_owned(),
        tap.map(|t| {
            if t == TapPoint::Main {
                "main"
            } else {
                "barrel"
            }
        })
        .unwrap_or_default()
        .to_owned(),
        source.unit.as_deref().unwrap_or_default().to_owned(),
        source.zone.as_deref().unwrap_or_default().to_owned(),
        number(source.requirement.pressure_kpa),
        number(source.requirement.flow_lps),
        number(source.requirement.volume_m3),
        source
            .reporting
            .interval_s
            .map(|s| s.to_string())
            .unwrap_or_default(),
        if source.reporting.mode == ReportMode::OnChange {
            "on_change"
        } else {
            "periodic"
        }
        .to_owned(),
        number(tank.and_then(|t| t.area_m2)),
        number(tank.and_then(|t| t.height_m)),
        yes_no(tank.map(|t| t.open)),
        yes_no(tank.map(|t| t.daily_use)),
        number(tank.and_then(|t| t.outlet_level_m)),
        number(tank.and_then(|t| t.refill_hours)),
        number(point.and_then(|p| p.apron_level_m)),
        number(point.and_then(|p| p.bed_level_m)),
        number(source.access.road_width_m),
        number(source.access.road_height_m),
        number(source.access.road_load_t),
        yes_no(source.access.turning_area),
        status(source.status).to_owned(),
        source
            .supply_schedule
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        number(source.elevation_m),
        number(source.sensor.range_max),
        number(source.sensor.resolution),
        number(source.sensor.accuracy),
        source.access.obstruction.clone().unwrap_or_default(),
    ]
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Planned => "planned",
        Status::InService => "in_service",
        Status::OutOfService => "out_of_service",
        Status::Removed => "removed",
    }
}
