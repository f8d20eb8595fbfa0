//! Which device reports for which source, as the register has it now.

use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use firemain_domain::change::{Change, ChangeNumber};
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

/// Both ways in some 30 B a device beside the bytes of its names: two tables of numbers over one
/// list, and all names in one text.
#[derive(Debug, Default)]
pub(crate) struct DeviceMap {
    pairs: Vec<Pair>,
    names: String,
    /// Bytes of names that nothing points to any more.
    unused: usize,
    by_device: HashTable<u32>,
    by_source: HashTable<u32>,
    hasher: RandomState,
    change: ChangeNumber,
}

/// A device and its source: where in the text the device's name begins, and the source's right
/// behind it.
#[derive(Clone, Copy, Debug)]
struct Pair {
    at: u32,
    device_bytes: u16,
    source_bytes: u16,
    kind: KindName,
}

impl Pair {
    fn device(self, names: &str) -> &str {
        &names[self.at as usize..][..usize::from(self.device_bytes)]
    }

    fn source(self, names: &str) -> &str {
        let at = self.at as usize + usize::from(self.device_bytes);
        &names[at..][..usize::from(self.source_bytes)]
    }

    fn bytes(self) -> usize {
        usize::from(self.device_bytes) + usize::from(self.source_bytes)
    }
}

impl Devices {
    /// Reads the whole register. Blocks.
    pub(crate) fn load(register: &dyn Register) -> Result<Self, RegisterError> {
        // What changes while the sources are read is applied once more by the first refresh.
        let mut map = DeviceMap {
            change: register.newest_change()?,
            ..DeviceMap::default()
        };
        register.visit_devices(&mut |device, source, kind| {
            map.enter(device, source, kind);
        })?;
        map.pairs.shrink_to_fit();
        map.names.shrink_to_fit();
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
    pub(crate) fn get(&self, device: &str) -> Option<Registered> {
        let pair = self.pairs[self.of_device(device)? as usize];
        Some(Registered {
            source: pair.source(&self.names).into(),
            kind: pair.kind,
        })
    }

    /// Whether a source is registered for it.
    pub(crate) fn knows(&self, device: &str) -> bool {
        self.of_device(device).is_some()
    }

    /// Enters a source as it now is; true if its device is new here.
    fn set(&mut self, source: &Source) -> bool {
        let known = source.device.as_ref().is_some_and(|d| self.knows(d));
        self.remove(&source.code);
        let Some(device) = &source.device else {
            return false;
        };
        self.enter(device, &source.code, source.kind_name());
        !known
    }

    /// The device speaks for that source from now on, and for no other; nor does another for it. The
    /// register takes no names that are longer than this can tell.
    fn enter(&mut self, device: &str, source: &str, kind: KindName) {
        if let Some(place) = self.of_device(device) {
            self.take_out(place);
        }
        self.use_room_again();
        let lengths = [device, source].map(|name| u16::try_from(name.len()));
        let (Ok(at), [Ok(device_bytes), Ok(source_bytes)]) =
            (u32::try_from(self.names.len()), lengths)
        else {
            return;
        };
        self.names.push_str(device);
        self.names.push_str(source);
        let place = self.pairs.len() as u32;
        self.pairs.push(Pair {
            at,
            device_bytes,
            source_bytes,
            kind,
        });
        let (pairs, names, hasher) = (&self.pairs, &self.names, &self.hasher);
        let of_device = |i: &u32| hasher.hash_one(pairs[*i as usize].device(names));
        let of_source = |i: &u32| hasher.hash_one(pairs[*i as usize].source(names));
        self.by_device
            .insert_unique(of_device(&place), place, of_device);
        self.by_source
            .insert_unique(of_source(&place), place, of_source);
    }

    fn remove(&mut self, code: &str) {
        let hash = self.hasher.hash_one(code);
        let is_it = |i: &u32| self.pairs[*i as usize].source(&self.names) == code;
        if let Some(&place) = self.by_source.find(hash, is_it) {
            self.take_out(place);
        }
    }

    fn of_device(&self, device: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(device);
        let is_it = |i: &u32| self.pairs[*i as usize].device(&self.names) == device;
        self.by_device.find(hash, is_it).copied()
    }

    /// Takes a pair out; the last takes its place.
    fn take_out(&mut self, place: u32) {
        let last = self.pairs.len() as u32 - 1;
        for (table, hash) in self.entries(place) {
            if let Ok(entry) = table.find_entry(hash, |i| *i == place) {
                entry.remove();
            }
        }
        for (table, hash) in self.entries(last) {
            if let Some(number) = table.find_mut(hash, |i| *i == last) {
                *number = place;
            }
        }
        self.unused += self.pairs.swap_remove(place as usize).bytes();
    }

    /// Both tables, each with the hash under which it has the pair.
    fn entries(&mut self, place: u32) -> [(&mut HashTable<u32>, u64); 2] {
        let pair = self.pairs[place as usize];
        let of_device = self.hasher.hash_one(pair.device(&self.names));
        let of_source = self.hasher.hash_one(pair.source(&self.names));
        [
            (&mut self.by_device, of_device),
            (&mut self.by_source, of_source),
        ]
    }

    /// Writes the names anew once most of the text is of pairs that are gone.
    fn use_room_again(&mut self) {
        if self.unused <= self.names.len() / 2 {
            return;
        }
        let mut names = String::with_capacity(self.names.len() - self.unused);
        for pair in &mut self.pairs {
            let at = names.len() as u32;
            names.push_str(pair.device(&self.names));
            names.push_str(pair.source(&self.names));
            pair.at = at;
        }
        self.names = names;
        self.unused = 0;
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
                map.enter(&device, &source, kind);
                model.insert(device, source);
            }
            assert_eq!(map.pairs.len(), model.len());
            let bytes: usize = map.pairs.iter().map(|pair| pair.bytes()).sum();
            assert_eq!(map.names.len() - map.unused, bytes);
            assert!(map.names.len() <= 2 * bytes + 64);
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
