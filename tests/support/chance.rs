//! Chance that can be repeated: a generator whose seed is told, and taken from the environment.

/// Names the seed that repeats a run.
const SEED: &str = "FIREMAIN_TEST_SEED";
/// How many rounds tests of chance play, in place of the few of a normal run (`make soak`).
const ROUNDS: &str = "FIREMAIN_TEST_ROUNDS";

/// A generator (splitmix64) for what a test leaves to chance.
#[derive(Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// A generator with the seed from the environment, or with one of its own; it is printed, and
    /// a test that fails shows it.
    #[track_caller]
    pub(crate) fn seeded() -> Self {
        let seed = from_environment(SEED).unwrap_or_else(|| super::now_ms().unsigned_abs());
        eprintln!("{SEED}={seed} makes the same choices again");
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Yes, once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Hexadecimal digits that do not compress well.
    pub(crate) fn noise(&mut self, digits: usize) -> String {
        let words = (0..digits.div_ceil(16)).map(|_| format!("{:016x}", self.next()));
        let mut noise: String = words.collect();
        noise.truncate(digits);
        noise
    }
}

/// How many rounds to play.
#[track_caller]
pub(crate) fn rounds(usual: u64) -> u64 {
    from_environment(ROUNDS).unwrap_or(usual)
}

#[track_caller]
fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a whole number")),
    )
}
