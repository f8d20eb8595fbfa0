//! The one door through which time comes in.
//!
//! Everything that needs the time holds a `Clock`, so that a test can move it and a faster demo can
//! run the whole process on a simulated one.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use std::time::{Instant, SystemTime};

use crate::time::Timestamp;

/// Tells the time.
pub trait Clock: Debug + Send + Sync {
    /// The wall clock: may jump when somebody sets it.
    fn now(&self) -> Timestamp;
    /// Milliseconds since some fixed moment; never jumps, never goes back.
    fn monotonic_ms(&self) -> u64;
    /// How long to wait in real time until `ms` milliseconds of this clock have passed.
    fn real(&self, ms: u64) -> Duration {
        Duration::from_millis(ms)
    }
    /// How many milliseconds of this clock pass while `real` passes in the world.
    fn passes_in(&self, real: Duration) -> i64 {
        i64::try_from(real.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that many hold.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The machine's clock, its monotonic part counted from now.
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        Self {
            started: Instant::now(),
        }
    }

    /// The machine's clock, ready to be shared.
    pub fn shared() -> SharedClock {
        Arc::new(Self::new())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let now = SystemTime::now();
        let ms = match now.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Timestamp::from_ms(ms)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that starts at a chosen moment and runs `factor` times as fast as the machine's.
#[derive(Debug)]
pub struct ScaledClock {
    real: SystemClock,
    starts_at: Timestamp,
    factor: f64,
}

impl ScaledClock {
    /// A clock that shows `starts_at` now and runs `factor` (> 0) times as fast as the machine's.
    pub fn new(starts_at: Timestamp, factor: f64) -> Self {
        Self {
            real: SystemClock::new(),
            starts_at,
            factor: factor.max(0.001),
        }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        self.starts_at
            .plus_ms(i64::try_from(self.monotonic_ms()).unwrap_or(i64::MAX))
    }

    fn monotonic_ms(&self) -> u64 {
        (self.real.monotonic_ms() as f64 * self.factor) as u64
    }

    fn real(&self, ms: u64) -> Duration {
        Duration::from_secs_f64(ms as f64 / 1_000.0 / self.factor)
    }

    fn passes_in(&self, real: Duration) -> i64 {
        (real.as_secs_f64() * 1_000.0 * self.factor) as i64
    }
}

/// A clock that moves only when told to: for tests.
#[derive(Debug, Default)]
pub struct HandClock {
    now_ms: std::sync::atomic::AtomicI64,
    monotonic_ms: std::sync::atomic::AtomicU64,
}

impl HandClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            now_ms: now.ms().into(),
            monotonic_ms: 0.into(),
        })
    }

    /// Lets `ms` milliseconds pass.
    pub fn pass_ms(&self, ms: u64) {
        use std::sync::atomic::Ordering::SeqCst;
        self.now_ms
            .fetch_add(i64::try_from(ms).unwrap_or(i64::MAX), SeqCst);
        self.monotonic_ms.fetch_add(ms, SeqCst);
    }

    /// Sets the wall clock `ms` ahead (or back) while no time passes.
    pub fn step_ms(&self, ms: i64) {
        self.now_ms
            .fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ms.load(std::sync::atomic::Ordering::SeqCst)
    }
}
