//! Numbers of sources by a name of theirs, without the names: those are with the sources already.
//!
//! A map from names to numbers keeps 25 bytes an entry, and up to twice that after it grew; this one
//! keeps eight, looks the name up at the source whose number it found, and a million sources have two.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Numbers by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    entries: HashTable<Entry>,
    hashing: RandomState,
}

/// A number, with so much of its name's hash that names need not be looked up to grow.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    number: u32,
}

impl Entry {
    /// The hash as the table wants it: it takes places from its lower end and a tag from its upper.
    const fn spread(self) -> u64 {
        (self.hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Index {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number under a name; `name_of` says what the name under a number is.
    pub fn get<'a>(&self, name: &str, name_of: impl Fn(u32) -> Option<&'a str>) -> Option<u32> {
        let entry = self.entry(name, 0);
        let is_it = |e: &Entry| e.hash == entry.hash && name_of(e.number) == Some(name);
        self.entries.find(entry.spread(), is_it).map(|e| e.number)
    }

    /// Enters a number under a name, in place of the one that was.
    pub fn insert<'a>(
        &mut self,
        name: &str,
        number: u32,
        name_of: impl Fn(u32) -> Option<&'a str>,
    ) {
        let entry = self.entry(name, number);
        let is_it = |e: &Entry| {
            e.hash == entry.hash && (e.number == number || name_of(e.number) == Some(name))
        };
        match self.entries.find_mut(entry.spread(), is_it) {
            Some(known) => known.number = number,
            None => {
                self.entries
                    .insert_unique(entry.spread(), entry, |e| e.spread());
            }
        }
    }

    /// Takes a name out, if it is that number's.
    pub fn remove(&mut self, name: &str, number: u32) {
        let entry = self.entry(name, number);
        let is_it = |e: &Entry| e.hash == entry.hash && e.number == number;
        if let Ok(found) = self.entries.find_entry(entry.spread(), is_it) {
            found.remove();
        }
    }

    fn entry(&self, name: &str, number: u32) -> Entry {
        Entry {
            hash: self.hashing.hash_one(name) as u32,
            number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_newest_number_entered_under_it_and_to_none_once_taken_out() {
        let mut names: Vec<String> = (0..5_000).map(|n| format!("TR-{n}")).collect();
        names.push("TR-7".to_owned());
        let name_of = |number: u32| names.get(number as usize).map(String::as_str);
        let mut index = Index::default();
        for (number, name) in names.iter().enumerate() {
            index.insert(name, number as u32, name_of);
        }
        assert_eq!(index.len(), 5_000);
        assert_eq!(index.get("TR-7", name_of), Some(5_000));
        assert_eq!(index.get("TR-4999", name_of), Some(4_999));
        assert_eq!(index.get("TR-5000", name_of), None);
        index.remove("TR-7", 7);
        assert_eq!(index.get("TR-7", name_of), Some(5_000));
        index.remove("TR-7", 5_000);
        assert_eq!(index.get("TR-7", name_of), None);
    }
}
