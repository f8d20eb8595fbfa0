//! What the broker may send again although it is in the journal.
//!
//! An acknowledgement is settled when the broker has read it, which a later pong proves. Whatever
//! was handed to the journal and is not settled when a connection ends may come again, marked as a
//! redelivery: then it is a copy. A message marked so that is not remembered here never reached us
//! the first time, and is none.

use std::collections::{HashMap, VecDeque};

use firemain_domain::judging::Control;
use firemain_store::journal::{Body, Journal, JournalError, Position};

use crate::writer::{OnDisk, fingerprint};

/// Messages remembered at most; at more, a ping is due.
pub(super) const MOST_UNSETTLED: usize = 100_000;
/// Envelopes read at most to remember what a killed receiver had not settled.
const MOST_READ: u64 = 2_000_000;
const READ_AT_ONCE: usize = 4_096;

/// What may come again.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    /// Of this connection, in order; the first has the number `settled + 1`.
    handed: VecDeque<u64>,
    settled: u64,
    /// Which of them are on disk, and up to where in the journal.
    on_disk: VecDeque<OnDisk>,
    position: Position,
    /// Of connections before: how often each may come again.
    expected: HashMap<u64, u32>,
}

impl Unsettled {
    /// What the last process had journalled and not settled.
    pub(super) fn from_journal(journal: &dyn Journal) -> Result<Self, JournalError> {
        let head = journal.head()?;
        let oldest = Position(head.0.saturating_sub(MOST_READ));
        let mut after = newest_settled(journal, head)?.unwrap_or(oldest).max(oldest);
        let mut unsettled = Self {
            position: after,
            ..Self::default()
        };
        loop {
            let envelopes = journal.read(after, READ_AT_ONCE)?;
            let Some((newest, _)) = envelopes.last() else {
                return Ok(unsettled);
            };
            after = *newest;
            for (_, envelope) in &envelopes {
                // Of an oversize message only the beginning is kept: it cannot be known again.
                if let Body::Message(message) = &envelope.body
                    && message.cut_from.is_none()
                {
                    let print = fingerprint(&message.topic, &message.payload);
                    *unsettled.expected.entry(print).or_default() += 1;
                }
            }
        }
    }

    /// Whether a message that the broker marks as sent before is in the journal already.
    pub(super) fn is_copy(&mut self, print: u64) -> bool {
        let Some(times) = self.expected.get_mut(&print) else {
            return false;
        };
        *times -= 1;
        if *times == 0 {
            self.expected.remove(&print);
        }
        true
    }

    /// A message goes to the journal.
    pub(super) fn handed_in(&mut self, print: u64) {
        self.handed.push_back(print);
    }

    /// Messages are on disk.
    pub(super) fn on_disk(&mut self, news: OnDisk) {
        self.on_disk.push_back(news);
    }

    /// The broker has read our acknowledgements up to the message `upto`.
    pub(super) fn settle(&mut self, upto: u64) {
        while self.settled < upto && self.handed.pop_front().is_some() {
            self.settled += 1;
        }
        while let Some(news) = self.on_disk.pop_front_if(|news| news.upto <= upto) {
            // What an older connection left open is older still.
            if self.expected.is_empty() {
                self.position = news.position;
            }
        }
    }

    /// Up to where in the journal nothing may come again; `u64::MAX`: nothing at all may.
    pub(super) fn settled_position(&self) -> u64 {
        let all = self.handed.is_empty() && self.expected.is_empty();
        if all { u64::MAX } else { self.position.0 }
    }

    /// How many are remembered of this connection.
    pub(super) fn len(&self) -> usize {
        self.handed.len()
    }

    /// The connection is gone: everything not settled may come again.
    pub(super) fn connection_lost(&mut self) {
        self.settled += self.handed.len() as u64;
        self.on_disk.clear();
        for print in self.handed.drain(..) {
            *self.expected.entry(print).or_default() += 1;
        }
    }

    /// Everything the broker had for us has come: nothing more is expected.
    pub(super) fn drained(&mut self) {
        self.expected = HashMap::new();
    }
}

/// Up to where the newest heartbeat knew acknowledgements to be settled.
fn newest_settled(journal: &dyn Journal, head: Position) -> Result<Option<Position>, JournalError> {
    let mut before = head.0;
    while before > head.0.saturating_sub(MOST_READ) {
        let after = before.saturating_sub(READ_AT_ONCE as u64);
        let envelopes = journal.read(Position(after), (before - after) as usize)?;
        let found = envelopes
            .iter()
            .rev()
            .find_map(|(_, envelope)| match envelope.body {
                Body::Control(Control::Heartbeat { settled }) => Some(settled),
                _ => None,
            });
        if let Some(settled) = found {
            return Ok(Some(Position(settled.saturating_sub(1))));
        }
        before = after;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_handed_in_and_not_settled_is_a_copy() {
        let mut unsettled = Unsettled::default();
        for print in [1, 2, 3, 3] {
            unsettled.handed_in(print);
        }
        unsettled.settle(2);
        unsettled.connection_lost();
        assert!(!unsettled.is_copy(1), "settled");
        assert!(!unsettled.is_copy(9), "never came");
        assert!(unsettled.is_copy(3));
        assert!(unsettled.is_copy(3), "it was said twice");
        assert!(!unsettled.is_copy(3), "a third time is another message");
    }

    #[test]
    fn numbers_go_on_over_a_lost_connection() {
        let mut unsettled = Unsettled::default();
        unsettled.handed_in(1);
        unsettled.handed_in(2);
        unsettled.connection_lost();
        unsettled.handed_in(3);
        unsettled.settle(2);
        assert_eq!(unsettled.len(), 1, "the third is the third");
        unsettled.settle(3);
        assert_eq!(unsettled.len(), 0);
        unsettled.drained();
        assert!(!unsettled.is_copy(1));
    }
}
