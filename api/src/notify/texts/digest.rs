//! Many messages in one: how many of what, and the worst.

use firemain_domain::judging::Severity;
use firemain_domain::telling::Language;
use firemain_store::register::telling::{HeldSummary, Occasion};

use super::{Message, en, short, vi};

/// How many of what.
#[derive(Debug)]
pub struct Counted<'a> {
    /// Critical alerts.
    pub critical: u64,
    /// Major ones.
    pub major: u64,
    /// The rest.
    pub other: u64,
    /// Alerts that are over.
    pub cleared: u64,
    /// The worst.
    pub worst: &'a [Message],
}

impl Counted<'_> {
    /// How many messages.
    pub const fn all(&self) -> u64 {
        self.critical + self.major + self.other + self.cleared
    }
}

/// The digest of what was held back, in the language in which that was said.
pub fn digest(summary: &HeldSummary) -> Message {
    let worst: Vec<Message> = summary
        .worst
        .iter()
        .filter_map(|message| serde_json::from_str(message).ok())
        .collect();
    let count = |wanted: &dyn Fn(Severity, Occasion) -> bool| {
        let those = summary.counts.iter().filter(|(s, o, _)| wanted(*s, *o));
        those.map(|(_, _, count)| count).sum()
    };
    let stands = |occasion| occasion != Occasion::Cleared;
    let counted = Counted {
        critical: count(&|s, o| stands(o) && s == Severity::Critical),
        major: count(&|s, o| stands(o) && s == Severity::Major),
        other: count(&|s, o| stands(o) && s < Severity::Major),
        cleared: count(&|_, o| !stands(o)),
        worst: &worst,
    };
    let language = worst
        .first()
        .map_or(Language::Vi, |message| message.language);
    let (title, lines) = match language {
        Language::Vi => vi::digest(&counted),
        Language::En => en::digest(&counted),
    };
    let named = worst.first().map(|worst| format!("{title}. {}", worst.sms));
    let severity = summary.counts.iter().map(|(severity, ..)| *severity).max();
    Message {
        language,
        occasion: Occasion::Digest,
        severity: severity.unwrap_or(Severity::Info),
        subject: String::new(),
        text: format!("{title}\n{}", lines.join("\n")),
        sms: short(named.into_iter().chain([title.clone()])),
        title,
    }
}
