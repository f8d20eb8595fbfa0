//! What the receiver counts, and the word it gives of itself: to the register every five seconds,
//! and at once when it becomes well or unwell.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::intake::Intake;
use firemain_store::journal::{Journal, JournalHealth};
use firemain_store::register::{PartStatus, Register};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::archive::ArchiveState;
use crate::broker::BrokerState;
use crate::writer::WriterState;

/// Between two looks at whether all is well.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks between two words that say the same.
const LOOKS_PER_WORD: u32 = 10;

/// Plain counters and gauges that every part of the receiver writes to.
#[derive(Debug, Default)]
pub struct Counters {
    /// Messages taken in, from broker and endpoint.
    pub received: AtomicU64,
    /// Their payloads' bytes.
    pub received_bytes: AtomicU64,
    /// Messages acknowledged.
    pub acked: AtomicU64,
    /// Messages known for redeliveries.
    pub redelivered: AtomicU64,
    /// Messages that the broker had kept.
    pub retained: AtomicU64,
    /// Messages over the payload limit.
    pub oversize: AtomicU64,
    /// When the newest canary that came round was sent, ms since 1970; 0: none has.
    pub canary_ms: AtomicI64,
    /// Devices connected to the own endpoint now.
    pub endpoint_sessions: AtomicU64,
    /// Logins refused by the own endpoint.
    pub endpoint_refused_logins: AtomicU64,
    /// Messages refused by the own endpoint: their client may not publish there.
    pub endpoint_refused_publishes: AtomicU64,
    /// Messages of devices that were registered later, journalled again.
    pub adopted: AtomicU64,
}

/// Everything a status is made from.
pub(crate) struct Watched {
    pub(crate) counters: Arc<Counters>,
    pub(crate) writer: Arc<WriterState>,
    /// `None`: only the own endpoint receives.
    pub(crate) broker: Option<Arc<BrokerState>>,
    pub(crate) archive: Arc<ArchiveState>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) register: Arc<dyn Register>,
    pub(crate) clock: SharedClock,
}

/// Tells how the receiver is until it stops, and once more then.
pub(crate) async fn tell(watched: Arc<Watched>, cancel: CancellationToken) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let failing = Arc::new(AtomicBool::new(false));
    let mut before: Option<[(bool, String); 2]> = None;
    let mut since_word = 0;
    loop {
        let stopping = tokio::select! {
            () = cancel.cancelled() => true,
            _ = looks.tick() => false,
        };
        since_word += 1;
        let now = watched
            .complaints()
            .map(|complaint| (complaint.is_none(), complaint.unwrap_or_default()));
        let changed = before
            .as_ref()
            .is_none_or(|before| before[0].0 != now[0].0 || before[1].0 != now[1].0);
        if changed || since_word >= LOOKS_PER_WORD || stopping {
            since_word = 0;
            before = Some(now);
            let (watched, failing) = (Arc::clone(&watched), Arc::clone(&failing));
            let told = tokio::task::spawn_blocking(move || watched.tell(&failing));
            if told.await.is_err() {
                warn!("telling how the receiver is ended by a panic");
            }
        }
        if stopping {
            return;
        }
    }
}

impl Watched {
    /// What is wrong with receiving, and with archiving.
    fn complaints(&self) -> [Option<String>; 2] {
        let trouble = self
            .writer
            .trouble
            .borrow()
            .as_ref()
            .map(|trouble| trouble.complaint.clone());
        let broker = self.broker.as_ref().and_then(|broker| {
            let connecting = || "not connected to the broker yet".to_owned();
            broker
                .complaint()
                .or_else(|| (!broker.connected.load(Relaxed)).then(connecting))
        });
        let receive: Vec<_> = trouble.into_iter().chain(broker).collect();
        [
            (!receive.is_empty()).then(|| receive.join("; ")),
            self.archive.complaint(),
        ]
    }

