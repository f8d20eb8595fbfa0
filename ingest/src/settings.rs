//! What the receiver is told at its start, and why it may not start.

use std::sync::Arc;

use firemain_store::archive::Archive;
use firemain_store::intake::Intake;
use firemain_store::journal::{Journal, JournalError};
use firemain_store::register::{Register, RegisterError};
use firemain_wire::{Limits, Subscription};

use crate::broker::{BrokerSettings, WrongUrl};
use crate::broker_files::BrokerFiles;

/// What to receive, and from where.
#[derive(Clone, Debug)]
pub struct IngestSettings {
    /// The broker; `None`: only the own endpoint receives, through [`crate::Ingest::appender`].
    pub broker: Option<BrokerSettings>,
    /// The name of our session at the broker, and of our canary.
    pub client_id: String,
    /// Which topics, and how they are read.
    pub subscriptions: Vec<Subscription>,
    /// What a payload may be at most.
    pub limits: Limits,
    /// The broker's files that the register's logins are carried into, if they are.
    pub broker_files: Option<BrokerFiles>,
}

/// Where things are kept.
#[derive(Clone)]
pub struct Stores {
    /// What comes in; the receiver is its only writer.
    pub journal: Arc<dyn Journal>,
    /// Quarantine, and messages of unregistered devices.
    pub intake: Arc<dyn Intake>,
    /// Points.
    pub archive: Arc<dyn Archive>,
    /// Sources and devices, cursors, and the word of how we are.
    pub register: Arc<dyn Register>,
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

/// Why the receiver cannot start. What may pass by itself — a broker that is not there, a full
/// disk, an archive that is down — is no reason: it is told in the status and tried again.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The broker's URL cannot be read.
    #[error(transparent)]
    Url(#[from] WrongUrl),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The register cannot be read.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The system gives no thread.
    #[error("the receiver cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A step of the start panicked.
    #[error("the receiver's start broke off: {0}")]
    Broken(String),
}
