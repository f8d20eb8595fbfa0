//! Journal time: the wall clock, held so that it never goes back.
//!
//! A clock set forward takes journal time along, and a step is journalled before. A clock set back
//! leaves journal time running on as time passes; how far the wall clock is behind is said with
//! every envelope. A later step forward first makes up for that difference.

use firemain_domain::{Clock, Timestamp};

/// Wall and monotonic clock further apart than this since the last look: somebody set the clock.
/// Below it, it is being slewed.
const STEP_MS: i64 = 2_000;

/// Where journal time stands.
#[derive(Clone, Debug)]
pub(crate) struct JournalTime {
    last: Timestamp,
    wall: Timestamp,
    monotonic_ms: u64,
    /// How far the wall clock is behind journal time, as a number ≤ 0.
    behind_ms: i64,
    stepped_ms: i64,
}

/// One look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Journal time.
    pub(crate) at: Timestamp,
    /// Wall clock minus journal time.
    pub(crate) wall_offset_ms: i64,
    /// A step to be journalled first; not 0. Forward: by how much journal time went with it.
    pub(crate) stepped_ms: Option<i64>,
}

impl JournalTime {
    /// Journal time from the newest envelope on: its time of receipt and what the wall clock said
    /// then. It goes on from there also where the clock was set back meanwhile.
    pub(crate) fn resume(clock: &dyn Clock, newest: Option<(Timestamp, i64)>) -> Self {
        let wall = clock.now();
        let (last, last_wall) =
            newest.map_or((wall, wall), |(at, offset_ms)| (at, at.plus_ms(offset_ms)));
        let back_ms = wall.since_ms(last_wall);
        Self {
            last,
            wall,
            monotonic_ms: clock.monotonic_ms(),
            behind_ms: wall.since_ms(last).min(0),
            stepped_ms: if back_ms < -STEP_MS { back_ms } else { 0 },
        }
    }

    /// Looks at the clock.
    pub(crate) fn look(&mut self, clock: &dyn Clock) -> Now {
        let (wall, monotonic_ms) = (clock.now(), clock.monotonic_ms());
        let passed_ms = monotonic_ms.saturating_sub(self.monotonic_ms);
        let passed_ms = i64::try_from(passed_ms).unwrap_or(i64::MAX);
        let step_ms = wall.since_ms(self.wall).saturating_sub(passed_ms);
        (self.wall, self.monotonic_ms) = (wall, monotonic_ms);
        if step_ms.abs() > STEP_MS {
            self.step(step_ms);
        }
        self.last = self.last.max(wall.plus_ms(-self.behind_ms));
        let stepped_ms = std::mem::take(&mut self.stepped_ms);
        Now {
            at: self.last,
            wall_offset_ms: wall.since_ms(self.last),
            stepped_ms: (stepped_ms != 0).then_some(stepped_ms),
        }
    }

