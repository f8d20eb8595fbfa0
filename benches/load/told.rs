//! The table: what was measured, and the bar it is held against.

use std::time::Duration;

use super::options::Options;

/// Prints each line as soon as it is known.
pub(crate) struct Table;

impl Table {
    pub(crate) fn begin(options: &Options) -> Self {
        println!(
            "{} sources, a report each {} s: {:.0} messages a second; every rule on, embedded archive\n",
            options.sources,
            options.interval_s,
            options.rate()
        );
        println!("{:<36} {:<62} bar", "", "measured");
        Self
    }

    #[expect(
        clippy::unused_self,
        reason = "a line belongs to a table that was begun"
    )]
    pub(crate) fn line(&mut self, what: &str, measured: &str, bar: &str) {
        println!("{what:<36} {measured:<62} {bar}");
    }

    pub(crate) fn seconds(&mut self, what: &str, took: Duration, bar: &str) {
        self.line(what, &format!("{:.1} s", took.as_secs_f64()), bar);
    }

    pub(crate) fn times(&mut self, what: &str, times: &mut Times, bar: &str) {
        let text = format!(
            "median {:.1} ms, p99 {:.1} ms, longest {:.1} ms of {}",
            times.at(0.5),
            times.at(0.99),
            times.at(1.0),
            times.0.len()
        );
        self.line(what, &text, bar);
    }

    #[expect(clippy::unused_self, reason = "the end takes the table away")]
    pub(crate) fn end(self) {
        println!("\nRatios and times are of this machine, with everything on it.");
    }
}

/// How long each of many took.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The time within which this part of them was over, ms.
    fn at(&mut self, part: f64) -> f64 {
        self.0.sort_unstable();
        let place =
            ((self.0.len() as f64 * part).ceil() as usize).clamp(1, self.0.len().max(1)) - 1;
        self.0
            .get(place)
            .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}
