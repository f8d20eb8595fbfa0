//! Dates as people in Hanoi read them: Asia/Ho_Chi_Minh has been seven hours ahead of UTC, summer and
//! winter, since 1975.

use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// How far Hanoi is ahead of UTC, ms.
pub const AHEAD_MS: i64 = 7 * HOUR_MS;

/// A day of the calendar in Hanoi.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

impl LocalDate {
    /// That day, if the calendar has it.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day)
            .ok()
            .filter(|date| date.year() >= 1)
            .map(Self::of_civil)
    }

    /// Reads `2025-07-01`.
    pub fn parse(text: &str) -> Option<Self> {
        let as_written = text.len() == 10 && text.is_ascii();
        let date: jiff::civil::Date = text.parse().ok().filter(|_| as_written)?;
        Self::new(date.year(), date.month(), date.day())
    }

    /// The day that it is in Hanoi at a moment.
    pub fn at(moment: Timestamp) -> Self {
        Self::of_civil(civil(moment).date())
    }

    /// When it begins: midnight in Hanoi.
    pub fn midnight(self) -> Timestamp {
        let Ok(date) = jiff::civil::Date::new(self.year, self.month, self.day) else {
            return Timestamp::MIN;
        };
        let days = (date - jiff::civil::date(1970, 1, 1)).get_days();
        Timestamp::from_ms(i64::from(days) * DAY_MS - AHEAD_MS)
    }

    fn of_civil(date: jiff::civil::Date) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
            day: date.day(),
        }
    }
}

impl std::fmt::Display for LocalDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A moment as RFC 3339 with Hanoi's offset, to the second: `2025-11-24T23:00:00+07:00`.
pub fn rfc3339(moment: Timestamp) -> String {
    format!("{}+07:00", civil(moment).strftime("%Y-%m-%dT%H:%M:%S"))
}

/// A moment as people write it: `23:00 24/11/2025`.
pub fn written(moment: Timestamp) -> String {
    civil(moment).strftime("%H:%M %d/%m/%Y").to_string()
}

fn civil(moment: Timestamp) -> jiff::civil::DateTime {
    let moment = jiff::Timestamp::from_millisecond(moment.ms()).unwrap_or_default();
    jiff::tz::Offset::constant(7).to_datetime(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_hanoi_begins_seven_hours_before_it_does_in_greenwich() {
        let first = LocalDate::parse("2025-07-01").unwrap();
        assert_eq!(first.midnight().to_string(), "2025-06-30T17:00:00Z");
        assert_eq!(LocalDate::at(first.midnight()), first);
        assert_eq!(
            LocalDate::at(first.midnight().plus_ms(-1)).to_string(),
            "2025-06-30"
        );
        for wrong in ["2025-7-1", "2025-02-30", "today", "2025-07-01T00:00", ""] {
            assert_eq!(LocalDate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_written_with_the_offset_of_hanoi() {
        let moment = Timestamp::from_ms(1_764_000_000_000);
        assert_eq!(rfc3339(moment), "2025-11-24T23:00:00+07:00");
        assert_eq!(written(moment), "23:00 24/11/2025");
    }
}
