//! Looking ahead: when a tank will hold less than it owes, when a battery ends, when a flow test
//! counts no more, by when a tank must be refilled. Nothing here raises an alert or turns a verdict.
//!
//! Dates that rest on a trend come with a 95 % interval, from the bounds of its slope
//! ([`super::trend`]); a trend whose bounds do not agree that it falls gives no date.

use serde::{Deserialize, Serialize};

use super::outcome::RuleName;
use super::rules::Rules;
use super::state::One;
use super::tank;
use super::trend::{Slope, TWO_SIDED_95};
use crate::hydraulics::FlowTestPoint;
use crate::quantity::Quantity;
use crate::source::{Kind, TankGeometry};
use crate::time::{DAY_MS, Timestamp};

/// Dates further off than this are no dates, days.
const FURTHEST_DAYS: f64 = 36_525.0;

/// What will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Foreseen {
    /// A tank that was drawn from must hold what it owes by then: REFILL_LATE comes after.
    RefillDue,
    /// A tank will hold less than it owes.
    TankShort,
    /// A battery ends.
    BatteryEnds,
    /// A flow test counts no more.
    FlowTestExpires,
    /// Somebody must look at it again. When, is told by the register, not by judging.
    InspectionDue,
}

impl Foreseen {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RefillDue,
        Self::TankShort,
        Self::BatteryEnds,
        Self::FlowTestExpires,
        Self::InspectionDue,
    ];
}

/// What says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Water is being drawn from the tank, at this rate.
    DrawOff,
    /// Its level falls by itself: a leak, or the sun.
    LevelFalls,
    /// Its battery's charge or voltage falls.
    BatteryFalls,
    /// The battery is at its end already.
    BatteryLow,
    /// The test's age: five years (NFPA 291).
    Age,
    /// The pressure at rest has moved by more than 20 % since the test: the main is another.
    StaticMoved,
    /// The hours within which a tank must be full again (QCVN 10:2025/BCA H.1.3.4).
    RefillHours,
    /// The cycle in which sources of its kind are looked at.
    InspectionCycle,
}

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// What.
    pub what: Foreseen,
    /// What says so.
    pub why: Why,
    /// When, by the best estimate; it may be past.
    pub at: Timestamp,
    /// The early end of its 95 % interval; `at` where it is certain.
    pub earliest: Timestamp,
    /// The late end; `None`: perhaps never.
    pub latest: Option<Timestamp>,
}

impl Forecast {
    /// One whose date rests on no estimate.
    pub const fn certain(what: Foreseen, why: Why, at: Timestamp) -> Self {
        Self {
            what,
            why,
            at,
            earliest: at,
            latest: Some(at),
        }
    }
}

/// What will happen at a source, as things stand at `now`; the soonest first.
pub fn ahead(one: &One, rules: &Rules, now: Timestamp) -> Vec<Forecast> {
    if !one.settings.is_in_service() {
        return Vec::new();
    }
    let all = [
        refill(one, rules),
        tank_short(one, rules),
        battery(one, rules, now),
        flow_test(one, rules, now),
    ];
    let mut ahead: Vec<Forecast> = all.into_iter().flatten().collect();
    ahead.sort_by_key(|forecast| (forecast.at, forecast.what));
    ahead
}

fn refill(one: &One, rules: &Rules) -> Option<Forecast> {
    let due = tank::refill_by(one, rules)?;
    Some(Forecast::certain(
        Foreseen::RefillDue,
        Why::RefillHours,
        due,
    ))
}

/// A tank holds enough today, and falls. While water is drawn that rate counts, else the slope of
/// its still levels.
fn tank_short(one: &One, rules: &Rules) -> Option<Forecast> {
    let Kind::Tank(shape) = &one.settings.source.kind else {
        return None;
    };
    let life = one.state.tank.as_deref()?;
    let newest = life.newest?;
    let enough_m = level_m(shape, one.settings.source.requirement.volume_m3?)?;
    let spare_m = newest.m - enough_m;
    if spare_m < 0.0 || one.state.is_open(RuleName::TankLow) || one.state.silent {
        return None;
    }
    let noise_m = life.noise_m(one.settings.source.sensor.resolution.unwrap_or(0.001));
    let (slope, why) = match life.fall.filter(|fall| fall.confirmed) {
        Some(fall) => {
            let days = fall.lowest.at.since_ms(fall.from.at).max(1) as f64 / DAY_MS as f64;
            let per_day = -fall.m_per_ms() * DAY_MS as f64;
            let off = TWO_SIDED_95 * noise_m / days;
            let slope = Slope {
                per_day: per_day as f32,
                low: (per_day - off) as f32,
                high: (per_day + off) as f32,
            };
            (slope, Why::DrawOff)
        }
        None => (life.trend()?, Why::LevelFalls),
    };
    let spare = Spare {
        at: newest.at,
        value: spare_m,
        off: TWO_SIDED_95 * noise_m,
    };
    falls_to(
        Foreseen::TankShort,
        why,
        spare,
        slope,
        rules.ahead.tank_days,
    )
}

