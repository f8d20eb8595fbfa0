//! Waiting on a condition, with a deadline: the one place in the tests that pauses.

use std::time::{Duration, Instant};

/// Long enough for whatever takes milliseconds on an idle machine, when the machine is not idle.
pub(crate) const SOON: Duration = Duration::from_secs(20);

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Waits until `holds` says so; fails the test, naming `what`, when it has not by `within`.
#[track_caller]
pub(crate) fn until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    until_some(what, within, || holds().then_some(()));
}

/// Waits until `look` finds something and gives it back; fails the test, naming `what`, when there
/// was nothing by `within`.
#[track_caller]
pub(crate) fn until_some<T>(
    what: &str,
    within: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let began = Stopwatch::start();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            began.elapsed() < within,
            "waited {within:?} in vain for: {what}"
        );
        pause();
    }
}

/// Between two tries of something that others make possible.
pub(crate) fn pause_a_little() {
    pause();
}

/// Measures how long something took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests measure real time, and only here"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// What is left of `whole`; zero when it is over.
    pub(crate) fn left_of(self, whole: Duration) -> Duration {
        whole.saturating_sub(self.elapsed())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place in the tests that pauses"
)]
pub(crate) fn pause() {
    std::thread::sleep(BETWEEN_LOOKS);
}
