//! What the receiver does when something is full, down or forbidden, and how it stops.
#![allow(clippy::unwrap_used)]

mod bench;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bench::{
    Mosquitto, Places, SOON, Stopwatch, hydrant, messages, number, settings, start, status, until,
};
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::clock::SystemClock;
use firemain_ingest::{Ingest, StartError, Stores};
use firemain_store::archive::{
    Answer, Archive, ArchiveError, Bucket, Point, Query, Value, Written,
};
use firemain_store::journal::{Envelope, Journal, JournalError, JournalHealth, Position, Pruned};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const LARGE: u64 = 2_000_000_000;
const TOPIC: &str = "firemain/v1/H-1/telemetry";

/// Messages that do not compress well.
fn bulky(count: usize) -> Vec<String> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..count)
        .map(|n| {
            let noise: Vec<_> = (0..50).map(|_| format!("{:016x}", noise())).collect();
            let noise = noise.concat();
            format!(r#"{{"seq":{n},"pressure_kpa":215.5,"noise":"{noise}"}}"#)
        })
        .collect()
}

/// Sequence numbers among the messages that the intake keeps of H-1.
fn kept(stores: &Stores) -> BTreeSet<u64> {
    let mut all = BTreeSet::new();
    let mut after = Position(0);
    loop {
        let some = stores.intake.kept("H-1", after, 1_000).unwrap();
        let Some(last) = some.last() else { return all };
        after = last.position;
        all.extend(some.iter().map(|kept| {
            let json: serde_json::Value = serde_json::from_slice(&kept.message.payload).unwrap();
            json["seq"].as_u64().unwrap()
        }));
    }
}

