//! What a source in the register may hold: ranges of its numbers, lengths of its texts.
//!
//! The names are those of the register's columns, as import, export and errors have them.

use firemain_domain::judging::Subject;
use firemain_domain::source::{Kind, Position, Source};

/// The range of a number, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Its column.
    pub column: &'static str,
    /// The least it may be.
    pub least: f64,
    /// The most it may be.
    pub most: f64,
    /// Its unit, as people read it.
    pub unit: &'static str,
}

/// A text of at most so many characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its column.
    pub column: &'static str,
    /// The most characters.
    pub most: usize,
}

/// What is wrong with a source, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{column}: {reason}")]
pub struct Fault {
    /// The column it is about.
    pub column: &'static str,
    /// What is expected.
    pub reason: String,
}

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident = $column:literal $least:literal, $most:literal, $unit:literal;)*) => {
        $($(#[$doc])* pub const $name: Range =
            Range { column: $column, least: $least, most: $most, unit: $unit };)*
        /// Every range.
        pub const RANGES: &[Range] = &[$($name),*];
    };
}

ranges! {
    /// WGS 84.
    LAT = "lat" -90.0, 90.0, "°";
    /// WGS 84.
    LON = "lon" -180.0, 180.0, "°";
    /// Up to 20 bar; the norm's own limits lie at 98.1 and 588 kPa.
    REQUIRED_PRESSURE = "required_pressure_kpa" 1.0, 2_000.0, "kPa";
    /// The norm's largest fire takes 110 L/s from a whole network.
    REQUIRED_FLOW = "required_flow_lps" 0.1, 500.0, "L/s";
    /// Stored water.
    REQUIRED_VOLUME = "required_volume_m3" 0.1, 1_000_000.0, "m³";
    /// Up to a month.
    REPORT_INTERVAL = "report_interval_s" 1.0, 2_678_400.0, "s";
    /// Floor of a tank.
    TANK_AREA = "tank_area_m2" 0.1, 1_000_000.0, "m²";
    /// Floor to overflow.
    TANK_HEIGHT = "tank_height_m" 0.1, 100.0, "m";
    /// Outlet above the floor.
    OUTLET_LEVEL = "outlet_level_m" 0.0, 100.0, "m";
    /// The norm has 24, 36 and 72 h.
    REFILL_HOURS = "refill_hours" 1.0, 720.0, "h";
    /// In any datum.
    APRON_LEVEL = "apron_level_m" -500.0, 9_000.0, "m";
    /// In the apron's datum.
    BED_LEVEL = "bed_level_m" -500.0, 9_000.0, "m";
    /// Clear width of the way.
    ROAD_WIDTH = "road_width_m" 0.0, 100.0, "m";
    /// Clear height of the way.
    ROAD_HEIGHT = "road_height_m" 0.0, 100.0, "m";
    /// Load the way bears.
    ROAD_LOAD = "road_load_t" 0.0, 500.0, "t";
    /// Of the ground.
    ELEVATION = "elevation_m" -500.0, 9_000.0, "m";
    /// Upper end of the sensor's range.
    SENSOR_RANGE = "sensor_range_max" 0.001, 100_000.0, "kPa or m";
    /// Its smallest step.
    SENSOR_RESOLUTION = "sensor_resolution" 0.000_01, 10_000.0, "kPa or m";
    /// Half-width of its accuracy.
    SENSOR_ACCURACY = "sensor_accuracy" 0.0, 10_000.0, "kPa or m";
}

/// The code painted on a source.
pub const CODE: Text = Text {
    column: "code",
    most: 64,
};
/// Street and number.
pub const NAME: Text = Text {
    column: "name",
    most: 256,
};
/// The device mounted.
pub const DEVICE: Text = Text {
    column: "device",
    most: 128,
};
/// The administrative unit.
pub const UNIT: Text = Text {
    column: "unit",
    most: 128,
};
/// The pressure zone.
pub const ZONE: Text = Text {
    column: "zone",
    most: 128,
};
/// What stands in the way.
pub const OBSTRUCTION: Text = Text {
    column: "obstruction",
    most: 256,
};

impl Range {
    /// Whether `value` lies in it.
    ///
    /// # Errors
    /// When it does not, or is no number.
    pub fn check(&self, value: f64) -> Result<(), Fault> {
        if (self.least..=self.most).contains(&value) {
            return Ok(());
        }
        Err(self.fault(&value.to_string()))
    }

    /// What is to be said of a value that is not in it.
    pub fn fault(&self, found: &str) -> Fault {
        let Self {
            column,
            least,
            most,
            unit,
        } = *self;
        let reason = format!("expected a number from {least} to {most} {unit}, found {found}");
        Fault { column, reason }
    }

    fn check_if(&self, value: Option<f64>) -> Result<(), Fault> {
        value.map_or(Ok(()), |value| self.check(value))
    }
}

impl Text {
    /// Whether `text` is not too long, has no control characters and no blanks around it.
    ///
    /// # Errors
    /// When it is not so.
    pub fn check(&self, text: &str) -> Result<(), Fault> {
        let fault = |reason| {
            Err(Fault {
                column: self.column,
                reason,
            })
        };
        let length = text.chars().count();
        if length > self.most {
            fault(format!(
                "expected at most {} characters, found {length}",
                self.most
            ))
        } else if text.chars().any(char::is_control) {
            fault("expected one line of text without tabs or other control characters".into())
        } else if text.trim() != text {
            fault("expected no blanks before or after the text".into())
        } else {
            Ok(())
        }
    }

    fn check_some(&self, text: Option<&str>) -> Result<(), Fault> {
        match text {
            None => Ok(()),
            Some("") => Err(self.empty()),
            Some(text) => self.check(text),
        }
    }

