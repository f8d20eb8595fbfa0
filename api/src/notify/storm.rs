//! What would be too much at once: held back, and told as one digest.
//!
//! Some 10 alarms in 10 minutes are more than anybody can answer (ISA-18.2 / IEC 62682). Beyond that
//! messages to a contact are held, and every interval one digest says how many of what there are and
//! which are the worst. Criticals near an open incident are never held.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use firemain_store::register::telling::{HeldGroup, HeldSummary, NewDelivery, Occasion};

use super::settings::NotifySettings;
use super::texts;

/// Over how long messages to a contact are counted.
pub const COUNTED_MS: i64 = 10 * MINUTE_MS;
/// Asia/Ho_Chi_Minh.
const OFFSET_MS: i64 = 7 * HOUR_MS;

/// How many messages each contact got lately.
#[derive(Debug, Default)]
pub struct Counts(HashMap<String, u64>);

impl Counts {
    /// Those of the last ten minutes.
    pub fn new(told: Vec<(String, u64)>) -> Self {
        Self(told.into_iter().collect())
    }

    /// Whether one more is too much; it is counted.
    pub fn is_too_much(&mut self, contact: &str, most: u32) -> bool {
        let count = self.0.entry(contact.to_owned()).or_default();
        *count += 1;
        *count > u64::from(most)
    }
}

/// When the digest of what is held now goes: on a grid, so that there is one in each interval.
pub fn digest_at(now: Timestamp, settings: &NotifySettings) -> Timestamp {
    let every_ms = i64::from(settings.digest_every_min.max(1)) * MINUTE_MS;
    Timestamp::from_ms((now.ms().div_euclid(every_ms) + 1) * every_ms)
}

/// When the day's list goes.
pub fn daily_at(now: Timestamp, settings: &NotifySettings) -> Timestamp {
    let hour_ms = i64::from(settings.daily_hour.min(23)) * HOUR_MS - OFFSET_MS;
    let day = (now.ms() - hour_ms).div_euclid(DAY_MS) + 1;
    Timestamp::from_ms(day * DAY_MS + hour_ms)
}

/// The digest that goes in place of a group of held messages.
pub fn digest(group: &HeldGroup, summary: &HeldSummary, now: Timestamp) -> NewDelivery {
    let message = texts::digest(summary);
    NewDelivery {
        key: format!(
            "digest-{}/{}/{}",
            group.due_at.ms(),
            group.channel,
            group.contact
        ),
        notice: None,
        episode: None,
        occasion: Occasion::Digest,
        severity: message.severity,
        team: group.team.clone(),
        contact: group.contact.clone(),
        channel: group.channel.clone(),
        address: group.address.clone(),
        message: serde_json::to_string(&message).unwrap_or_default(),
        made_at: now,
        held: false,
        due_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_go_on_a_grid_and_the_days_list_at_its_hour() {
        let settings = NotifySettings::default();
        let at = |text| Timestamp::parse(text).unwrap();
        assert_eq!(
            digest_at(at("2025-11-24T10:03:20+07:00"), &settings),
            at("2025-11-24T10:10:00+07:00")
        );
        assert_eq!(
            daily_at(at("2025-11-24T06:59:00+07:00"), &settings),
            at("2025-11-24T07:00:00+07:00")
        );
        assert_eq!(
            daily_at(at("2025-11-24T07:00:00+07:00"), &settings),
            at("2025-11-25T07:00:00+07:00")
        );
    }

    #[test]
    fn the_eleventh_is_too_much() {
        let mut counts = Counts::new(vec![("t/a".into(), 9)]);
        assert!(!counts.is_too_much("t/a", 10));
        assert!(counts.is_too_much("t/a", 10));
        assert!(!counts.is_too_much("t/b", 10));
    }
}
