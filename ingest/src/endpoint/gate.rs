//! The gate: checks secrets, remembers the good ones for a while, and slows down those who guess.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use firemain_domain::clock::SharedClock;
use sha2::{Digest, Sha256};

use super::{Granted, Logins};

/// How long a good login is remembered: one that was removed is of no use after it.
const REMEMBERED_MS: u64 = 2_000;
/// Logins remembered.
const REMEMBERED: usize = 16_384;
/// Wrong logins of one peer in a minute before it is refused unheard.
const WRONG_PER_MINUTE: u32 = 20;
const MINUTE_MS: u64 = 60_000;
/// Peers of which wrong logins are counted.
const PEERS: usize = 4_096;

/// What the gate says.
pub(super) enum Verdict {
    /// Come in.
    Granted(Arc<Granted>),
    /// Wrong name or secret.
    Refused,
    /// Too many wrong ones came from there.
    TooOften,
    /// The logins cannot be read now.
    Unavailable(String),
}

pub(super) struct Gate {
    pub(super) logins: Arc<dyn Logins>,
    clock: SharedClock,
    known: Mutex<HashMap<String, (u64, Arc<Granted>)>>,
    wrong: Mutex<HashMap<IpAddr, (u64, u32)>>,
}

impl Gate {
    pub(super) fn new(logins: Arc<dyn Logins>, clock: SharedClock) -> Self {
        Self {
            logins,
            clock,
            known: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    /// Checks a name and a secret. Blocks when the login is not remembered.
    pub(super) fn check(&self, peer: Option<IpAddr>, name: &str, secret: &[u8]) -> Verdict {
        let now = self.clock.monotonic_ms();
        if self.guesses_too_often(peer, now) {
            return Verdict::TooOften;
        }
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let remembered = self.remembered(name, now);
        // Another secret than the remembered one may be a new one.
        let remembered = remembered.filter(|granted| equal(&hash, &granted.secret_sha256));
        let granted = match remembered {
            Some(granted) => Some(granted),
            None => match self.logins.login(name) {
                Ok(granted) => granted.map(Arc::new),
                Err(reason) => return Verdict::Unavailable(reason),
            },
        };
        // As long as for a login that exists.
        let expected = granted
            .as_ref()
            .map_or([0; 32], |granted| granted.secret_sha256);
        match granted.filter(|_| equal(&hash, &expected)) {
            Some(granted) => {
                self.remember(name, &granted, now);
                Verdict::Granted(granted)
            }
            None => {
                self.count_wrong(peer, now);
                Verdict::Refused
            }
        }
    }

    /// Forgets what it remembers: logins have changed.
    pub(super) fn forget(&self) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn remembered(&self, name: &str, now: u64) -> Option<Arc<Granted>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, granted) = known.get(name)?;
        (now < *until).then(|| Arc::clone(granted))
    }

    fn remember(&self, name: &str, granted: &Arc<Granted>, now: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let fresh = (now + REMEMBERED_MS, Arc::clone(granted));
        let entry = known
            .entry(name.to_owned())
            .or_insert_with(|| fresh.clone());
        if entry.0 <= now || !Arc::ptr_eq(&entry.1, granted) {
            *entry = fresh;
        }
    }

    fn guesses_too_often(&self, peer: Option<IpAddr>, now: u64) -> bool {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        peer.and_then(|peer| wrong.get(&peer))
            .is_some_and(|(since, count)| now < since + MINUTE_MS && *count >= WRONG_PER_MINUTE)
    }

    fn count_wrong(&self, peer: Option<IpAddr>, now: u64) {
        let Some(peer) = peer else { return };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= PEERS {
            wrong.retain(|_, (since, _)| now < *since + MINUTE_MS);
        }
        if wrong.len() >= PEERS && !wrong.contains_key(&peer) {
            return;
        }
        let entry = wrong.entry(peer).or_insert((now, 0));
        if now >= entry.0 + MINUTE_MS {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }
}

/// Takes as long whatever the difference is.
fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let differing = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(differing) == 0
}
