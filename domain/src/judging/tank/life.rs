//! A tank's level, followed: what noise is, when it falls, when the fall is over, and the clock of
//! the refilling that is owed then.

use serde::{Deserialize, Serialize};

use super::still::Still;
use super::usual::Usual;
use crate::judging::rules::{LeakFound, Rules, UsualFall};
use crate::judging::trend::Slope;
use crate::source::TankGeometry;
use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// The age of the level that slow falls are measured from, ms: this to twice this.
const BACK_MS: i64 = 30 * MINUTE_MS;
/// A fall over a longer gap is held against what could fall in this time, ms.
const LONGEST_SPAN_MS: i64 = 12 * HOUR_MS;
/// Two readings further apart than this teach nothing of noise and hours, ms.
const LONGEST_STEP_MS: i64 = 3 * HOUR_MS;
/// Readings from which on the noise is known.
const NOISE_KNOWN: u8 = 12;
/// Over so many readings it is averaged.
const NOISE_OVER: u8 = 64;
/// Before that it counts as at least this, m.
const NOISE_UNKNOWN_M: f64 = 0.005;

/// A level and its time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// When it was measured.
    pub at: Timestamp,
    /// Above the floor, m.
    pub m: f64,
}

/// What is known of a tank beside its levels.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The rules that hold for it.
    pub rules: &'a Rules,
    /// Its shape.
    pub shape: &'a TankGeometry,
    /// What it owes, m³.
    pub required_m3: Option<f64>,
    /// Its sensor's smallest step, m.
    pub resolution_m: f64,
    /// Wall time.
    pub now: Timestamp,
}

/// Everything that is remembered of a tank beside what every source has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TankLife {
    /// The newest level.
    pub newest: Option<Level>,
    /// The level half an hour to an hour before, and the one that takes its place.
    back: [Option<Level>; 2],
    noise: Noise,
    /// A fall that lasts.
    pub fall: Option<Fall>,
    /// The refilling that is owed.
    pub refill: Option<Refill>,
    /// What is usual at each hour: of tanks that also serve daily use.
    usual: Option<Box<Usual>>,
    still: Still,
}

/// A fall of the level that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fall {
    /// The level before it.
    pub from: Level,
    /// The newest level that went on falling.
    pub lowest: Level,
    /// How far it had to fall, m.
    limit_m: f64,
    /// Whether a second reading says the same.
    pub confirmed: bool,
}

impl Fall {
    /// How fast the level falls, m/ms.
    pub fn m_per_ms(&self) -> f64 {
        let ms = self.lowest.at.since_ms(self.from.at).max(1);
        (self.from.m - self.lowest.m) / ms as f64
    }
}

/// The refilling that a draw-off left owing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refill {
    /// When the draw-off ended: the clock does not start again before the tank has recovered.
    pub since: Timestamp,
    /// When it held what it owes again; it must for as long as alerts can be re-opened.
    pub recovered_at: Option<Timestamp>,
}

/// What a level brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turned {
    /// A fall that was confirmed and is over.
    pub over: Option<Fall>,
    /// It is time to look for leaks.
    pub look_for_leaks: bool,
}

/// How much one reading differs from the one before while nothing happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Noise {
    mean_m: f32,
    readings: u8,
}

impl Noise {
    fn learn(&mut self, difference_m: f64) {
        self.readings = (self.readings + 1).min(NOISE_OVER);
        let off = difference_m.abs() as f32 - self.mean_m;
        self.mean_m += off / f32::from(self.readings);
    }

    /// The standard deviation of a difference, m: 1.2533 mean absolute deviations.
    fn deviation_m(self, resolution_m: f64) -> f64 {
        let known = f64::from(self.mean_m) * 1.2533;
        let least = if self.readings < NOISE_KNOWN {
            NOISE_UNKNOWN_M.max(2.0 * resolution_m)
        } else {
            resolution_m
        };
        known.max(least)
    }
}

