//! A row of cells becomes a source, or every reason why it does not.

use firemain_domain::source::{
    Access, DrawPointGeometry, Kind, KindName, Position, ReportMode, Reporting, Requirement,
    Sensor, Source, Status, SupplySchedule, TankGeometry, TapPoint,
};
use firemain_store::register::limits::{self, Fault, Range, Text};

use super::MOST_CELL_BYTES;
use super::cell::{self, Numbers, shown};
use super::column::{Cells, Column, Sort};
use super::plan::Place;

/// The words of the column `kind`.
pub const KINDS: &[(&str, KindName)] = &[
    ("hydrant", KindName::Hydrant),
    ("tank", KindName::Tank),
    ("draw_point", KindName::DrawPoint),
];
/// Of `tap_point`.
pub const TAP_POINTS: &[(&str, TapPoint)] =
    &[("main", TapPoint::Main), ("barrel", TapPoint::Barrel)];
/// Of `report_mode`.
pub const REPORT_MODES: &[(&str, ReportMode)] = &[
    ("periodic", ReportMode::Periodic),
    ("on_change", ReportMode::OnChange),
];
/// Of `status`.
pub const STATUSES: &[(&str, Status)] = &[
    ("planned", Status::Planned),
    ("in_service", Status::InService),
    ("out_of_service", Status::OutOfService),
    ("removed", Status::Removed),
];

/// What a row led to.
pub struct ReadSource {
    /// The source, if it could be put together at all.
    pub source: Option<Source>,
    /// What is wrong with it; with any fault it does not count.
    pub faults: Vec<Fault>,
}

/// Makes a source of a row.
pub fn read(cells: &Cells<'_>, numbers: &mut Numbers, place: Place) -> ReadSource {
    let mut row = Row {
        cells,
        numbers,
        place,
        faults: Vec::new(),
    };
    let source = row.source();
    let mut faults = row.faults;
    if faults.is_empty()
        && let Some(Err(fault)) = source.as_ref().map(limits::check_source)
    {
        faults.push(fault);
    }
    ReadSource { source, faults }
}

/// Whether a draw point has a level it can be judged by.
pub fn has_levels(source: &Source) -> bool {
    matches!(&source.kind, Kind::DrawPoint(p) if p.apron_level_m.is_some() || p.bed_level_m.is_some())
}

struct Row<'a> {
    cells: &'a Cells<'a>,
    numbers: &'a mut Numbers,
    place: Place,
    faults: Vec<Fault>,
}

impl<'a> Row<'a> {
    fn source(&mut self) -> Option<Source> {
        let code = self.needed_text(Column::Code, limits::CODE);
        let kind = self.kind();
        let lat = self.needed_number(Column::Lat, limits::LAT);
        let lon = self.needed_number(Column::Lon, limits::LON);
        let name = self.text(Column::Name, limits::NAME).unwrap_or_default();
        let device = self.text(Column::Device, limits::DEVICE);
        let unit = self.text(Column::Unit, limits::UNIT);
        let zone = self.text(Column::Zone, limits::ZONE);
        let requirement = Requirement {
            pressure_kpa: self.number(Column::RequiredPressure, limits::REQUIRED_PRESSURE),
            flow_lps: self.number(Column::RequiredFlow, limits::REQUIRED_FLOW),
            volume_m3: self.number(Column::RequiredVolume, limits::REQUIRED_VOLUME),
        };
        let reporting = Reporting {
            interval_s: self.whole_seconds(),
            mode: self
                .word(Column::ReportMode, REPORT_MODES)
                .unwrap_or_default(),
        };
        let access = Access {
            road_width_m: self.number(Column::RoadWidth, limits::ROAD_WIDTH),
            road_height_m: self.number(Column::RoadHeight, limits::ROAD_HEIGHT),
            road_load_t: self.number(Column::RoadLoad, limits::ROAD_LOAD),
            turning_area: self.yes_no(Column::TurningArea),
            obstruction: self.text(Column::Obstruction, limits::OBSTRUCTION),
        };
        let status = self.word(Column::Status, STATUSES).unwrap_or_default();
        let supply_schedule = self.schedule();
        let elevation_m = self.number(Column::Elevation, limits::ELEVATION);
        let sensor = Sensor {
            range_max: self.number(Column::SensorRange, limits::SENSOR_RANGE),
            resolution: self.number(Column::SensorResolution, limits::SENSOR_RESOLUTION),
            accuracy: self.number(Column::SensorAccuracy, limits::SENSOR_ACCURACY),
        };
        Some(Source {
            code: code?.into(),
            kind: kind?,
            name,
            position: Position {
                lat: lat?,
                lon: lon?,
            },
            device: device.map(Into::into),
            unit: unit.map(Into::into),
            zone: zone.map(Into::into),
            requirement: requirement.into(),
            reporting,
            access: access.into(),
            status,
            supply_schedule,
            elevation_m,
            sensor: sensor.into(),
        })
    }

