//! The messages that are not on disk yet, and so not acknowledged.

use std::collections::VecDeque;

/// At so many the connection is ended: a broker that goes on sending while old messages stay
/// unacknowledged runs out of packet ids (mosquitto then loses the message).
const MOST_MESSAGES: usize = 20_000;
/// Or at so many bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Messages in the order in which they came, over all connections.
#[derive(Debug, Default)]
pub(super) struct Window {
    waiting: VecDeque<Waiting>,
    /// The number of the newest that is on disk; the first message has number 1.
    on_disk: u64,
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// `None`: not to be acknowledged, or not on this connection.
    id: Option<u16>,
    bytes: u32,
}

impl Window {
    /// Takes note of a message and gives it its number.
    pub(super) fn enter(&mut self, id: Option<u16>, bytes: usize) {
        self.bytes += bytes;
        self.waiting.push_back(Waiting {
            id,
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        });
    }

    /// The number of the newest message.
    pub(super) fn newest(&self) -> u64 {
        self.on_disk + self.waiting.len() as u64
    }

    /// Messages up to the number `upto` are on disk: their ids go to `to_acknowledge`.
    pub(super) fn leave(&mut self, upto: u64, to_acknowledge: &mut Vec<u16>) {
        while self.on_disk < upto
            && let Some(waiting) = self.waiting.pop_front()
        {
            self.on_disk += 1;
            self.bytes -= waiting.bytes as usize;
            to_acknowledge.extend(waiting.id);
        }
    }

    /// The connection is gone: ids mean something else on the next one.
    pub(super) fn connection_lost(&mut self) {
        for waiting in &mut self.waiting {
            waiting.id = None;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_MESSAGES || self.bytes >= MOST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_of_an_older_connection_is_dropped() {
        let mut window = Window::default();
        window.enter(Some(1), 10);
        window.enter(Some(2), 10);
        window.connection_lost();
        window.enter(Some(1), 10);
        let mut ids = Vec::new();
        window.leave(2, &mut ids);
        assert!(ids.is_empty(), "those were the older connection's");
        window.leave(3, &mut ids);
        assert_eq!(ids, [1]);
        assert!(window.is_empty());
    }

    #[test]
    fn it_is_full_by_number_or_by_bytes() {
        let mut window = Window::default();
        for _ in 0..MOST_MESSAGES - 1 {
            window.enter(Some(1), 1);
        }
        assert!(!window.is_full());
        window.enter(Some(1), 1);
        assert!(window.is_full());
        let mut window = Window::default();
        window.enter(Some(1), MOST_BYTES);
        assert!(window.is_full());
    }
}
