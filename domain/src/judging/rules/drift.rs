//! DRIFT: a sensor that wanders off from its neighbours, told by the change of its pressure at night
//! since it was commissioned. The change, for a difference of height alone is one of pressure.

use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// Local time of Vietnam.
const LOCAL_OFFSET_MS: i64 = 7 * HOUR_MS;
/// The hours in which least is drawn.
const NIGHT_MS: std::ops::Range<i64> = 2 * HOUR_MS..4 * HOUR_MS;
/// By then every neighbour that reports has told of its night.
const MORNING_MS: i64 = 6 * HOUR_MS;
/// Nights by which a sensor is commissioned.
const COMMISSIONING: u8 = 7;
/// Nights over which a drift must grow.
const GROWING: usize = 14;
/// How even its growth must be: the share of its variance that a straight line explains. A step's is
/// 0.75 at most.
const EVEN: f64 = 0.85;
/// A change below this is not followed, kPa.
const FOLLOWED_KPA: f64 = 4.0;

/// A sensor that wanders off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// Beyond this change against its neighbours it has drifted, kPa.
    pub limit_kpa: f64,
    /// By so much it must have grown within the last 14 nights, kPa.
    pub growth_kpa: f64,
    /// Back within this it has been put right, kPa.
    pub end_kpa: f64,
    /// Neighbours that must be known.
    pub neighbours: u8,
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            limit_kpa: 20.0,
            growth_kpa: 5.0,
            end_kpa: 10.0,
            neighbours: 3,
        }
    }
}

/// A source's nights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Nights {
    /// The night that is being gathered, in days since 1970 by local time, its samples and their mean.
    night: i32,
    samples: u16,
    mean: f32,
    /// What the nights of its commissioning were at, and how many there are.
    reference: f32,
    learned: u8,
    /// The newest night that is over: its change since.
    change: f32,
    changed_on: i32,
    /// Whether that was held against the neighbours.
    compared: bool,
    /// The changes against the neighbours of the newest nights in a row, in 0.1 kPa; kept only while
    /// there is one.
    course: Vec<i16>,
}

/// How a source stands to its neighbours after a night.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course {
    /// It has drifted by so much, kPa.
    Drifts(f64),
    /// It is where it was.
    Back,
    /// Neither.
    Between,
}

impl Nights {
    /// Takes a reading; `usual`: the source lives its usual life.
    pub fn take(&mut self, at: Timestamp, value: f64, usual: bool) {
        let (day, into_day_ms) = local(at);
        if self.samples > 0 && (day != self.night || into_day_ms >= NIGHT_MS.end) {
            self.fold();
        }
        if usual && NIGHT_MS.contains(&into_day_ms) {
            self.night = day;
            self.samples = self.samples.saturating_add(1);
            self.mean += (value as f32 - self.mean) / f32::from(self.samples);
        }
    }

    fn fold(&mut self) {
        let mean = std::mem::take(&mut self.mean);
        self.samples = 0;
        if self.learned < COMMISSIONING {
            self.learned += 1;
            self.reference += (mean - self.reference) / f32::from(self.learned);
            return;
        }
        self.change = mean - self.reference;
        self.changed_on = self.night;
        self.compared = false;
    }

    /// The newest night that is over, as a day, and its change since commissioning, kPa.
    pub fn change(&self) -> Option<(i32, f32)> {
        (self.changed_on != 0).then_some((self.changed_on, self.change))
    }

    /// The night that is to be held against the neighbours' now: once each morning.
    pub fn due(&self, at: Timestamp) -> Option<i32> {
        let (day, into_day_ms) = local(at);
        let due = self.changed_on == day && into_day_ms >= MORNING_MS && !self.compared;
        due.then_some(day)
    }

    /// Holds the night against the changes of neighbours in the same night; `None`: too few.
    pub fn compare(&mut self, rule: &Drift, mut neighbours: Vec<f32>) -> Option<Course> {
        self.compared = true;
        if neighbours.len() < usize::from(rule.neighbours.max(1)) {
            return None;
        }
        neighbours.sort_by(f32::total_cmp);
        let own_kpa = f64::from(self.change - neighbours[neighbours.len() / 2]);
        if own_kpa.abs() < FOLLOWED_KPA {
            self.course = Vec::new();
        } else {
            if self.course.len() == GROWING {
                self.course.remove(0);
            }
            self.course
                .push((own_kpa * 10.0).round().clamp(-32_000.0, 32_000.0) as i16);
        }
        Some(if own_kpa.abs() <= rule.end_kpa {
            Course::Back
        } else if own_kpa.abs() > rule.limit_kpa && self.grows(rule, own_kpa) {
            Course::Drifts(own_kpa)
        } else {
            Course::Between
        })
    }

