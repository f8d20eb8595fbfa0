//! A source as it is sent and received.

use firemain_domain::source::{
    Access, DrawPointGeometry, Kind, KindName, Position, ReportMode, Reporting, Requirement,
    Sensor, Source, Status, SupplySchedule, TankGeometry, TapPoint,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{KindCode, StatusCode};
use crate::http::ask::Checks;
use crate::http::problem::Problem;

/// A source of firefighting water. What belongs to one kind only is left out of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceBody {
    /// Its code, as painted on it.
    #[serde(default)]
    #[schema(example = "TR-0412")]
    pub code: String,
    /// What it is.
    #[schema(value_type = KindCode)]
    pub kind: KindName,
    /// Hydrant: where its sensor taps the water, `main` (the default) or `barrel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "main")]
    pub tap_point: Option<TapPoint>,
    /// Tank: floor area, m².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_m2: Option<f64>,
    /// Tank: height from floor to overflow, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_m: Option<f64>,
    /// Tank: whether it lies open to sun and rain; false by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Tank: whether it also serves daily use; false by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_use: Option<bool>,
    /// Tank: height of the outlet above the floor, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet_level_m: Option<f64>,
    /// Tank: hours within which it must be full again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refill_hours: Option<f64>,
    /// Draw point: the apron on which the engine stands, m in the datum of its level readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apron_level_m: Option<f64>,
    /// Draw point: the bed under the suction, m in the same datum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bed_level_m: Option<f64>,
    /// Where people say it is: street and number.
    #[schema(example = "12 Hàng Bạc")]
    pub name: String,
    /// Where it stands.
    pub position: PositionBody,
    /// The device that reports for it.
    #[serde(default)]
    pub device: Option<String>,
    /// The administrative unit it belongs to.
    #[serde(default)]
    #[schema(example = "Phường Hoàn Kiếm")]
    pub unit: Option<String>,
    /// The pressure zone that feeds it.
    #[serde(default)]
    pub zone: Option<String>,
    /// What it owes; what is empty is not judged.
    #[serde(default)]
    pub requirement: RequirementBody,
    /// How its device reports.
    #[serde(default)]
    pub reporting: ReportingBody,
    /// How an engine gets to it.
    #[serde(default)]
    pub access: AccessBody,
    /// Where it is in its life; `in_service` by default.
    #[serde(default)]
    #[schema(value_type = StatusCode)]
    pub status: Status,
    /// The hours in which there is water, local time; empty: always.
    #[serde(default)]
    #[schema(example = "mon-fri 05:00-09:00,17:00-22:30")]
    pub supply_schedule: Option<String>,
    /// Height of the ground above the city's datum, m.
    #[serde(default)]
    pub elevation_m: Option<f64>,
    /// The sensor of its main quantity.
    #[serde(default)]
    pub sensor: SensorBody,
}

/// WGS 84, degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionBody {
    /// Latitude, −90 to 90.
    #[schema(example = 21.0345)]
    pub lat: f64,
    /// Longitude, −180 to 180.
    #[schema(example = 105.8512)]
    pub lon: f64,
}

/// What a source owes. What is empty is not judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequirementBody {
    /// Free head at the ground, kPa.
    #[schema(example = 98.1)]
    pub pressure_kpa: Option<f64>,
    /// Flow at the target residual, L/s.
    #[schema(example = 15.0)]
    pub flow_lps: Option<f64>,
    /// Usable stored water, m³.
    pub volume_m3: Option<f64>,
}

/// How a device reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportingBody {
    /// Seconds between reports; of an on-change device, its heartbeat. Empty: by kind.
    #[schema(example = 900)]
    pub interval_s: Option<u32>,
    /// `periodic` (the default) or `on_change`.
    #[schema(value_type = String, example = "periodic")]
    pub mode: ReportMode,
}

/// The way to a source. What is empty is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccessBody {
    /// Clear width, m.
    #[schema(example = 3.5)]
    pub road_width_m: Option<f64>,
    /// Clear height, m.
    pub road_height_m: Option<f64>,
    /// Load the road bears, t.
    pub road_load_t: Option<f64>,
    /// Whether there is room to turn.
    pub turning_area: Option<bool>,
    /// What stands in the way.
    pub obstruction: Option<String>,
}

