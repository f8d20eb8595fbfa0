//! Links by which whoever got a message takes its alert, without logging in.
//!
//! A token is `{message}.{expiry}.{signature}`: the signature is HMAC-SHA-256 (RFC 2104) over the
//! message's key and the expiry, under a key that the register has made at its first start. It says
//! which message it came with, so that the alert is taken in that contact's name; it opens nothing
//! else.

use std::sync::{OnceLock, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firemain_domain::Timestamp;
use firemain_domain::time::HOUR_MS;
use firemain_store::register::telling::Delivery;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a signature that are kept: 128 bits.
const SIGNATURE_BYTES: usize = 16;

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is not one of ours, or was altered.
    #[error("the link is not one of ours")]
    Forged,
    /// It is too old.
    #[error("the link has expired")]
    Expired,
}

/// Makes and reads links.
pub struct Links {
    key: [u8; 32],
    base: RwLock<Option<String>>,
    set: OnceLock<()>,
    hours: u32,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links")
            .field("hours", &self.hours)
            .finish_non_exhaustive()
    }
}

impl Links {
    /// Links under that key, below that address; without one none are made.
    pub fn new(key: [u8; 32], base: Option<String>, hours: u32) -> Self {
        Self {
            key,
            base: RwLock::new(base),
            set: OnceLock::new(),
            hours,
        }
    }

    /// The address under which we are reached, where the settings name none.
    pub fn reached_at(&self, url: &str) {
        if self.set.set(()).is_ok() {
            let mut base = self.base.write().unwrap_or_else(PoisonError::into_inner);
            base.get_or_insert_with(|| url.to_owned());
        }
    }

    /// The link of a message; none where it is about no alert that can be taken.
    pub fn of(&self, delivery: &Delivery) -> Option<String> {
        use firemain_store::register::telling::Occasion::{Cleared, Digest, Listed, Test};
        let takes = !matches!(delivery.what.occasion, Cleared | Digest | Listed | Test);
        if delivery.what.episode.is_none() || !takes {
            return None;
        }
        let base = self.base.read().unwrap_or_else(PoisonError::into_inner);
        let base = base.as_deref()?.trim_end_matches('/');
        Some(format!("{base}/a/{}", self.token(delivery)))
    }

    /// The token of a message.
    pub fn token(&self, delivery: &Delivery) -> String {
        let made_at = delivery.what.made_at;
        let expiry_s = made_at.plus_ms(i64::from(self.hours) * HOUR_MS).ms() / 1_000;
        let signature = self.sign(&delivery.what.key, expiry_s);
        let signature = URL_SAFE_NO_PAD.encode(&signature[..SIGNATURE_BYTES]);
        format!("{}.{expiry_s}.{signature}", delivery.number)
    }

    /// Which message a token names: to be looked up, and checked with [`Links::check`].
    pub fn message(token: &str) -> Option<u64> {
        if token.len() > 80 {
            return None;
        }
        let mut parts = token.split('.');
        let number = parts.next()?.parse().ok()?;
        (parts.count() == 2).then_some(number)
    }

    /// Whether a token is that of this message, and still good.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, token: &str, delivery: &Delivery, now: Timestamp) -> Result<(), LinkError> {
        let mut parts = token.split('.').skip(1);
        let expiry_s = parts.next().and_then(|text| text.parse::<i64>().ok());
        let signature = parts
            .next()
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let (Some(expiry_s), Some(signature)) = (expiry_s, signature) else {
            return Err(LinkError::Forged);
        };
        let mut mac = self.mac();
        mac.update(delivery.what.key.as_bytes());
        mac.update(format!("|{expiry_s}").as_bytes());
        if signature.len() != SIGNATURE_BYTES || mac.verify_truncated_left(&signature).is_err() {
            return Err(LinkError::Forged);
        }
        if now.ms() / 1_000 >= expiry_s {
            return Err(LinkError::Expired);
        }
        Ok(())
    }

    fn sign(&self, key: &str, expiry_s: i64) -> [u8; 32] {
        let mut mac = self.mac();
        mac.update(key.as_bytes());
        mac.update(format!("|{expiry_s}").as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.key).expect("HMAC takes a key of any length")
    }
}

#[cfg(test)]
mod tests {
    use firemain_domain::judging::Severity;
    use firemain_store::register::telling::{DeliveryState, NewDelivery, Occasion};

    use super::*;

    fn delivery(number: u64, key: &str) -> Delivery {
        let at = Timestamp::from_ms(1_764_000_000_000);
        Delivery {
            number,
            what: NewDelivery {
                key: key.into(),
                notice: Some("n".into()),
                episode: Some("TR-0412/LOW_STATIC/3".into()),
                occasion: Occasion::Paged,
                severity: Severity::Critical,
                team: "t".into(),
                contact: "t/c".into(),
                channel: "sms".into(),
                address: "+84".into(),
                message: "{}".into(),
                made_at: at,
                held: false,
                due_at: at,
            },
            state: DeliveryState::Sent,
            tries: 1,
            ended_at: None,
            digest: None,
        }
    }

    #[test]
    fn a_link_is_good_for_its_own_message_and_for_its_time() {
        let links = Links::new([7; 32], Some("https://fire.example/".into()), 72);
        let (mine, other) = (delivery(5, "a"), delivery(6, "b"));
        let link = links.of(&mine).unwrap();
        let token = link.strip_prefix("https://fire.example/a/").unwrap();
        let now = mine.what.made_at;
        assert_eq!(Links::message(token), Some(5));
        assert_eq!(links.check(token, &mine, now), Ok(()));
        assert_eq!(links.check(token, &other, now), Err(LinkError::Forged));
        let later = now.plus_ms(72 * HOUR_MS);
        assert_eq!(links.check(token, &mine, later), Err(LinkError::Expired));
        let strangers = Links::new([8; 32], None, 72);
        assert_eq!(strangers.check(token, &mine, now), Err(LinkError::Forged));
        let mut longer = token.split('.').map(str::to_owned).collect::<Vec<_>>();
        longer[1] = "9999999999".into();
        assert_eq!(
            links.check(&longer.join("."), &mine, now),
            Err(LinkError::Forged)
        );
    }

    #[test]
    fn what_is_over_has_no_link() {
        let links = Links::new([7; 32], Some("https://fire.example".into()), 72);
        let mut over = delivery(5, "a");
        over.what.occasion = Occasion::Cleared;
        assert_eq!(links.of(&over), None);
    }
}
