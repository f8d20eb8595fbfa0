//! How fast a backlog is drained from a real mosquitto into a real InfluxDB 2, and at what cost:
//! firemain, which journals and judges on the way, beside Telegraf, which only forwards; and a bare
//! socket, which only reads and acknowledges. All in one run on one machine, so that the ratios
//! hold wherever it runs.
//!
//!     make bench                                        everything
//!     cargo bench --bench drain -- firemain telegraf    only these
//!
//! `FIREMAIN_BENCH_MESSAGES` sets how many messages are queued (300,000).

#[path = "../../tests/support/mod.rs"]
mod support;

mod contender;
mod mqtt;

use std::time::Duration;

use contender::{Contender, Outcome};
use support::{Influx, Mosquitto};

const DEVICES: u32 = 5_000;
const LONGEST: Duration = Duration::from_secs(300);

fn main() {
    let messages: u32 = std::env::var("FIREMAIN_BENCH_MESSAGES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(300_000);
    // cargo adds flags of its own.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let chosen = Contender::ALL
        .iter()
        .filter(|c| wanted.is_empty() || wanted.iter().any(|w| c.name().starts_with(w.as_str())));
    println!("{messages} messages of {DEVICES} devices, queued in mosquitto, into InfluxDB 2\n");
    println!(
        "{:<28} {:>9} {:>12} {:>10} {:>9}",
        "", "msg/s", "CPU µs/msg", "memory MB", "missing"
    );
    let outcomes: Vec<(&str, Outcome)> = chosen
        .map(|contender| (contender.name(), run(*contender, messages)))
        .collect();
    compare(&outcomes);
}

fn run(contender: Contender, messages: u32) -> Outcome {
    let broker = Mosquitto::builder()
        .max_inflight(contender.broker_window())
        .max_queued(0)
        .line("memory_limit 0")
        .line("set_tcp_nodelay true")
        .start();
    let influx = Influx::start();
    let outcome = contender.drain(&broker, &influx, messages, LONGEST);
    println!(
        "{:<28} {:>9.0} {:>12.1} {:>10.0} {:>9}",
        contender.name(),
        outcome.rate(),
        outcome.cpu_us_per_message(),
        outcome.memory_mb,
        outcome.missing
    );
    outcome
}

/// The ratios that docs/performance.md holds against its bars.
fn compare(outcomes: &[(&str, Outcome)]) {
    let of = |name: &str| outcomes.iter().find(|(n, _)| *n == name).map(|(_, o)| o);
    println!();
    for other in ["telegraf, defaults", "telegraf, tuned"] {
        if let (Some(ours), Some(theirs)) = (of("firemain"), of(other)) {
            println!(
                "firemain drains {:.1} × as fast as {other}, at {:.2} × its CPU per message",
                ours.rate() / theirs.rate(),
                ours.cpu_us_per_message() / theirs.cpu_us_per_message()
            );
        }
    }
    for (name, doing) in [
        ("firemain, journal alone", "journals"),
        (
            "firemain, embedded archive",
            "journals, archives and judges",
        ),
    ] {
        if let (Some(ours), Some(bare)) = (of(name), of("bare socket")) {
            println!(
                "a bare socket drains {:.2} × as fast as firemain {doing}",
                bare.rate() / ours.rate()
            );
        }
    }
}
