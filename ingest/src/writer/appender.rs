//! The way into the journal for everybody but the writer itself.

use std::sync::Arc;

use firemain_domain::judging::Control;
use firemain_store::journal::Position;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::Arrival;

/// Bytes that may wait for the disk; whoever hands in more waits.
const WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Jobs that may wait.
const WAITING_JOBS: usize = 16 * 1024;

/// The receiver is stopping: what was handed in is not journalled and must not be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receiver is stopping: nothing more is journalled")]
pub struct Closed;

/// Hands messages to the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Appender {
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
}

/// What the writer is given to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// One message, and whom to tell when it is on disk.
    One(Arrival, oneshot::Sender<()>),
    /// Several of one receiver, in order, the last of them called `upto`.
    Several {
        arrivals: Vec<Arrival>,
        upto: u64,
        done: mpsc::UnboundedSender<OnDisk>,
    },
    /// A word about ourselves.
    Control(Control, Option<oneshot::Sender<()>>),
    /// Time for a heartbeat.
    Beat,
}

/// Everything handed in up to `upto` is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnDisk {
    /// The token of the newest message.
    pub(crate) upto: u64,
    /// Its position is not beyond this one.
    pub(crate) position: Position,
}

impl Appender {
    /// An appender, and the end the writer takes from.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Job>, Arc<Semaphore>) {
        let (jobs, taken) = mpsc::channel(WAITING_JOBS);
        let room = Arc::new(Semaphore::new(WAITING_BYTES));
        (
            Self {
                jobs,
                room: Arc::clone(&room),
            },
            taken,
            room,
        )
    }

    /// Journals one message; resolves when it is on disk and may be acknowledged. While the journal
    /// is full it waits.
    ///
    /// # Errors
    /// When the receiver stops before it is on disk.
    pub async fn append(&self, arrival: Arrival) -> Result<(), Closed> {
        self.hand_in(arrival).await?.await.map_err(|_| Closed)
    }

    /// Hands one message in; when this resolves it will be journalled even if nobody waits for that
    /// any more. What is returned resolves when it is on disk.
    pub(crate) async fn hand_in(&self, arrival: Arrival) -> Result<oneshot::Receiver<()>, Closed> {
        let weight = u32::try_from(arrival.weight().min(WAITING_BYTES)).unwrap_or(u32::MAX);
        self.room
            .acquire_many(weight)
            .await
            .map_err(|_| Closed)?
            .forget();
        let (done, on_disk) = oneshot::channel();
        self.jobs
            .send(Job::One(arrival, done))
            .await
            .map_err(|_| Closed)?;
        Ok(on_disk)
    }

    /// Journals a word about ourselves; resolves when it is on disk.
    ///
    /// # Errors
    /// When the receiver stops before it is on disk.
    pub async fn tell(&self, control: Control) -> Result<(), Closed> {
        let (done, on_disk) = oneshot::channel();
        self.jobs
            .send(Job::Control(control, Some(done)))
            .await
            .map_err(|_| Closed)?;
        on_disk.await.map_err(|_| Closed)
    }

    /// The bare queue, for receivers that count their own messages.
    pub(crate) fn jobs(&self) -> &mpsc::Sender<Job> {
        &self.jobs
    }
}
