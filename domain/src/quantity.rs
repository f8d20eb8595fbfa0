//! What is measured, in which unit, and how other units become ours.
//!
//! Every quantity has one name on the wire, in the archive and in the API; the unit is its ending.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One bar in kilopascals.
pub const KPA_PER_BAR: f64 = 100.0;
/// One metre of water in kilopascals: 1 bar is 10.197 m of water.
pub const KPA_PER_METRE_OF_WATER: f64 = 9.806_65;
/// One pound per square inch in kilopascals.
pub const KPA_PER_PSI: f64 = 6.894_757;
/// One US gallon per minute in litres per second.
pub const LPS_PER_GPM: f64 = 0.063_090_2;

/// Something a sensor measures. Booleans are 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Quantity {
    /// Pressure above the atmosphere, kPa.
    PressureKpa = 0,
    /// Lowest pressure of the interval, kPa.
    PressureMinKpa = 1,
    /// Highest pressure of the interval, kPa.
    PressureMaxKpa = 2,
    /// Water drawn, L/s.
    FlowLps = 3,
    /// The device's own estimate of what the source could give, L/s. Never water drawn.
    AvailableFlowLps = 4,
    /// Tank: depth of water above its floor. Draw point: the surface in the datum of its apron. m.
    LevelM = 5,
    /// Counter of all water drawn, m³; may wrap or start again.
    VolumeTotalM3 = 6,
    /// Battery voltage, V.
    BatteryV = 7,
    /// Battery charge, %.
    BatteryPct = 8,
    /// Temperature, °C.
    TemperatureC = 9,
    /// Tilt from upright, degrees.
    TiltDeg = 10,
    /// Radio signal, dBm.
    SignalDbm = 11,
    /// Whether an outlet cap is off.
    CapOpen = 12,
    /// Whether the housing is being tampered with.
    Tamper = 13,
    /// Whether water stands in the barrel.
    WaterInBarrel = 14,
}

impl Quantity {
    /// All quantities, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::PressureKpa,
        Self::PressureMinKpa,
        Self::PressureMaxKpa,
        Self::FlowLps,
        Self::AvailableFlowLps,
        Self::LevelM,
        Self::VolumeTotalM3,
        Self::BatteryV,
        Self::BatteryPct,
        Self::TemperatureC,
        Self::TiltDeg,
        Self::SignalDbm,
        Self::CapOpen,
        Self::Tamper,
        Self::WaterInBarrel,
    ];

    /// The name used on the wire, in the archive and in the API, such as `pressure_kpa`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PressureKpa => "pressure_kpa",
            Self::PressureMinKpa => "pressure_min_kpa",
            Self::PressureMaxKpa => "pressure_max_kpa",
            Self::FlowLps => "flow_lps",
            Self::AvailableFlowLps => "available_flow_lps",
            Self::LevelM => "level_m",
            Self::VolumeTotalM3 => "volume_total_m3",
            Self::BatteryV => "battery_v",
            Self::BatteryPct => "battery_pct",
            Self::TemperatureC => "temperature_c",
            Self::TiltDeg => "tilt_deg",
            Self::SignalDbm => "signal_dbm",
            Self::CapOpen => "cap_open",
            Self::Tamper => "tamper",
            Self::WaterInBarrel => "water_in_barrel",
        }
    }

    /// The quantity with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|q| q.name() == name)
    }

    /// The quantity with that number (see the variants); the archive's blocks hold it.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number in compact formats.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether the value is a yes or no rather than a measure.
    pub const fn is_boolean(self) -> bool {
        matches!(self, Self::CapOpen | Self::Tamper | Self::WaterInBarrel)
    }

    /// The unit as people read it; empty for yes or no.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::PressureKpa | Self::PressureMinKpa | Self::PressureMaxKpa => "kPa",
            Self::FlowLps | Self::AvailableFlowLps => "L/s",
            Self::LevelM => "m",
            Self::VolumeTotalM3 => "m³",
            Self::BatteryV => "V",
            Self::BatteryPct => "%",
            Self::TemperatureC => "°C",
            Self::TiltDeg => "°",
            Self::SignalDbm => "dBm",
            Self::CapOpen | Self::Tamper | Self::WaterInBarrel => "",
        }
    }

    /// Turns `value` given in `unit` into this quantity's own unit.
    ///
    /// # Errors
    /// When the unit does not measure this quantity.
    pub fn from_unit(self, value: f64, unit: Unit) -> Result<f64, WrongUnit> {
        let (dimension, factor, offset) = unit.scale();
        if dimension == self.dimension() {
            Ok(value * factor + offset)
        } else {
            Err(WrongUnit {
                quantity: self,
                unit,
            })
        }
    }

    const fn dimension(self) -> Dimension {
        match self {
            Self::PressureKpa | Self::PressureMinKpa | Self::PressureMaxKpa => Dimension::Pressure,
            Self::FlowLps | Self::AvailableFlowLps => Dimension::Flow,
            Self::LevelM => Dimension::Length,
            Self::VolumeTotalM3 => Dimension::Volume,
            Self::BatteryV => Dimension::Voltage,
            Self::BatteryPct => Dimension::Share,
            Self::TemperatureC => Dimension::Temperature,
            Self::TiltDeg => Dimension::Angle,
            Self::SignalDbm => Dimension::SignalPower,
            Self::CapOpen | Self::Tamper | Self::WaterInBarrel => Dimension::YesNo,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Dimension {
    Pressure,
    Flow,
    Length,
    Volume,
    Voltage,
    Share,
    Temperature,
    Angle,
    SignalPower,
    YesNo,
}

/// A value was given in a unit that does not measure the quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a unit of {quantity}", unit.symbol())]
pub struct WrongUnit {
    /// The quantity asked for.
    pub quantity: Quantity,
    /// The unit given.
    pub unit: Unit,
}

macro_rules! units {
    ($($variant:ident: $symbol:literal $(| $alias:literal)* => $dimension:ident * $factor:expr, + $offset:expr;)*) => {
        /// A unit in which a device may state a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Unit {
            $(#[doc = concat!("`", $symbol, "`")] $variant,)*
        }

        impl Unit {
            /// Every unit known.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// How it is written in configuration and messages.
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $symbol,)* }
            }

            const fn scale(self) -> (Dimension, f64, f64) {
                match self { $(Self::$variant => (Dimension::$dimension, $factor, $offset),)* }
            }
        }

        impl FromStr for Unit {
            type Err = UnknownUnit;

            fn from_str(text: &str) -> Result<Self, UnknownUnit> {
                match text {
                    $($symbol $(| $alias)* => Ok(Self::$variant),)*
                    _ => Err(UnknownUnit(text.chars().take(32).collect())),
                }
            }
        }
    };
}

