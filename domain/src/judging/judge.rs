//! The fold itself.

use crate::source::SourceCode;

use super::{Effect, Input, Standing};

/// The state of judging, and the step that takes it on.
#[derive(Debug, Default)]
pub struct Judge {}

/// One source's part of a saved state.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedSource {
    /// Whose.
    pub code: SourceCode,
    /// What people set, as JSON; `None` in a dirty part: as it was saved before.
    pub settings: Option<String>,
    /// The judged state; `None`: the source was removed.
    pub state: Option<Vec<u8>>,
}

/// A saved state cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the saved state of judging cannot be read ({what}): {reason}")]
pub struct RestoreError {
    /// Which part.
    pub what: String,
    /// Why.
    pub reason: String,
}

impl Judge {
    /// Takes the state one input further; what follows from it is added to `effects`.
    pub fn step(&mut self, _input: &Input, _effects: &mut Vec<Effect>) {}

    /// How a source stands.
    pub fn standing(&self, _code: &str) -> Option<Standing> {
        None
    }

    /// The part of the state that belongs to no source.
    pub fn save_global(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What changed since the last call, source by source: for the checkpoint.
    pub fn take_dirty(&mut self) -> Vec<SavedSource> {
        Vec::new()
    }

    /// The state as it was saved. Every source's `settings` and `state` must be given.
    pub fn restore(
        &mut self,
        _global: &[u8],
        _sources: Vec<SavedSource>,
    ) -> Result<(), RestoreError> {
        Ok(())
    }
}