/// The sensor of a source's main quantity; kPa for hydrants, m for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SensorBody {
    /// Upper end of its range.
    pub range_max: Option<f64>,
    /// Its smallest step.
    pub resolution: Option<f64>,
    /// Half-width of its stated accuracy.
    pub accuracy: Option<f64>,
}

impl SourceBody {
    /// The source that this is, if all of it can be.
    pub fn into_source(self) -> Result<Source, Problem> {
        let mut checks = Checks::default();
        self.check(&mut checks);
        let schedule = self
            .supply_schedule
            .as_deref()
            .map(str::parse::<SupplySchedule>);
        if let Some(Err(error)) = &schedule {
            checks.fault("/supply_schedule", error.to_string());
        }
        checks.of_body()?;
        let kind = self.kind();
        let (required, access, sensor) = (self.requirement, self.access, self.sensor);
        Ok(Source {
            code: self.code.into(),
            kind,
            name: self.name,
            position: Position {
                lat: self.position.lat,
                lon: self.position.lon,
            },
            device: self.device.map(Into::into),
            unit: self.unit.map(Into::into),
            zone: self.zone.map(Into::into),
            requirement: Requirement {
                pressure_kpa: required.pressure_kpa,
                flow_lps: required.flow_lps,
                volume_m3: required.volume_m3,
            }
            .into(),
            reporting: Reporting {
                interval_s: self.reporting.interval_s,
                mode: self.reporting.mode,
            },
            access: Access {
                road_width_m: access.road_width_m,
                road_height_m: access.road_height_m,
                road_load_t: access.road_load_t,
                turning_area: access.turning_area,
                obstruction: access.obstruction,
            }
            .into(),
            status: self.status,
            supply_schedule: schedule.and_then(Result::ok),
            elevation_m: self.elevation_m,
            sensor: Sensor {
                range_max: sensor.range_max,
                resolution: sensor.resolution,
                accuracy: sensor.accuracy,
            }
            .into(),
        })
    }

    fn kind(&self) -> Kind {
        match self.kind {
            KindName::Hydrant => Kind::Hydrant {
                tap_point: self.tap_point.unwrap_or_default(),
            },
            KindName::Tank => Kind::Tank(
                TankGeometry {
                    area_m2: self.area_m2,
                    height_m: self.height_m,
                    open: self.open.unwrap_or_default(),
                    daily_use: self.daily_use.unwrap_or_default(),
                    outlet_level_m: self.outlet_level_m,
                    refill_hours: self.refill_hours,
                }
                .into(),
            ),
            KindName::DrawPoint => Kind::DrawPoint(
                DrawPointGeometry {
                    apron_level_m: self.apron_level_m,
                    bed_level_m: self.bed_level_m,
                }
                .into(),
            ),
        }
    }

    fn check(&self, checks: &mut Checks) {
        checks.text("/code", &self.code, 64);
        checks.text("/name", &self.name, 200);
        checks.within("/position/lat", self.position.lat, -90.0..=90.0);
        checks.within("/position/lon", self.position.lon, -180.0..=180.0);
        checks.text_if("/device", self.device.as_deref(), 128);
        let device = self.device.as_deref().unwrap_or_default();
        checks.that(
            !device.contains(['/', '+', '#']),
            "/device",
            "must not contain `/`, `+` or `#`",
        );
        checks.text_if("/unit", self.unit.as_deref(), 100);
        checks.text_if("/zone", self.zone.as_deref(), 100);
        checks.text_if(
            "/access/obstruction",
            self.access.obstruction.as_deref(),
            200,
        );
        for (field, value, bounds) in [
            (
                "/requirement/pressure_kpa",
                self.requirement.pressure_kpa,
                0.0..=2_000.0,
            ),
            (
                "/requirement/flow_lps",
                self.requirement.flow_lps,
                0.0..=1_000.0,
            ),
            (
                "/requirement/volume_m3",
                self.requirement.volume_m3,
                0.0..=1_000_000.0,
            ),
            ("/area_m2", self.area_m2, 0.1..=1_000_000.0),
            ("/height_m", self.height_m, 0.1..=100.0),
            ("/outlet_level_m", self.outlet_level_m, 0.0..=100.0),
            ("/refill_hours", self.refill_hours, 1.0..=720.0),
            ("/apron_level_m", self.apron_level_m, -100.0..=10_000.0),
            ("/bed_level_m", self.bed_level_m, -200.0..=10_000.0),
            (
                "/access/road_width_m",
                self.access.road_width_m,
                0.0..=100.0,
            ),
            (
                "/access/road_height_m",
                self.access.road_height_m,
                0.0..=100.0,
            ),
            (
                "/access/road_load_t",
                self.access.road_load_t,
                0.0..=1_000.0,
            ),
            ("/elevation_m", self.elevation_m, -500.0..=9_000.0),
            (
                "/sensor/range_max",
                self.sensor.range_max,
                0.001..=100_000.0,
            ),
            ("/sensor/resolution", self.sensor.resolution, 0.0..=10_000.0),
            ("/sensor/accuracy", self.sensor.accuracy, 0.0..=10_000.0),
        ] {
            checks.within_if(field, value, bounds);
        }
        checks.within_if(
            "/reporting/interval_s",
            self.reporting.interval_s,
            1..=2_678_400,
        );
        self.check_kind(checks);
    }

