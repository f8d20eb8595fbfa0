//! How often somebody may try to log in: each failure beyond a few makes the next try wait longer.
//!
//! Three counts, so that neither guessing at one account from many places nor at many accounts from
//! one place gets far, and nobody can keep others out for long: by account and address together (up
//! to 15 min), by address (up to 15 min), and by account from wherever (up to 30 s only). Memory is
//! bounded; what was quiet for an hour is forgotten.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::clock::Clock;
use sha2::{Digest, Sha256};

/// Counts kept at most.
const MOST: usize = 50_000;
/// A count without failures for so long is forgotten.
const FORGET: Duration = Duration::from_hours(1);

/// How a count makes wait.
struct Policy {
    /// So many failures cost nothing.
    free: u32,
    /// The longest wait, s.
    most_s: u64,
}

const PAIR: Policy = Policy {
    free: 5,
    most_s: 900,
};
const ADDRESS: Policy = Policy {
    free: 20,
    most_s: 900,
};
const ACCOUNT: Policy = Policy {
    free: 30,
    most_s: 30,
};

/// What is counted: the account as a hash, so that long names take no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Pair([u8; 16], IpAddr),
    Address(IpAddr),
    Account([u8; 16]),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    next: Timestamp,
    last: Timestamp,
}

/// Counts of failures.
#[derive(Debug, Default)]
pub struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
}

/// A try that is under way. It counts as failed until it is said to have succeeded, so that many at
/// once are as good as one after another.
#[derive(Debug)]
pub struct Try {
    keys: [Key; 3],
}

impl Throttle {
    /// A try at `account` from `address`; or how long to wait, ms of the clock.
    pub fn begin(&self, clock: &dyn Clock, account: &str, address: IpAddr) -> Result<Try, i64> {
        let now = clock.now();
        let account = hashed(account);
        let address = network(address);
        let keys = [
            Key::Pair(account, address),
            Key::Address(address),
            Key::Account(account),
        ];
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let forget_ms = clock.passes_in(FORGET);
        let waits = keys.iter().filter_map(|key| counts.get(key));
        let wait_ms = waits.map(|count| count.next.since_ms(now)).max();
        if let Some(wait_ms) = wait_ms.filter(|ms| *ms > 0) {
            return Err(wait_ms);
        }
        if counts.len() + keys.len() > MOST {
            make_room(&mut counts, now, forget_ms);
        }
        for key in keys {
            let count = counts.entry(key).or_insert(Count {
                failures: 0,
                next: now,
                last: now,
            });
            if now.since_ms(count.last) > forget_ms {
                count.failures = 0;
            }
            count.failures = count.failures.saturating_add(1);
            count.last = now;
            count.next = now.plus_ms(clock.passes_in(wait_after(count.failures, &policy(key))));
        }
        Ok(Try { keys })
    }

    /// It succeeded: who got in is not held up by failures before. The address has one count less,
    /// no more: an account of one's own is no way to go on guessing at others.
    pub fn succeeded(&self, tried: &Try) {
        self.settle(tried, true);
    }

    /// It was not looked at after all.
    pub fn undone(&self, tried: &Try) {
        self.settle(tried, false);
    }

    fn settle(&self, tried: &Try, succeeded: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &tried.keys {
            if succeeded && !matches!(key, Key::Address(_)) {
                counts.remove(key);
            } else if let Some(count) = counts.get_mut(key) {
                count.failures = count.failures.saturating_sub(1);
                count.next = count.last;
            }
        }
    }
}

const fn policy(key: Key) -> Policy {
    match key {
        Key::Pair(..) => PAIR,
        Key::Address(_) => ADDRESS,
        Key::Account(_) => ACCOUNT,
    }
}

fn wait_after(failures: u32, policy: &Policy) -> Duration {
    let beyond = failures.saturating_sub(policy.free);
    if beyond == 0 {
        return Duration::ZERO;
    }
    Duration::from_secs((1_u64 << beyond.min(20)).min(policy.most_s))
}

/// The half that matters most stays: those that wait longest, then the newest.
fn make_room(counts: &mut HashMap<Key, Count>, now: Timestamp, forget_ms: i64) {
    counts.retain(|_, count| now.since_ms(count.last) <= forget_ms);
    if counts.len() < MOST / 2 {
        return;
    }
    let mut order: Vec<_> = counts
        .values()
        .map(|count| (count.next, count.last))
        .collect();
    let middle = order.len() / 2;
    let (_, median, _) = order.select_nth_unstable(middle);
    let median = *median;
    counts.retain(|_, count| (count.next, count.last) > median);
}

fn hashed(account: &str) -> [u8; 16] {
    let hash = Sha256::digest(account.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

/// Of IPv6 the network of 64 bits: one machine has as many addresses in it as it likes.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => {
                let s = six.segments();
                IpAddr::from([s[0], s[1], s[2], s[3], 0, 0, 0, 0])
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::clock::HandClock;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x0a00_0000 + n).into()
    }

    #[test]
    fn guessing_at_one_account_from_one_place_waits_ever_longer() {
        let clock = HandClock::at(Timestamp::from_ms(0));
        let throttle = Throttle::default();
        for _ in 0..6 {
            throttle.begin(&*clock, "lan", HERE).unwrap();
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait_ms = throttle.begin(&*clock, "lan", HERE).unwrap_err();
            waits.push(wait_ms);
            clock.pass_ms(wait_ms.unsigned_abs());
            throttle.begin(&*clock, "lan", HERE).unwrap();
        }
        assert_eq!(waits[..3], [2_000, 4_000, 8_000]);
        assert_eq!(waits[11], 900_000, "no longer than a quarter of an hour");
        assert!(
            throttle.begin(&*clock, "hoa", address(9)).is_ok(),
            "others are not held up"
        );
    }

    #[test]
    fn neither_many_accounts_nor_many_places_help() {
        let clock = HandClock::at(Timestamp::from_ms(0));
        let throttle = Throttle::default();
        let spray = (0..40).filter(|n| throttle.begin(&*clock, &format!("u{n}"), HERE).is_ok());
        assert_eq!(spray.count(), 21);
        let spread = (0..99).filter(|n| throttle.begin(&*clock, "lan", address(*n)).is_ok());
        assert_eq!(spread.count(), 31);
        let wait_ms = throttle.begin(&*clock, "lan", address(500)).unwrap_err();
        assert!(
            wait_ms <= 30_000,
            "nobody is kept out for long by others: {wait_ms}"
        );
    }

    #[test]
    fn who_got_in_starts_anew_and_quiet_is_forgotten() {
        let clock = HandClock::at(Timestamp::from_ms(0));
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin(&*clock, "lan", HERE).unwrap();
        }
        let tried = throttle.begin(&*clock, "lan", HERE).unwrap();
        throttle.succeeded(&tried);
        assert!(throttle.begin(&*clock, "lan", HERE).is_ok());
        for _ in 0..5 {
            throttle.begin(&*clock, "hoa", HERE).unwrap();
        }
        clock.pass_ms(3_700_000);
        for _ in 0..6 {
            assert!(throttle.begin(&*clock, "hoa", HERE).is_ok());
        }
    }

    #[test]
    fn memory_is_bounded() {
        let clock = HandClock::at(Timestamp::from_ms(0));
        let throttle = Throttle::default();
        for n in 0..40_000 {
            let _ = throttle.begin(&*clock, &format!("u{n}"), address(n));
        }
        assert!(throttle.counts.lock().unwrap().len() <= MOST);
    }
}
