//! Judging as it runs: the journal's envelopes and people's changes through the fold, what follows
//! into the register, and how every source stands onto the board.
//!
//! In: the journal, from the last checkpoint on; changes from the register, each at the position at
//! which it first took effect. Out: standings, alerts, the stream's events and the positions of
//! changes, one transaction for each stretch that had effects; after it the [`Board`]. It waits on
//! the journal, on [`Watch::look`], and on the register when that is busy.
//!
//! One thread does it all: [`start`] restores the fold, [`run`] turns its wheel, [`fold`] takes
//! inputs in their order, [`silence`] says when the receiver is dead, [`questions`] are answered, [`pending`] gathers effects into a commit, [`checkpoint`] saves the state
//! while judging goes on. Everything after a crash is folded again, and nothing is told twice: while
//! the fold is not past what the register has committed, its effects are let go.

mod checkpoint;
mod event;
mod fold;
mod notices;
mod pending;
mod questions;
mod run;
mod silence;
mod start;
mod status;

pub use event::{ChangeEvent, EpisodeEvent, StandingEvent};
pub use status::{LeftOutCounts, WatchCounts, WatchStatus};

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use firemain_domain::change::ChangeNumber;
use firemain_domain::clock::SharedClock;
use firemain_domain::judging::rules::RuleBook;
use firemain_domain::judging::{Parameters, RuleScope, Rules};
use firemain_store::journal::{Journal, JournalError};
use firemain_store::register::{Register, RegisterError};
use firemain_wire::{Limits, Subscription};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Stores;
use crate::board::Board;

/// The name under which judging holds back the journal.
pub const CONSUMER: &str = "watch";
/// For how long [`Watch::applied`] waits.
const APPLIED_WITHIN: Duration = Duration::from_secs(2);
/// For how long [`Watch::stop`] waits for the last checkpoint.
const STOPPED_WITHIN: Duration = Duration::from_secs(3);

/// By what is judged, and how messages are read.
#[derive(Clone, Debug, Default)]
pub struct WatchSettings {
    /// The rules and their parameters.
    pub rules: Rules,
    /// Which topics in which codec.
    pub subscriptions: Vec<Subscription>,
    /// What a payload may be at most.
    pub limits: Limits,
    /// After how long an alert that data cleared closes by itself.
    pub close_after: CloseAfter,
    /// For how long the history of verdicts and the messages to command systems are kept; `None`:
    /// for six years, so that a report of five is whole.
    pub history_days: Option<u32>,
}

/// After how long an alert that data cleared closes by itself; a day where nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseAfter(pub Duration);

impl Default for CloseAfter {
    fn default() -> Self {
        Self(Duration::from_secs(24 * 3_600))
    }
}

/// Why judging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The register cannot be read.
    #[error("judging cannot start: {0}")]
    Register(#[from] RegisterError),
    /// The journal cannot be read.
    #[error("judging cannot start: {0}")]
    Journal(#[from] JournalError),
    /// The journal is not the one that was judged.
    #[error(
        "judging cannot start: the journal ends at {head}, but {judged} of its envelopes were judged already. It does not belong to this register: restore journal and register from the same backup, or keep this journal and begin with a new register (export the sources, and import them again)"
    )]
    OtherJournal {
        /// Where the journal ends.
        head: u64,
        /// How far was judged.
        judged: u64,
    },
    /// The system gives no thread.
    #[error("judging cannot start a thread of its own: {0}")]
    Thread(#[from] std::io::Error),
}

/// Judging, running.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    board: Arc<Board>,
    rules: RuleBook,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and everybody else have in common.
#[derive(Debug)]
struct Shared {
    clock: SharedClock,
    status: Mutex<WatchStatus>,
    asked: Mutex<Asked>,
    woken: Condvar,
    cancel: CancellationToken,
    applied: watch::Sender<ChangeNumber>,
    newest_event: watch::Sender<u64>,
    ended: watch::Sender<bool>,
}

/// What the thread is asked to do.
#[derive(Debug, Default)]
struct Asked {
    look: bool,
    stop: bool,
    questions: Vec<questions::Question>,
    /// As if killed: nothing more is committed or saved.
    #[cfg(test)]
    abandon: bool,
}

