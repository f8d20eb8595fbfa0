//! Reasons and notes of a source as bits: a hundred thousand sources keep them.

use serde::{Deserialize, Serialize};

use super::outcome::{Note, Reason};

const NOTES: [Note; 2] = [Note::SharedMain, Note::InUse];

/// Reasons of a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasons(u32);

impl Reasons {
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds one.
    pub fn push(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u32;
    }

    /// Whether a reason is among them.
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u32) != 0
    }

    /// In the order of the table.
    pub fn list(self) -> Vec<Reason> {
        let here = |reason: &Reason| self.0 & (1 << *reason as u32) != 0;
        Reason::ALL.into_iter().filter(here).collect()
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        let mut all = Self::default();
        reasons.into_iter().for_each(|reason| all.push(reason));
        all
    }
}

/// Notes beside a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes(u8);

impl Notes {
    /// Adds one.
    pub fn push(&mut self, note: Note) {
        self.0 |= 1 << note as u8;
    }

    /// In the order of their table.
    pub fn list(self) -> Vec<Note> {
        let here = |note: &Note| self.0 & (1 << *note as u8) != 0;
        NOTES.into_iter().filter(here).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_bit_of_its_own_and_keeps_its_place() {
        let all: Reasons = Reason::ALL.into_iter().rev().collect();
        assert_eq!(all.list(), Reason::ALL);
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
        }
        let mut notes = Notes::default();
        notes.push(Note::InUse);
        assert_eq!(notes.list(), [Note::InUse]);
    }
}