impl TankLife {
    /// Takes the next level.
    pub fn take(&mut self, level: Level, around: &Around<'_>) -> Turned {
        let mut turned = Turned::default();
        let Some(before) = self.newest else {
            self.stand_at(level);
            return turned;
        };
        if level.at <= before.at {
            return turned;
        }
        match self.fall.take() {
            Some(fall) => turned.over = self.follow(fall, level, around),
            None => turned.look_for_leaks = self.watch(before, level, around),
        }
        self.learn_hours(before, level, around);
        self.newest = Some(level);
        self.move_back(level);
        if let Some(fall) = turned.over {
            self.owe_refill(fall.lowest.at, level.m, around);
            self.stand_at(level);
        }
        self.recover(level, around);
        turned
    }

    fn stand_at(&mut self, level: Level) {
        self.newest = Some(level);
        self.back = [None, Some(level)];
    }

    fn move_back(&mut self, level: Level) {
        if self.back[1].is_none_or(|young| level.at.since_ms(young.at) >= BACK_MS) {
            self.back = [self.back[1], Some(level)];
        }
    }

    /// A level while nothing falls: does it begin to? Returns whether to look for leaks.
    fn watch(&mut self, before: Level, level: Level, around: &Around<'_>) -> bool {
        for from in [Some(before), self.back[0]].into_iter().flatten() {
            let (fallen_m, limit_m) = self.fallen(from, level, around);
            if fallen_m > limit_m {
                self.fall = Some(Fall {
                    from,
                    lowest: level,
                    limit_m,
                    confirmed: false,
                });
                self.still.break_off(level.at, false);
                return false;
            }
            let moved_m = level.m - from.m;
            let span_ms = level.at.since_ms(from.at).min(LONGEST_SPAN_MS);
            let noise_m = self.noise.deviation_m(around.resolution_m);
            if moved_m.abs() > around.rules.tank_drawoff.limit_m(span_ms, noise_m, None) {
                self.still.break_off(level.at, moved_m > 0.0);
                return false;
            }
        }
        if level.at.since_ms(before.at) <= LONGEST_STEP_MS {
            self.noise.learn(level.m - before.m);
        }
        self.still.note(level, around)
    }

    /// How far the level has fallen since `from` beyond what is usual, and how far it would have to
    /// for a draw-off, m.
    fn fallen(&self, from: Level, level: Level, around: &Around<'_>) -> (f64, f64) {
        let span_ms = level.at.since_ms(from.at).min(LONGEST_SPAN_MS);
        let usual = self.usual_fall(from.at, level.at, around);
        let noise_m = self.noise.deviation_m(around.resolution_m);
        let limit_m = around.rules.tank_drawoff.limit_m(span_ms, noise_m, usual);
        // What is usual must not make a level that stands still look like a fall.
        let expected_m = usual
            .filter(|u| u.learned)
            .map_or(0.0, |u| u.fall_m.max(0.0));
        (from.m - level.m - expected_m, limit_m)
    }

    fn usual_fall(
        &self,
        from: Timestamp,
        until: Timestamp,
        around: &Around<'_>,
    ) -> Option<UsualFall> {
        let days = around.rules.tank_drawoff.learned_days;
        let unknown = UsualFall {
            fall_m: 0.0,
            deviation_m: 0.0,
            learned: false,
        };
        let usual = self.usual.as_deref();
        around
            .shape
            .daily_use
            .then(|| usual.map_or(unknown, |usual| usual.fall(from, until, days)))
    }

    /// A level while it falls. Returns the fall if it was confirmed and is over.
    fn follow(&mut self, mut fall: Fall, level: Level, around: &Around<'_>) -> Option<Fall> {
        let (on_m, on_limit_m) = self.fallen(fall.lowest, level, around);
        let noise_m = self.noise.deviation_m(around.resolution_m);
        if !fall.confirmed {
            let usual = self.usual_fall(fall.from.at, level.at, around);
            let usual_m = usual
                .filter(|u| u.learned)
                .map_or(0.0, |u| u.fall_m.max(0.0));
            if fall.from.m - level.m - usual_m <= fall.limit_m {
                return None;
            }
            fall.confirmed = true;
        }
        let span_ms = level.at.since_ms(fall.lowest.at);
        if on_m > around.rules.tank_drawoff.goes_on_m(span_ms, noise_m) {
            fall.lowest = level;
            self.fall = Some(fall);
            return None;
        }
        let rises = level.m - fall.lowest.m > on_limit_m;
        let end_ms = i64::from(around.rules.tank_drawoff.end_for_s) * 1_000;
        if rises || span_ms >= end_ms {
            self.still.break_off(level.at, rises);
            return Some(fall);
        }
        self.fall = Some(fall);
        None
    }

