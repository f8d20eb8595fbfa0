//! What a device sends, and what it keeps to send later.

use firemain_domain::Timestamp;
use firemain_domain::report::EventKind;
use firemain_domain::time::DAY_MS;

use super::{Device, Post, SEQUENCE_WRAP};
use crate::device::fault::Fault;
use crate::noise::{draw, share};
use crate::wire::Said;

/// Messages a device can keep while its network is gone; the oldest go first.
const BACKLOG: usize = 4_096;
/// Milliseconds between the messages of a backlog.
const BACKLOG_PACE_MS: i64 = 120;
/// Messages of a backlog sent per minute at most.
const BACKLOG_BURST: usize = 240;
const REPLAYED: usize = 8;

/// Which of a device's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopicKind {
    Telemetry,
    Event,
    Status,
}

/// A message that leaves a device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Letter {
    pub(crate) kind: TopicKind,
    pub(crate) payload: Vec<u8>,
    /// Topic, where the format has one of its own.
    pub(crate) topic: Option<Box<str>>,
}

/// A message on its way: when it reaches the broker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) at: Timestamp,
    pub(crate) letter: Letter,
    /// When the device was last heard, if it was silent for more than a day before this.
    pub(crate) silent_since: Option<Timestamp>,
}

impl Device {
    pub(super) fn tell(&mut self, at: Timestamp, event: &EventKind, post: &mut Post<'_>) {
        if self.dead {
            return;
        }
        let own_time = self.own_time(at);
        self.say(TopicKind::Event, at, Said::Event(own_time, event), post);
    }

    /// Puts something in words, and sends or keeps it.
    pub(super) fn say(
        &mut self,
        kind: TopicKind,
        at: Timestamp,
        said: Said<'_>,
        post: &mut Post<'_>,
    ) {
        let sequence = u64::from(self.sequence);
        let letters = post
            .writer
            .write(kind, (post.name, post.gateway), sequence, said);
        let numbers = post.writer.numbers_taken(&letters);
        self.sequence = (self.sequence + numbers) % SEQUENCE_WRAP;
        for letter in letters {
            self.post(at, letter, post);
        }
    }

    pub(super) fn status(&mut self, at: Timestamp, online: bool, post: &mut Post<'_>) {
        if self.mutes > 0 {
            return;
        }
        for letter in post.writer.write(
            TopicKind::Status,
            (post.name, post.gateway),
            0,
            Said::Online(online),
        ) {
            self.deliver(at, letter, true, post);
        }
    }

    pub(super) fn tell_will(&mut self, at: Timestamp, post: &mut Post<'_>) {
        if self.will_at.is_some_and(|will| at.ms() >= will) {
            self.will_at = None;
            self.status(at, false, post);
        }
    }

    fn post(&mut self, at: Timestamp, letter: Letter, post: &mut Post<'_>) {
        let letter = self.replayed(letter);
        if self.cuts > 0 || self.backlog.is_some() {
            let backlog = self.backlog.get_or_insert_default();
            if backlog.len() >= BACKLOG {
                backlog.pop_front();
                self.lost += 1;
            }
            backlog.push_back(letter);
            return;
        }
        if self.mutes > 0 || self.is_lost(at) {
            return;
        }
        for _ in 1..self.copies() {
            self.deliver(at, letter.clone(), true, post);
        }
        let old = self.old_again(&letter);
        self.deliver(at, letter, true, post);
        if let Some(old) = old {
            self.deliver(at, old, false, post);
        }
    }

    fn is_lost(&self, at: Timestamp) -> bool {
        self.faults.iter().any(|a| match a.fault {
            Fault::LostMessages(part) => {
                share(draw(
                    self.seed,
                    134,
                    at.ms() as u64 ^ u64::from(self.sequence) << 44,
                )) < part
            }
            _ => false,
        })
    }

    /// How often each message arrives.
    fn copies(&self) -> u64 {
        let copies = self.faults.iter().map(|a| match a.fault {
            Fault::Duplicate => 2,
            Fault::DuplicateStorm(copies) => copies as u64,
            _ => 1,
        });
        copies.max().unwrap_or(1)
    }

    /// An old message that goes out once more beside this one.
    fn old_again(&mut self, letter: &Letter) -> Option<Letter> {
        if !self.faults.iter().any(|a| a.fault == Fault::ReplayOld)
            || letter.kind != TopicKind::Telemetry
        {
            return None;
        }
        let kept = self.replay.as_mut()?;
        if kept.len() < REPLAYED {
            kept.push(letter.clone());
            return None;
        }
        self.replay_next = (self.replay_next + 1) % kept.len();
        Some(kept[self.replay_next].clone())
    }

    fn says_only_old(&self) -> bool {
        self.faults.iter().any(|a| a.fault == Fault::Replay)
    }

    fn replayed(&mut self, letter: Letter) -> Letter {
        if !self.says_only_old() {
            return letter;
        }
        let Some(kept) = &mut self.replay else {
            return letter;
        };
        if letter.kind != TopicKind::Telemetry {
            return letter;
        }
        if kept.len() < REPLAYED {
            kept.push(letter.clone());
            return letter;
        }
        self.replay_next = (self.replay_next + 1) % kept.len();
        kept[self.replay_next].clone()
    }

    pub(super) fn send_backlog(&mut self, at: Timestamp, post: &mut Post<'_>) {
        if self.cuts > 0 || self.mutes > 0 || self.dead {
            return;
        }
        let Some(mut backlog) = self.backlog.take() else {
            return;
        };
        for i in 0..backlog.len().min(BACKLOG_BURST) {
            if let Some(letter) = backlog.pop_front() {
                // What is old tells nothing of today: only the newest of a backlog ends a silence.
                let tells = backlog.is_empty();
                self.deliver(at.plus_ms(i as i64 * BACKLOG_PACE_MS), letter, tells, post);
            }
        }
        if !backlog.is_empty() {
            self.backlog = Some(backlog);
        }
    }

    fn deliver(&mut self, at: Timestamp, letter: Letter, is_current: bool, post: &mut Post<'_>) {
        let chance = draw(
            self.seed,
            131,
            (at.ms() as u64) ^ u64::from(self.sequence) << 44,
        );
        let delay = if chance.is_multiple_of(200) {
            1_500 + chance % 4_000
        } else {
            60 + chance % 700
        };
        // One connection keeps its order.
        let arrival = (at.ms() + delay as i64).max(self.last_arrival.saturating_add(1));
        self.last_arrival = arrival;
        let replays = self.says_only_old()
            && self
                .replay
                .as_ref()
                .is_some_and(|kept| kept.len() >= REPLAYED);
        let mut silent_since = None;
        if letter.kind == TopicKind::Telemetry && is_current && !replays {
            silent_since =
                (arrival - self.heard_at > DAY_MS).then_some(Timestamp::from_ms(self.heard_at));
            self.heard_at = arrival;
        }
        post.out.push(Delivery {
            at: Timestamp::from_ms(arrival),
            letter,
            silent_since,
        });
    }
}
