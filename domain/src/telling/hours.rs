//! Shifts of a week and quiet hours, in the local time of Asia/Ho_Chi_Minh.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

/// Vietnam is seven hours ahead of UTC, without summer time since 1975.
const OFFSET_MS: i64 = 7 * HOUR_MS;
const MINUTES_OF_DAY: i64 = 24 * 60;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];
}

/// A moment of a day, to the minute: `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayTime(u16);

impl DayTime {
    /// Minutes since midnight.
    pub const fn minutes(self) -> i64 {
        self.0 as i64
    }
}

impl FromStr for DayTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no time of day: write it as 06:00, from 00:00 to 24:00");
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let two = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = (
            two(hours).ok_or_else(wrong)?,
            two(minutes).ok_or_else(wrong)?,
        );
        let all = hours * 60 + minutes;
        if minutes > 59 || i64::from(all) > MINUTES_OF_DAY {
            return Err(wrong());
        }
        Ok(Self(all))
    }
}

impl TryFrom<String> for DayTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DayTime> for String {
    fn from(time: DayTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Hours on some days of each week. One that ends before it begins goes on past midnight, and belongs
/// to the day on which it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// On which days it begins; none: on every day.
    #[serde(default)]
    pub days: Vec<Day>,
    /// From when.
    pub from: DayTime,
    /// Until when; the same as `from`: 24 hours.
    pub until: DayTime,
}

impl Shift {
    /// Whether it is on at that moment.
    pub fn is_on(&self, at: Timestamp) -> bool {
        let (day, minute) = local(at);
        let (from, until) = (self.from.minutes(), self.until.minutes());
        if from < until {
            return self.begins_on(day) && (from..until).contains(&minute);
        }
        let yesterday = (day + 6) % 7;
        (self.begins_on(day) && minute >= from) || (self.begins_on(yesterday) && minute < until)
    }

    fn begins_on(&self, day: usize) -> bool {
        self.days.is_empty() || self.days.contains(&Day::ALL[day])
    }
}

/// Whether any of the shifts is on; without one it always is.
pub fn on_duty(shifts: &[Shift], at: Timestamp) -> bool {
    shifts.is_empty() || shifts.iter().any(|shift| shift.is_on(at))
}

/// Hours of each day in which only criticals are told at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// From when.
    pub from: DayTime,
    /// Until when; before `from`: on the next day.
    pub until: DayTime,
}

impl QuietHours {
    /// When they end, if they are on at that moment.
    pub fn until(&self, at: Timestamp) -> Option<Timestamp> {
        let (_, minute) = local(at);
        let (from, until) = (self.from.minutes(), self.until.minutes());
        let on = if from < until {
            (from..until).contains(&minute)
        } else {
            minute >= from || minute < until
        };
        if !on || from == until {
            return None;
        }
        let rest = (until - minute).rem_euclid(MINUTES_OF_DAY);
        let begun_ms = at.ms().rem_euclid(MINUTE_MS);
        Some(at.plus_ms(rest * MINUTE_MS - begun_ms))
    }
}

/// The day of the week, from Monday as 0, and the minute of the day.
fn local(at: Timestamp) -> (usize, i64) {
    let local_ms = at.ms() + OFFSET_MS;
    // 1970-01-01 was a Thursday.
    let day = (local_ms.div_euclid(DAY_MS) + 3).rem_euclid(7);
    (day as usize, local_ms.rem_euclid(DAY_MS) / MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn shift(days: &[Day], from: &str, until: &str) -> Shift {
        Shift {
            days: days.to_vec(),
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
        }
    }

    #[test]
    fn a_shift_is_of_local_time() {
        // 2025-11-24 is a Monday.
        let day = shift(&[Day::Mon], "06:00", "18:00");
        assert!(!day.is_on(at("2025-11-24T05:59:59+07:00")));
        assert!(day.is_on(at("2025-11-24T06:00:00+07:00")));
        assert!(day.is_on(at("2025-11-24T17:59:59+07:00")));
        assert!(!day.is_on(at("2025-11-24T18:00:00+07:00")));
        assert!(!day.is_on(at("2025-11-25T08:00:00+07:00")));
    }

    #[test]
    fn a_night_shift_belongs_to_the_day_it_began_on() {
        let night = shift(&[Day::Sun], "18:00", "06:00");
        assert!(night.is_on(at("2025-11-23T23:00:00+07:00")));
        assert!(night.is_on(at("2025-11-24T05:59:00+07:00")));
        assert!(!night.is_on(at("2025-11-24T18:30:00+07:00")));
        assert!(!night.is_on(at("2025-11-23T05:00:00+07:00")));
    }

    #[test]
    fn a_shift_that_ends_when_it_begins_lasts_a_day() {
        let whole = shift(&[Day::Mon], "07:00", "07:00");
        assert!(!whole.is_on(at("2025-11-24T06:59:00+07:00")));
        assert!(whole.is_on(at("2025-11-24T07:00:00+07:00")));
        assert!(whole.is_on(at("2025-11-25T06:59:00+07:00")));
    }

    #[test]
    fn quiet_hours_say_when_they_end() {
        let quiet = QuietHours {
            from: "22:00".parse().unwrap(),
            until: "06:30".parse().unwrap(),
        };
        assert_eq!(quiet.until(at("2025-11-24T21:59:00+07:00")), None);
        let ends = Some(at("2025-11-25T06:30:00+07:00"));
        assert_eq!(quiet.until(at("2025-11-24T22:00:10+07:00")), ends);
        assert_eq!(quiet.until(at("2025-11-25T06:29:59+07:00")), ends);
        assert_eq!(quiet.until(at("2025-11-25T06:30:00+07:00")), None);
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        for wrong in ["6:00", "24:01", "12:60", "noon", "1200", "-1:00", "+1:00"] {
            assert!(wrong.parse::<DayTime>().is_err(), "{wrong}");
        }
        assert_eq!("24:00".parse::<DayTime>().unwrap().minutes(), 1_440);
    }
}
