//! CLOCK: a device whose clock is ahead, behind by a constant, or was never set. Judging puts its times
//! right; the alert asks somebody to do the same at the device.

use serde::{Deserialize, Serialize};

use super::Word;
use crate::report::{AHEAD_LIMIT_MS, CLOCK_SET_FROM};
use crate::time::{SECOND_MS, Timestamp};

/// Clocks of devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clock {
    /// Behind by a constant of more than this it alerts, s; judging corrects any of more than a
    /// minute.
    pub behind_s: u32,
    /// Messages that must say so, and that must be right to clear.
    pub messages: u8,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            behind_s: 300,
            messages: 2,
        }
    }
}

/// What a message says of its device's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockWord {
    /// That it is ahead.
    pub ahead: Word,
    /// That it was never set.
    pub unset: Word,
    /// That it is behind.
    pub behind: Word,
}

impl Clock {
    /// What a message says whose newest own time is `at`, received when the wall clock said `wall`,
    /// of a device whose times are put right by `skew_ms`.
    pub fn assess(&self, at: Timestamp, wall: Timestamp, skew_ms: i64) -> ClockWord {
        let off_ms = at.since_ms(wall);
        let wrong = Word::ClockOff(off_ms / SECOND_MS);
        let (nothing, well) = (Word::Nothing, Word::Well);
        if at < CLOCK_SET_FROM {
            return ClockWord {
                ahead: well,
                unset: wrong,
                behind: nothing,
            };
        }
        if off_ms > AHEAD_LIMIT_MS {
            return ClockWord {
                ahead: wrong,
                unset: well,
                behind: well,
            };
        }
        let limit_ms = i64::from(self.behind_s) * SECOND_MS;
        let behind = if skew_ms > limit_ms {
            Word::ClockOff(-skew_ms / SECOND_MS)
        } else if -off_ms <= limit_ms {
            well
        } else {
            // An old message came late: that says nothing of the clock.
            nothing
        };
        ClockWord {
            ahead: well,
            unset: well,
            behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_ahead_beyond_five_minutes_unset_before_2020_and_behind_by_a_constant() {
        let wall = Timestamp::from_ms(1_795_395_600_000);
        let (well, nothing) = (Word::Well, Word::Nothing);
        let off = Word::ClockOff;
        // Seconds from the wall clock, correction in s, and what is said: ahead, unset, behind.
        let unset = CLOCK_SET_FROM.since_ms(wall) / 1_000;
        let table = [
            (0, 0, [well, well, well]),
            (300, 0, [well, well, well]),
            (301, 0, [off(301), well, well]),
            (-300, 0, [well, well, well]),
            (-301, 0, [well, well, nothing]),
            (-7_200, 7_200, [well, well, off(-7_200)]),
            (-120, 120, [well, well, well]),
            (unset, 0, [well, well, nothing]),
            (unset - 1, 0, [well, off(unset - 1), nothing]),
        ];
        for (off_s, skew_s, expected) in table {
            let at = wall.plus_ms(off_s * 1_000);
            let said = Clock::default().assess(at, wall, skew_s * 1_000);
            assert_eq!([said.ahead, said.unset, said.behind], expected, "{off_s}");
        }
    }
}