    fn learn_hours(&mut self, before: Level, level: Level, around: &Around<'_>) {
        if !around.shape.daily_use {
            self.usual = None;
        } else if level.at.since_ms(before.at) <= LONGEST_STEP_MS {
            let usual = self.usual.get_or_insert_default();
            usual.learn(before.at, level.at, before.m - level.m);
        }
    }

    /// Nobody speaks of the fall any more: it was over with the last word of it. Of a device that
    /// reports on change one reading was enough.
    pub fn end_unheard(&mut self, on_change: bool, around: &Around<'_>) -> Turned {
        let over = self.fall.take().filter(|fall| fall.confirmed || on_change);
        if let (Some(fall), Some(newest)) = (over, self.newest) {
            self.still.break_off(newest.at, false);
            self.owe_refill(fall.lowest.at, newest.m, around);
        }
        Turned {
            over,
            look_for_leaks: false,
        }
    }

    /// A draw-off ended: if less is left than is owed, the clock of the refilling starts, unless it
    /// runs already.
    fn owe_refill(&mut self, ended_at: Timestamp, level_m: f64, around: &Around<'_>) {
        if self.refill.is_none() && around.is_short(level_m) {
            self.refill = Some(Refill {
                since: ended_at,
                recovered_at: None,
            });
        }
    }

    /// The clock stops when the tank holds what it owes, and for as long as alerts are re-opened.
    fn recover(&mut self, level: Level, around: &Around<'_>) {
        let Some(refill) = &mut self.refill else {
            return;
        };
        if around.required_m3.is_none() {
            self.refill = None;
        } else if around.is_short(level.m) {
            refill.recovered_at = None;
        } else {
            let since = *refill.recovered_at.get_or_insert(level.at);
            let reopen_ms = i64::from(around.rules.common.reopen_within_s) * 1_000;
            if level.at.since_ms(since) >= reopen_ms {
                self.refill = None;
            }
        }
    }

    /// Looks for a leak in the still levels.
    pub fn look_for_leaks(&mut self, around: &Around<'_>) -> LeakFound {
        self.still.look(around)
    }

    /// From when on the levels are kept that show a leak.
    pub fn leaks_since(&self) -> Option<Timestamp> {
        self.still.leaks_since()
    }

    /// How fast the level changes by itself, m a day.
    pub const fn trend(&self) -> Option<Slope> {
        self.still.trend()
    }

    /// The deviation of one reading from the one before, m.
    pub fn noise_m(&self, resolution_m: f64) -> f64 {
        self.noise.deviation_m(resolution_m)
    }

    /// Another sensor speaks: levels before are no measure of its own. The clock runs on.
    pub fn forget_sensor(&mut self) {
        *self = Self {
            refill: self.refill,
            usual: self.usual.take(),
            ..Self::default()
        };
    }

    /// The device's clock turned out to be off: what was timed by it moves along, but not beyond
    /// `latest`.
    pub fn shift(&mut self, by_ms: i64, latest: Timestamp) {
        let moved_at = |at: Timestamp| at.plus_ms(by_ms).min(latest.max(at));
        let moved = |level: Level| Level {
            at: moved_at(level.at),
            ..level
        };
        self.newest = self.newest.map(moved);
        self.back = self.back.map(|back| back.map(moved));
        self.still.shift(moved_at);
        self.fall = self.fall.map(|fall| Fall {
            from: moved(fall.from),
            lowest: moved(fall.lowest),
            ..fall
        });
        if let Some(refill) = &mut self.refill {
            refill.since = moved_at(refill.since);
            refill.recovered_at = refill.recovered_at.map(moved_at);
        }
    }
}

impl Around<'_> {
    /// Whether a level is less than what is owed.
    fn is_short(&self, level_m: f64) -> bool {
        let volume = self.shape.volume_m3(level_m);
        self.required_m3
            .zip(volume)
            .is_some_and(|(required, volume)| volume < required)
    }
}
