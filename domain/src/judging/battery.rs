//! How a device's battery goes: a mean a week, for eight weeks, and the slope of them.
//!
//! A lithium cell keeps its voltage for most of its life and then falls fast; the slope of the last
//! weeks sees the fall when it begins, not years ahead.

use serde::{Deserialize, Serialize};

use super::trend::{Point, Slope, slope};
use crate::quantity::Quantity;
use crate::time::{DAY_MS, MINUTE_MS, Timestamp};

const WEEK_MS: i64 = 7 * DAY_MS;
/// Weeks kept.
const KEPT: usize = 8;
/// A rise from one reading's mean to the next week's by this share of the value: a new battery.
const RENEWED_SHARE: f32 = 0.05;

/// A device's battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    quantity: Quantity,
    /// The week being seen, weeks after 1970.
    week: i32,
    mean: f32,
    readings: u16,
    points: Vec<Point>,
    slope: Option<Slope>,
}

impl Battery {
    /// Takes a reading of charge or voltage. A charge says more: a device that tells both is judged
    /// by its charge.
    pub fn note(known: &mut Option<Box<Self>>, at: Timestamp, quantity: Quantity, value: f64) {
        let week = at.ms().div_euclid(WEEK_MS) as i32;
        let value = value as f32;
        let battery = known.get_or_insert_with(|| Box::new(Self::new(quantity, week)));
        if quantity != battery.quantity {
            if quantity == Quantity::BatteryV {
                return;
            }
            **battery = Self::new(quantity, week);
        }
        if week > battery.week {
            battery.close();
            battery.week = week;
        }
        if week == battery.week {
            battery.readings = battery.readings.saturating_add(1);
            battery.mean += (value - battery.mean) / f32::from(battery.readings);
        }
    }

    fn new(quantity: Quantity, week: i32) -> Self {
        Self {
            quantity,
            week,
            mean: 0.0,
            readings: 0,
            points: Vec::new(),
            slope: None,
        }
    }

    fn close(&mut self) {
        if self.readings == 0 {
            return;
        }
        let at_min = ((i64::from(self.week) * WEEK_MS + WEEK_MS / 2) / MINUTE_MS) as i32;
        let point = Point {
            at_min,
            value: self.mean,
            part: 0,
        };
        let renewed = |last: &Point| point.value > last.value * (1.0 + RENEWED_SHARE);
        if self.points.last().is_some_and(renewed) {
            self.points.clear();
        }
        if self.points.len() == KEPT {
            self.points.remove(0);
        }
        self.points.reserve_exact(1);
        self.points.push(point);
        self.slope = slope(&self.points);
        (self.mean, self.readings) = (0.0, 0);
    }

    /// What is measured: charge or voltage.
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// The mean of the newest week.
    pub fn value(&self) -> f64 {
        let of_before = || self.points.last().map_or(0.0, |point| point.value);
        let newest = if self.readings > 0 {
            self.mean
        } else {
            of_before()
        };
        f64::from(newest)
    }

    /// How it goes, in % or V a day; `None` before six weeks are over.
    pub const fn slope(&self) -> Option<Slope> {
        self.slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(weeks: i32, volts: impl Fn(i32) -> f64) -> Battery {
        let mut known = None;
        for hour in 0..weeks * 7 * 24 {
            let at = Timestamp::from_ms(i64::from(hour) * 3_600_000);
            Battery::note(&mut known, at, Quantity::BatteryV, volts(hour));
        }
        *known.unwrap()
    }

    #[test]
    fn six_weeks_tell_how_it_goes_and_eight_are_kept() {
        let falling = |hour: i32| 3.6 - 0.002 * f64::from(hour) / 24.0;
        assert_eq!(after(6, falling).slope(), None);
        let known = after(7, falling).slope().unwrap();
        assert!(
            (known.per_day + 0.002).abs() < 1e-4 && known.high < 0.0,
            "{known:?}"
        );
        assert_eq!(after(20, falling).points.len(), KEPT);
    }

    #[test]
    fn a_new_battery_begins_anew() {
        let renewed = |hour: i32| if hour < 8 * 168 { 3.1 } else { 3.6 };
        let battery = after(11, renewed);
        assert_eq!(battery.points.len(), 2);
        assert!((battery.value() - 3.6).abs() < 1e-3);
    }

    #[test]
    fn charge_comes_before_voltage() {
        let mut known = None;
        let at = Timestamp::from_ms(0);
        Battery::note(&mut known, at, Quantity::BatteryV, 3.6);
        Battery::note(&mut known, at, Quantity::BatteryPct, 80.0);
        Battery::note(&mut known, at, Quantity::BatteryV, 3.6);
        let known = known.unwrap();
        assert_eq!(
            (known.quantity(), known.value()),
            (Quantity::BatteryPct, 80.0)
        );
    }
}
