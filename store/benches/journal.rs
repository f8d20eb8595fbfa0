//! How fast the journal takes messages with an fsync for each batch, and gives them back:
//! `cargo bench -p firemain-store --bench journal`.
#![allow(clippy::unwrap_used)]

use firemain_domain::Timestamp;
use firemain_domain::clock::{Clock, SystemClock};
use firemain_store::journal::{
    Body, Envelope, Journal, JournalOptions, Message, Position, SqliteJournal,
};

const MESSAGES: usize = 500_000;

fn main() {
    println!(
        "{:<24} {:>12} {:>12} {:>10}",
        "messages in a batch", "in, msg/s", "out, msg/s", "B/msg"
    );
    for batch in [1, 20, 1_000, 4_096] {
        measure(batch, MESSAGES.min(batch * 2_000));
    }
}

fn measure(batch: usize, most: usize) {
    let messages = most / batch * batch;
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        keep_ms: i64::MAX,
        max_bytes: u64::MAX / 2,
    };
    let journal = SqliteJournal::open(&folder.path().join("journal.db"), options).unwrap();
    let batches: Vec<Vec<Envelope>> = (0..messages / batch)
        .map(|b| (0..batch).map(|n| envelope(b * batch + n)).collect())
        .collect();
    let clock = SystemClock::new();
    let began = clock.monotonic_ms();
    for envelopes in &batches {
        journal.append(envelopes).unwrap();
    }
    let appended_ms = (clock.monotonic_ms() - began).max(1);
    let began = clock.monotonic_ms();
    let (mut after, mut read) = (Position(0), 0);
    while read < messages {
        let page = journal.read(after, 4_096).unwrap();
        after = page.last().unwrap().0;
        read += page.len();
    }
    let read_ms = (clock.monotonic_ms() - began).max(1);
    let rate = |ms: u64| messages as f64 * 1_000.0 / ms as f64;
    let bytes = journal.health().unwrap().bytes as f64 / messages as f64;
    println!(
        "{batch:<24} {:>12.0} {:>12.0} {bytes:>10.1}",
        rate(appended_ms),
        rate(read_ms)
    );
}

/// 68 bytes of one of 5,000 devices.
fn envelope(n: usize) -> Envelope {
    let (device, round) = (n % 5_000, n / 5_000);
    let pressure = 200 + (n / 7) % 60;
    Envelope {
        received_at: Timestamp::from_ms(1_795_395_600_000 + n as i64 / 50),
        wall_offset_ms: 0,
        body: Body::Message(Message {
            topic: format!("firemain/v1/D-{device:04}/telemetry").into(),
            payload: format!(
                "{{\"at\":{},\"seq\":{round},\"pressure_kpa\":{pressure}.5,\"flow_lps\":0.0}}",
                1_795_395_600_000_i64 + round as i64 * 60_000
            )
            .into_bytes(),
            retained: false,
            copy: false,
            cut_from: None,
            first_received_at: None,
        }),
    }
}
