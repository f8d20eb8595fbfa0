//! What a source's main quantity usually is at an hour of the day: small, learned, and shown.
//!
//! Weekday or weekend × 24 hours of local time (UTC+7), mean and σ in 16 bits each. The running hour
//! is gathered and folded in when it is over, with rate max(1/(days + 1), 1/14) and an outlier drawn
//! in to 3 σ: one odd day shifts little, a lasting change widens σ at once and is learned within
//! weeks. Hours that are not of a source's usual life (it was drawn from, low, sick, worked on) are
//! passed over.

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// Local time of Vietnam.
const LOCAL_OFFSET_MS: i64 = 7 * HOUR_MS;
/// Days of an hour before what is usual in it is known.
const LEARNED_DAYS: u32 = 3;
/// Days by which the rate of learning falls no further.
const SLOWEST_DAYS: u32 = 14;
/// An hour is drawn in to so many σ of what is usual in it.
const WINSOR_SIGMAS: f64 = 3.0;
/// What is between the middles of two hours is unsure by so many σ.
const UNSURE_SIGMAS: f64 = 3.0;
/// How much wider what is usual on weekdays is taken for a weekend that is not yet learned.
const BORROWED: f64 = 1.5;
/// Hours without a sample through which the value of an on-change device is known to have stood.
const STOOD_HOURS: i64 = 26;
/// The range of newest values is kept in two halves of so long: it covers 1.5 to 3 h.
const HALF_MS: i64 = 90 * 60_000;

/// What is usual at a moment: kPa or m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one sample from it.
    pub sigma: f64,
}

/// What is usual of a source's main quantity, to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Usual {
    /// Pressure or level.
    pub quantity: Quantity,
    /// Each hour of a weekday, then of a weekend, local time.
    pub hours: [[UsualHour; 24]; 2],
    /// The newest value, and what is usual at its moment.
    pub newest: Option<Newest>,
}

/// What is usual in one hour of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UsualHour {
    /// Days it was learned from; 14 stands for as many and more.
    pub days: u32,
    /// Mean and σ; `None` until three days of it are learned. A weekend may borrow from weekdays.
    pub expected: Option<Expected>,
}

/// The newest value beside what is usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Newest {
    /// When it was measured.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
    /// What is usual at that moment, once it is learned.
    pub expected: Option<Expected>,
}

/// The scale in which a baseline is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Pressure: mean in steps of 0.05 kPa from −100 kPa, σ in steps of 0.1 kPa.
    Pressure,
    /// Level: both in millimetres, the mean from −5 m.
    Level,
}

impl Scale {
    const fn steps(self) -> (f64, f64, f64) {
        match self {
            Self::Pressure => (-100.0, 0.05, 0.1),
            Self::Level => (-5.0, 0.001, 0.001),
        }
    }

    const fn quantity(self) -> Quantity {
        match self {
            Self::Pressure => Quantity::PressureKpa,
            Self::Level => Quantity::LevelM,
        }
    }

    /// σ is never taken for less: 2 kPa, or 1 cm.
    const fn least_sigma(self) -> f64 {
        match self {
            Self::Pressure => 2.0,
            Self::Level => 0.01,
        }
    }
}

/// One hour of the day: the mean in 16 bits, σ in 12, the days it was learned from in 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Slot(u32);

impl Slot {
    const fn days(self) -> u32 {
        self.0 & 0xF
    }

    fn expected(self, scale: Scale) -> Expected {
        let (from, step, sigma_step) = scale.steps();
        Expected {
            mean: from + f64::from(self.0 >> 16) * step,
            sigma: f64::from(self.0 >> 4 & 0xFFF) * sigma_step,
        }
    }

    fn of(expected: Expected, days: u32, scale: Scale) -> Self {
        let (from, step, sigma_step) = scale.steps();
        let coded = |value: f64, most: u32| value.round().clamp(0.0, f64::from(most)) as u32;
        let mean = coded((expected.mean - from) / step, 0xFFFF);
        let sigma = coded(expected.sigma / sigma_step, 0xFFF);
        Self(mean << 16 | sigma << 4 | days.min(SLOWEST_DAYS))
    }
}

