//! Which device reports for which source, as the register has it now.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::report::DeviceId;
use firemain_domain::source::{KindName, Source, SourceCode};
use firemain_store::register::{Register, RegisterError};

/// Rows asked of the register at once.
const AT_ONCE: usize = 2_000;

/// The registered devices. Read for a whole slice of the journal at a time; written by one task.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    map: RwLock<DeviceMap>,
}

/// A device's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) source: SourceCode,
    pub(crate) kind: KindName,
}

#[derive(Debug, Default)]
pub(crate) struct DeviceMap {
    by_device: HashMap<DeviceId, Registered>,
    by_source: HashMap<SourceCode, DeviceId>,
    change: ChangeNumber,
}

impl Devices {
    /// Reads the whole register. Blocks.
    pub(crate) fn load(register: &dyn Register) -> Result<Self, RegisterError> {
        // What changes while the sources are read is applied once more by the first refresh.
        let mut map = DeviceMap {
            change: register.newest_change()?,
            ..DeviceMap::default()
        };
        let mut after: Option<SourceCode> = None;
        loop {
            let sources = register.sources(after.as_deref(), AT_ONCE)?;
            let Some(last) = sources.last() else { break };
            after = Some(SourceCode::clone(&last.code));
            for source in &sources {
                map.set(source);
            }
        }
        Ok(Self {
            map: RwLock::new(map),
        })
    }

    /// Takes in what changed since; true if a device has a source now that had none. Blocks.
    pub(crate) fn refresh(&self, register: &dyn Register) -> Result<bool, RegisterError> {
        let mut news = false;
        let mut change = self.read().change;
        if register.newest_change()? == change {
            return Ok(false);
        }
        loop {
            let changes = register.changes_after(change, AT_ONCE)?;
            let Some(last) = changes.last() else {
                return Ok(news);
            };
            change = last.number;
            let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
            for numbered in &changes {
                match &numbered.change {
                    Change::SourceSet { source } => news |= map.set(source),
                    Change::SourceRemoved { code } => map.remove(code),
                    _ => {}
                }
            }
            map.change = change;
        }
    }

    /// The map, for as long as a slice takes.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, DeviceMap> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceMap {
    pub(crate) fn get(&self, device: &str) -> Option<&Registered> {
        self.by_device.get(device)
    }

    /// Enters a source as it now is; true if its device is new here.
    fn set(&mut self, source: &Source) -> bool {
        let known = source
            .device
            .as_ref()
            .is_some_and(|device| self.by_device.contains_key(device));
        self.remove(&source.code);
        let Some(device) = &source.device else {
            return false;
        };
        let code = SourceCode::clone(&source.code);
        let registered = Registered {
            source: SourceCode::clone(&code),
            kind: source.kind_name(),
        };
        let before = self.by_device.insert(DeviceId::clone(device), registered);
        if let Some(before) = before {
            self.by_source.remove(&before.source);
        }
        self.by_source.insert(code, DeviceId::clone(device));
        !known
    }

    fn remove(&mut self, code: &SourceCode) {
        if let Some(device) = self.by_source.remove(code) {
            self.by_device.remove(&device);
        }
    }
}
