//! Saving the fold's state while judging goes on: each minute what changed, gathered a little at a
//! time and written by a thread of its own.

use std::sync::Arc;
use std::thread::JoinHandle;

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
    Gathering(Checkpoint),
    Writing(JoinHandle<(Checkpoint, Result<(), RegisterError>)>),
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
        self.stage = Stage::Gathering(Checkpoint {
            upto: fold.position,
            change: fold.change,
            global: Global::bytes(fold, judge),
            sources: Vec::new(),
        });
    }

    /// Goes on with it a little. Whether there was something to do.
    pub(super) fn go_on(&mut self, fold: &mut Fold) -> bool {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => false,
            Stage::Gathering(mut checkpoint) => {
                match fold.judge.save_some(GATHERED_AT_A_TIME) {
                    Some(parts) => {
                        checkpoint.sources.extend(parts.into_iter().map(row));
                        self.stage = Stage::Gathering(checkpoint);
                    }
                    None => self.write(fold, checkpoint),
                }
                true
            }
            Stage::Writing(thread) if thread.is_finished() => {
                self.written(fold, thread);
                true
            }
            Stage::Writing(thread) => {
                self.stage = Stage::Writing(thread);
                false
            }
        }
    }

    /// A whole checkpoint at once: the last before judging ends.
    pub(super) fn finish(&mut self, fold: &mut Fold) {
        while !matches!(self.stage, Stage::Idle) {
            match std::mem::replace(&mut self.stage, Stage::Idle) {
                Stage::Writing(thread) => self.written(fold, thread),
                stage => {
                    self.stage = stage;
                    self.go_on(fold);
                }
            }
        }
        if self.saved == (fold.position, fold.change) {
            return;
        }
        self.begin(fold);
        while let Stage::Gathering(_) = &self.stage {
            self.go_on(fold);
        }
        if let Stage::Writing(thread) = std::mem::replace(&mut self.stage, Stage::Idle) {
            self.written(fold, thread);
        }
    }

    fn write(&mut self, fold: &mut Fold, checkpoint: Checkpoint) {
        let register = self.register.clone();
        let work = move || {
            let result = register.save_checkpoint(&checkpoint);
            (checkpoint, result)
        };
        match std::thread::Builder::new()
            .name("watch-save".to_owned())
            .spawn(work)
        {
            Ok(thread) => self.stage = Stage::Writing(thread),
            Err(error) => {
                // What was gathered went with the closure: everything is to be saved next time.
                fold.judge.save_all_again();
                self.failed(&error);
            }
        }
    }

    fn written(
        &mut self,
        fold: &mut Fold,
        thread: JoinHandle<(Checkpoint, Result<(), RegisterError>)>,
    ) {
        match thread.join() {
            Ok((checkpoint, Ok(()))) => self.kept(&checkpoint),
            Ok((checkpoint, Err(error))) => {
                let parts = checkpoint.sources.into_iter().map(part);
                fold.judge.save_failed(&parts.collect::<Vec<_>>());
                self.failed(&error);
            }
            Err(_) => {
                fold.judge.save_all_again();
                self.failed(&"its thread ended by a fault of its own");
            }
        }
    }

    fn kept(&mut self, checkpoint: &Checkpoint) {
        self.saved = (checkpoint.upto, checkpoint.change);
        if let Err(error) = self.journal.release(CONSUMER, checkpoint.upto) {
            tracing::warn!(%error, "the journal was not told of the checkpoint; it will be with the next");
        }
        let bytes = |part: &SourceCheckpoint| {
            part.settings.as_ref().map_or(0, String::len) + part.state.as_ref().map_or(0, Vec::len)
        };
        let bytes: usize = checkpoint.sources.iter().map(bytes).sum();
        let mut status = self.shared.lock_status();
        status.checkpoint_at = Some(self.shared.clock.now());
        status.checkpoint_position = checkpoint.upto.0;
        status.checkpoint_bytes = (bytes + checkpoint.global.len()) as u64;
        status.checkpoint_ms = self
            .shared
            .clock
            .monotonic_ms()
            .saturating_sub(self.begun_ms);
    }

    fn failed(&mut self, reason: &dyn std::fmt::Display) {
        tracing::warn!(error = %reason, "the state of judging could not be saved: tried again in a minute");
        let mut status = self.shared.lock_status();
        status.counts.retries += 1;
        status.failed = Some(format!("the state of judging could not be saved: {reason}"));
    }
}

fn row(part: SavedSource) -> SourceCheckpoint {
    SourceCheckpoint {
        code: part.code,
        settings: part.settings,
        state: part.state,
    }
}

fn part(row: SourceCheckpoint) -> SavedSource {
    SavedSource {
        code: row.code,
        settings: row.settings,
        state: row.state,
    }
}
