//! The receiver as a whole: its few long-lived tasks, started and stopped together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::clock::SharedClock;
use firemain_domain::judging::Control;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::adopt::Adoption;
use crate::archive::{ArchiveParts, ArchiveState, Archiving, Part, SourceRows};
use crate::broker::{BrokerState, Publication, Session, SessionParts};
use crate::broker_files::{self, BrokerFiles};
use crate::courier::Courier;
use crate::devices::Devices;
use crate::status::{self, Counters, Watched};
use crate::writer::{Appender, Job, Writer, WriterState};
use crate::{IngestSettings, StartError, Stores, canary};

/// A heartbeat is journalled so often.
const HEARTBEAT_MS: u64 = 5_000;
/// The stores are tidied so often.
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// Publications that may wait for the broker.
const OUTBOX: usize = 256;
/// What stopping may take, without the writer's last batch.
const STOP_WITHIN: Duration = Duration::from_millis(2_500);
/// A timer runs no faster than this, on whatever clock.
const SHORTEST: Duration = Duration::from_millis(10);

/// The running receiver. Its tasks, each ending when the receiver stops:
///
/// | Task | waits on |
/// |---|---|
/// | writer (a thread) | its queue; the disk |
/// | session | broker, writer |
/// | archive reader (a thread), delivery | journal; archive, intake |
/// | adoption, courier, broker files (where they are kept) | register once a second |
/// | source rows (where the archive keeps them) | register every two seconds; archive |
/// | status | twice a second |
/// | heartbeat, canary, tidying | their timers |
///
/// One that ends before its time ends the receiver, by the token that was given at the start.
#[derive(Debug)]
pub struct Ingest {
    writer: Writer,
    counters: Arc<Counters>,
    cancel: CancellationToken,
    tasks: JoinSet<()>,
}

impl Ingest {
    /// Starts the receiver. It runs until `cancel` is cancelled; call [`Ingest::stop`] then.
    ///
    /// # Errors
    /// When the settings cannot be used or the stores cannot be read.
    pub async fn start(
        settings: IngestSettings,
        stores: Stores,
        clock: SharedClock,
        cancel: CancellationToken,
    ) -> Result<Self, StartError> {
        let prepared = tokio::task::spawn_blocking(move || Prepared::new(settings, stores, clock));
        let prepared = prepared
            .await
            .map_err(|error| StartError::Broken(error.to_string()))??;
        Ok(prepared.run(cancel))
    }

    /// The way in for the own endpoint: what it takes in is journalled through this.
    pub fn appender(&self) -> Appender {
        self.writer.appender()
    }

    /// The counters, for the own endpoint to count in.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Stops: what was taken in goes to disk and is acknowledged, the archive is made durable,
    /// cursors are saved. Within 3 s.
    pub async fn stop(self) {
        let Self {
            writer,
            cancel,
            mut tasks,
            ..
        } = self;
        cancel.cancel();
        let ending = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WITHIN, ending).await.is_err() {
            warn!(
                "not everything of the receiver ended in time; what is missing is done at the next start"
            );
            tasks.abort_all();
        }
        // Its thread cannot be aborted; its panics are told by itself.
        let _ = tokio::task::spawn_blocking(move || writer.stop()).await;
    }
}

/// Everything read and opened, nothing running but the writer and the reader of the archive.
struct Prepared {
    clock: SharedClock,
    stores: Stores,
    writer: Writer,
    counters: Arc<Counters>,
    archive_state: Arc<ArchiveState>,
    archiving: Archiving,
    devices: Arc<Devices>,
    broker: Option<(Session, Arc<BrokerState>)>,
    courier: Option<Courier>,
    client_id: String,
    broker_files: Option<BrokerFiles>,
}

