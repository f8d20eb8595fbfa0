//! The same low hour on several days: work for the water company, not a page each evening. Of
//! LOW_STATIC only, never of a critical one, and never while a fire burns near.

use serde::{Deserialize, Serialize};

/// When a low hour is one of every day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EveryDay {
    /// Days of the last seven on which that hour, or one beside it, was low.
    pub days: u8,
    /// A day with more low hours than this has no low hour: it is low altogether.
    pub max_hours: u8,
    /// Further below the usual low than this is another matter, kPa.
    pub drop_kpa: f64,
}

impl Default for EveryDay {
    fn default() -> Self {
        Self {
            days: 3,
            max_hours: 12,
            drop_kpa: 15.0,
        }
    }
}

const HOURS: usize = 24;

/// The hours at which a source was low, today and on the seven days before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LowHours {
    /// The local day that bit 0 stands for; bit 1 is the day before.
    day: i32,
    hours: [u8; HOURS],
    /// The lowest of that day, kPa.
    today_kpa: f32,
    /// What is usual: a slow mean of the days' lowest, kPa.
    usual_kpa: Option<f32>,
}

impl LowHours {
    /// None yet.
    pub const fn new(local_hour: i32) -> Self {
        Self {
            day: local_hour.div_euclid(HOURS as i32),
            hours: [0; HOURS],
            today_kpa: f32::INFINITY,
            usual_kpa: None,
        }
    }

    /// It is low in this hour: the number of the hour since 1970, local time.
    pub fn note(&mut self, local_hour: i32, kpa: f64) {
        self.turn_to(local_hour.div_euclid(HOURS as i32));
        self.hours[of_day(local_hour)] |= 1;
        self.today_kpa = self.today_kpa.min(kpa as f32);
    }

    /// Whether being as low as that at this hour is what every day brings.
    pub fn is_usual(&self, rule: &EveryDay, local_hour: i32, kpa: f64) -> bool {
        let deeper = self
            .usual_kpa
            .is_some_and(|usual| kpa < f64::from(usual) - rule.drop_kpa);
        let mut now = self.clone();
        now.turn_to(local_hour.div_euclid(HOURS as i32));
        !deeper && now.days_at(rule, of_day(local_hour)) >= u32::from(rule.days)
    }

    /// Whether any hour is low day after day.
    pub fn has_pattern(&self, rule: &EveryDay, local_hour: i32) -> bool {
        let mut now = self.clone();
        now.turn_to(local_hour.div_euclid(HOURS as i32));
        (0..HOURS).any(|hour| now.days_at(rule, hour) >= u32::from(rule.days))
    }

    /// The hours that are low day after day, by their bits.
    pub fn usually_low(&self, rule: &EveryDay, local_hour: i32) -> u32 {
        let mut now = self.clone();
        now.turn_to(local_hour.div_euclid(HOURS as i32));
        let low = (0..HOURS).filter(|hour| {
            let days = (1..8)
                .filter(|day| now.hours[*hour] & (1 << day) != 0 && !now.is_all_low(rule, *day));
            days.count() >= usize::from(rule.days)
        });
        low.fold(0, |bits, hour| bits | 1 << hour)
    }

    /// On how many of the seven days before today that hour or one beside it was low.
    fn days_at(&self, rule: &EveryDay, hour: usize) -> u32 {
        let before = (hour + HOURS - 1) % HOURS;
        let after = (hour + 1) % HOURS;
        let low = self.hours[before] | self.hours[hour] | self.hours[after];
        let counts = |day: &u32| low & (1 << day) != 0 && !self.is_all_low(rule, *day);
        (1..8).filter(counts).count() as u32
    }

    fn is_all_low(&self, rule: &EveryDay, day: u32) -> bool {
        let low = self.hours.iter().filter(|bits| **bits & (1 << day) != 0);
        low.count() > usize::from(rule.max_hours)
    }

    fn turn_to(&mut self, day: i32) {
        let passed = day.saturating_sub(self.day);
        if passed <= 0 {
            return;
        }
        self.day = day;
        for bits in &mut self.hours {
            *bits = if passed < 8 { *bits << passed } else { 0 };
        }
        if self.today_kpa.is_finite() {
            let lowest = std::mem::replace(&mut self.today_kpa, f32::INFINITY);
            self.usual_kpa = Some(match self.usual_kpa {
                Some(usual) => usual + (lowest - usual) / 3.0,
                None => lowest,
            });
        }
    }
}

const fn of_day(local_hour: i32) -> usize {
    local_hour.rem_euclid(HOURS as i32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Low at 80 kPa in these hours of these days.
    fn low(hours: &[(i32, i32)]) -> LowHours {
        let mut low = LowHours::new(0);
        for (day, hour) in hours {
            low.note(day * 24 + hour, 80.0);
        }
        low
    }

    #[test]
    fn an_hour_is_usual_after_three_of_the_seven_days_before() {
        let rule = EveryDay::default();
        // Low hours as (day, hour), the day and hour asked for, how low, and whether that is usual.
        type Row = (&'static [(i32, i32)], (i32, i32), f64, bool);
        let table: [Row; 10] = [
            (&[(1, 19), (2, 19), (3, 19)], (4, 19), 80.0, true),
            (&[(1, 19), (2, 19)], (4, 19), 80.0, false),
            (&[(1, 19), (2, 19), (4, 19)], (4, 19), 80.0, false),
            (&[(1, 19), (2, 20), (3, 18)], (4, 19), 80.0, true),
            (&[(1, 19), (2, 19), (3, 19)], (4, 21), 80.0, false),
            (&[(1, 19), (2, 19), (3, 19)], (8, 19), 80.0, true),
            (&[(1, 19), (2, 19), (3, 19)], (9, 19), 80.0, false),
            (&[(1, 19), (2, 19), (3, 19)], (400, 19), 80.0, false),
            (&[(1, 23), (2, 0), (3, 23)], (4, 0), 80.0, true),
            (&[(1, 19), (2, 19), (3, 19)], (4, 19), 64.0, false),
        ];
        for (hours, (day, hour), kpa, usual) in table {
            let said = low(hours).is_usual(&rule, day * 24 + hour, kpa);
            assert_eq!(said, usual, "{hours:?} {day} {hour} {kpa}");
        }
    }

    #[test]
    fn a_day_low_altogether_has_no_low_hour() {
        let all_day = |day: i32| (6..19).map(move |hour| (day, hour));
        let hours: Vec<_> = (1..5).flat_map(all_day).collect();
        assert!(!low(&hours).is_usual(&EveryDay::default(), 5 * 24 + 10, 80.0));
        assert!(!low(&hours).has_pattern(&EveryDay::default(), 5 * 24 + 10));
    }

    proptest! {
        #[test]
        fn fewer_than_three_days_are_never_usual(
            days in prop::collection::btree_set(0_i32..30, 0..3),
            hours in prop::collection::vec(0_i32..24, 1..6),
            asked in 0_i32..40 * 24,
        ) {
            let all: Vec<_> = days.iter().flat_map(|day| hours.iter().map(move |hour| (*day, *hour))).collect();
            let latest = all.iter().map(|(day, hour)| day * 24 + hour).max().unwrap_or(0);
            prop_assert!(!low(&all).is_usual(&EveryDay::default(), asked.max(latest), 80.0));
        }
    }
}
