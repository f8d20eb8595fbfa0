//! The writer's thread: takes what waits, appends it, tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::clock::SharedClock;
use firemain_domain::judging::Control;
use firemain_store::journal::{Journal, JournalError, Position};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::appender::{Appender, Job};
use super::batch::Batch;
use super::time::JournalTime;
use crate::StartError;

/// A full journal is tried again so often.
const TRY_AGAIN_MS: u64 = 1_000;
/// Jobs taken from the queue at once.
const JOBS_AT_ONCE: usize = 1_024;
/// Also where the clock runs slower than the machine's.
const MOST_BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// The journal's only writer.
#[derive(Debug)]
pub struct Writer {
    appender: Appender,
    shared: Arc<WriterState>,
    thread: Option<JoinHandle<()>>,
}

/// What the writer shows of itself.
#[derive(Debug)]
pub(crate) struct WriterState {
    pub(crate) batches: AtomicU64,
    /// The newest envelope on disk.
    pub(crate) head: AtomicU64,
    /// Up to where the broker's session knows its acknowledgements to have arrived; `u64::MAX`
    /// where there is no such session.
    pub(crate) settled: AtomicU64,
    /// Journal time of the newest envelope, ms.
    pub(crate) journal_ms: std::sync::atomic::AtomicI64,
    /// Why nothing can be written at present.
    pub(crate) trouble: watch::Sender<Option<Trouble>>,
    /// Cancelled when the thread ends, however it does.
    pub(crate) ended: CancellationToken,
    stopping: AtomicBool,
}

/// Why the journal takes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Its limit or the disk is reached, as against an error.
    pub(crate) full: bool,
    pub(crate) complaint: String,
}

impl Writer {
    /// Starts the writer and journals [`Control::Started`].
    ///
    /// # Errors
    /// When the journal cannot be read, or no thread be had.
    pub fn start(journal: Arc<dyn Journal>, clock: SharedClock) -> Result<Self, StartError> {
        let head = journal.head()?;
        let time = JournalTime::resume(&*clock, newest(&*journal, head)?);
        let (appender, jobs, room) = Appender::new();
        let shared = Arc::new(WriterState {
            batches: 0.into(),
            head: head.0.into(),
            settled: u64::MAX.into(),
            journal_ms: 0.into(),
            trouble: watch::channel(None).0,
            ended: CancellationToken::new(),
            stopping: false.into(),
        });
        let at_work = AtWork {
            journal,
            clock,
            time,
            jobs,
            room,
            shared: Arc::clone(&shared),
            head_at_beat: head,
        };
        let thread = std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || {
                let _ended = at_work.shared.ended.clone().drop_guard();
                at_work.run();
            })
            .map_err(StartError::Thread)?;
        Ok(Self {
            appender,
            shared,
            thread: Some(thread),
        })
    }

    /// The way in.
    pub fn appender(&self) -> Appender {
        self.appender.clone()
    }

    pub(crate) fn state(&self) -> &Arc<WriterState> {
        &self.shared
    }

    /// Writes what is in the queue and ends. What a full journal does not take is left: nobody was
    /// told that it is on disk, so it comes again. Blocks.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Where the queue has no room for this word, the thread is not asleep on an empty one.
        let _ = self.appender.jobs().try_send(Job::Beat);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                error!("the journal's writer ended by a panic");
            }
        }
    }
}

/// Receipt and wall offset of the newest envelope; one that was set aside for damage is passed over.
fn newest(journal: &dyn Journal, head: Position) -> Result<Option<(Timestamp, i64)>, JournalError> {
    for back in [1, 100, 10_000, u64::MAX] {
        let after = Position(head.0.saturating_sub(back));
        let limit = usize::try_from(back.min(10_000)).unwrap_or(1);
        if let Some((_, envelope)) = journal.read(after, limit)?.pop() {
            return Ok(Some((envelope.received_at, envelope.wall_offset_ms)));
        }
        if after.0 == 0 {
            break;
        }
    }
    Ok(None)
}