    fn grows(&self, rule: &Drift, own_kpa: f64) -> bool {
        if self.course.len() < GROWING {
            return false;
        }
        let n = GROWING as f64;
        let y = || self.course.iter().map(|tenths| f64::from(*tenths) / 10.0);
        let (mid_x, mid_y) = ((n - 1.0) / 2.0, y().sum::<f64>() / n);
        let off = || y().enumerate().map(|(x, y)| (x as f64 - mid_x, y - mid_y));
        let xx: f64 = off().map(|(x, _)| x * x).sum();
        let xy: f64 = off().map(|(x, y)| x * y).sum();
        let yy: f64 = off().map(|(_, y)| y * y).sum();
        let growth_kpa = xy / xx * (n - 1.0) * own_kpa.signum();
        growth_kpa >= rule.growth_kpa && xy * xy >= EVEN * xx * yy
    }
}

/// Days since 1970 and milliseconds into the day, by local time.
fn local(at: Timestamp) -> (i32, i64) {
    let ms = at.ms() + LOCAL_OFFSET_MS;
    (ms.div_euclid(DAY_MS) as i32, ms.rem_euclid(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A night at so many kPa each, every fifteen minutes, beside neighbours that changed by `around`.
    fn nights(kpa: impl IntoIterator<Item = f64>, around: &[f32]) -> Vec<Option<Course>> {
        let mut nights = Nights::default();
        let mut courses = Vec::new();
        for (day, kpa) in (20_000_i64..).zip(kpa) {
            for quarter in 0..96 {
                let at = day * DAY_MS - LOCAL_OFFSET_MS + quarter * DAY_MS / 96;
                let at = Timestamp::from_ms(at);
                let at_night = (8..16).contains(&quarter);
                nights.take(at, if at_night { kpa } else { 0.0 }, true);
                if nights.due(at).is_some() {
                    courses.push(nights.compare(&Drift::default(), around.to_vec()));
                }
            }
        }
        courses
    }

    fn drifts(courses: &[Option<Course>]) -> usize {
        let drifts = |course: &&Option<Course>| matches!(course, Some(Course::Drifts(_)));
        courses.iter().filter(drifts).count()
    }

    #[test]
    fn only_a_change_that_grows_night_by_night_against_the_neighbours_is_a_drift() {
        let day = f64::from;
        type Nightly = Box<dyn Fn(i32) -> f64>;
        let table: [(&str, Nightly, &[f32], bool); 6] = [
            ("steady", Box::new(|_| 300.0), &[0.0; 3], false),
            (
                "2 kPa a day",
                Box::new(move |n| 300.0 - 2.0 * day((n - 7).max(0))),
                &[0.0; 3],
                true,
            ),
            (
                "a step",
                Box::new(|n| if n < 14 { 300.0 } else { 260.0 }),
                &[0.0; 3],
                false,
            ),
            (
                "up",
                Box::new(move |n| 300.0 + 2.0 * day((n - 7).max(0))),
                &[0.0; 3],
                true,
            ),
            (
                "two neighbours",
                Box::new(move |n| 300.0 - 2.0 * day(n)),
                &[0.0; 2],
                false,
            ),
            (
                "all of them",
                Box::new(|n| if n < 7 { 300.0 } else { 260.0 }),
                &[-40.0; 3],
                false,
            ),
        ];
        for (name, kpa, around, expected) in table {
            let courses = nights((0..34).map(kpa), around);
            assert_eq!(drifts(&courses) > 0, expected, "{name}");
        }
    }

    #[test]
    fn a_sensor_put_right_is_back() {
        let day = f64::from;
        let kpa = |n: i32| {
            if n < 30 {
                300.0 - 2.0 * day((n - 7).max(0))
            } else {
                300.0
            }
        };
        let courses = nights((0..32).map(kpa), &[0.0; 4]);
        assert_eq!(courses.last(), Some(&Some(Course::Back)));
    }
}