/// The hour that is being gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Hour {
    /// Hours since 1970, local time.
    number: i32,
    samples: u16,
    /// It is not one of the source's usual life.
    spoiled: bool,
    mean: f32,
    /// Sum of the squares of what the samples are off the mean.
    squares: f32,
}

/// What is usual of one source's main quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    scale: Scale,
    weekday: [Slot; 24],
    weekend: [Slot; 24],
    hour: Hour,
    /// The newest value, and when it was measured.
    newest: (Timestamp, f32),
    /// Lowest and highest value of the half in which `newest` lies, and of the one before.
    halves: [Option<(f32, f32)>; 2],
}

impl Baseline {
    /// One that has learned nothing.
    pub fn new(scale: Scale) -> Self {
        Self {
            scale,
            weekday: [Slot::default(); 24],
            weekend: [Slot::default(); 24],
            hour: Hour::default(),
            newest: (Timestamp::MIN, 0.0),
            halves: [None; 2],
        }
    }

    /// The newest value, and when it was measured.
    pub const fn newest(&self) -> (Timestamp, f32) {
        self.newest
    }

    /// The newest value, if there is one yet.
    pub fn before(&self) -> Option<f64> {
        (self.newest.0 > Timestamp::MIN).then(|| f64::from(self.newest.1))
    }

    /// Takes a value that is not older than the newest. `usual`: the source lives its usual life;
    /// one sample that does not spoils its hour. `stands`: between two samples the value is known to
    /// have stood, for its device reports on change.
    pub fn take(&mut self, at: Timestamp, value: f64, usual: bool, stands: bool) {
        let number = local_hour(at);
        if number != self.hour.number {
            self.fold();
            if stands && self.hour.samples > 0 && !self.hour.spoiled {
                self.fold_standing(number);
            }
            self.hour = Hour {
                number,
                ..Hour::default()
            };
        }
        let hour = &mut self.hour;
        hour.samples = hour.samples.saturating_add(1);
        hour.spoiled |= !usual;
        let off = value as f32 - hour.mean;
        hour.mean += off / f32::from(hour.samples);
        hour.squares += off * (value as f32 - hour.mean);
        self.note_range(at, value as f32);
    }

    fn note_range(&mut self, at: Timestamp, value: f32) {
        let half = |at: Timestamp| at.ms().div_euclid(HALF_MS);
        match half(at) - half(self.newest.0) {
            0 => {}
            1 => self.halves = [None, self.halves[0]],
            _ => self.halves = [None; 2],
        }
        let (low, high) = self.halves[0].unwrap_or((value, value));
        self.halves[0] = Some((low.min(value), high.max(value)));
        self.newest = (at, value);
    }

    /// How far its values lay apart within the last 1.5 to 3 h.
    pub fn moved(&self) -> f32 {
        let halves = self.halves.iter().flatten();
        let (low, high) = halves.fold((f32::MAX, f32::MIN), |(low, high), half| {
            (low.min(half.0), high.max(half.1))
        });
        (high - low).max(0.0)
    }

    /// The hour is over: what is usual in it learns from it.
    fn fold(&mut self) {
        let hour = self.hour;
        if hour.samples == 0 || hour.spoiled {
            return;
        }
        let variance = f64::from(hour.squares) / f64::from(hour.samples);
        self.learn(hour.number, f64::from(hour.mean), variance.max(0.0));
    }

    /// The hours from the gathered one to `number`, in which the newest value stood.
    fn fold_standing(&mut self, number: i32) {
        let first = self.hour.number + 1;
        if i64::from(number) - i64::from(first) <= STOOD_HOURS {
            for stood in first..number {
                self.learn(stood, f64::from(self.newest.1), 0.0);
            }
        }
    }

    fn learn(&mut self, number: i32, mean: f64, variance: f64) {
        let scale = self.scale;
        let least = scale.least_sigma();
        let slot = self.slot_mut(number);
        let days = slot.days();
        let usual = slot.expected(scale);
        let learned = if days == 0 {
            Expected {
                mean,
                sigma: variance.sqrt(),
            }
        } else {
            let rate = 1.0 / f64::from((days + 1).min(SLOWEST_DAYS));
            let mut off = mean - usual.mean;
            if days >= LEARNED_DAYS {
                let limit = WINSOR_SIGMAS * usual.sigma.max(least);
                off = off.clamp(-limit, limit);
            }
            let spread = usual.sigma * usual.sigma + rate * off * off;
            Expected {
                mean: usual.mean + rate * off,
                sigma: ((1.0 - rate) * spread + rate * variance).sqrt(),
            }
        };
        *slot = Slot::of(learned, days + 1, scale);
    }

