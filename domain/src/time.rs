//! Moments as milliseconds since 1970 in UTC: what the wire, the journal and the archive all carry.

use std::fmt;
use std::num::NonZeroI64;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds in a second.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment: milliseconds since 1970-01-01T00:00:00Z. Shown and serialised as RFC 3339 in UTC;
/// in compact formats it is the bare number.
///
/// Kept as milliseconds since a moment before [`Timestamp::MIN`], so that zero never occurs and an
/// `Option` of it takes no more room: a million sources have a dozen of them each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroI64);

/// One more than the milliseconds between [`Timestamp::MIN`] and 1970.
const BEFORE_1970_MS: i64 = 62_167_219_200_001;

impl Timestamp {
    /// The earliest moment that can be written as RFC 3339 (year 0).
    pub const MIN: Self = Self::held(1 - BEFORE_1970_MS);
    /// The latest moment that can be written as RFC 3339 (end of year 9999).
    pub const MAX: Self = Self::held(253_402_207_200_000);

    /// The moment `ms` milliseconds after 1970, held within year 0 to 9999.
    pub const fn from_ms(ms: i64) -> Self {
        if ms < Self::MIN.ms() {
            Self::MIN
        } else if ms > Self::MAX.ms() {
            Self::MAX
        } else {
            Self::held(ms)
        }
    }

    /// Of milliseconds that are known to lie within.
    const fn held(ms: i64) -> Self {
        match NonZeroI64::new(ms + BEFORE_1970_MS) {
            Some(since) => Self(since),
            None => panic!("year 0 begins after the moment that times are kept from"),
        }
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0.get() - BEFORE_1970_MS
    }

    /// The moment `ms` later (or earlier, if negative).
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self::from_ms(self.ms().saturating_add(ms))
    }

    /// How many milliseconds this moment lies after `earlier`; negative if before.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.ms() - earlier.ms()
    }

    /// Reads RFC 3339 with any offset; `None` if it is not that.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self::from_ms(t.as_millisecond()))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::from_ms(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.ms()).finish()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.ms()) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} ms", self.ms()),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.collect_str(self)
        } else {
            to.serialize_i64(self.ms())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            Self::parse(&text).ok_or_else(|| {
                serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time"))
            })
        } else {
            i64::deserialize(from).map(Self::from_ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_rfc_3339_and_back() {
        let moment = Timestamp::from_ms(1_764_000_000_000);
        assert_eq!(moment.to_string(), "2025-11-24T16:00:00Z");
        assert_eq!(Timestamp::parse("2025-11-24T23:00:00+07:00"), Some(moment));
        assert_eq!(Timestamp::parse("yesterday"), None);
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
    }

    #[test]
    fn a_moment_that_may_be_missing_takes_no_more_room_and_orders_as_its_number() {
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
        assert_eq!(Timestamp::default().ms(), 0);
        let moments = [Timestamp::MIN.ms(), -1, 0, 1, Timestamp::MAX.ms()].map(Timestamp::from_ms);
        assert!(moments.is_sorted());
        assert_eq!(moments[1].ms(), -1);
    }

    #[test]
    fn a_moment_out_of_the_calendar_is_held_at_its_edge() {
        assert_eq!(Timestamp::from_ms(i64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_ms(i64::MIN), Timestamp::MIN);
        assert!(Timestamp::MAX.to_string().starts_with("9999"));
        assert!(Timestamp::MIN.to_string().starts_with("0000"));
    }
}