/// The level at which a tank holds `volume_m3`; `None` if it never can, or nobody knows.
fn level_m(shape: &TankGeometry, volume_m3: f64) -> Option<f64> {
    let area = shape.area_m2.filter(|area| *area > 0.0)?;
    let level = shape.outlet_level_m.unwrap_or(0.0) + volume_m3 / area;
    shape
        .height_m
        .is_none_or(|top| level <= top)
        .then_some(level)
}

fn battery(one: &One, rules: &Rules, now: Timestamp) -> Option<Forecast> {
    let battery = one.state.battery.as_deref()?;
    let device = &rules.device;
    let ends_at = match battery.quantity() {
        Quantity::BatteryPct => device.battery_end_pct,
        _ => device.battery_end_v,
    };
    let value = battery.value();
    if battery.quantity() == Quantity::BatteryV && value > device.battery_max_v {
        return None;
    }
    let what = Foreseen::BatteryEnds;
    if value < ends_at {
        let since = one.state.newest_at.unwrap_or(now);
        return Some(Forecast::certain(what, Why::BatteryLow, since));
    }
    let spare = Spare {
        at: one.state.newest_at?,
        value: value - ends_at,
        off: 0.0,
    };
    falls_to(
        what,
        Why::BatteryFalls,
        spare,
        battery.slope()?,
        rules.ahead.battery_days,
    )
}

/// How far something stands above where it ends.
#[derive(Clone, Copy, Debug)]
struct Spare {
    /// When.
    at: Timestamp,
    /// By how much.
    value: f64,
    /// How far that may be off: half of its 95 % interval.
    off: f64,
}

/// When something has fallen by `spare` at a slope; `None` if that is not sure to come, or further off
/// than `within_days`.
fn falls_to(
    what: Foreseen,
    why: Why,
    spare: Spare,
    slope: Slope,
    within_days: f64,
) -> Option<Forecast> {
    let days = |value: f64, per_day: f32| {
        let days = value.max(0.0) / -f64::from(per_day);
        (per_day < 0.0 && days <= FURTHEST_DAYS).then_some(days)
    };
    let at = |days: f64| spare.at.plus_ms((days * DAY_MS as f64) as i64);
    let likely = days(spare.value, slope.per_day).filter(|days| *days <= within_days)?;
    // An upper bound that does not fall: it may be noise.
    if slope.high >= 0.0 && why != Why::DrawOff {
        return None;
    }
    Some(Forecast {
        what,
        why,
        at: at(likely),
        earliest: at(days(spare.value - spare.off, slope.low)?),
        latest: days(spare.value + spare.off, slope.high).map(at),
    })
}

/// A test counts for five years, while the pressure at rest stays within ± 20 % of the test's
/// (NFPA 291). Told of where a flow is owed.
fn flow_test(one: &One, rules: &Rules, now: Timestamp) -> Option<Forecast> {
    let source = &one.settings.source;
    source.requirement.flow_lps?;
    let (test, point) = one.settings.newest_test()?;
    let what = Foreseen::FlowTestExpires;
    let by_age = FlowTestPoint::valid_until(test.at);
    let at_rest = one
        .state
        .at_rest_kpa
        .filter(|_| source.taps_main() && !one.state.silent);
    if by_age > now && !point.still_valid(test.at, now, at_rest) {
        return Some(Forecast::certain(
            what,
            Why::StaticMoved,
            one.state.last().at,
        ));
    }
    let days = by_age.since_ms(now) as f64 / DAY_MS as f64;
    (days <= rules.ahead.flow_test_days).then(|| Forecast::certain(what, Why::Age, by_age))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn falls(per_day: f32, low: f32, high: f32, why: Why) -> Option<Forecast> {
        let slope = Slope { per_day, low, high };
        let spare = Spare {
            at: Timestamp::from_ms(0),
            value: 0.4,
            off: 0.0,
        };
        falls_to(Foreseen::TankShort, why, spare, slope, 60.0)
    }

    #[test]
    fn dates_come_from_the_slope_and_its_bounds() {
        let found = falls(-0.02, -0.04, -0.01, Why::LevelFalls).unwrap();
        let days = |at: Timestamp| (at.ms() as f64 / DAY_MS as f64).round();
        assert_eq!(days(found.at), 20.0);
        assert_eq!(days(found.earliest), 10.0);
        assert_eq!(found.latest.map(days), Some(40.0));
    }

    #[test]
    fn what_may_be_noise_or_lies_far_off_gives_no_date() {
        assert_eq!(falls(-0.02, -0.04, 0.001, Why::LevelFalls), None);
        assert_eq!(
            falls(-0.005, -0.006, -0.004, Why::LevelFalls),
            None,
            "80 days"
        );
        assert_eq!(falls(0.02, 0.01, 0.03, Why::LevelFalls), None);
        let drawn = falls(-20.0, -50.0, 10.0, Why::DrawOff).unwrap();
        assert_eq!(drawn.latest, None);
    }

    #[test]
    fn a_tank_that_can_never_hold_what_it_owes_gives_no_date() {
        let shape = TankGeometry {
            area_m2: Some(50.0),
            height_m: Some(3.0),
            outlet_level_m: Some(0.2),
            ..TankGeometry::default()
        };
        assert_eq!(level_m(&shape, 100.0), Some(2.2));
        assert_eq!(level_m(&shape, 150.0), None);
        assert_eq!(level_m(&TankGeometry::default(), 100.0), None);
    }
}