    fn slot_mut(&mut self, number: i32) -> &mut Slot {
        let (weekend, hour) = day_and_hour(number);
        if weekend {
            &mut self.weekend[hour]
        } else {
            &mut self.weekday[hour]
        }
    }

    /// What is usual in an hour, if it is learned; a weekend that is not borrows from the weekdays.
    fn slot(&self, number: i32) -> Option<Expected> {
        let (weekend, hour) = day_and_hour(number);
        let learned = |slot: Slot| {
            // A few days say little of how much days differ.
            let unsure = 1.0 + 2.0 / f64::from(slot.days().max(1));
            let Expected { mean, sigma } = slot.expected(self.scale);
            let sigma = (sigma * unsure).max(self.scale.least_sigma());
            (slot.days() >= LEARNED_DAYS).then_some(Expected { mean, sigma })
        };
        let weekday = || learned(self.weekday[hour]);
        if weekend {
            let borrowed = |e: Expected| Expected {
                sigma: e.sigma * BORROWED,
                ..e
            };
            learned(self.weekend[hour]).or_else(|| weekday().map(borrowed))
        } else {
            weekday()
        }
    }

    /// What is usual at `at`, between the middles of its hours; `None` until it is learned. σ is
    /// never less than `resolution`, nor than 2 kPa or 1 cm.
    pub fn expected(&self, at: Timestamp, resolution: Option<f64>) -> Option<Expected> {
        let here = self.slot(local_hour(at))?;
        let into_hour = (at.ms() + LOCAL_OFFSET_MS).rem_euclid(HOUR_MS) as f64 / HOUR_MS as f64;
        let (other, share) = if into_hour < 0.5 {
            (self.slot(local_hour(at) - 1), 0.5 - into_hour)
        } else {
            (self.slot(local_hour(at) + 1), into_hour - 0.5)
        };
        let (mean, sigma) = other.map_or((here.mean, here.sigma), |other| {
            let off = (other.mean - here.mean) * share;
            // When in between the change comes is not known: pumps switch at full hours.
            let sigma = here.sigma.max(other.sigma).hypot(off / UNSURE_SIGMAS);
            (here.mean + off, sigma)
        });
        Some(Expected {
            mean,
            sigma: sigma.max(resolution.unwrap_or(0.0)),
        })
    }

    /// All of it, to be shown.
    pub fn usual(&self, resolution: Option<f64>) -> Usual {
        let expected = self.shown();
        let days = [&self.weekday, &self.weekend];
        let hour = |half: usize, hour: usize| UsualHour {
            days: days[half][hour].days(),
            expected: expected[half][hour],
        };
        let newest = self.before().map(|value| Newest {
            at: self.newest.0,
            value,
            expected: self.expected(self.newest.0, resolution),
        });
        Usual {
            quantity: self.scale.quantity(),
            hours: std::array::from_fn(|half| std::array::from_fn(|at| hour(half, at))),
            newest,
        }
    }

    /// What is usual in each hour of a weekday, then of a weekend, by local time: to be shown.
    pub fn shown(&self) -> [[Option<Expected>; 24]; 2] {
        // 1970-01-01 was a Thursday, 1970-01-03 a Saturday.
        [0, 48].map(|first| std::array::from_fn(|hour| self.slot(first + hour as i32)))
    }
}

/// The number of the hour since 1970, local time.
pub fn local_hour(at: Timestamp) -> i32 {
    (at.ms() + LOCAL_OFFSET_MS).div_euclid(HOUR_MS) as i32
}

/// Whether it lies in a weekend, and the hour of the day.
fn day_and_hour(number: i32) -> (bool, usize) {
    let hours_of_day = (DAY_MS / HOUR_MS) as i32;
    let day = number.div_euclid(hours_of_day);
    // Day 0 was a Thursday.
    let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
    (weekend, number.rem_euclid(hours_of_day) as usize)
}

#[cfg(test)]
mod tests;