    fn kind(&mut self) -> Option<Kind> {
        if self.cells.get(Column::Kind).is_none() {
            self.missing(Column::Kind, "hydrant, tank or draw_point");
            return None;
        }
        let kind = self.word(Column::Kind, KINDS)?;
        let tap_point = self.word(Column::TapPoint, TAP_POINTS).unwrap_or_default();
        let tank = TankGeometry {
            area_m2: self.number(Column::TankArea, limits::TANK_AREA),
            height_m: self.number(Column::TankHeight, limits::TANK_HEIGHT),
            open: self.yes_no(Column::TankOpen).unwrap_or(false),
            daily_use: self.yes_no(Column::TankDailyUse).unwrap_or(false),
            outlet_level_m: self.number(Column::OutletLevel, limits::OUTLET_LEVEL),
            refill_hours: self.number(Column::RefillHours, limits::REFILL_HOURS),
        };
        let point = DrawPointGeometry {
            apron_level_m: self.number(Column::ApronLevel, limits::APRON_LEVEL),
            bed_level_m: self.number(Column::BedLevel, limits::BED_LEVEL),
        };
        if kind != KindName::Hydrant && tap_point != TapPoint::default() {
            self.not_of_this_kind(&[Column::TapPoint], "hydrants", kind);
        }
        if kind != KindName::Tank && tank != TankGeometry::default() {
            let columns = [
                Column::TankArea,
                Column::TankHeight,
                Column::TankOpen,
                Column::TankDailyUse,
                Column::OutletLevel,
                Column::RefillHours,
            ];
            self.not_of_this_kind(&columns, "tanks", kind);
        }
        if kind != KindName::DrawPoint && point != DrawPointGeometry::default() {
            self.not_of_this_kind(&[Column::ApronLevel, Column::BedLevel], "draw points", kind);
        }
        Some(match kind {
            KindName::Hydrant => Kind::Hydrant { tap_point },
            KindName::Tank => Kind::Tank(tank.into()),
            KindName::DrawPoint => Kind::DrawPoint(point.into()),
        })
    }

    /// Says so for each of the columns that says anything.
    fn not_of_this_kind(&mut self, columns: &[Column], whose: &str, kind: KindName) {
        for column in columns {
            let says_no = column.sort() == Sort::YesNo
                && self
                    .cells
                    .get(*column)
                    .is_none_or(|text| cell::yes_no(*column, text) == Ok(false));
            if let Some(text) = self.cells.get(*column).filter(|_| !says_no) {
                let reason = format!(
                    "is only for {whose}; leave it empty at a {}, found {}",
                    kind.name(),
                    shown(text)
                );
                self.faults.push(Fault {
                    column: column.name(),
                    reason,
                });
            }
        }
    }

    fn needed_text(&mut self, column: Column, limit: Text) -> Option<String> {
        if self.cells.get(column).is_none() {
            self.missing(column, &format!("1 to {} characters", limit.most));
        }
        self.text(column, limit)
    }

    fn needed_number(&mut self, column: Column, range: Range) -> Option<f64> {
        if self.cells.get(column).is_none() {
            let expected = format!(
                "a number from {} to {} {}",
                range.least, range.most, range.unit
            );
            self.missing(column, &expected);
        }
        self.number(column, range)
    }

    fn missing(&mut self, column: Column, expected: &str) {
        let reason = format!("must not be empty: expected {expected}");
        self.faults.push(Fault {
            column: column.name(),
            reason,
        });
    }

    fn text(&mut self, column: Column, limit: Text) -> Option<String> {
        let text = self.cell(column)?;
        let checked = limit.check(text).map(|()| text.to_owned());
        self.or_fault(checked)
    }

    fn number(&mut self, column: Column, range: Range) -> Option<f64> {
        let text = self.cell(column)?;
        let number = self
            .numbers
            .read(text, &range, self.place)
            .map_err(|mut fault| {
                if column == Column::Lat && self.looks_swapped() {
                    fault
                        .reason
                        .push_str(": are lat and lon the wrong way round?");
                }
                fault
            });
        self.or_fault(number)
    }

    /// Whether the latitude could be a longitude, and the other way round.
    fn looks_swapped(&self) -> bool {
        let value = |column| {
            self.cells
                .get(column)
                .and_then(|text| text.replacen(',', ".", 1).parse::<f64>().ok())
        };
        matches!((value(Column::Lat), value(Column::Lon)),
            (Some(lat), Some(lon)) if (90.0..=180.0).contains(&lat.abs()) && lon.abs() <= 90.0)
    }

    fn whole_seconds(&mut self) -> Option<u32> {
        let seconds = self.number(Column::ReportInterval, limits::REPORT_INTERVAL)?;
        if seconds.fract() == 0.0 {
            return Some(seconds as u32);
        }
        let reason = format!("expected whole seconds, found {seconds}");
        self.faults.push(Fault {
            column: Column::ReportInterval.name(),
            reason,
        });
        None
    }

    fn yes_no(&mut self, column: Column) -> Option<bool> {
        let text = self.cell(column)?;
        self.or_fault(cell::yes_no(column, text))
    }

    fn word<T: Copy>(&mut self, column: Column, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.cell(column)?;
        self.or_fault(cell::word(column, text, words))
    }

    fn schedule(&mut self) -> Option<SupplySchedule> {
        let text = self.cell(Column::SupplySchedule)?;
        let schedule = text
            .parse()
            .map_err(|e: firemain_domain::source::ScheduleError| Fault {
                column: Column::SupplySchedule.name(),
                reason: e.to_string(),
            });
        self.or_fault(schedule)
    }

    /// What stands in a cell, unless it is far too long.
    fn cell(&mut self, column: Column) -> Option<&'a str> {
        let text = self.cells.get(column)?;
        if text.len() <= MOST_CELL_BYTES {
            return Some(text);
        }
        let reason = format!(
            "expected at most {MOST_CELL_BYTES} bytes, found {}: is a quotation mark not closed?",
            text.len()
        );
        self.faults.push(Fault {
            column: column.name(),
            reason,
        });
        None
    }

    fn or_fault<T>(&mut self, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.faults.push(fault)).ok()
    }
}