struct AtWork {
    journal: Arc<dyn Journal>,
    clock: SharedClock,
    time: JournalTime,
    jobs: mpsc::Receiver<Job>,
    room: Arc<Semaphore>,
    shared: Arc<WriterState>,
    head_at_beat: Position,
}

impl AtWork {
    fn run(mut self) {
        let mut batch = Batch::default();
        self.take(&mut batch, Job::Control(Control::Started, None));
        self.write(std::mem::take(&mut batch));
        let mut jobs = Vec::with_capacity(JOBS_AT_ONCE);
        loop {
            if self.is_stopping() {
                self.jobs.close();
            }
            // Nothing is waited for once something is there: a broker with a small window sends
            // nothing more until that is acknowledged.
            if self.jobs.blocking_recv_many(&mut jobs, JOBS_AT_ONCE) == 0 {
                return;
            }
            for job in jobs.drain(..) {
                self.take(&mut batch, job);
                if batch.is_full() {
                    self.write(std::mem::take(&mut batch));
                }
            }
            if !batch.is_empty() {
                self.write(std::mem::take(&mut batch));
            }
        }
    }

    fn take(&mut self, batch: &mut Batch, job: Job) {
        let now = self.time.look(&*self.clock);
        if let Some(by_ms) = now.stepped_ms {
            batch.control(Control::ClockStepped { by_ms }, now);
        }
        let settled = match &job {
            Job::Beat => self.settled(),
            _ => Position(0),
        };
        batch.take(job, now, settled);
    }

    /// Everything before it is acknowledged for good: what was on disk a heartbeat ago, and what the
    /// broker is known to have heard of.
    fn settled(&mut self) -> Position {
        let head = Position(self.shared.head.load(Ordering::Acquire));
        let before = std::mem::replace(&mut self.head_at_beat, head);
        let by_broker = self.shared.settled.load(Ordering::Acquire);
        Position(before.0.min(by_broker) + 1)
    }

    /// Appends a batch, however long that takes; gives up only when the receiver stops.
    fn write(&mut self, batch: Batch) {
        let first = loop {
            match self.journal.append(&batch.envelopes) {
                Ok(first) => break first,
                Err(error) => self.complain(&error),
            }
            // What was released meanwhile makes room at once, not with the next round of pruning.
            if matches!(self.journal.prune(self.clock.now()), Ok(pruned) if pruned.bytes > 0) {
                continue;
            }
            if self.is_stopping() {
                return;
            }
            std::thread::park_timeout(self.clock.real(TRY_AGAIN_MS).min(MOST_BETWEEN_TRIES));
        };
        if self.shared.trouble.borrow().is_some() {
            info!("the journal takes messages again");
            self.shared.trouble.send_replace(None);
        }
        let journal_ms = batch
            .envelopes
            .last()
            .map_or(0, |newest| newest.received_at.ms());
        let (head, free) = batch.tell(first);
        self.shared.journal_ms.store(journal_ms, Ordering::Release);
        self.shared.head.store(head.0, Ordering::Release);
        self.shared.batches.fetch_add(1, Ordering::Relaxed);
        self.room.add_permits(free);
    }

    fn complain(&self, error: &JournalError) {
        let full = matches!(error, JournalError::Full { .. } | JournalError::DiskFull);
        let complaint = if full {
            format!(
                "{error}: nothing more is acknowledged, and the broker keeps what comes. Make room; receiving goes on by itself"
            )
        } else {
            format!("{error}: nothing more is acknowledged; it is tried again every second")
        };
        let known = self
            .shared
            .trouble
            .borrow()
            .as_ref()
            .is_some_and(|known| known.full == full);
        if !known {
            error!(journal.error = %error, "the journal takes nothing: messages are held and not acknowledged");
        }
        self.shared
            .trouble
            .send_replace(Some(Trouble { full, complaint }));
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::SeqCst)
    }
}