    /// What belongs to another kind is refused: it would be lost without a word.
    fn check_kind(&self, checks: &mut Checks) {
        use KindName::{DrawPoint, Hydrant, Tank};
        for (field, given, of) in [
            ("/tap_point", self.tap_point.is_some(), Hydrant),
            ("/area_m2", self.area_m2.is_some(), Tank),
            ("/height_m", self.height_m.is_some(), Tank),
            ("/open", self.open.is_some(), Tank),
            ("/daily_use", self.daily_use.is_some(), Tank),
            ("/outlet_level_m", self.outlet_level_m.is_some(), Tank),
            ("/refill_hours", self.refill_hours.is_some(), Tank),
            ("/apron_level_m", self.apron_level_m.is_some(), DrawPoint),
            ("/bed_level_m", self.bed_level_m.is_some(), DrawPoint),
        ] {
            let fits = !given || of == self.kind;
            checks.that(
                fits,
                field,
                format!("belongs to a {}, not to a {}", of.name(), self.kind.name()),
            );
        }
    }
}

impl From<&Source> for SourceBody {
    fn from(source: &Source) -> Self {
        let mut body = Self {
            code: source.code.to_string(),
            kind: source.kind_name(),
            tap_point: None,
            area_m2: None,
            height_m: None,
            open: None,
            daily_use: None,
            outlet_level_m: None,
            refill_hours: None,
            apron_level_m: None,
            bed_level_m: None,
            name: source.name.clone(),
            position: PositionBody {
                lat: source.position.lat,
                lon: source.position.lon,
            },
            device: source.device.as_deref().map(ToOwned::to_owned),
            unit: source.unit.as_deref().map(ToOwned::to_owned),
            zone: source.zone.as_deref().map(ToOwned::to_owned),
            requirement: RequirementBody {
                pressure_kpa: source.requirement.pressure_kpa,
                flow_lps: source.requirement.flow_lps,
                volume_m3: source.requirement.volume_m3,
            },
            reporting: ReportingBody {
                interval_s: source.reporting.interval_s,
                mode: source.reporting.mode,
            },
            access: AccessBody {
                road_width_m: source.access.road_width_m,
                road_height_m: source.access.road_height_m,
                road_load_t: source.access.road_load_t,
                turning_area: source.access.turning_area,
                obstruction: source.access.obstruction.clone(),
            },
            status: source.status,
            supply_schedule: source.supply_schedule.clone().map(String::from),
            elevation_m: source.elevation_m,
            sensor: SensorBody {
                range_max: source.sensor.range_max,
                resolution: source.sensor.resolution,
                accuracy: source.sensor.accuracy,
            },
        };
        match &source.kind {
            Kind::Hydrant { tap_point } => body.tap_point = Some(*tap_point),
            Kind::Tank(tank) => {
                body.area_m2 = tank.area_m2;
                body.height_m = tank.height_m;
                body.open = Some(tank.open);
                body.daily_use = Some(tank.daily_use);
                body.outlet_level_m = tank.outlet_level_m;
                body.refill_hours = tank.refill_hours;
            }
            Kind::DrawPoint(place) => {
                body.apron_level_m = place.apron_level_m;
                body.bed_level_m = place.bed_level_m;
            }
        }
        body
    }
}
