//! How a run ends: exit codes that scripts can rely on, and one last line for people.
//!
//! 0: done, or stopped as asked. 1: failed. 2: wrong arguments or settings (as `clap` does).
//! 3: the data directory cannot be used: in use, unwritable, full, or from a newer version.

use std::process::ExitCode;

use firemain_store::DataDirError;

use crate::settings::SettingsError;

/// The code of a run that failed.
const FAILED: u8 = 1;
/// The code of arguments or settings that cannot be.
const MISUSED: u8 = 2;
/// The code of a data directory that cannot be used.
const DATA_UNUSABLE: u8 = 3;

/// Something that the caller must put right before another try.
#[derive(Debug, thiserror::Error)]
pub enum Misuse {
    /// Arguments that do not go together, or name something that is not there.
    #[error("{0}")]
    Arguments(String),
}

/// Says how it ended, and with which code.
pub fn code(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    eprintln!("firemain: {error:#}");
    ExitCode::from(code_of(&error))
}

fn code_of(error: &anyhow::Error) -> u8 {
    use firemain_store::intake::IntakeError;
    use firemain_store::journal::JournalError;
    use firemain_store::register::RegisterError;

    if error.is::<SettingsError>() || error.is::<Misuse>() {
        return MISUSED;
    }
    let unusable = error.is::<DataDirError>()
        || matches!(
            error.downcast_ref(),
            Some(JournalError::Newer { .. } | JournalError::DiskFull)
        )
        || matches!(
            error.downcast_ref(),
            Some(IntakeError::Newer { .. } | IntakeError::DiskFull)
        )
        || matches!(
            error.downcast_ref(),
            Some(RegisterError::Newer { .. } | RegisterError::DiskFull)
        );
    if unusable { DATA_UNUSABLE } else { FAILED }
}