    /// Blocks.
    fn tell(&self, failing: &AtomicBool) {
        let health = self.journal.health().unwrap_or_default();
        let [receive, archive] = self.complaints();
        let words = [
            ("receive", receive, self.receive_numbers(health)),
            ("archive", archive, self.archive_numbers()),
        ];
        for (part, complaint, numbers) in words {
            let numbers: BTreeMap<String, f64> = numbers
                .into_iter()
                .map(|(name, number)| (name.to_owned(), number))
                .collect();
            let status = PartStatus {
                part: part.to_owned(),
                at: Some(self.clock.now()),
                well: complaint.is_none(),
                complaint: complaint.unwrap_or_default(),
                numbers,
            };
            match self.register.tell_status(&status) {
                Ok(()) => failing.store(false, Relaxed),
                Err(error) => {
                    if !failing.swap(true, Relaxed) {
                        warn!(register.error = %error, "cannot tell the register how the receiver is");
                    }
                }
            }
        }
    }

    fn receive_numbers(&self, health: JournalHealth) -> Vec<(&'static str, f64)> {
        let number = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        let flag = |yes: bool| f64::from(u8::from(yes));
        let counters = &self.counters;
        let broker = self.broker.as_deref();
        let broker_flag = |flag_of: fn(&BrokerState) -> &AtomicBool| {
            flag(broker.is_none_or(|broker| flag_of(broker).load(Relaxed)))
        };
        let full = self
            .writer
            .trouble
            .borrow()
            .as_ref()
            .is_some_and(|trouble| trouble.full);
        vec![
            ("received_total", number(&counters.received)),
            ("received_bytes_total", number(&counters.received_bytes)),
            ("acked_total", number(&counters.acked)),
            ("redelivered_total", number(&counters.redelivered)),
            ("retained_total", number(&counters.retained)),
            ("oversize_total", number(&counters.oversize)),
            ("adopted_total", number(&counters.adopted)),
            (
                "reconnects_total",
                broker.map_or(0.0, |broker| number(&broker.reconnects)),
            ),
            ("journal_batches_total", number(&self.writer.batches)),
            ("journal_head", number(&self.writer.head)),
            ("journal_bytes", health.bytes as f64),
            ("journal_damaged_envelopes", health.damaged_envelopes as f64),
            (
                "unacked",
                broker.map_or(0.0, |broker| number(&broker.unacked)),
            ),
            ("connected", broker_flag(|broker| &broker.connected)),
            ("drained", broker_flag(|broker| &broker.drained)),
            ("full", flag(full)),
            ("endpoint_sessions", number(&counters.endpoint_sessions)),
            (
                "endpoint_refused_logins_total",
                number(&counters.endpoint_refused_logins),
            ),
            (
                "endpoint_refused_publishes_total",
                number(&counters.endpoint_refused_publishes),
            ),
            (
                "canary_at_seconds",
                counters.canary_ms.load(Relaxed) as f64 / 1_000.0,
            ),
        ]
    }

    fn archive_numbers(&self) -> Vec<(&'static str, f64)> {
        let archive = &self.archive;
        let number = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        let totals = self.intake.totals().unwrap_or_default();
        let position = archive.position.load(Relaxed);
        let lag = self.writer.head.load(Relaxed).saturating_sub(position);
        vec![
            ("archived_messages_total", number(&archive.messages)),
            ("archived_points_total", number(&archive.points)),
            ("archive_duplicates_total", number(&archive.duplicates)),
            ("quarantined_total", number(&archive.quarantined)),
            ("unregistered_total", number(&archive.unregistered)),
            ("unknown_fields_total", number(&archive.unknown_fields)),
            ("refused_points_total", number(&archive.refused_points)),
            ("left_out_values_total", number(&archive.left_out)),
            ("archive_failures_total", number(&archive.failures)),
            ("source_rows_total", number(&archive.source_rows)),
            (
                "source_row_failures_total",
                number(&archive.source_row_failures),
            ),
            ("archive_lag_messages", lag as f64),
            ("archive_position", position as f64),
            ("archive_durable_position", number(&archive.durable)),
            (
                "archive_canary_at_seconds",
                archive.canary_ms.load(Relaxed) as f64 / 1_000.0,
            ),
            ("quarantine_rows", totals.quarantined as f64),
            ("quarantine_dropped_total", totals.quarantine_dropped as f64),
            ("unregistered_devices", totals.strangers as f64),
            ("unregistered_dropped_total", totals.kept_dropped as f64),
        ]
    }
}
