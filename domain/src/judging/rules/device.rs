//! DEVICE: what a device says of itself that somebody must see to: its battery, that it stands askew,
//! that it was opened or struck.

use serde::{Deserialize, Serialize};

use crate::judging::outcome::{Basis, Measured};
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// The device itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// Below this charge the battery is low, %.
    pub battery_low_pct: f64,
    /// Below this charge it ends, %: the alert says so anew.
    pub battery_end_pct: f64,
    /// Above this charge it is well again: replaced, %.
    pub battery_well_pct: f64,
    /// Below this voltage the battery is low, V (lithium thionyl chloride of 3.6 V).
    pub battery_low_v: f64,
    /// Below this voltage it ends, V.
    pub battery_end_v: f64,
    /// Above this voltage it is well again, V.
    pub battery_well_v: f64,
    /// Above this voltage it is no battery of 3.6 V, and its voltage says nothing, V.
    pub battery_max_v: f64,
    /// Beyond this it stands askew, degrees from upright.
    pub tilt_deg: f64,
    /// Below this it stands upright again, degrees.
    pub tilt_well_deg: f64,
    /// Messages that must say so, and that must say that all is well.
    pub messages: u8,
    /// Of tilt and tamper, which some devices tell only while they last: not said for so long while
    /// the device goes on speaking, it is over, s.
    pub unsaid_s: u32,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            battery_low_pct: 20.0,
            battery_end_pct: 10.0,
            battery_well_pct: 25.0,
            battery_low_v: 3.3,
            battery_end_v: 3.1,
            battery_well_v: 3.4,
            battery_max_v: 4.0,
            tilt_deg: 15.0,
            tilt_well_deg: 10.0,
            messages: 2,
            unsaid_s: 86_400,
        }
    }
}

/// What one message says of one thing that can be wrong with a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    /// It is wrong, and by which number.
    Wrong(Measured),
    /// It is wrong, and no number says so.
    Unreadable,
    /// The device's clock is off by so many seconds, ahead positive.
    ClockOff(i64),
    /// It is well.
    Well,
    /// Nothing.
    Nothing,
}

impl Device {
    /// What a message says of the battery. A device that tells its charge knows it better than its
    /// voltage does.
    pub fn battery(&self, pct: Option<f64>, volts: Option<f64>, at: Timestamp) -> Word {
        if let Some(pct) = pct.filter(|pct| pct.is_finite()) {
            let limits = [
                self.battery_end_pct,
                self.battery_low_pct,
                self.battery_well_pct,
            ];
            return below(Quantity::BatteryPct, pct, limits, at);
        }
        match volts.filter(|volts| volts.is_finite() && *volts > 0.0) {
            Some(volts) if volts <= self.battery_max_v => {
                let limits = [self.battery_end_v, self.battery_low_v, self.battery_well_v];
                below(Quantity::BatteryV, volts, limits, at)
            }
            _ => Word::Nothing,
        }
    }

    /// What a message says of how the device stands.
    pub fn tilt(&self, degrees: Option<f64>, at: Timestamp) -> Word {
        match degrees.map(f64::abs).filter(|degrees| degrees.is_finite()) {
            Some(degrees) if degrees > self.tilt_deg => Word::Wrong(Measured {
                basis: Basis::Device,
                quantity: Quantity::TiltDeg,
                value: degrees,
                limit: Some(self.tilt_deg),
                margin: Some(self.tilt_deg - degrees),
                at,
            }),
            Some(degrees) if degrees < self.tilt_well_deg => Word::Well,
            _ => Word::Nothing,
        }
    }

    /// What a message says of the housing.
    pub fn tamper(&self, tampered: Option<f64>, at: Timestamp) -> Word {
        match tampered {
            Some(0.0) => Word::Well,
            Some(yes) if yes.is_finite() => Word::Wrong(Measured {
                basis: Basis::Device,
                quantity: Quantity::Tamper,
                value: 1.0,
                limit: None,
                margin: None,
                at,
            }),
            _ => Word::Nothing,
        }
    }
}

/// A value held against the limit of its end, that of its being low, and the one above which it is
/// well.
fn below(quantity: Quantity, value: f64, [end, low, well]: [f64; 3], at: Timestamp) -> Word {
    if value < low {
        let limit = if value < end { end } else { low };
        Word::Wrong(Measured {
            basis: Basis::Device,
            quantity,
            value,
            limit: Some(limit),
            margin: Some(value - limit),
            at,
        })
    } else if value > well {
        Word::Well
    } else {
        Word::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(word: Word) -> Result<f64, &'static str> {
        match word {
            Word::Wrong(measured) => Ok(measured.limit.unwrap_or(f64::NAN)),
            Word::Well => Err("well"),
            Word::Nothing => Err("nothing"),
            Word::Unreadable => Err("unreadable"),
            Word::ClockOff(_) => Err("clock"),
        }
    }

    #[test]
    fn a_battery_is_low_below_20_percent_or_3_3_volts_and_ends_below_10_or_3_1() {
        let device = Device::default();
        let table = [
            (Some(20.0), None, Err("nothing")),
            (Some(19.9), None, Ok(20.0)),
            (Some(9.9), None, Ok(10.0)),
            (Some(25.0), None, Err("nothing")),
            (Some(25.1), None, Err("well")),
            (None, Some(3.3), Err("nothing")),
            (None, Some(3.29), Ok(3.3)),
            (None, Some(3.09), Ok(3.1)),
            (None, Some(3.4), Err("nothing")),
            (None, Some(3.41), Err("well")),
            (None, Some(12.1), Err("nothing")),
            (None, Some(0.0), Err("nothing")),
            (Some(80.0), Some(3.0), Err("well")),
            (Some(f64::NAN), Some(3.0), Ok(3.1)),
            (None, Some(f64::NAN), Err("nothing")),
            (None, None, Err("nothing")),
        ];
        for (pct, volts, expected) in table {
            let said = limit(device.battery(pct, volts, Timestamp::default()));
            assert_eq!(said, expected, "{pct:?} {volts:?}");
        }
    }

    #[test]
    fn a_device_stands_askew_beyond_15_degrees_and_upright_below_10() {
        let device = Device::default();
        let table = [
            (Some(15.0), Err("nothing")),
            (Some(15.1), Ok(15.0)),
            (Some(-40.0), Ok(15.0)),
            (Some(9.9), Err("well")),
            (Some(f64::INFINITY), Err("nothing")),
            (Some(f64::NAN), Err("nothing")),
            (None, Err("nothing")),
        ];
        for (degrees, expected) in table {
            let said = limit(device.tilt(degrees, Timestamp::default()));
            assert_eq!(said, expected, "{degrees:?}");
        }
    }

    #[test]
    fn a_housing_is_tampered_with_or_not_and_nan_says_neither() {
        let tamper = |value| Device::default().tamper(value, Timestamp::default());
        assert!(matches!(tamper(Some(1.0)), Word::Wrong(_)));
        assert_eq!(tamper(Some(0.0)), Word::Well);
        assert_eq!(tamper(Some(f64::NAN)), Word::Nothing);
        assert_eq!(tamper(None), Word::Nothing);
    }
}
