//! Saving the fold's state while judging goes on: each minute what changed, gathered a little at a
//! time and written by a thread of its own as it comes. Never more of it is in memory than a few
//! thousand sources.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use firemain_domain::change::ChangeNumber;
use firemain_domain::judging::SavedSource;
use firemain_store::journal::{Journal, Position};
use firemain_store::register::{Checkpoint, Register, RegisterError, SourceCheckpoint};

use super::fold::Fold;
use super::start::Global;
use super::{CONSUMER, Shared};

/// How often the state is saved, ms.
const EVERY_MS: u64 = 60_000;
/// Sources gathered at a time: a few milliseconds' work.
const GATHERED_AT_A_TIME: usize = 1_000;
/// So many times that on the way to the thread that writes.
const ON_THE_WAY: usize = 4;

/// Saves the state.
pub(super) struct Saver {
    journal: Arc<dyn Journal>,
    register: Arc<dyn Register>,
    shared: Arc<Shared>,
    stage: Stage,
    due_ms: u64,
    begun_ms: u64,
    saved: (Position, u64),
}

enum Stage {
    Idle,
    Gathering(Gathering),
    Writing(Writing),
}

/// Sources go to the thread that writes.
struct Gathering {
    to: SyncSender<Part>,
    /// What did not fit on the way.
    waits: Option<Part>,
    writing: Writing,
}

/// The thread at its work.
struct Writing {
    thread: JoinHandle<Result<(), RegisterError>>,
    at: (Position, ChangeNumber),
    bytes: u64,
}

enum Part {
    Some(Vec<SavedSource>),
    /// These were all.
    End,
}

impl Saver {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        register: Arc<dyn Register>,
        shared: Arc<Shared>,
        fold: &Fold,
    ) -> Self {
        let due_ms = shared.clock.monotonic_ms() + EVERY_MS;
        let saved = (fold.position, fold.change);
        Self {
            journal,
            register,
            shared,
            stage: Stage::Idle,
            due_ms,
            begun_ms: 0,
            saved,
        }
    }

    /// Whether a checkpoint should begin now; everything up to here must be committed then.
    pub(super) fn is_due(&self, fold: &Fold) -> bool {
        matches!(self.stage, Stage::Idle)
            && self.shared.clock.monotonic_ms() >= self.due_ms
            && self.saved != (fold.position, fold.change)
    }

    /// Begins a checkpoint of the state as it is.
    pub(super) fn begin(&mut self, fold: &mut Fold) {
        self.begun_ms = self.shared.clock.monotonic_ms();
        self.due_ms = self.begun_ms + EVERY_MS;
        let judge = fold.judge.begin_save();
        let checkpoint = Checkpoint {
            upto: fold.position,
            change: fold.change,
            global: Global::bytes(fold, judge),
            sources: Vec::new(),
        };
        let at = (checkpoint.upto, checkpoint.change);
        let bytes = checkpoint.global.len() as u64;
        let (to, parts) = sync_channel(ON_THE_WAY);
        let register = self.register.clone();
        let write = move || register.save_checkpoint(&checkpoint, &mut as_they_come(&parts));
        let thread = std::thread::Builder::new().name("watch-save".to_owned());
        match thread.spawn(write) {
            Ok(thread) => {
                self.stage = Stage::Gathering(Gathering {
                    to,
                    waits: None,
                    writing: Writing { thread, at, bytes },
                });
            }
            Err(error) => self.failed(fold, &error),
        }
    }

    /// Goes on with it a little. Whether there was something to do.
    pub(super) fn go_on(&mut self, fold: &mut Fold) -> bool {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => false,
            Stage::Gathering(gathering) => {
                let (stage, worked) = gathering.go_on(fold);
                self.stage = stage;
                worked
            }
            Stage::Writing(writing) if writing.thread.is_finished() => {
                self.written(fold, writing);
                true
            }
            writing @ Stage::Writing(_) => {
                self.stage = writing;
                false
            }
        }
    }

    /// A whole checkpoint at once: the last before judging ends.
    pub(super) fn finish(&mut self, fold: &mut Fold) {
        self.end(fold);
        if self.saved == (fold.position, fold.change) {
            return;
        }
        self.begin(fold);
        self.end(fold);
    }

    /// Ends the checkpoint under way, and waits for it.
    fn end(&mut self, fold: &mut Fold) {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => {}
            Stage::Gathering(gathering) => {
                let writing = gathering.end(fold);
                self.written(fold, writing);
            }
            Stage::Writing(writing) => self.written(fold, writing),
        }
    }

    fn written(&mut self, fold: &mut Fold, writing: Writing) {
        match writing.thread.join() {
            Ok(Ok(())) => self.kept(writing.at, writing.bytes),
            Ok(Err(error)) => self.failed(fold, &error),
            Err(_) => self.failed(fold, &"its thread ended by a fault of its own"),
        }
    }

    fn kept(&mut self, at: (Position, ChangeNumber), bytes: u64) {
        self.saved = at;
        if let Err(error) = self.journal.release(CONSUMER, at.0) {
            tracing::warn!(%error, "the journal was not told of the checkpoint; it will be with the next");
        }
        let mut status = self.shared.lock_status();
        status.checkpoint_at = Some(self.shared.clock.now());
        status.checkpoint_position = at.0.0;
        status.checkpoint_bytes = bytes;
        status.checkpoint_ms = self
            .shared
            .clock
            .monotonic_ms()
            .saturating_sub(self.begun_ms);
    }

    /// What was gathered went with the thread: everything is to be saved next time.
    fn failed(&mut self, fold: &mut Fold, reason: &dyn std::fmt::Display) {
        fold.judge.save_all_again();
        tracing::warn!(error = %reason, "the state of judging could not be saved: tried again in a minute");
        let mut status = self.shared.lock_status();
        status.counts.retries += 1;
        status.failed = Some(format!("the state of judging could not be saved: {reason}"));
    }
}