    fn empty(&self) -> Fault {
        let reason = format!("expected 1 to {} characters, found none", self.most);
        Fault {
            column: self.column,
            reason,
        }
    }
}

/// Whether the register may hold this source.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_source(source: &Source) -> Result<(), Fault> {
    check_texts(source)?;
    check_position(source.position)?;
    REQUIRED_PRESSURE.check_if(source.requirement.pressure_kpa)?;
    REQUIRED_FLOW.check_if(source.requirement.flow_lps)?;
    REQUIRED_VOLUME.check_if(source.requirement.volume_m3)?;
    REPORT_INTERVAL.check_if(source.reporting.interval_s.map(f64::from))?;
    ROAD_WIDTH.check_if(source.access.road_width_m)?;
    ROAD_HEIGHT.check_if(source.access.road_height_m)?;
    ROAD_LOAD.check_if(source.access.road_load_t)?;
    ELEVATION.check_if(source.elevation_m)?;
    check_sensor(source)?;
    check_kind(&source.kind)
}

/// Whether a position is on Earth.
///
/// # Errors
/// When it is not.
pub fn check_position(position: Position) -> Result<(), Fault> {
    let swapped = position.lat.abs() > 90.0 && position.lon.abs() <= 90.0;
    LON.check(position.lon)?;
    LAT.check(position.lat).map_err(|mut fault| {
        if swapped {
            fault
                .reason
                .push_str(" (are lat and lon the wrong way round?)");
        }
        fault
    })
}

fn check_texts(source: &Source) -> Result<(), Fault> {
    CODE.check_some(Some(&source.code))?;
    if let Some(prefix) = Subject::RESERVED
        .into_iter()
        .find(|prefix| source.code.starts_with(prefix))
    {
        return Err(Fault {
            column: CODE.column,
            reason: format!(
                "must not begin with `{prefix}`: that is how other subjects of alerts begin"
            ),
        });
    }
    NAME.check(&source.name)?;
    DEVICE.check_some(source.device.as_deref())?;
    UNIT.check_some(source.unit.as_deref())?;
    ZONE.check_some(source.zone.as_deref())?;
    OBSTRUCTION.check_some(source.access.obstruction.as_deref())
}

fn check_sensor(source: &Source) -> Result<(), Fault> {
    let sensor = *source.sensor;
    SENSOR_RANGE.check_if(sensor.range_max)?;
    SENSOR_RESOLUTION.check_if(sensor.resolution)?;
    SENSOR_ACCURACY.check_if(sensor.accuracy)?;
    let range = sensor.range_max.unwrap_or(f64::INFINITY);
    for (limit, value) in [
        (SENSOR_RESOLUTION, sensor.resolution),
        (SENSOR_ACCURACY, sensor.accuracy),
    ] {
        if value.is_some_and(|value| value >= range) {
            let reason = format!("expected less than sensor_range_max ({range})");
            return Err(Fault {
                column: limit.column,
                reason,
            });
        }
    }
    Ok(())
}

fn check_kind(kind: &Kind) -> Result<(), Fault> {
    match kind {
        Kind::Hydrant { .. } => Ok(()),
        Kind::Tank(tank) => {
            TANK_AREA.check_if(tank.area_m2)?;
            TANK_HEIGHT.check_if(tank.height_m)?;
            OUTLET_LEVEL.check_if(tank.outlet_level_m)?;
            REFILL_HOURS.check_if(tank.refill_hours)?;
            match (tank.outlet_level_m, tank.height_m) {
                (Some(outlet), Some(height)) if outlet >= height => Err(Fault {
                    column: OUTLET_LEVEL.column,
                    reason: format!("expected less than tank_height_m ({height}), found {outlet}"),
                }),
                _ => Ok(()),
            }
        }
        Kind::DrawPoint(point) => {
            APRON_LEVEL.check_if(point.apron_level_m)?;
            BED_LEVEL.check_if(point.bed_level_m)?;
            match (point.apron_level_m, point.bed_level_m) {
                (Some(apron), Some(bed)) if bed >= apron => Err(Fault {
                    column: BED_LEVEL.column,
                    reason: format!(
                        "expected less than apron_level_m ({apron}), found {bed}: both are heights in one datum"
                    ),
                }),
                _ => Ok(()),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_number_at_its_limit_passes_and_one_beyond_says_what_is_expected() {
        for range in RANGES {
            assert_eq!(range.check(range.least), Ok(()));
            assert_eq!(range.check(range.most), Ok(()));
            for wrong in [range.least - 0.5, range.most + 0.5, f64::NAN, f64::INFINITY] {
                let fault = range.check(wrong).unwrap_err();
                assert!(fault.reason.contains(range.unit), "{fault}");
            }
        }
    }

    #[test]
    fn positions_the_wrong_way_round_are_recognised() {
        let hanoi = Position {
            lat: 105.85,
            lon: 21.03,
        };
        let fault = check_position(hanoi).unwrap_err();
        assert!(fault.reason.contains("wrong way round"), "{fault}");
    }

    #[test]
    fn texts_are_short_and_of_one_line() {
        assert_eq!(CODE.check_some(Some("TR-0412")), Ok(()));
        assert!(CODE.check_some(Some("")).is_err());
        assert!(CODE.check(&"é".repeat(65)).is_err());
        assert_eq!(CODE.check(&"é".repeat(64)), Ok(()));
        assert!(NAME.check("12 Hàng Bạc\nHoàn Kiếm").is_err());
        assert!(NAME.check(" 12 Hàng Bạc").is_err());
    }
}