impl Watch {
    /// Restores the fold, fills the board with it and begins to judge.
    ///
    /// # Errors
    /// When a store cannot be read at all. A damaged checkpoint is no error: it is reported, and
    /// the fold starts anew.
    pub fn start(
        stores: &Stores,
        settings: WatchSettings,
        clock: SharedClock,
        cancel: CancellationToken,
    ) -> Result<Arc<Self>, WatchError> {
        let (journal, register) = (stores.journal.clone(), stores.register.clone());
        Self::launch(journal, register, settings, clock, cancel)
    }

    fn launch(
        journal: Arc<dyn Journal>,
        register: Arc<dyn Register>,
        settings: WatchSettings,
        clock: SharedClock,
        cancel: CancellationToken,
    ) -> Result<Arc<Self>, WatchError> {
        let board = Arc::new(Board::new(clock.clone(), &settings.rules.stale));
        let board_now = clock.now();
        let shared = Arc::new(Shared {
            clock,
            status: Mutex::default(),
            asked: Mutex::default(),
            woken: Condvar::new(),
            cancel,
            applied: watch::Sender::new(0),
            newest_event: watch::Sender::new(0),
            ended: watch::Sender::new(false),
        });
        // A map that cannot be read must not keep a city from being judged.
        if let Err(error) = board.units().load(&register, board_now) {
            tracing::error!(%error, "sources belong to the units entered with them, until the maps of units can be read");
        }
        let rules = RuleBook::new(settings.rules.clone());
        let start = start::Start {
            journal,
            register,
            settings,
            board: board.clone(),
            shared: shared.clone(),
        };
        let run = start.restore()?;
        let thread = std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || run::supervise(&start, run))?;
        Ok(Arc::new(Self {
            shared,
            board,
            rules,
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// How every source stands.
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// New changes are in the register: take them now.
    pub fn look(&self) {
        self.shared.ask(|asked| asked.look = true);
    }

    /// Waits, at most 2 s, until a change took effect and its effects are committed; false if that
    /// took longer.
    pub async fn applied(&self, change: ChangeNumber) -> bool {
        let mut applied = self.shared.applied.subscribe();
        let reached = applied.wait_for(|newest| *newest >= change);
        matches!(
            tokio::time::timeout(APPLIED_WITHIN, reached).await,
            Ok(Ok(_))
        )
    }

    /// The rules as configured, with these sets laid over them.
    pub fn rules_with(&self, set: BTreeMap<RuleScope, Parameters>) -> RuleBook {
        self.rules.restored(set)
    }

    /// The id of the newest committed event of the stream.
    pub fn newest_event(&self) -> watch::Receiver<u64> {
        self.shared.newest_event.subscribe()
    }

    /// How judging is.
    pub fn status(&self) -> WatchStatus {
        let mut status = self.shared.lock_status().clone();
        status.lag_ms = match status.journal_at {
            Some(at) if status.lag_envelopes > 0 => self.shared.clock.now().since_ms(at).max(0),
            _ => 0,
        };
        status
    }

    /// Ends judging with a last checkpoint; waits for it at most 3 s.
    pub async fn stop(&self) {
        self.shared.ask(|asked| asked.stop = true);
        let mut ended = self.shared.ended.subscribe();
        if tokio::time::timeout(STOPPED_WITHIN, ended.wait_for(|ended| *ended))
            .await
            .is_err()
        {
            tracing::warn!("judging did not end in time: its last minute is judged again on start");
            return;
        }
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("judging ended by a fault of its own");
        }
    }
}

impl Shared {
    fn lock_status(&self) -> std::sync::MutexGuard<'_, WatchStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, what: impl FnOnce(&mut Asked)) {
        what(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        self.woken.notify_all();
    }

    fn stops(&self) -> bool {
        self.cancel.is_cancelled()
            || self
                .asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .stop
    }

    /// Whether to end as a kill does.
    #[cfg(test)]
    fn abandons(&self) -> bool {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .abandon
    }

    /// Whether somebody asked to look for changes since the last call.
    fn take_look(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut asked.look)
    }

    /// What was asked since the last call.
    fn take_questions(&self) -> Vec<questions::Question> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut asked.questions)
    }

    /// Waits `at_most`, or until judging is to stop.
    fn pause(&self, at_most: Duration) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let woken = self
            .woken
            .wait_timeout_while(asked, at_most, |asked| !asked.stop);
        drop(woken.unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests;
