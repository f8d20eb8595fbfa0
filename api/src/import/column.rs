//! The columns of a register, and a row as text under them.

use std::borrow::Cow;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Text, or one of some words.
    Words,
    /// A number.
    Number,
    /// Yes or no.
    YesNo,
}

macro_rules! columns {
    ($($variant:ident $name:literal $sort:ident,)*) => {
        /// A column.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Column { $($variant),* }

        impl Column {
            /// All columns, in the order in which they are written.
            pub const ALL: [Self; COLUMNS.len()] = [$(Self::$variant),*];

            /// What it holds.
            pub const fn sort(self) -> Sort {
                match self { $(Self::$variant => Sort::$sort),* }
            }
        }

        /// The names of all columns, in the order in which they are written.
        pub const COLUMNS: &[&str] = &[$($name),*];
    };
}

columns! {
    Code "code" Words,
    Kind "kind" Words,
    Name "name" Words,
    Lat "lat" Number,
    Lon "lon" Number,
    Device "device" Words,
    TapPoint "tap_point" Words,
    Unit "unit" Words,
    Zone "zone" Words,
    RequiredPressure "required_pressure_kpa" Number,
    RequiredFlow "required_flow_lps" Number,
    RequiredVolume "required_volume_m3" Number,
    ReportInterval "report_interval_s" Number,
    ReportMode "report_mode" Words,
    TankArea "tank_area_m2" Number,
    TankHeight "tank_height_m" Number,
    TankOpen "tank_open" YesNo,
    TankDailyUse "tank_daily_use" YesNo,
    OutletLevel "outlet_level_m" Number,
    RefillHours "refill_hours" Number,
    ApronLevel "apron_level_m" Number,
    BedLevel "bed_level_m" Number,
    RoadWidth "road_width_m" Number,
    RoadHeight "road_height_m" Number,
    RoadLoad "road_load_t" Number,
    TurningArea "turning_area" YesNo,
    Obstruction "obstruction" Words,
    Status "status" Words,
    SupplySchedule "supply_schedule" Words,
    Elevation "elevation_m" Number,
    SensorRange "sensor_range_max" Number,
    SensorResolution "sensor_resolution" Number,
    SensorAccuracy "sensor_accuracy" Number,
}

impl Column {
    /// Those without which there is no source.
    pub const NEEDED: [Self; 4] = [Self::Code, Self::Kind, Self::Lat, Self::Lon];

    /// Its name.
    pub const fn name(self) -> &'static str {
        COLUMNS[self as usize]
    }

    /// The column of that name, blanks and capitals aside.
    pub fn of(name: &str) -> Option<Self> {
        let at = COLUMNS
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name.trim()))?;
        Some(Self::ALL[at])
    }
}

/// A row: a text for each column; empty where there is none.
#[derive(Debug)]
pub struct Cells<'a>([Cow<'a, str>; COLUMNS.len()]);

impl<'a> Cells<'a> {
    /// A row without anything.
    pub fn new() -> Self {
        Self([const { Cow::Borrowed("") }; COLUMNS.len()])
    }

    /// Fills one in.
    pub fn set(&mut self, column: Column, text: impl Into<Cow<'a, str>>) {
        self.0[column as usize] = text.into();
    }

    /// What stands there, without blanks around it; `None` if nothing.
    pub fn get(&self, column: Column) -> Option<&str> {
        let text = self.0[column as usize].trim();
        (!text.is_empty()).then_some(text)
    }

    /// Every column with what stands there.
    pub fn iter(&self) -> impl Iterator<Item = (Column, &str)> {
        Column::ALL
            .into_iter()
            .zip(self.0.iter().map(|cell| &**cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_its_name() {
        for column in Column::ALL {
            assert_eq!(Column::of(column.name()), Some(column));
        }
        assert_eq!(Column::of(" Lat "), Some(Column::Lat));
        assert_eq!(Column::of("latitude"), None);
    }
}
