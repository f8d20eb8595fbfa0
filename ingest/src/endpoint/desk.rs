//! The desk: the endpoint's way to the register, on a thread of its own.
//!
//! In: what has to be remembered of sessions, statuses and commands; one transaction for everything
//! that waits, and then the word to whoever waits for it. In between it makes its round: new
//! commands go up on the board, logins that were changed end their connections, sessions that
//! nobody came back to are forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::register::endpoint::{CommandStep, EndpointEdit};
use firemain_store::register::{EndpointRegister, Register, RegisterError};
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::gate::Gate;
use super::sessions::Sessions;

/// Jobs that may wait.
const WAITING: usize = 16 * 1024;
/// Of them in one transaction.
const TOGETHER: usize = 4_096;
/// Between two rounds.
const ROUND_MS: u64 = 250;
/// Also on a clock that runs very fast, or slow.
const ROUND: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(10)..=Duration::from_millis(250);
/// While there is much to write a round is made after so many batches.
const BATCHES_PER_ROUND: u32 = 16;
/// Commands read at once.
const AT_ONCE: usize = 1_000;
/// A login that was changed is looked at so many rounds more: a client may just have been let in.
const LOOK_AGAIN: u32 = 4;

/// What the desk is given to do.
enum Job {
    Edit(EndpointEdit, Option<oneshot::Sender<()>>),
    Step(CommandStep),
    Stop,
}

/// The desk is overloaded or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// The way to the desk. Cheap to clone; never waits.
#[derive(Clone)]
pub(super) struct Desk {
    jobs: SyncSender<Job>,
    stopping: Arc<AtomicBool>,
    pub(super) register: Arc<dyn Register>,
    pub(super) clock: SharedClock,
}

impl Desk {
    /// A desk, and what its thread takes from.
    pub(super) fn new(register: Arc<dyn Register>, clock: SharedClock) -> (Self, Jobs) {
        let (jobs, taken) = sync_channel(WAITING);
        let stopping = Arc::new(AtomicBool::new(false));
        let desk = Self {
            jobs,
            stopping: Arc::clone(&stopping),
            register,
            clock,
        };
        (desk, Jobs { taken, stopping })
    }

    /// Writes this some time soon. Where there is no room it is left: after a restart a session is
    /// then as it was before.
    pub(super) fn edit(&self, edit: EndpointEdit) {
        if let Err(TrySendError::Full(_)) = self.jobs.try_send(Job::Edit(edit, None)) {
            warn!("the register is too slow for the endpoint: what a session did is not kept");
        }
    }

    /// Writes this; what is returned resolves when it is on disk.
    pub(super) fn keep(&self, edit: EndpointEdit) -> Result<oneshot::Receiver<()>, Busy> {
        let (done, kept) = oneshot::channel();
        let job = Job::Edit(edit, Some(done));
        self.jobs.try_send(job).map_err(|_| Busy)?;
        Ok(kept)
    }

    /// Notes how far a command has come. Where there is no room it is left: the command may be
    /// sent again.
    pub(super) fn step(&self, step: CommandStep) {
        self.jobs.try_send(Job::Step(step)).ok();
    }

    /// Writes what waits, and ends the thread.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Where there is no room, the thread sees the flag without this word.
        self.jobs.try_send(Job::Stop).ok();
    }
}

/// The thread's end.
pub(super) struct Jobs {
    taken: Receiver<Job>,
    stopping: Arc<AtomicBool>,
}

/// The thread's work.
pub(super) struct AtDesk {
    pub(super) jobs: Jobs,
    pub(super) register: Arc<dyn Register>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) gate: Arc<Gate>,
    pub(super) clock: SharedClock,
}

#[derive(Default)]
struct Batch {
    edits: Vec<EndpointEdit>,
    steps: Vec<CommandStep>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn take(&mut self, job: Job) {
        match job {
            Job::Edit(edit, done) => {
                self.edits.push(edit);
                self.waiting.extend(done);
            }
            Job::Step(step) => self.steps.push(step),
            Job::Stop => {}
        }
    }