impl Gathering {
    /// Hands on what fits; whether anything did.
    fn go_on(mut self, fold: &mut Fold) -> (Stage, bool) {
        let part = self.waits.take().unwrap_or_else(|| self.next(fold));
        let is_end = matches!(part, Part::End);
        match self.to.try_send(part) {
            Ok(()) if is_end => (Stage::Writing(self.writing), true),
            Ok(()) => (Stage::Gathering(self), true),
            Err(TrySendError::Full(part)) => {
                self.waits = Some(part);
                (Stage::Gathering(self), false)
            }
            // It could not write, and has said why.
            Err(TrySendError::Disconnected(_)) => (Stage::Writing(self.writing), true),
        }
    }

    /// Hands on all that is left, however long that takes.
    fn end(mut self, fold: &mut Fold) -> Writing {
        loop {
            let part = self.waits.take().unwrap_or_else(|| self.next(fold));
            let is_end = matches!(part, Part::End);
            if self.to.send(part).is_err() || is_end {
                return self.writing;
            }
        }
    }

    fn next(&mut self, fold: &mut Fold) -> Part {
        let Some(parts) = fold.judge.save_some(GATHERED_AT_A_TIME) else {
            return Part::End;
        };
        let bytes = |part: &SavedSource| {
            part.settings.as_ref().map_or(0, String::len) + part.state.as_ref().map_or(0, Vec::len)
        };
        self.writing.bytes += parts.iter().map(bytes).sum::<usize>() as u64;
        Part::Some(parts)
    }
}

/// The sources of a checkpoint as they are gathered; an error when that breaks off.
fn as_they_come(
    parts: &Receiver<Part>,
) -> impl Iterator<Item = Result<SourceCheckpoint, RegisterError>> {
    let batches = std::iter::from_fn(move || match parts.recv() {
        Ok(Part::Some(parts)) => Some(Ok(parts)),
        Ok(Part::End) => None,
        Err(_) => Some(Err(RegisterError::Conflict(
            "judging broke off before all was gathered".to_owned(),
        ))),
    });
    batches.flat_map(|batch| match batch {
        Ok(parts) => parts.into_iter().map(|part| Ok(row(part))).collect(),
        Err(error) => vec![Err(error)],
    })
}

fn row(part: SavedSource) -> SourceCheckpoint {
    SourceCheckpoint {
        code: part.code,
        settings: part.settings,
        state: part.state,
    }
}
