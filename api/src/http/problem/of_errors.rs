//! What the stores' errors are to somebody who asks. Those that are ours to mend are logged here,
//! once, with what the database said; the answer says only what to do.

use firemain_store::archive::ArchiveError;
use firemain_store::intake::IntakeError;
use firemain_store::journal::JournalError;
use firemain_store::register::RegisterError;

use super::{Problem, ProblemKind};

/// Seconds after which to try again what a busy disk or database refused.
const RETRY_AFTER_S: u32 = 5;

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match &error {
            RegisterError::Conflict(said) => Self::new(ProblemKind::Conflict, said.clone()),
            RegisterError::NotFound(said) => Self::not_found(said.clone()),
            RegisterError::DiskFull => full(&error),
            _ => ours("register", &error),
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match &error {
            IntakeError::DiskFull => full(&error),
            _ => ours("intake", &error),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match &error {
            JournalError::DiskFull | JournalError::Full { .. } => full(&error),
            _ => ours("journal", &error),
        }
    }
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        match &error {
            ArchiveError::Busy { retry_after, .. } => {
                let seconds = retry_after.map_or(RETRY_AFTER_S, |wait| {
                    u32::try_from(wait.as_secs())
                        .unwrap_or(RETRY_AFTER_S)
                        .max(1)
                });
                Self::busy(format!("{error}: try again in {seconds} s"), seconds)
            }
            ArchiveError::Refused { .. } => {
                tracing::error!(error = %error, "archive.refused");
                Self::new(ProblemKind::ArchiveRefuses, error.to_string())
            }
            ArchiveError::Io { .. } | ArchiveError::Damaged { .. } => ours("archive", &error),
        }
    }
}

impl From<crate::access::NoRandomness> for Problem {
    fn from(error: crate::access::NoRandomness) -> Self {
        tracing::error!(%error, "http.no_randomness");
        Self::new(ProblemKind::Internal, error.to_string())
    }
}

fn full(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %error, "http.disk_full");
    Problem::busy(
        format!("{error}: nothing was changed; make room, then send it again"),
        60,
    )
}

fn ours(store: &'static str, error: &dyn std::error::Error) -> Problem {
    tracing::error!(store, error = %error, "http.store_failed");
    Problem::new(
        ProblemKind::Internal,
        format!(
            "the {store} could not do this; the log of firemain says why, `firemain doctor` looks for the cause"
        ),
    )
}