    fn step(&mut self, by_ms: i64) {
        let before_ms = self.behind_ms;
        self.behind_ms = before_ms.saturating_add(by_ms).min(0);
        self.stepped_ms += if by_ms < 0 {
            by_ms
        } else {
            by_ms + before_ms - self.behind_ms
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use firemain_domain::clock::HandClock;
    use firemain_domain::time::HOUR_MS;
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_764_000_000_000);

    fn told(at_ms: i64, wall_offset_ms: i64, stepped_ms: Option<i64>) -> Now {
        Now {
            at: START.plus_ms(at_ms),
            wall_offset_ms,
            stepped_ms,
        }
    }

    fn started() -> (Arc<HandClock>, JournalTime) {
        let clock = HandClock::at(START);
        let time = JournalTime::resume(&*clock, None);
        (clock, time)
    }

    #[test]
    fn a_clock_set_forward_takes_journal_time_along_and_is_told_once() {
        let (clock, mut time) = started();
        clock.pass_ms(1_000);
        assert_eq!(time.look(&*clock), told(1_000, 0, None));
        clock.step_ms(HOUR_MS);
        clock.pass_ms(500);
        assert_eq!(time.look(&*clock), told(1_500 + HOUR_MS, 0, Some(HOUR_MS)));
        clock.pass_ms(500);
        assert_eq!(time.look(&*clock), told(2_000 + HOUR_MS, 0, None));
    }

    #[test]
    fn a_clock_set_back_leaves_journal_time_running() {
        let (clock, mut time) = started();
        clock.pass_ms(1_000);
        clock.step_ms(-HOUR_MS);
        assert_eq!(time.look(&*clock), told(1_000, -HOUR_MS, Some(-HOUR_MS)));
        clock.pass_ms(5_000);
        assert_eq!(time.look(&*clock), told(6_000, -HOUR_MS, None));
    }

    #[test]
    fn a_clock_put_right_again_moves_journal_time_only_by_what_is_beyond() {
        let (clock, mut time) = started();
        clock.step_ms(-HOUR_MS);
        time.look(&*clock);
        clock.step_ms(HOUR_MS / 2);
        assert_eq!(time.look(&*clock), told(0, -HOUR_MS / 2, None));
        clock.step_ms(HOUR_MS);
        assert_eq!(time.look(&*clock), told(HOUR_MS / 2, 0, Some(HOUR_MS / 2)));
    }

    #[test]
    fn a_small_slew_back_is_waited_for() {
        let (clock, mut time) = started();
        clock.step_ms(-1_500);
        assert_eq!(time.look(&*clock), told(0, -1_500, None));
        clock.pass_ms(2_000);
        assert_eq!(time.look(&*clock), told(500, 0, None));
    }

    #[test]
    fn a_restart_with_the_clock_set_back_goes_on_from_the_newest_envelope() {
        let clock = HandClock::at(START);
        let newest = Some((START.plus_ms(HOUR_MS), 0));
        let mut time = JournalTime::resume(&*clock, newest);
        assert_eq!(time.look(&*clock), told(HOUR_MS, -HOUR_MS, Some(-HOUR_MS)));
        clock.pass_ms(10);
        assert_eq!(time.look(&*clock), told(HOUR_MS + 10, -HOUR_MS, None));
        // Started again while the clock still is behind: nothing new to tell.
        let newest = Some((START.plus_ms(HOUR_MS + 10), -HOUR_MS));
        let mut time = JournalTime::resume(&*clock, newest);
        assert_eq!(time.look(&*clock), told(HOUR_MS + 10, -HOUR_MS, None));
    }

    #[test]
    fn an_ordinary_restart_starts_at_the_wall_clock() {
        let clock = HandClock::at(START.plus_ms(HOUR_MS));
        let mut time = JournalTime::resume(&*clock, Some((START, 0)));
        assert_eq!(time.look(&*clock), told(HOUR_MS, 0, None));
    }

    proptest! {
        #[test]
        fn journal_time_never_goes_back_and_passes_as_time_does(
            moves in prop::collection::vec((0_u64..10_000, -20_000_i64..20_000), 1..60),
        ) {
            let (clock, mut time) = started();
            let mut before = time.look(&*clock);
            for (pass_ms, step_ms) in moves {
                clock.pass_ms(pass_ms);
                clock.step_ms(step_ms);
                let now = time.look(&*clock);
                prop_assert!(now.at >= before.at);
                prop_assert_eq!(now.at.plus_ms(now.wall_offset_ms), clock.now());
                // What journal time moved beyond the time that passed is what was told, but for slews.
                let jumped = now.at.since_ms(before.at) - pass_ms as i64;
                let forward = now.stepped_ms.unwrap_or(0).max(0);
                prop_assert!((jumped - forward).abs() <= 20_000);
                if step_ms > STEP_MS { prop_assert!(jumped <= step_ms); }
                before = now;
            }
        }
    }
}
