//! Speaks for all devices: each once an interval, evenly spread, with QoS 1 through the broker.

use std::io::{BufReader, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use super::options::Options;
use super::support::{Stopwatch, now_ms, until};
use super::{city, mqtt};

/// Packet ids are used again after 65,535 messages; so many may wait for their acknowledgement.
const UNACKED: u64 = 30_000;

/// The load, under way.
pub(crate) struct Feed {
    counts: Arc<Counts>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    acked: AtomicU64,
    stops: AtomicBool,
}

impl Feed {
    pub(crate) fn start(broker: SocketAddr, options: &Options) -> Self {
        let counts = Arc::new(Counts::default());
        let stream = mqtt::connect(broker, "load-feed", true);
        let acks = stream.try_clone().expect("a socket can be cloned");
        let (of_acks, of_feed, options) = (counts.clone(), counts.clone(), options.clone());
        let threads = vec![
            std::thread::spawn(move || {
                let mut acks = BufReader::with_capacity(1 << 16, acks);
                let mut body = Vec::new();
                while mqtt::try_read_packet(&mut acks, &mut body) {
                    of_acks.acked.fetch_add(1, Relaxed);
                }
            }),
            std::thread::spawn(move || speak(stream, &of_feed, &options)),
        ];
        Self { counts, threads }
    }

    /// Messages sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.counts.sent.load(Relaxed)
    }

    pub(crate) fn stop(self) {
        self.counts.stops.store(true, Relaxed);
        for thread in self.threads {
            thread.join().expect("the load comes to its end");
        }
    }
}

fn speak(mut stream: std::net::TcpStream, counts: &Counts, options: &Options) {
    let clock = Stopwatch::start();
    let mut bytes = Vec::with_capacity(1 << 17);
    let mut sent = 0_u64;
    while !counts.stops.load(Relaxed) {
        let due = (clock.elapsed().as_secs_f64() * options.rate()) as u64;
        if sent >= due {
            let next = Duration::from_secs_f64((sent + 1) as f64 / options.rate());
            until("the next message is due", Duration::from_secs(60), || {
                clock.elapsed() >= next
            });
            continue;
        }
        until("the broker acknowledges", Duration::from_secs(60), || {
            sent - counts.acked.load(Relaxed) < UNACKED
        });
        let at_ms = now_ms();
        bytes.clear();
        for _ in 0..(due - sent).min(1_000) {
            let (round, n) = (
                sent / u64::from(options.sources),
                sent % u64::from(options.sources),
            );
            let payload = city::payload(n as u32, round as u32, at_ms);
            mqtt::publish_packet(&mut bytes, sent as u32, &city::topic(n as u32), &payload);
            sent += 1;
        }
        stream
            .write_all(&bytes)
            .expect("the broker takes what is published");
        counts.sent.store(sent, Relaxed);
    }
    stream
        .write_all(&[0xe0, 0])
        .expect("the broker takes a farewell");
}
