//! What a client may send again although it is in the journal.
//!
//! A client sends again, marked so, what was not acknowledged on the connection before. Of that,
//! what was handed to the journal is a copy; what never got so far is none. Whether a client has
//! read an acknowledgement is known when it uses the packet id again, and by the second ping after
//! it: a client does not ask twice for a sign of life without having read the first.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};

use super::sessions::Key;

/// Messages remembered of one client, of the connection it has and of those before.
const MOST: usize = 512;

/// What one client may send again.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    handed: VecDeque<Handed>,
    /// So many of them were acknowledged before the last ping.
    before_ping: usize,
    expected: VecDeque<u64>,
}

#[derive(Debug)]
struct Handed {
    id: NonZeroU16,
    print: u64,
    acknowledged: bool,
}

impl Unsettled {
    /// Whether a message that is marked as sent before is in the journal already.
    pub(super) fn is_copy(&mut self, print: u64) -> bool {
        let found = self.expected.iter().position(|known| *known == print);
        found.is_some_and(|place| self.expected.remove(place).is_some())
    }

    /// A message was handed to the journal.
    pub(super) fn handed_in(&mut self, id: NonZeroU16, print: u64) {
        if let Some(place) = self.handed.iter().position(|handed| handed.id == id) {
            self.forget(place);
        }
        if self.handed.len() >= MOST {
            self.forget(0);
        }
        self.handed.push_back(Handed {
            id,
            print,
            acknowledged: false,
        });
    }

    fn forget(&mut self, place: usize) {
        self.handed.remove(place);
        self.before_ping -= usize::from(place < self.before_ping);
    }

    /// It was acknowledged.
    pub(super) fn acknowledged(&mut self, id: NonZeroU16) {
        if let Some(handed) = self.handed.iter_mut().rev().find(|handed| handed.id == id) {
            handed.acknowledged = true;
        }
    }

    /// The client asked for a sign of life.
    pub(super) fn pinged(&mut self) {
        self.handed.drain(..self.before_ping);
        let open = self.handed.iter().position(|handed| !handed.acknowledged);
        self.before_ping = open.unwrap_or(self.handed.len());
    }

    /// The client connects anew: whatever is not settled may come again.
    fn connection_lost(&mut self) {
        self.before_ping = 0;
        let prints = self.handed.drain(..).map(|handed| handed.print);
        self.expected.extend(prints);
        let over = self.expected.len().saturating_sub(MOST);
        self.expected.drain(..over);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.handed.is_empty() && self.expected.is_empty()
    }
}

/// What each client may send again, also while it is away; of too many, those longest away are
/// forgotten.
#[derive(Debug)]
pub(super) struct Memory {
    clients: Mutex<Generations>,
    most: usize,
}

#[derive(Debug, Default)]
struct Generations {
    newer: HashMap<Key, Arc<Mutex<Unsettled>>>,
    older: HashMap<Key, Arc<Mutex<Unsettled>>>,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self {
            clients: Mutex::default(),
            most: most.max(1),
        }
    }

    /// A client connects.
    pub(super) fn take_up(&self, key: &Key) -> Arc<Mutex<Unsettled>> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clients.newer.remove(key);
        let unsettled = known
            .or_else(|| clients.older.remove(key))
            .unwrap_or_default();
        if clients.newer.len() >= self.most {
            clients.older = std::mem::take(&mut clients.newer);
        }
        clients.newer.insert(key.clone(), Arc::clone(&unsettled));
        drop(clients);
        let mut lost = unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        lost.connection_lost();
        drop(lost);
        unsettled
    }

    /// A client does not come back, or has nothing to send again.
    pub(super) fn forget(&self, key: &Key, unsettled: &Arc<Mutex<Unsettled>>) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { newer, older } = &mut *clients;
        for generation in [newer, older] {
            // With another owner beside this map and the caller, a newer connection has it.
            if Arc::strong_count(unsettled) <= 2
                && generation
                    .get(key)
                    .is_some_and(|known| Arc::ptr_eq(known, unsettled))
            {
                generation.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> NonZeroU16 {
        NonZeroU16::new(number).unwrap()
    }

    #[test]
    fn what_is_not_known_acknowledged_is_a_copy_once_on_the_next_connection() {
        let mut unsettled = Unsettled::default();
        unsettled.handed_in(id(1), 10);
        unsettled.handed_in(id(2), 20);
        assert!(!unsettled.is_copy(10), "the same connection");
        unsettled.acknowledged(id(1));
        unsettled.handed_in(id(1), 30);
        unsettled.connection_lost();
        assert!(
            !unsettled.is_copy(10),
            "its id was used again: it was settled"
        );
        assert!(unsettled.is_copy(20));
        assert!(!unsettled.is_copy(20), "said once");
        assert!(unsettled.is_copy(30));
        assert!(unsettled.is_empty());
    }

    #[test]
    fn the_second_ping_after_an_acknowledgement_settles_it() {
        let mut unsettled = Unsettled::default();
        unsettled.handed_in(id(1), 10);
        unsettled.acknowledged(id(1));
        unsettled.handed_in(id(2), 20);
        unsettled.pinged();
        unsettled.acknowledged(id(2));
        unsettled.pinged();
        unsettled.connection_lost();
        assert!(!unsettled.is_copy(10));
        assert!(unsettled.is_copy(20), "one ping only");
    }

    #[test]
    fn a_memory_is_bounded_and_lasts_over_connections() {
        let memory = Memory::new(2);
        let key = |name: &str| -> Key { ("login".into(), name.into()) };
        let first = memory.take_up(&key("a"));
        first.lock().unwrap().handed_in(id(1), 10);
        drop(first);
        assert!(memory.take_up(&key("a")).lock().unwrap().is_copy(10));
        for number in 0..100 {
            memory.take_up(&key(&number.to_string()));
        }
        let clients = memory.clients.lock().unwrap();
        assert!(clients.newer.len() + clients.older.len() <= 4);
    }
}
