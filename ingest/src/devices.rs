//! Which device reports for which source, as the register has it now.

use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::report::DeviceId;
use firemain_domain::source::{KindName, Source, SourceCode};
use firemain_store::register::{Register, RegisterError};
use hashbrown::HashTable;

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

/// Both ways in some 60 B a device beside its names: two tables of numbers over one list.
#[derive(Debug, Default)]
pub(crate) struct DeviceMap {
    pairs: Vec<(DeviceId, Registered)>,
    by_device: HashTable<u32>,
    by_source: HashTable<u32>,
    hasher: RandomState,
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
        for (device, source, kind) in register.device_map()? {
            map.enter(device, Registered { source, kind });
        }
        map.pairs.shrink_to_fit();
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
        let place = self.of_device(device)?;
        Some(&self.pairs[place as usize].1)
    }

    /// Enters a source as it now is; true if its device is new here.
    fn set(&mut self, source: &Source) -> bool {
        let known = source
            .device
            .as_ref()
            .is_some_and(|device| self.of_device(device).is_some());
        self.remove(&source.code);
        let Some(device) = &source.device else {
            return false;
        };
        let registered = Registered {
            source: SourceCode::clone(&source.code),
            kind: source.kind_name(),
        };
        self.enter(DeviceId::clone(device), registered);
        !known
    }

    /// The device speaks for that source from now on, and for no other; nor does another for it.
    fn enter(&mut self, device: DeviceId, registered: Registered) {
        let before = self.of_device(&device);
        if let Some(place) = before {
            self.take_out(place);
        }
        let place = self.pairs.len() as u32;
        let (pairs, hasher) = (&mut self.pairs, &self.hasher);
        let hash = hasher.hash_one(&*device);
        let hash_of_source = hasher.hash_one(&*registered.source);
        pairs.push((device, registered));
        let of_device = |i: &u32| hasher.hash_one(&*pairs[*i as usize].0);
        let of_source = |i: &u32| hasher.hash_one(&*pairs[*i as usize].1.source);
        self.by_device.insert_unique(hash, place, of_device);
        self.by_source
            .insert_unique(hash_of_source, place, of_source);
    }

    fn remove(&mut self, code: &SourceCode) {
        let hash = self.hasher.hash_one(&**code);
        let is_it = |i: &u32| self.pairs[*i as usize].1.source == *code;
        if let Some(&place) = self.by_source.find(hash, is_it) {
            self.take_out(place);
        }
    }

    fn of_device(&self, device: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(device);
        let is_it = |i: &u32| *self.pairs[*i as usize].0 == *device;
        self.by_device.find(hash, is_it).copied()
    }

    /// Takes a pair out; the last takes its place.
    fn take_out(&mut self, place: u32) {
        let last = self.pairs.len() as u32 - 1;
        self.forget(place);
        self.pairs.swap_remove(place as usize);
        if place != last {
            let (device, registered) = &self.pairs[place as usize];
            let hashes = [&**device, &*registered.source].map(|name| self.hasher.hash_one(name));
            for (table, hash) in [&mut self.by_device, &mut self.by_source]
                .into_iter()
                .zip(hashes)
            {
                if let Some(number) = table.find_mut(hash, |i| *i == last) {
                    *number = place;
                }
            }
        }
    }

    fn forget(&mut self, place: u32) {
        let (device, registered) = &self.pairs[place as usize];
        let hashes = [&**device, &*registered.source].map(|name| self.hasher.hash_one(name));
        for (table, hash) in [&mut self.by_device, &mut self.by_source]
            .into_iter()
            .zip(hashes)
        {
            if let Ok(entry) = table.find_entry(hash, |i| *i == place) {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn whatever_is_entered_and_removed_each_device_has_one_source_and_each_source_one_device() {
        let mut map = DeviceMap::default();
        let mut model: HashMap<String, String> = HashMap::new();
        let mut dice = 1_u32;
        for _ in 0..20_000 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (device, source) = ((dice >> 8) % 61, (dice >> 20) % 53);
            let (device, source) = (format!("d{device}"), format!("s{source}"));
            let code = SourceCode::from(source.as_str());
            map.remove(&code);
            model.retain(|_, s| *s != source);
            if !dice.is_multiple_of(3) {
                let kind = KindName::Hydrant;
                map.enter(device.as_str().into(), Registered { source: code, kind });
                model.insert(device, source);
            }
            assert_eq!(map.pairs.len(), model.len());
            assert_eq!(
                (map.by_device.len(), map.by_source.len()),
                (model.len(), model.len())
            );
            for n in 0..61 {
                let device = format!("d{n}");
                let found = map.get(&device).map(|r| r.source.to_string());
                assert_eq!(found.as_ref(), model.get(&device));
            }
        }
    }
}