units! {
    Pascal: "Pa" => Pressure * 0.001, + 0.0;
    Hectopascal: "hPa" | "mbar" => Pressure * 0.1, + 0.0;
    Kilopascal: "kPa" => Pressure * 1.0, + 0.0;
    Megapascal: "MPa" => Pressure * 1000.0, + 0.0;
    Bar: "bar" => Pressure * KPA_PER_BAR, + 0.0;
    Psi: "psi" => Pressure * KPA_PER_PSI, + 0.0;
    MetreOfWater: "mH2O" | "mWC" | "mwc" => Pressure * KPA_PER_METRE_OF_WATER, + 0.0;
    LitrePerSecond: "L/s" | "l/s" => Flow * 1.0, + 0.0;
    LitrePerMinute: "L/min" | "l/min" => Flow * (1.0 / 60.0), + 0.0;
    CubicMetrePerSecond: "m3/s" => Flow * 1000.0, + 0.0;
    CubicMetrePerHour: "m3/h" => Flow * (1.0 / 3.6), + 0.0;
    GallonPerMinute: "gpm" => Flow * LPS_PER_GPM, + 0.0;
    Metre: "m" => Length * 1.0, + 0.0;
    Centimetre: "cm" => Length * 0.01, + 0.0;
    Millimetre: "mm" => Length * 0.001, + 0.0;
    CubicMetre: "m3" => Volume * 1.0, + 0.0;
    Litre: "L" | "l" => Volume * 0.001, + 0.0;
    Volt: "V" => Voltage * 1.0, + 0.0;
    Millivolt: "mV" => Voltage * 0.001, + 0.0;
    Percent: "%" | "%EL" => Share * 1.0, + 0.0;
    Ratio: "/" => Share * 100.0, + 0.0;
    Celsius: "Cel" | "°C" | "C" => Temperature * 1.0, + 0.0;
    Kelvin: "K" => Temperature * 1.0, + -273.15;
    Degree: "deg" | "°" => Angle * 1.0, + 0.0;
    Radian: "rad" => Angle * (180.0 / std::f64::consts::PI), + 0.0;
    DecibelMilliwatt: "dBm" => SignalPower * 1.0, + 0.0;
    YesNo: "bool" | "" => YesNo * 1.0, + 0.0;
}

/// No such unit is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a unit known here")]
pub struct UnknownUnit(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back_to_their_quantity() {
        for q in Quantity::ALL {
            assert_eq!(Quantity::from_name(q.name()), Some(q));
            assert_eq!(Quantity::from_number(q.number()), Some(q));
        }
    }

    #[test]
    fn other_units_become_ours() {
        let kpa = |v, u| Quantity::PressureKpa.from_unit(v, u).unwrap();
        assert!((kpa(215_000.0, Unit::Pascal) - 215.0).abs() < 1e-9);
        assert!((kpa(1.0, Unit::Bar) - 100.0).abs() < 1e-9);
        // 1 bar = 10.197 m of water; 20 psi = 1.379 bar.
        assert!((kpa(10.197, Unit::MetreOfWater) - 100.0).abs() < 0.01);
        assert!((kpa(20.0, Unit::Psi) - 137.9).abs() < 0.01);
        assert!(
            (Quantity::FlowLps
                .from_unit(36.0, Unit::CubicMetrePerHour)
                .unwrap()
                - 10.0)
                .abs()
                < 1e-9
        );
        assert!(Quantity::FlowLps.from_unit(1.0, Unit::Bar).is_err());
        assert!("furlong".parse::<Unit>().is_err());
    }
}
