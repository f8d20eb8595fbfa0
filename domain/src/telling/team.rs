//! Teams and the people in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hours::{QuietHours, Shift, on_duty};
use crate::time::Timestamp;

/// People who are told together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its id: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who is in it, at most 100.
    #[serde(default)]
    pub contacts: Vec<Contact>,
}

/// Somebody who can be told: a person, or a duty phone. Not necessarily a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Their id within the team: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub id: String,
    /// Their name.
    pub name: String,
    /// In which language they are told.
    #[serde(default)]
    pub language: Language,
    /// By the name of a channel, the address there: a mail address, a phone number, a chat, a topic.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// When they are on duty; without any: always.
    #[serde(default)]
    pub shifts: Vec<Shift>,
    /// They are away until then, whatever their shifts say.
    #[serde(default)]
    pub off_until: Option<Timestamp>,
    /// Hours in which what is not critical waits.
    #[serde(default)]
    pub quiet: Option<QuietHours>,
}

impl Contact {
    /// Whether they are to be told at that moment.
    pub fn on_duty(&self, at: Timestamp) -> bool {
        self.off_until.is_none_or(|until| at >= until) && on_duty(&self.shifts, at)
    }
}

/// A language that firemain speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// `vi` or `en` (BCP 47).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_away_is_not_on_duty_until_they_are_back() {
        let back = Timestamp::from_ms(1_764_000_000_000);
        let contact = Contact {
            id: "an".into(),
            name: "A".into(),
            language: Language::Vi,
            addresses: BTreeMap::new(),
            shifts: Vec::new(),
            off_until: Some(back),
            quiet: None,
        };
        assert!(!contact.on_duty(back.plus_ms(-1)));
        assert!(contact.on_duty(back));
    }
}