    fn len(&self) -> usize {
        self.edits.len() + self.steps.len()
    }

    fn write(&self, register: &dyn EndpointRegister) -> Result<(), RegisterError> {
        register.edit_endpoint(&self.edits)?;
        register.note_delivery(&self.steps)
    }
}

/// What the rounds have seen.
#[derive(Default)]
struct Rounds {
    newest_command: u64,
    logins: Option<u64>,
    look_again: u32,
    failing: bool,
}

impl AtDesk {
    /// Works until the desk is stopped.
    pub(super) fn run(self) {
        let mut rounds = Rounds::default();
        let mut batches = 0_u32;
        loop {
            if batches.is_multiple_of(BATCHES_PER_ROUND) {
                self.round(&mut rounds);
            }
            let wait = self.clock.real(ROUND_MS);
            let mut batch = Batch::default();
            match self
                .jobs
                .taken
                .recv_timeout(wait.clamp(*ROUND.start(), *ROUND.end()))
            {
                Ok(job) => {
                    batches = batches.wrapping_add(1);
                    batch.take(job);
                }
                Err(RecvTimeoutError::Timeout) => batches = 0,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while batch.len() < TOGETHER
                && let Ok(job) = self.jobs.taken.try_recv()
            {
                batch.take(job);
            }
            let more = batch.len() >= TOGETHER;
            if batch.len() > 0 {
                self.write(batch);
            }
            if self.is_stopping() && !more {
                return;
            }
        }
    }

    /// Writes a batch, however long that takes; gives up only when the endpoint stops.
    fn write(&self, batch: Batch) {
        let mut failing = false;
        while let Err(error) = batch.write(&*self.register) {
            if !failing {
                failing = true;
                warn!(register.error = %error, "the endpoint cannot keep its sessions in the register; it is tried again");
            }
            if self.is_stopping() {
                return;
            }
            std::thread::park_timeout(*ROUND.end());
        }
        if failing {
            info!("the endpoint's sessions are in the register again");
        }
        for done in batch.waiting {
            // Whoever does not wait any more needs no word.
            let _ = done.send(());
        }
    }

    fn round(&self, rounds: &mut Rounds) {
        let seen = self
            .put_up_commands(rounds)
            .map_err(|error| error.to_string())
            .and_then(|()| self.check_logins(rounds));
        match seen {
            Ok(()) => rounds.failing = false,
            Err(reason) => {
                if !std::mem::replace(&mut rounds.failing, true) {
                    warn!(
                        reason,
                        "the endpoint cannot read the register; it is tried again"
                    );
                }
            }
        }
        self.sessions.expire(self.clock.now());
    }

    fn put_up_commands(&self, rounds: &mut Rounds) -> Result<(), RegisterError> {
        loop {
            let after = rounds.newest_command;
            let new = self
                .register
                .pending_commands(after, self.clock.now(), AT_ONCE)?;
            let Some(newest) = new.last() else {
                return Ok(());
            };
            rounds.newest_command = newest.number;
            self.sessions.put_up(new);
        }
    }

    /// Ends the connections of logins that are not what they were.
    fn check_logins(&self, rounds: &mut Rounds) -> Result<(), String> {
        let version = self.gate.logins.version()?;
        if rounds.logins != Some(version) {
            rounds.logins = Some(version);
            rounds.look_again = LOOK_AGAIN;
        }
        if rounds.look_again == 0 {
            return Ok(());
        }
        rounds.look_again -= 1;
        self.gate.forget();
        for name in self.sessions.logins() {
            let login = self.gate.logins.login(&name)?;
            self.sessions.login_is(&name, login.as_ref());
        }
        Ok(())
    }

    fn is_stopping(&self) -> bool {
        self.jobs.stopping.load(Ordering::SeqCst)
    }
}
