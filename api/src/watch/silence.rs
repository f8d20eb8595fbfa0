//! The receiver's silence by the clock that never jumps: a receiver that is dead journals nothing that
//! could tell of it.

/// Nothing journalled for so long is silence: twelve heartbeats are missing.
const SILENT_MS: u64 = 60_000;
/// Time between two looks counts for no more than this: a process that was itself held up did not
/// listen meanwhile.
const LONGEST_STEP_MS: u64 = 5_000;

/// How long nothing was journalled while somebody looked.
#[derive(Debug, Default)]
pub(super) struct Silence {
    looked_at_ms: Option<u64>,
    /// The journal's newest position at the last look.
    newest: u64,
    silent_ms: u64,
    told: bool,
}

impl Silence {
    /// Looks at the journal, whose newest envelope is `newest`, at `now_ms` of the clock that never
    /// jumps. `listens`: its envelopes would be seen as they come. Whether there is a silence that was
    /// not told yet.
    pub(super) fn look(&mut self, newest: u64, listens: bool, now_ms: u64) -> bool {
        let before = self.looked_at_ms.replace(now_ms).unwrap_or(now_ms);
        if newest != self.newest || !listens {
            (self.newest, self.silent_ms, self.told) = (newest, 0, false);
            return false;
        }
        let step_ms = now_ms.saturating_sub(before).min(LONGEST_STEP_MS);
        self.silent_ms = self.silent_ms.saturating_add(step_ms);
        self.silent_ms >= SILENT_MS && !self.told
    }

    /// The silence is on record.
    pub(super) const fn told(&mut self) {
        self.told = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks each second for so long, from `from_s` on; when it is told, if it is.
    fn told_at(
        silence: &mut Silence,
        newest: u64,
        listens: bool,
        from_s: u64,
        for_s: u64,
    ) -> Option<u64> {
        (from_s..from_s + for_s).find(|s| silence.look(newest, listens, s * 1_000))
    }

    #[test]
    fn a_minute_without_an_envelope_is_told_once_and_again_after_the_next() {
        let mut silence = Silence::default();
        assert_eq!(told_at(&mut silence, 7, true, 0, 59), None);
        assert_eq!(told_at(&mut silence, 7, true, 59, 10), Some(60));
        silence.told();
        assert_eq!(told_at(&mut silence, 7, true, 70, 500), None);
        assert_eq!(told_at(&mut silence, 8, true, 600, 60), None);
        assert_eq!(told_at(&mut silence, 8, true, 660, 60), Some(660));
    }

    #[test]
    fn who_was_held_up_or_is_behind_calls_nobody_silent() {
        let mut silence = Silence::default();
        assert!(!silence.look(7, true, 0));
        assert!(!silence.look(7, true, 3_600_000), "an hour's stop of ours");
        assert_eq!(told_at(&mut silence, 7, true, 3_601, 50), None);
        assert_eq!(told_at(&mut silence, 7, false, 3_660, 500), None);
    }
}
