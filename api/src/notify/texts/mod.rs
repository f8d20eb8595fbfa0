//! What is said of an alert, in Vietnamese and in English: pure.
//!
//! In: the facts of a notice. Out: a title, a text, and a short message without diacritics that fits
//! into one SMS. One file per language holds its words; [`shorten`] says what is left
//! out first, [`sms`] makes the rest fit; [`mod@digest`] tells of
//! many alerts at once.

mod digest;
mod en;
mod facts;
mod shorten;
mod sms;
mod vi;
mod when;

pub use digest::digest;
pub use facts::{Facts, Place};
use sms::short;
#[cfg(test)]
use sms::{MOST_SMS_UNITS, gsm_units};

use firemain_domain::judging::Severity;
use firemain_domain::telling::Language;
use firemain_store::register::telling::Occasion;
use serde::{Deserialize, Serialize};

/// What is said to one contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// In which language.
    pub language: Language,
    /// Why.
    pub occasion: Occasion,
    /// How severe.
    pub severity: Severity,
    /// About what: a source's code, `zone:…` and so on; empty in a digest.
    pub subject: String,
    /// One line.
    pub title: String,
    /// All of it, in a few lines.
    pub text: String,
    /// At most 160 characters of GSM 03.38, without diacritics.
    pub sms: String,
}

/// The words of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Words {
    /// In brackets at the beginning.
    tag: String,
    /// What is wrong where, without the tag: a sentence.
    sentence: String,
    /// The same for an SMS, from the fullest to the barest.
    shorts: Vec<String>,
    /// Further lines of the text.
    lines: Vec<String>,
}

/// What is said of a notice in a language.
pub fn message(facts: &Facts<'_>, language: Language) -> Message {
    let words = match language {
        Language::Vi => vi::words(facts),
        Language::En => en::words(facts),
    };
    let title = format!("[{}] {}", words.tag, words.sentence);
    let text = std::iter::once(&title)
        .chain(&words.lines)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    let shorts = words
        .shorts
        .iter()
        .map(|said| format!("[{}] {said}", words.tag));
    Message {
        language,
        occasion: facts.occasion,
        severity: facts.episode.severity,
        subject: facts.episode.id.subject.to_string(),
        sms: short(shorts),
        title,
        text,
    }
}

/// A message by which a person tries out a channel.
pub fn trial(language: Language, channel: &str) -> Message {
    let title = match language {
        Language::Vi => format!("[THỬ] Tin thử của firemain qua kênh {channel}. Không cần làm gì."),
        Language::En => {
            format!("[TEST] A trial of firemain by the channel {channel}. Nothing is to be done.")
        }
    };
    Message {
        language,
        occasion: Occasion::Test,
        severity: Severity::Info,
        subject: String::new(),
        text: title.clone(),
        sms: short([title.clone()].into_iter()),
        title,
    }
}

#[cfg(test)]
mod tests;