impl Prepared {
    /// Blocks.
    fn new(
        settings: IngestSettings,
        stores: Stores,
        clock: SharedClock,
    ) -> Result<Self, StartError> {
        let counters = Arc::new(Counters::default());
        let devices = Arc::new(Devices::load(&*stores.register)?);
        let (outbox, to_publish) = mpsc::channel::<Publication>(OUTBOX);
        let (published, of_commands) = mpsc::unbounded_channel();
        let outbox = settings.broker.is_some().then_some(outbox);
        let writer = Writer::start(Arc::clone(&stores.journal), Arc::clone(&clock))?;
        let broker = match &settings.broker {
            None => None,
            Some(broker) => {
                let state = Arc::new(BrokerState::default());
                let topics = settings
                    .subscriptions
                    .iter()
                    .map(|s| s.topic.as_str().to_owned())
                    .collect();
                let session = Session::new(SessionParts {
                    settings: broker,
                    client_id: &settings.client_id,
                    topics,
                    payload_limit: settings.limits.payload_bytes,
                    journal: &*stores.journal,
                    appender: &writer.appender(),
                    writer: Arc::clone(writer.state()),
                    counters: Arc::clone(&counters),
                    state: Arc::clone(&state),
                    outbox: to_publish,
                    published,
                    clock: Arc::clone(&clock),
                });
                Some((session?, state))
            }
        };
        let courier = outbox.clone().map(|outbox| Courier {
            register: Arc::clone(&stores.register),
            outbox,
            published: of_commands,
            clock: Arc::clone(&clock),
        });
        let archive_state = Arc::new(ArchiveState::default());
        let archiving = Archiving::start(ArchiveParts {
            stores: stores.clone(),
            devices: Arc::clone(&devices),
            subscriptions: settings.subscriptions,
            limits: settings.limits,
            state: Arc::clone(&archive_state),
            writer: Arc::clone(writer.state()),
            outbox,
            clock: Arc::clone(&clock),
        })?;
        let client_id = settings.client_id;
        let broker_files = settings.broker_files;
        Ok(Self {
            clock,
            stores,
            writer,
            counters,
            archive_state,
            archiving,
            devices,
            broker,
            courier,
            client_id,
            broker_files,
        })
    }

    fn run(self, cancel: CancellationToken) -> Ingest {
        let Self {
            clock,
            stores,
            writer,
            counters,
            archive_state,
            archiving,
            devices,
            broker,
            courier,
            client_id,
            broker_files,
        } = self;
        let appender = writer.appender();
        let mut tasks = Tasks {
            set: JoinSet::new(),
            cancel: cancel.clone(),
        };
        let watched = Arc::new(Watched {
            counters: Arc::clone(&counters),
            writer: Arc::clone(writer.state()),
            broker: broker.as_ref().map(|(_, state)| Arc::clone(state)),
            archive: Arc::clone(&archive_state),
            journal: Arc::clone(&stores.journal),
            intake: Arc::clone(&stores.intake),
            register: Arc::clone(&stores.register),
            clock: Arc::clone(&clock),
        });
        match broker {
            Some((session, _)) => tasks.spawn("session", session.run(cancel.clone())),
            None => {
                tasks.spawn("opening", open(appender.clone(), cancel.clone()));
                let singing = canary::sing_to_the_journal(
                    client_id,
                    appender.clone(),
                    Arc::clone(&counters),
                    Arc::clone(&clock),
                    cancel.clone(),
                );
                tasks.spawn("canary", singing);
            }
        }
        if let Some(files) = broker_files {
            let (register, clock) = (Arc::clone(&stores.register), Arc::clone(&clock));
            let keeping = broker_files::keep(files, register, clock, cancel.clone());
            tasks.spawn("broker files", keeping);
        }
        if let Some(courier) = courier {
            tasks.spawn("courier", courier.run(cancel.clone()));
        }
        tasks.spawn("writer", {
            let (ended, cancel) = (writer.state().ended.clone(), cancel.clone());
            async move {
                // Its thread, which panics or not: without it nothing is journalled.
                cancel.run_until_cancelled(ended.cancelled()).await;
            }
        });
        tasks.spawn("archiving", archiving.run(cancel.clone()));
        let adoption = Adoption {
            register: Arc::clone(&stores.register),
            intake: Arc::clone(&stores.intake),
            devices,
            appender: appender.clone(),
            counters: Arc::clone(&counters),
            state: Arc::clone(&archive_state),
        };
        tasks.spawn("adoption", adoption.run(cancel.clone()));
        if stores.archive.keeps_sources() {
            let rows = SourceRows::new(
                &stores,
                Arc::clone(&archive_state),
                Arc::clone(writer.state()),
                Arc::clone(&clock),
            );
            tasks.spawn("source rows", rows.run(cancel.clone()));
        }
        tasks.spawn("status", status::tell(watched, cancel.clone()));
        tasks.spawn(
            "heartbeat",
            beat(appender, Arc::clone(&clock), cancel.clone()),
        );
        let tidying = tidy(
            stores,
            Arc::clone(writer.state()),
            archive_state,
            cancel.clone(),
        );
        tasks.spawn("tidying", tidying);
        Ingest {
            writer,
            counters,
            cancel,
            tasks: tasks.set,
        }
    }
}

