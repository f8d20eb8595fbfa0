//! Periods by name: `2026-H1`, `2026-Q3`, `2026-07`, `2026`, `2021-2025`, or from a day until another.

use firemain_domain::Timestamp;
use firemain_domain::local_time::LocalDate;
use firemain_domain::time::DAY_MS;

/// A period at most, days: eleven years.
const MOST_DAYS: i64 = 4_020;

/// From a moment until another, which is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// What it is called; `None`: nobody named it.
    pub name: Option<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Why a period is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The name says nothing.
    #[error(
        "`{0}` is no period: give a half-year like 2026-H1, a quarter like 2026-Q3, a month like 2026-07, a year like 2026 or years like 2021-2025"
    )]
    Name(String),
    /// It ends before it begins.
    #[error("the period ends before it begins: `until` is the first day that is no part of it")]
    Backwards,
    /// It is too long.
    #[error("the period is longer than eleven years")]
    TooLong,
}

impl Period {
    /// Of a name.
    ///
    /// # Errors
    /// When it says nothing.
    pub fn named(name: &str) -> Result<Self, PeriodError> {
        let unknown = || PeriodError::Name(name.chars().take(40).collect());
        let (from, until) = bounds(name).ok_or_else(unknown)?;
        Self::between(from.midnight(), until.midnight()).map(|period| Self {
            name: Some(name.to_owned()),
            ..period
        })
    }

    /// From a moment until another.
    ///
    /// # Errors
    /// When it is none, or too long.
    pub const fn between(from: Timestamp, until: Timestamp) -> Result<Self, PeriodError> {
        let length_ms = until.since_ms(from);
        if length_ms <= 0 {
            return Err(PeriodError::Backwards);
        }
        if length_ms > MOST_DAYS * DAY_MS {
            return Err(PeriodError::TooLong);
        }
        Ok(Self {
            name: None,
            from,
            until,
        })
    }
}

/// The first day, and the first that is no part of it.
fn bounds(name: &str) -> Option<(LocalDate, LocalDate)> {
    let first_of = |year: i16, month: i8| LocalDate::new(year, month, 1);
    let months = |year: i16, first: i8, count: i8| {
        let after = first + count;
        let (end_year, end_month) = if after > 12 {
            (year + 1, after - 12)
        } else {
            (year, after)
        };
        Some((first_of(year, first)?, first_of(end_year, end_month)?))
    };
    let Some((left, right)) = name.split_once('-') else {
        return months(year(name)?, 1, 12);
    };
    let from = year(left)?;
    match right {
        "H1" => months(from, 1, 6),
        "H2" => months(from, 7, 6),
        "Q1" => months(from, 1, 3),
        "Q2" => months(from, 4, 3),
        "Q3" => months(from, 7, 3),
        "Q4" => months(from, 10, 3),
        _ if right.len() == 2 => months(from, month(right)?, 1),
        _ => {
            let to = year(right).filter(|to| *to >= from)?;
            Some((first_of(from, 1)?, first_of(to + 1, 1)?))
        }
    }
}

fn year(text: &str) -> Option<i16> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|year| digits && (1970..=2199).contains(year))
}

fn month(text: &str) -> Option<i8> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|month| digits && (1..=12).contains(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_names_and_begin_at_midnight_in_hanoi() {
        for (name, from, until) in [
            ("2026-H1", "2026-01-01", "2026-07-01"),
            ("2026-H2", "2026-07-01", "2027-01-01"),
            ("2026-Q4", "2026-10-01", "2027-01-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2026", "2026-01-01", "2027-01-01"),
            ("2021-2025", "2021-01-01", "2026-01-01"),
        ] {
            let period = Period::named(name).unwrap();
            let midnight = |date| LocalDate::parse(date).unwrap().midnight();
            assert_eq!(
                (period.from, period.until),
                (midnight(from), midnight(until)),
                "{name}"
            );
        }
        for wrong in [
            "",
            "2026-H3",
            "2026-13",
            "2026-1",
            "2025-2021",
            "26",
            "2026-+1",
            "1999-2026",
        ] {
            assert!(Period::named(wrong).is_err(), "{wrong}");
        }
    }
}
