//! Alerts for command, rescue and police systems: OASIS CAP 1.2 documents.
//!
//! In: messages about alerts that page, as the register keeps them, and where their sources stand.
//! Out: one XML document each ([`mod@document`]), and an Atom feed of them ([`mod@feed`]). Times carry
//! Hanoi's offset, `+07:00` and never `Z`; what is said is said in Vietnamese and in English; the
//! numbers that raised the alert are its parameters.

mod document;
mod feed;
mod words;
mod xml;

pub use document::{Place, Sender, document};
pub use feed::{FeedEntry, feed};
pub use words::Language;

/// The namespace of CAP 1.2.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// Under whose name alerts are sent, and how they are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapSettings {
    /// The sender: a name that is ours alone, such as a domain; without spaces, commas, `<` and `&`.
    pub sender: String,
    /// How the alerts are meant.
    pub status: CapStatus,
}

/// How alerts are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapStatus {
    /// For real.
    #[default]
    Actual,
    /// A drill.
    Exercise,
    /// A test of the line: to be passed over.
    Test,
}

impl CapStatus {
    /// As CAP writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actual => "Actual",
            Self::Exercise => "Exercise",
            Self::Test => "Test",
        }
    }

    /// Of a name of ours, in lower case.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "actual" => Some(Self::Actual),
            "exercise" => Some(Self::Exercise),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

impl Default for CapSettings {
    fn default() -> Self {
        Self {
            sender: "firemain".to_owned(),
            status: CapStatus::Actual,
        }
    }
}

/// A message's headline and sentence in Vietnamese, where `place` says where it is.
pub fn said(
    bulletin: &firemain_store::register::bulletins::Bulletin,
    place: &str,
) -> (String, String) {
    let (alert, kind) = (&bulletin.alert, bulletin.kind);
    (
        words::headline(alert, kind, place, Language::Vi),
        words::description(alert, kind, Language::Vi),
    )
}

/// Whether a sender may be called so: CAP 1.2, 3.2.1, forbids spaces, commas, `<` and `&`, at which
/// references would be cut.
pub fn is_sender(text: &str) -> bool {
    let good = |c: char| c.is_ascii_graphic() && !matches!(c, ',' | '<' | '&');
    (1..=100).contains(&text.len()) && text.chars().all(good)
}