struct Tasks {
    set: JoinSet<()>,
    cancel: CancellationToken,
}

impl Tasks {
    /// Runs a task; if it ends before the receiver stops, the receiver ends with it.
    fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.cancel.clone();
        self.set.spawn(async move {
            let ended = tokio::spawn(task).await;
            if let Err(error) = ended {
                error!(task.name = name, task.error = %error, "a task of the receiver broke off: the receiver ends");
                cancel.cancel();
            } else if !cancel.is_cancelled() {
                error!(task.name = name, "a task of the receiver ended before its time: the receiver ends");
                cancel.cancel();
            }
        });
    }
}

/// Without a broker nothing was queued anywhere: we are connected and drained from the start.
async fn open(appender: Appender, cancel: CancellationToken) {
    let opened = async {
        for control in [
            Control::Connected {
                session_present: true,
            },
            Control::Drained,
        ] {
            // The writer ends only when the receiver does.
            let _ = appender.tell(control).await;
        }
    };
    cancel.run_until_cancelled(opened).await;
    cancel.cancelled().await;
}

async fn beat(appender: Appender, clock: SharedClock, cancel: CancellationToken) {
    let mut beats = tokio::time::interval(clock.real(HEARTBEAT_MS).max(SHORTEST));
    while cancel.run_until_cancelled(beats.tick()).await.is_some() {
        // Where the queue is full there is no need of a sign of life: the writer is stuck.
        let _ = appender.jobs().try_send(Job::Beat);
    }
}

/// Merging and retention of the archive, pruning of the journal.
async fn tidy(
    stores: Stores,
    writer: Arc<WriterState>,
    state: Arc<ArchiveState>,
    cancel: CancellationToken,
) {
    let pruning = Arc::new(AtomicBool::new(false));
    let mut rounds = tokio::time::interval(TIDY_EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(rounds.tick()).await.is_some() {
        let now = Timestamp::from_ms(writer.journal_ms.load(Ordering::Acquire));
        if now.ms() == 0 {
            continue;
        }
        let maintained = cancel
            .run_until_cancelled(stores.archive.maintain(now))
            .await;
        let complaint = maintained
            .and_then(Result::err)
            .map(|error| error.to_string());
        let text = complaint.clone().unwrap_or_default();
        if state.set_complaint(Part::Maintaining, complaint) && !text.is_empty() {
            warn!(archive.error = %text, "cannot maintain the archive; it is tried again every minute");
        }
        let (journal, failing) = (Arc::clone(&stores.journal), Arc::clone(&pruning));
        let pruned = tokio::task::spawn_blocking(move || match journal.prune(now) {
            Ok(_) => failing.store(false, Ordering::Relaxed),
            Err(error) => {
                if !failing.swap(true, Ordering::Relaxed) {
                    warn!(journal.error = %error, "cannot prune the journal; it is tried again every minute");
                }
            }
        });
        if pruned.await.is_err() {
            error!("pruning the journal ended by a panic");
        }
    }
}
