//! What one connection has sent and the broker has not yet acknowledged, and what waits behind it.

use std::collections::VecDeque;

use crate::SimMessage;

/// A message on its way, with its number on this connection.
#[derive(Debug)]
pub(super) struct Outgoing {
    serial: u64,
    pub(super) sent_before: bool,
    pub(super) message: SimMessage,
}

/// Unacknowledged messages by packet id, free ids, and the queue behind.
#[derive(Debug)]
pub(super) struct Window {
    slots: Vec<Option<Outgoing>>,
    free: VecDeque<u16>,
    queue: VecDeque<Outgoing>,
    serial: u64,
}

impl Window {
    pub(super) fn new(size: u16) -> Self {
        let slots = (0..size).map(|_| None).collect();
        Self {
            slots,
            free: (1..=size).collect(),
            queue: VecDeque::new(),
            serial: 0,
        }
    }

    /// Puts a message behind the others.
    pub(super) fn push(&mut self, message: SimMessage) {
        self.serial += 1;
        self.queue.push_back(Outgoing {
            serial: self.serial,
            sent_before: false,
            message,
        });
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_drained(&self) -> bool {
        self.queue.is_empty()
    }

    /// Messages neither acknowledged nor given up.
    pub(super) fn len(&self) -> usize {
        self.queue.len() + self.slots.len() - self.free.len()
    }

    /// The next to be sent, under its packet id; `None` while the window is full or nothing waits.
    pub(super) fn next(&mut self) -> Option<(u16, &Outgoing)> {
        if self.queue.is_empty() {
            return None;
        }
        let id = self.free.pop_front()?;
        let slot = &mut self.slots[usize::from(id) - 1];
        *slot = self.queue.pop_front();
        slot.as_ref().map(|outgoing| (id, outgoing))
    }

    /// The broker has it; false for an id that was not in use.
    pub(super) fn acknowledge(&mut self, id: u16) -> bool {
        let slot = usize::from(id)
            .checked_sub(1)
            .and_then(|i| self.slots.get_mut(i));
        let known = slot.is_some_and(|slot| slot.take().is_some());
        if known {
            self.free.push_back(id);
        }
        known
    }

    /// The connection broke: what is not acknowledged goes to the front again, in order.
    pub(super) fn take_back(&mut self) {
        let size = self.slots.len() as u16;
        let mut unacknowledged: Vec<_> = self.slots.iter_mut().filter_map(Option::take).collect();
        unacknowledged.sort_by_key(|outgoing| outgoing.serial);
        for mut outgoing in unacknowledged.into_iter().rev() {
            outgoing.sent_before = true;
            self.queue.push_front(outgoing);
        }
        self.free = (1..=size).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_domain::Timestamp;

    fn message(n: i64) -> SimMessage {
        let at = Timestamp::from_ms(n);
        SimMessage {
            at,
            device: "d".into(),
            topic: "t".into(),
            payload: Vec::new(),
            retain: false,
        }
    }

    #[test]
    fn what_was_not_acknowledged_comes_first_again_and_in_order() {
        let mut window = Window::new(3);
        for n in 1..=5 {
            window.push(message(n));
        }
        let ids: Vec<u16> = std::iter::from_fn(|| window.next().map(|(id, _)| id)).collect();
        assert_eq!(ids.len(), 3);
        assert!(window.acknowledge(ids[0]));
        assert!(!window.acknowledge(ids[0]), "only once");
        let (fourth, _) = window.next().unwrap();
        assert_eq!(fourth, ids[0]);
        window.take_back();
        let mut again = Vec::new();
        while let Some((id, outgoing)) = window.next() {
            again.push((outgoing.message.at.ms(), outgoing.sent_before));
            assert!(window.acknowledge(id));
        }
        assert_eq!(again, [(2, true), (3, true), (4, true), (5, false)]);
        assert_eq!(window.len(), 0);
    }
}
