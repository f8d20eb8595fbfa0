//! How `firemain serve` bears a city: the real binary in release mode, a real mosquitto, N sources
//! that each report once a minute, every rule on, the embedded archive.
//!
//!     cargo bench --bench load                                100,000 sources, a minute
//!     cargo bench --bench load -- --sources 1000000           the bar for one machine
//!     cargo bench --bench load -- --sources 100000 --apart    memory of receiving and judging apart
//!
//! It prints what design bars speak of: memory, whether judging keeps up, how soon an alert is
//! seen, how fast the nearest source is found meanwhile, and how long all of it takes to be back
//! after kill -9. Everything is on loopback and in a temporary folder; the rate is bounded by
//! `--sources` over `--interval`, the time by `--seconds`.
//!
//! In order of the story: [`options`], the [`city`] and its register, [`feed`] that speaks for its
//! devices, [`gauge`] that reads memory and lag, [`alerts`] and [`nearest`] that ask under load,
//! [`recovery`] after kill -9, and [`told`], the table.

#[path = "../../tests/support/mod.rs"]
mod support;

#[path = "../drain/mqtt.rs"]
mod mqtt;

mod options;

mod city;
mod feed;

mod gauge;
mod serving;

mod alerts;
mod nearest;
mod recovery;

mod told;

use std::time::Duration;

use feed::Feed;
use gauge::Gauge;
use options::Options;
use serving::Serving;
use support::Mosquitto;
use told::Table;

fn main() {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{}", options::USAGE);
            std::process::exit(2);
        }
    };
    let mut table = Table::begin(&options);
    let broker = Mosquitto::builder()
        .max_inflight(0)
        .max_queued(0)
        .line("memory_limit 0")
        .line("set_tcp_nodelay true")
        .start();
    let mut serving = Serving::set_up(&broker, &options, &mut table);
    let feed = Feed::start(broker.address(), &options);
    first_round(&serving, &feed, &options, &mut table);
    under_load(&serving, &feed, &options, &mut table);
    if !options.apart {
        alerts::measure(&serving, broker.address(), &mut table);
        nearest::measure(&serving, &options, &mut table);
    }
    recovery::measure(&mut serving, &feed, &options, &mut table);
    feed.stop();
    table.end();
}

/// The first reading of each source: everything is news, every source changes its standing.
fn first_round(serving: &Serving, feed: &Feed, options: &Options, table: &mut Table) {
    let gauge = Gauge::watch(serving, feed, Duration::from_secs(options.interval_s + 5));
    table.line("lag at the end of the first round", &gauge.lag_text(), "");
}

/// The rounds after it: what a city costs day in, day out.
fn under_load(serving: &Serving, feed: &Feed, options: &Options, table: &mut Table) {
    let gauge = Gauge::watch(serving, feed, Duration::from_secs(options.seconds));
    table.line(
        "messages",
        &format!("{:.0} /s, {} sent", gauge.rate, gauge.sent),
        "17 k/s for 1 M",
    );
    table.line("lag through the load", &gauge.lag_text(), "does not grow");
    for (name, memory) in &gauge.memory {
        let each = memory.newest_mb * 1_048_576.0 / f64::from(options.sources);
        table.line(
            &format!("memory of {name}"),
            &format!(
                "{:.0} MB, at most {:.0} MB; {each:.0} B a source",
                memory.newest_mb, memory.most_mb
            ),
            "< 150 MB for 100 k, < 1 GB for 1 M",
        );
        table.line(
            &format!("CPU of {name}"),
            &format!("{:.1} µs a message", memory.cpu_us_per_message),
            "≤ 15 µs",
        );
    }
}
