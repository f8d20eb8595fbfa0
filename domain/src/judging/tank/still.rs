//! The levels at which nothing moves: one point each six hours (of a tank that also serves daily
//! use: each hour of the night), the mean of its readings, for two weeks. A draw-off, a refill or
//! rain begins a new part.

use serde::{Deserialize, Serialize};

use super::life::{Around, Level};
use super::usual::hour_of_day;
use crate::judging::rules::LeakFound;
use crate::judging::trend::{Point, Slope, slope};
use crate::time::{MINUTE_MS, Timestamp};

/// Points kept: fourteen days of four.
const KEPT: usize = 56;
/// Minutes of a point.
const SLOT_MIN: i64 = 360;
/// Of a tank that also serves daily use.
const NIGHT_SLOT_MIN: i64 = 60;
const MINUTES_PER_DAY: i32 = 1_440;
/// Vietnam's offset from UTC: slots begin at its midnight.
const LOCAL_OFFSET_MIN: i64 = 420;

/// The still levels of a tank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Still {
    points: Vec<Point>,
    slot: Option<Slot>,
    /// The next point begins a new part.
    parted: bool,
    /// When the level last rose, minutes since 1970.
    risen_min: Option<i32>,
    /// The day on which a leak was last looked for.
    looked_day: i32,
    /// The leak found, with the beginning of what showed it.
    leak: Option<(Slope, i32)>,
    /// How fast the level changes where nothing but a leak or the sun moves it.
    trend: Option<Slope>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Slot {
    number: i64,
    readings: u16,
    /// Sums, of levels and of minutes after the slot's beginning.
    level_m: f64,
    minutes: f64,
}

impl Still {
    /// Takes a level at which nothing moves. Returns whether it is time to look for leaks: once a
    /// day.
    pub fn note(&mut self, level: Level, around: &Around<'_>) -> bool {
        let daily_use = around.shape.daily_use;
        let slot_min = if daily_use { NIGHT_SLOT_MIN } else { SLOT_MIN };
        let minutes = level.at.ms() as f64 / MINUTE_MS as f64;
        let local_min = level.at.ms().div_euclid(MINUTE_MS) + LOCAL_OFFSET_MIN;
        let number = local_min.div_euclid(slot_min);
        let due = match self.slot {
            Some(slot) if slot.number != number => self.close_slot(slot_min, around),
            _ => false,
        };
        if daily_use && !around.rules.tank_leak.is_night(hour_of_day(level.at)) {
            self.parted = true;
            return due;
        }
        let begins = (number * slot_min - LOCAL_OFFSET_MIN) as f64;
        let slot = self.slot.get_or_insert(Slot {
            number,
            readings: 0,
            level_m: 0.0,
            minutes: 0.0,
        });
        slot.readings = slot.readings.saturating_add(1);
        slot.level_m += level.m;
        slot.minutes += minutes - begins;
        due
    }

    fn close_slot(&mut self, slot_min: i64, around: &Around<'_>) -> bool {
        let Some(slot) = self.slot.take() else {
            return false;
        };
        let readings = f64::from(slot.readings);
        let begins = slot.number * slot_min - LOCAL_OFFSET_MIN;
        let at_min = begins as i32 + (slot.minutes / readings) as i32;
        let part = self.points.last().map_or(0, |point| point.part);
        let part = part.wrapping_add(u16::from(self.parted));
        let days = i32::from(around.rules.tank_leak.max_days.max(1));
        let oldest = at_min - days * MINUTES_PER_DAY;
        let surplus = (self.points.len() + 1).saturating_sub(KEPT);
        let aged = self.points.partition_point(|point| point.at_min < oldest);
        self.points.drain(..surplus.max(aged));
        self.points.reserve_exact(1);
        self.points.push(Point {
            at_min,
            value: (slot.level_m / readings) as f32,
            part,
        });
        self.parted = false;
        let day = (i64::from(at_min) + LOCAL_OFFSET_MIN).div_euclid(i64::from(MINUTES_PER_DAY));
        std::mem::replace(&mut self.looked_day, day as i32) != day as i32
    }

    /// The level moved: what comes after belongs to another part.
    pub fn break_off(&mut self, at: Timestamp, rises: bool) {
        self.slot = None;
        self.parted = true;
        if rises {
            self.risen_min = Some((at.ms() / MINUTE_MS) as i32);
        }
    }

    /// Looks for a leak in what is kept.
    pub fn look(&mut self, around: &Around<'_>) -> LeakFound {
        let rule = &around.rules.tank_leak;
        let found = rule.assess(&self.points, around.shape, around.resolution_m);
        let first_min = self.points.first().map_or(0, |point| point.at_min);
        self.leak = match found {
            LeakFound::Leaks(slope) => Some((slope, first_min)),
            LeakFound::Sound => None,
            LeakFound::Unsure => self.leak,
        };
        let by_itself = self.risen_min.is_none_or(|risen| risen < first_min);
        let whole = by_itself && !around.shape.daily_use;
        self.trend = match found {
            LeakFound::Leaks(slope) if whole => Some(slope),
            _ if whole => slope(&self.points),
            _ => None,
        };
        found
    }

    /// From when on the levels are kept that show a leak.
    pub fn leaks_since(&self) -> Option<Timestamp> {
        let (_, first_min) = self.leak?;
        Some(Timestamp::from_ms(i64::from(first_min) * MINUTE_MS))
    }

    /// How fast the level changes by itself, m a day; `None`: unknown, or it is refilled.
    pub const fn trend(&self) -> Option<Slope> {
        self.trend
    }

    /// The clock by which the levels were timed was off: each moment is another.
    pub fn shift(&mut self, moved: impl Fn(Timestamp) -> Timestamp) {
        for point in &mut self.points {
            let at = Timestamp::from_ms(i64::from(point.at_min) * MINUTE_MS);
            point.at_min = (moved(at).ms() / MINUTE_MS) as i32;
        }
        self.slot = None;
    }
}
