//! The hours in which there is water, where supply is intermittent.
//!
//! Written `05:00-09:00,17:00-22:30`, local time of Vietnam (UTC+7, no summer time); a window may
//! pass midnight (`22:00-02:00`) and may be bound to days of the week: `mon-fri 05:00-09:00`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

const LOCAL_OFFSET_MS: i64 = 7 * HOUR_MS;
const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A week's windows of supply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SupplySchedule {
    windows: Box<[Window]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    first_day: u8,
    last_day: u8,
    from_min: u16,
    to_min: u16,
}

/// A supply schedule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a window of supply: write `05:00-09:00` or `mon-fri 05:00-09:00`, several with commas"
)]
pub struct ScheduleError(String);

impl SupplySchedule {
    /// Whether there should be water at `at`.
    pub fn is_on(&self, at: Timestamp) -> bool {
        let (day, minute) = local(at);
        let before = (day + 6) % 7;
        self.windows.iter().any(|w| {
            if w.from_min <= w.to_min {
                w.covers(day) && (w.from_min..w.to_min).contains(&minute)
            } else {
                (w.covers(day) && minute >= w.from_min) || (w.covers(before) && minute < w.to_min)
            }
        })
    }

    /// The next moment after `at` at which supply goes on or off; `None` if it never changes.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let midnight = at.ms() - (at.ms() + LOCAL_OFFSET_MS).rem_euclid(DAY_MS);
        let now_on = self.is_on(at);
        let mut edges: Vec<i64> = (-1..=8)
            .flat_map(|day| {
                self.windows.iter().flat_map(move |w| {
                    [w.from_min, w.to_min]
                        .map(|m| midnight + day * DAY_MS + i64::from(m) * MINUTE_MS)
                })
            })
            .filter(|edge| *edge > at.ms())
            .collect();
        edges.sort_unstable();
        edges
            .into_iter()
            .map(Timestamp::from_ms)
            .find(|edge| self.is_on(*edge) != now_on)
    }
}

impl SupplySchedule {
    /// Since when it has been on at `at`, looking back a week at most.
    pub fn on_since(&self, at: Timestamp) -> Timestamp {
        let mut since = at.plus_ms(-8 * DAY_MS);
        while let Some(change) = self.next_change(since).filter(|change| *change <= at) {
            since = change;
        }
        since
    }

    /// Water but for these hours of the day, by their bits; `None` where that leaves none, or all.
    pub fn all_but_hours(low: u32) -> Option<Self> {
        const ALL: u32 = (1 << 24) - 1;
        let low = low & ALL;
        if low == 0 || low == ALL {
            return None;
        }
        let is_low = |hour: u32| low & (1 << (hour % 24)) != 0;
        let begins = (0..24).filter(|hour| !is_low(*hour) && is_low(hour + 23));
        let windows = begins.map(|hour| {
            let ends = (1..24).find(|n| is_low(hour + n)).unwrap_or(24);
            Window {
                first_day: 0,
                last_day: 6,
                from_min: hour as u16 * 60,
                to_min: ((hour + ends) % 24) as u16 * 60,
            }
        });
        Some(Self {
            windows: windows.collect(),
        })
    }
}

impl Window {
    fn covers(self, day: u8) -> bool {
        if self.first_day <= self.last_day {
            (self.first_day..=self.last_day).contains(&day)
        } else {
            day >= self.first_day || day <= self.last_day
        }
    }
}

/// Day of the week (0 Monday) and minute of the day, local.
fn local(at: Timestamp) -> (u8, u16) {
    let ms = at.ms() + LOCAL_OFFSET_MS;
    // 1970-01-01 was a Thursday, day 3.
    let day = (ms.div_euclid(DAY_MS) + 3).rem_euclid(7) as u8;
    let minute = (ms.rem_euclid(DAY_MS) / MINUTE_MS) as u16;
    (day, minute)
}

impl FromStr for SupplySchedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let windows = text
            .split(',')
            .map(|part| {
                window(part.trim())
                    .ok_or_else(|| ScheduleError(part.trim().chars().take(64).collect()))
            })
            .collect::<Result<Box<[_]>, _>>()?;
        Ok(Self { windows })
    }
}

fn window(text: &str) -> Option<Window> {
    let (days, hours) = text.rsplit_once(' ').unwrap_or(("mon-sun", text));
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let day = |name: &str| {
        DAY_NAMES
            .iter()
            .position(|d| d.eq_ignore_ascii_case(name))
            .map(|d| d as u8)
    };
    let (from, to) = hours.split_once('-')?;
    let window = Window {
        first_day: day(first)?,
        last_day: day(last)?,
        from_min: minute(from)?,
        to_min: minute(to)?,
    };
    (window.from_min != window.to_min).then_some(window)
}

fn minute(text: &str) -> Option<u16> {
    let (h, m) = text.split_once(':')?;
    let two_digits = |t: &str| {
        (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit()))
            .then(|| t.parse::<u16>().ok())
            .flatten()
    };
    let (h, m) = (two_digits(h)?, two_digits(m)?);
    (m < 60 && h * 60 + m <= 24 * 60).then_some(h * 60 + m)
}

impl fmt::Display for SupplySchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, w) in self.windows.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            if (w.first_day, w.last_day) != (0, 6) {
                write!(
                    f,
                    "{}-{} ",
                    DAY_NAMES[usize::from(w.first_day)],
                    DAY_NAMES[usize::from(w.last_day)]
                )?;
            }
            write!(
                f,
                "{:02}:{:02}-{:02}:{:02}",
                w.from_min / 60,
                w.from_min % 60,
                w.to_min / 60,
                w.to_min % 60
            )?;
        }
        Ok(())
    }
}

impl TryFrom<String> for SupplySchedule {
    type Error = ScheduleError;
    fn try_from(text: String) -> Result<Self, ScheduleError> {
        text.parse()
    }
}

impl From<SupplySchedule> for String {
    fn from(schedule: SupplySchedule) -> Self {
        schedule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_comes_and_goes_with_the_hours() {
        let s: SupplySchedule = "05:00-09:00,22:00-02:00".parse().unwrap();
        let on = |t: &str| s.is_on(Timestamp::parse(t).unwrap());
        assert!(on("2026-11-23T05:00:00+07:00"));
        assert!(!on("2026-11-23T09:00:00+07:00"));
        assert!(on("2026-11-23T01:59:00+07:00"));
        assert!(!on("2026-11-23T02:00:00+07:00"));
        let next = s.next_change(Timestamp::parse("2026-11-23T09:30:00+07:00").unwrap());
        assert_eq!(next, Timestamp::parse("2026-11-23T22:00:00+07:00"));
        assert_eq!(s.to_string().parse::<SupplySchedule>().unwrap(), s);
    }

    #[test]
    fn days_of_the_week_count() {
        let s: SupplySchedule = "mon-fri 06:00-08:00".parse().unwrap();
        // 23 November 2026 is a Monday.
        assert!(s.is_on(Timestamp::parse("2026-11-23T07:00:00+07:00").unwrap()));
        assert!(!s.is_on(Timestamp::parse("2026-11-22T07:00:00+07:00").unwrap()));
        assert!("6-8".parse::<SupplySchedule>().is_err());
        assert!("25:00-26:00".parse::<SupplySchedule>().is_err());
        assert!("".parse::<SupplySchedule>().is_err());
    }
}
