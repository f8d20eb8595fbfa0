//! How fast the embedded archive takes points, how small they become, and how long a day of one
//! source takes. Five hundred hydrants and tanks by the minute for a week: pressure in steps of
//! 0.5 kPa, flow mostly 0, a level that changes slowly.
//!
//! `cargo bench -p firemain-store --bench archive`

use firemain_domain::clock::{Clock, SystemClock};
use firemain_domain::source::{KindName, SourceCode};
use firemain_domain::time::{DAY_MS, MINUTE_MS};
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::embedded::{EmbeddedArchive, EmbeddedOptions};
use firemain_store::archive::{Archive, Point, Query};
use firemain_store::journal::Position;

const SOURCES: usize = 500;
const MONDAY: i64 = 2_968 * 7 * DAY_MS;
const MINUTES: i64 = 7 * 24 * 60;
const BATCH: usize = 5_000;

/// A small generator of its own: the same points in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn minute(codes: &[SourceCode], minute: i64, noise: &mut Noise, out: &mut Vec<Point>) {
    let of_day = (minute % 1_440) as f64 / 1_440.0 * std::f64::consts::TAU;
    for (i, code) in codes.iter().enumerate() {
        let jitter = (noise.next() % 900) as i64;
        let at =
            Timestamp::from_ms(MONDAY + minute * MINUTE_MS + (i as i64 * 97) % 50_000 + jitter);
        let mut add = |quantity, value| {
            out.push(Point {
                source: SourceCode::clone(code),
                kind: KindName::Hydrant,
                quantity,
                at,
                mark: minute as u32,
                value,
            });
        };
        let raw = 250.0 + (i % 80) as f64 - 20.0 * of_day.sin() + (noise_step(noise.0, i) - 1.5);
        add(Quantity::PressureKpa, (raw * 2.0).round() / 2.0);
        add(Quantity::FlowLps, 0.0);
        let level = 1.8 + 0.3 * (of_day + i as f64).cos();
        add(Quantity::LevelM, (level * 100.0).round() / 100.0);
    }
}

fn noise_step(noise: u64, i: usize) -> f64 {
    (noise.rotate_left(i as u32 % 64) % 7) as f64 * 0.5
}

fn main() {
    let clock = SystemClock::default();
    let folder = std::env::temp_dir().join(format!("firemain-archive-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("threads can be had");
    runtime.block_on(measure(&clock, &folder));
    let _ = std::fs::remove_dir_all(&folder);
}

async fn measure(clock: &SystemClock, folder: &std::path::Path) {
    let archive =
        EmbeddedArchive::open(folder, EmbeddedOptions::default()).expect("a folder can be made");
    let codes: Vec<SourceCode> = (0..SOURCES).map(|i| format!("TR-{i:06}").into()).collect();
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let (mut points, mut taken, mut spent_ms) = (Vec::new(), 0_u64, 0);
    for m in 0..MINUTES {
        minute(&codes, m, &mut noise, &mut points);
        if points.len() < 100 * BATCH && m + 1 < MINUTES {
            continue;
        }
        // Only writing counts, not the making of points.
        let mut batches = Vec::new();
        while !points.is_empty() {
            batches.push(points.split_off(points.len().saturating_sub(BATCH)));
        }
        let begun = clock.monotonic_ms();
        for batch in batches.into_iter().rev() {
            taken += archive
                .write(batch, Position(taken))
                .await
                .expect("it is taken")
                .points;
        }
        spent_ms += clock.monotonic_ms() - begun;
    }
    let begun = clock.monotonic_ms();
    archive.flush().await.expect("it is filed");
    spent_ms += clock.monotonic_ms() - begun;
    println!(
        "in: {:.2} M points/s ({taken} points, filed)",
        taken as f64 / spent_ms as f64 / 1e3
    );
    day(clock, &archive, "before merging").await;

    let begun = clock.monotonic_ms();
    for _ in 0..4 {
        archive
            .maintain(Timestamp::from_ms(MONDAY + 9 * DAY_MS))
            .await
            .expect("it is merged");
    }
    let merging_ms = (clock.monotonic_ms() - begun).max(1);
    let health = archive.health();
    println!(
        "merged at {:.2} M points/s; {:.2} B per point in {} files, roll-ups included",
        taken as f64 / merging_ms as f64 / 1e3,
        health.bytes as f64 / taken as f64,
        health.files
    );
    day(clock, &archive, "merged").await;
}

async fn day(clock: &SystemClock, archive: &EmbeddedArchive, when: &str) {
    let begun = clock.monotonic_ms();
    let mut values = 0;
    for i in 0..100 {
        let query = Query {
            source: format!("TR-{:06}", i * 5).into(),
            quantities: Vec::new(),
            from: Timestamp::from_ms(MONDAY + 3 * DAY_MS),
            until: Timestamp::from_ms(MONDAY + 4 * DAY_MS),
        };
        values += archive
            .range(query, 100_000)
            .await
            .expect("it answers")
            .len();
    }
    let spent = (clock.monotonic_ms() - begun) as f64 / 100.0;
    println!(
        "a day of one source, {when}: {spent:.2} ms ({} values)",
        values / 100
    );
}