fn is_well(stores: &Stores, part: &str) -> bool {
    status(stores, part).is_some_and(|status| status.well)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_journal_is_told_and_receiving_goes_on_by_itself_when_there_is_room() {
    const COUNT: usize = 12_000;
    let broker = Mosquitto::builder().max_queued(0).start();
    let places = Places::new();
    let stores = places.stores(2_000_000);
    stores.journal.add_consumer("watch", Position(0)).unwrap();
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is well", SOON, || is_well(&stores, "receive"));
    broker.publish_lines(TOPIC, bulky(COUNT).iter().map(String::as_str));
    until("the journal is told full", SOON, || {
        number(&stores, "receive", "full") == 1.0
    });
    let told = status(&stores, "receive").unwrap();
    assert!(!told.well && told.complaint.contains("full"), "{told:?}");
    assert!(messages(&stores).len() < COUNT);
    // The consumer that held everything back goes on, as far as it can read.
    until("everything has come", Duration::from_mins(1), || {
        let head = stores.journal.head().unwrap();
        stores.journal.release("watch", head).unwrap();
        kept(&stores).len() == COUNT
    });
    until("all is well again", SOON, || {
        is_well(&stores, "receive") && number(&stores, "receive", "full") == 0.0
    });
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retained_message_is_known_for_one() {
    let broker = Mosquitto::start();
    let retained = broker
        .client("MOSQUITTO_PUB")
        .args(["-q", "1", "-r", "-t", "firemain/v1/H-1/status"])
        .args(["-m", r#"{"online":true}"#])
        .status()
        .unwrap();
    assert!(retained.success());
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings(&broker.url()), &stores).await;
    until("it is here", SOON, || messages(&stores).len() == 1);
    assert!(messages(&stores)[0].retained);
    broker.publish("firemain/v1/H-1/status", r#"{"online":false}"#);
    until("news is here", SOON, || messages(&stores).len() == 2);
    assert!(!messages(&stores)[1].retained);
    until("it is counted", SOON, || {
        number(&stores, "receive", "retained_total") == 1.0
    });
    receiver.stop().await;
}

/// A broker that takes everybody in and refuses subscriptions to events: mosquitto's own access
/// list lets every subscription pass, and delivers nothing.
async fn refusing(listener: TcpListener) {
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut last = [0; 4096];
        while let Ok(read @ 1..) = socket.read(&mut last).await {
            let answer = match last[0] {
                0x10 => vec![0x20, 2, 0, 0],
                0x82 => suback(&last[..read]),
                0xc0 => vec![0xd0, 0],
                _ => continue,
            };
            socket.write_all(&answer).await.unwrap();
        }
    }
}

fn suback(subscribe: &[u8]) -> Vec<u8> {
    // The receiver's first subscription is longer than 127 bytes or not: skip its length.
    let header = 1
        + subscribe[1..]
            .iter()
            .position(|byte| byte & 0x80 == 0)
            .unwrap()
        + 1;
    let mut rest = &subscribe[header + 2..];
    let mut codes = Vec::new();
    while let [high, low, topic @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let refused = topic[..length].ends_with(b"/event");
        codes.push(if refused { 0x80 } else { 1 });
        rest = topic.get(length + 1..).unwrap_or_default();
        if rest.first() != Some(&0) {
            break;
        }
    }
    let id = &subscribe[header..header + 2];
    [&[0x90, 2 + codes.len() as u8], id, &codes].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_subscription_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let broker = tokio::spawn(refusing(listener));
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings(&url), &stores).await;
    until("the refusal is told", SOON, || {
        status(&stores, "receive")
            .is_some_and(|told| !told.well && told.complaint.contains("to firemain/v1/+/event:"))
    });
    receiver.stop().await;
    broker.abort();
}

/// An archive that is busy while it is told to be.
struct Moody {
    inner: Arc<dyn Archive>,
    busy: AtomicBool,
    refused: AtomicU64,
}

impl Archive for Moody {
    fn write(&self, points: Vec<Point>, upto: Position) -> Answer<'_, Written> {
        if self.busy.load(SeqCst) {
            self.refused.fetch_add(1, SeqCst);
            return Box::pin(async {
                Err(ArchiveError::Busy {
                    reason: "it has a headache".to_owned(),
                    retry_after: None,
                })
            });
        }
        self.inner.write(points, upto)
    }

    fn durable_upto(&self) -> Option<Position> {
        self.inner.durable_upto()
    }

    fn range(&self, query: Query, limit: usize) -> Answer<'_, Vec<Value>> {
        self.inner.range(query, limit)
    }

    fn buckets(&self, query: Query, width_ms: i64) -> Answer<'_, Vec<Bucket>> {
        self.inner.buckets(query, width_ms)
    }

    fn latest(&self, source: firemain_domain::source::SourceCode) -> Answer<'_, Vec<Value>> {
        self.inner.latest(source)
    }

    fn count(
        &self,
        source: Option<firemain_domain::source::SourceCode>,
        from: Timestamp,
        until: Timestamp,
    ) -> Answer<'_, u64> {
        self.inner.count(source, from, until)
    }

    fn maintain(&self, now: Timestamp) -> Answer<'_, ()> {
        self.inner.maintain(now)
    }

    fn flush(&self) -> Answer<'_, ()> {
        self.inner.flush()
    }

    fn check(&self) -> Answer<'_, ()> {
        self.inner.check()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_was_busy_catches_up_with_nothing_missing() {
    const COUNT: usize = 5_000;
    let broker = Mosquitto::builder().max_queued(0).start();
    let places = Places::new();
    let mut stores = places.stores(LARGE);
    let moody = Arc::new(Moody {
        inner: Arc::clone(&stores.archive),
        busy: AtomicBool::new(true),
        refused: AtomicU64::new(0),
    });
    stores.archive = Arc::clone(&moody) as _;
    let now = Timestamp::from_ms(1_764_000_000_000);
    let change = Change::SourceSet {
        source: Box::new(hydrant("H-1")),
    };
    stores.register.change("test", now, &[change]).unwrap();
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is well", SOON, || is_well(&stores, "receive"));
    broker.publish_lines(TOPIC, bulky(COUNT).iter().map(String::as_str));
    until("everything is journalled although it is busy", SOON, || {
        messages(&stores).len() == COUNT
    });
    until("that it is busy is told", SOON, || {
        status(&stores, "archive").is_some_and(|told| told.complaint.contains("headache"))
    });
    until("it was tried again", SOON, || {
        moody.refused.load(SeqCst) >= 3
    });
    moody.busy.store(false, SeqCst);
    until("it caught up", SOON, || {
        number(&stores, "archive", "archive_lag_messages") <= 5.0
            && number(&stores, "archive", "archived_points_total") >= COUNT as f64
    });
    let ever = (
        Timestamp::from_ms(0),
        Timestamp::from_ms(i64::MAX / 2_000_000),
    );
    let there = stores.archive.count(Some("H-1".into()), ever.0, ever.1);
    assert_eq!(there.await.unwrap(), COUNT as u64);
    until("it is well", SOON, || is_well(&stores, "archive"));
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_within_three_seconds_whatever_is_down() {
    let broker = Mosquitto::start();
    let places = Places::new();
    let mut stores = places.stores(LARGE);
    stores.archive = Arc::new(Moody {
        inner: Arc::clone(&stores.archive),
        busy: AtomicBool::new(true),
        refused: AtomicU64::new(0),
    });
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is well", SOON, || is_well(&stores, "receive"));
    broker.publish_lines(TOPIC, bulky(2_000).iter().map(String::as_str));
    let watch = Stopwatch::start();
    receiver.stop().await;
    let took = watch.elapsed();
    assert!(took < Duration::from_secs(3), "with a broker: {took:?}");

    let receiver = start(settings("mqtt://127.0.0.1:1"), &stores).await;
    let watch = Stopwatch::start();
    receiver.stop().await;
    let took = watch.elapsed();
    assert!(took < Duration::from_secs(3), "without one: {took:?}");
}

/// A journal whose writer runs into a panic, or that knows no consumers.
struct Broken {
    inner: Arc<dyn Journal>,
    panics: AtomicBool,
    knows_no_consumers: bool,
}

impl Journal for Broken {
    fn append(&self, batch: &[Envelope]) -> Result<Position, JournalError> {
        assert!(!self.panics.load(SeqCst), "as told");
        self.inner.append(batch)
    }

    fn read(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Envelope)>, JournalError> {
        self.inner.read(after, limit)
    }

    fn head(&self) -> Result<Position, JournalError> {
        self.inner.head()
    }

    fn extent(&self) -> Result<(Position, Position), JournalError> {
        self.inner.extent()
    }

    fn add_consumer(&self, consumer: &str, from: Position) -> Result<(), JournalError> {
        if self.knows_no_consumers {
            let doing = "written";
            return Err(JournalError::OnlyReads { doing });
        }
        self.inner.add_consumer(consumer, from)
    }

    fn release(&self, consumer: &str, upto: Position) -> Result<(), JournalError> {
        self.inner.release(consumer, upto)
    }

    fn remove_consumer(&self, consumer: &str) -> Result<(), JournalError> {
        self.inner.remove_consumer(consumer)
    }

    fn consumers(&self) -> Result<Vec<(String, Position)>, JournalError> {
        self.inner.consumers()
    }

    fn prune(&self, now: Timestamp) -> Result<Pruned, JournalError> {
        self.inner.prune(now)
    }

    fn wait(&self, after: Position, at_most: Duration) -> Result<bool, JournalError> {
        self.inner.wait(after, at_most)
    }

    fn health(&self) -> Result<JournalHealth, JournalError> {
        self.inner.health()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_panics_ends_the_receiver() {
    let places = Places::new();
    let mut stores = places.stores(LARGE);
    let broken = Arc::new(Broken {
        inner: Arc::clone(&stores.journal),
        panics: AtomicBool::new(false),
        knows_no_consumers: false,
    });
    stores.journal = Arc::clone(&broken) as _;
    let mut settings = settings("mqtt://127.0.0.1:1");
    settings.broker = None;
    let cancel = CancellationToken::new();
    let clock = SystemClock::shared();
    let receiver = Ingest::start(settings, stores, clock, cancel.clone())
        .await
        .unwrap();
    broken.panics.store(true, SeqCst);
    tokio::time::timeout(SOON, cancel.cancelled())
        .await
        .expect("the receiver ends");
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_leaves_no_writer_behind() {
    let places = Places::new();
    let mut stores = places.stores(LARGE);
    let broken: Arc<dyn Journal> = Arc::new(Broken {
        inner: Arc::clone(&stores.journal),
        panics: AtomicBool::new(false),
        knows_no_consumers: true,
    });
    stores.journal = Arc::clone(&broken);
    let settings = settings("mqtt://127.0.0.1:1");
    let cancel = CancellationToken::new();
    let started = Ingest::start(settings, stores, SystemClock::shared(), cancel).await;
    assert!(matches!(started.err(), Some(StartError::Journal(_))));
    assert_eq!(
        Arc::strong_count(&broken),
        1,
        "somebody still holds the journal"
    );
}
