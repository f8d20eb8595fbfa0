//! What was made known of alerts that page, message by message: first that one stands, then each
//! change of how much it matters, then that it is over. What command systems are fed with.
//!
//! In: with what judging commits, in one transaction with the alert. Out: newest first, or one by its
//! identifier. A message is never altered once it is there.

use firemain_domain::Timestamp;
use firemain_domain::judging::EpisodeState;

use super::RegisterError;

/// What was made known of alerts. Calls block.
pub trait BulletinRegister: Send + Sync {
    /// Messages, newest first, before a number.
    fn bulletins(&self, before: Option<u64>, limit: usize) -> Result<Vec<Bulletin>, RegisterError>;
    /// One message with those of the same alert that it follows, oldest first.
    fn bulletin(&self, identifier: &str) -> Result<Option<Bulletin>, RegisterError>;
}

/// What a message says of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulletinKind {
    /// It stands.
    Alert,
    /// It matters more, or less, or concerns other sources.
    Update,
    /// It is over.
    Cancel,
}

impl BulletinKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Alert, Self::Update, Self::Cancel];

    /// `alert`, `update` or `cancel`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Update => "update",
            Self::Cancel => "cancel",
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulletin {
    /// Its place in the order of messages.
    pub number: u64,
    /// Its identifier: the alert's id and a count, in letters, digits, `-`, `_`, `.` and `~` only.
    pub identifier: String,
    /// What it says.
    pub kind: BulletinKind,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The alert as it then was.
    pub alert: EpisodeState,
    /// Earlier messages of the same standing alert, with when they were sent; in lists empty.
    pub follows: Vec<(String, Timestamp)>,
}

/// The identifier of the `n`-th message of an alert.
pub fn identifier(episode: &firemain_domain::judging::EpisodeId, n: u64) -> String {
    let mut text = String::new();
    for byte in episode.subject.to_string().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(byte)),
            _ => text.push_str(&format!("~{byte:02X}")),
        }
    }
    format!("{text}.{}.{}.{n}", episode.rule, episode.n)
}

#[cfg(test)]
mod tests {
    use firemain_domain::judging::{EpisodeId, RuleName, Subject};

    use super::*;

    #[test]
    fn an_identifier_has_nothing_that_a_reference_would_be_cut_at() {
        let episode = |code: &str| EpisodeId {
            subject: Subject::from(code.to_owned()),
            rule: RuleName::LowStatic,
            n: 3,
        };
        assert_eq!(identifier(&episode("TR-0412"), 1), "TR-0412.LOW_STATIC.3.1");
        let odd = identifier(&episode("a b,<&>ế.1"), 2);
        assert!(!odd.contains([' ', ',', '<', '&']), "{odd}");
        assert_ne!(odd, identifier(&episode("a b,<&>ế~1"), 2));
    }
}
