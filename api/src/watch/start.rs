//! Beginning: from the last checkpoint, or anew where there is none that can be read.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::ChangeNumber;
use firemain_domain::judging::{Judge, SavedSource};
use firemain_store::journal::{Journal, Position};
use firemain_store::register::{Checkpoint, Register, RegisterError, SourceCheckpoint};
use firemain_wire::Decoder;
use serde::{Deserialize, Serialize};

use super::fold::Fold;
use super::run::Run;
use super::{CONSUMER, Shared, WatchError, WatchSettings};
use crate::board::Board;

/// All that is needed to begin, and to begin again.
pub(super) struct Start {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) register: Arc<dyn Register>,
    pub(super) settings: WatchSettings,
    pub(super) board: Arc<Board>,
    pub(super) shared: Arc<Shared>,
}

/// Changes whenever the global part is laid out anew.
const LAYOUT: u16 = 1;

/// The global part of a checkpoint.
#[derive(Serialize, Deserialize)]
pub(super) struct Global {
    layout: u16,
    journal_at: Option<Timestamp>,
    wall_offset_ms: i64,
    heartbeat_at: Option<Timestamp>,
    canary_at: Option<Timestamp>,
    judge: Vec<u8>,
    decoder: Vec<u8>,
}

impl Global {
    /// The fold's global part; `judge` is that of the judge alone.
    pub(super) fn bytes(fold: &Fold, judge: Vec<u8>) -> Vec<u8> {
        let global = Self {
            layout: LAYOUT,
            journal_at: fold.journal_at,
            wall_offset_ms: fold.wall_offset_ms,
            heartbeat_at: fold.heartbeat_at,
            canary_at: fold.canary_at,
            judge,
            decoder: fold.decoder.save(),
        };
        postcard::to_stdvec(&global).expect("plain data in memory always serialises")
    }
}

impl Start {
    /// The fold as it was last saved, ready to go on; the board is filled with it.
    pub(super) fn restore(&self) -> Result<Run, WatchError> {
        self.journal.add_consumer(CONSUMER, Position(0))?;
        let (committed, change) = self.register.committed()?;
        let (oldest, head) = self.journal.extent()?;
        let (fold, recovered) = match self.load()?.not_beyond(self.register.newest_change()?) {
            Loaded::Fold(fold) => (*fold, None),
            Loaded::Nothing => (self.blank(), None),
            Loaded::Damaged(reason) => {
                tracing::error!(%reason, "the checkpoint of judging cannot be read: judging begins anew from the oldest envelope kept");
                let recovered = format!(
                    "the checkpoint could not be read ({reason}): judged anew from the oldest envelope kept"
                );
                (self.blank(), Some(recovered))
            }
        };
        let anew = fold.position == Position(0) && committed > Position(0);
        let recorded = self.register.taken_changes(fold.change)?;
        if head < committed.max(fold.position) {
            let (head, judged) = (head.0, committed.max(fold.position).0);
            return Err(WatchError::OtherJournal { head, judged });
        }
        let reconcile = anew && oldest > Position(1);
        self.board.fill(&fold.judge);
        self.shared.lock_status().recovered = recovered;
        Ok(Run::new(
            self,
            fold,
            (committed, change),
            recorded.into(),
            reconcile,
        ))
    }

    fn blank(&self) -> Fold {
        let WatchSettings {
            rules,
            subscriptions,
            limits,
            ..
        } = &self.settings;
        Fold::new(
            Judge::new(rules.clone()),
            Decoder::new(subscriptions.clone(), *limits),
        )
    }

    fn load(&self) -> Result<Loaded, WatchError> {
        let mut loaded = Loaded::Nothing;
        let read = self.register.read_checkpoint(&mut |head, sources| {
            let mut unread = None;
            let mut read = sources.map_while(|source| source.map_err(|e| unread = Some(e)).ok());
            let thawed = self.thaw(&head, &mut read);
            if let Some(error) = unread {
                return Err(error);
            }
            loaded = match thawed {
                Ok(fold) => Loaded::Fold(Box::new(fold)),
                Err(reason) => Loaded::Damaged(reason),
            };
            Ok(())
        });
        match read {
            Ok(_) => Ok(loaded),
            Err(RegisterError::Unreadable { what, reason }) => {
                Ok(Loaded::Damaged(format!("{what}: {reason}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn thaw(
        &self,
        checkpoint: &Checkpoint,
        sources: &mut dyn Iterator<Item = SourceCheckpoint>,
    ) -> Result<Fold, String> {
        let global: Global = postcard::from_bytes(&checkpoint.global).map_err(|e| e.to_string())?;
        if global.layout != LAYOUT {
            return Err("it is of another version".to_owned());
        }
        let sources = sources.map(|part| SavedSource {
            code: part.code,
            settings: part.settings,
            state: part.state,
        });
        let mut fold = self.blank();
        fold.judge
            .restore(&global.judge, sources)
            .map_err(|e| e.to_string())?;
        fold.decoder.restore(&global.decoder);
        fold.position = checkpoint.upto;
        fold.change = checkpoint.change;
        fold.journal_at = global.journal_at;
        fold.wall_offset_ms = global.wall_offset_ms;
        fold.heartbeat_at = global.heartbeat_at;
        fold.canary_at = global.canary_at;
        Ok(fold)
    }
}

enum Loaded {
    Fold(Box<Fold>),
    Nothing,
    Damaged(String),
}

impl Loaded {
    /// A state with changes that the register does not have belongs to another one, or the register
    /// was put back from a backup.
    fn not_beyond(self, newest: ChangeNumber) -> Self {
        match self {
            Self::Fold(fold) if fold.change > newest => Self::Damaged(format!(
                "it holds changes up to {}, and the register only up to {newest}",
                fold.change
            )),
            other => other,
        }
    }
}
