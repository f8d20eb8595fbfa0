//! The state as it is saved and restored: per source, so that only what changed is written.

use serde::{Deserialize, Serialize};

use super::judge::Judge;
use super::listening::Listening;
use super::settings::Settings;
use super::state::{One, State};
use super::time_passes;
use crate::change::Incident;
use crate::source::SourceCode;

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

#[derive(Serialize, Deserialize)]
struct Global {
    clocks: Listening,
    incidents: Vec<Incident>,
}

impl Judge {
    /// The part of the state that belongs to no source.
    pub fn save_global(&self) -> Vec<u8> {
        let incidents = self.world.incidents.values().cloned().collect();
        let global = Global {
            clocks: self.world.clocks.clone(),
            incidents,
        };
        postcard::to_stdvec(&global).expect("plain data in memory always serialises")
    }

    /// What changed since the last call, source by source: for the checkpoint.
    pub fn take_dirty(&mut self) -> Vec<SavedSource> {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        let mut saved = Vec::with_capacity(dirty.len() + self.gone.len());
        for code in std::mem::take(&mut self.gone) {
            if !self.by_code.contains_key(&code) {
                saved.push(SavedSource {
                    code,
                    settings: None,
                    state: None,
                });
            }
        }
        for index in dirty {
            let Some(one) = self
                .ones
                .get_mut(index as usize)
                .and_then(Option::as_deref_mut)
            else {
                continue;
            };
            one.dirty = false;
            let settings = std::mem::take(&mut one.settings_dirty).then(|| {
                serde_json::to_string(&one.settings)
                    .expect("plain data in memory always serialises")
            });
            let state =
                postcard::to_stdvec(&one.state).expect("plain data in memory always serialises");
            saved.push(SavedSource {
                code: one.settings.source.code.clone(),
                settings,
                state: Some(state),
            });
        }
        saved
    }

    /// The state as it was saved. Every source's `settings` and `state` must be given.
    ///
    /// # Errors
    /// When a part cannot be read: it is damaged, or of another version.
    pub fn restore(
        &mut self,
        global: &[u8],
        sources: Vec<SavedSource>,
    ) -> Result<(), RestoreError> {
        let wrong = |what: &str, reason: &dyn ToString| RestoreError {
            what: what.to_owned(),
            reason: reason.to_string(),
        };
        let global: Global =
            postcard::from_bytes(global).map_err(|e| wrong("what all share", &e))?;
        let mut restored = Self::new(self.world.rules.clone());
        restored.world.clocks = global.clocks;
        restored.world.incidents = global
            .incidents
            .into_iter()
            .map(|i| (i.id.clone(), i))
            .collect();
        for saved in sources {
            let (Some(settings), Some(state)) = (&saved.settings, &saved.state) else {
                return Err(wrong(&saved.code, &"a part is missing"));
            };
            let settings: Settings =
                serde_json::from_str(settings).map_err(|e| wrong(&saved.code, &e))?;
            let state: State = postcard::from_bytes(state).map_err(|e| wrong(&saved.code, &e))?;
            restored.take_back(settings, state);
        }
        *self = restored;
        Ok(())
    }

    fn take_back(&mut self, settings: Settings, state: State) {
        let index = self.ones.len() as u32;
        let source = &settings.source;
        self.by_code.insert(source.code.clone(), index);
        if let Some(device) = &source.device {
            self.by_device.insert(device.clone(), index);
        }
        if state.is_drawing() {
            self.world
                .using
                .insert(index, (source.position, source.zone.clone()));
        }
        let mut one = Box::new(One {
            settings,
            state,
            settings_dirty: false,
            dirty: false,
            deadline_ms: None,
            silence_ms: None,
        });
        time_passes::enter_deadlines(self, &mut one, index);
        self.ones.push(Some(one));
    }
}
