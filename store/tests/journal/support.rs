//! Journals in folders of their own, and envelopes to put into them.

use std::path::PathBuf;

use firemain_domain::Timestamp;
use firemain_domain::judging::Control;
use firemain_store::journal::{
    Body, Envelope, Journal, JournalOptions, Message, Position, SqliteJournal,
};

pub const ROOMY: JournalOptions = JournalOptions {
    keep_ms: 1_000,
    max_bytes: 1 << 30,
};

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub fn open(&self) -> SqliteJournal {
        self.open_with(ROOMY)
    }

    pub fn open_with(&self, options: JournalOptions) -> SqliteJournal {
        SqliteJournal::open(&self.file(), options).unwrap()
    }
}

/// The `n`th message of a device, received at `n` ms.
pub fn message(n: u64) -> Envelope {
    Envelope {
        received_at: Timestamp::from_ms(n as i64),
        wall_offset_ms: 0,
        body: Body::Message(Message {
            topic: format!("firemain/v1/tr-{:04}/telemetry", n % 7).into(),
            payload: format!("{{\"seq\":{n},\"pressure_kpa\":215.0}}").into_bytes(),
            retained: n.is_multiple_of(5),
            copy: n.is_multiple_of(11),
            cut_from: n.is_multiple_of(13).then_some(n as u32),
            first_received_at: n.is_multiple_of(17).then(|| Timestamp::from_ms(1)),
        }),
    }
}

/// A message that nothing can pack.
pub fn noise(n: u64, bytes: usize) -> Envelope {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let payload = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    Envelope {
        received_at: Timestamp::from_ms(n as i64),
        wall_offset_ms: 0,
        body: Body::Message(Message {
            topic: "firemain/v1/noise/telemetry".into(),
            payload: payload.take(bytes).collect(),
            retained: false,
            copy: false,
            cut_from: None,
            first_received_at: None,
        }),
    }
}

pub fn heartbeat(at_ms: i64) -> Envelope {
    Envelope {
        received_at: Timestamp::from_ms(at_ms),
        wall_offset_ms: -3,
        body: Body::Control(Control::Heartbeat { settled: 7 }),
    }
}

pub fn messages(numbers: std::ops::Range<u64>) -> Vec<Envelope> {
    numbers.map(message).collect()
}

/// Everything in the journal, read in pieces of `limit`.
pub fn all(journal: &dyn Journal, limit: usize) -> Vec<(Position, Envelope)> {
    let mut read = Vec::new();
    loop {
        let after = read.last().map_or(Position(0), |(at, _)| *at);
        let some = journal.read(after, limit).unwrap();
        if some.is_empty() {
            return read;
        }
        read.extend(some);
    }
}

pub fn positions(read: &[(Position, Envelope)]) -> Vec<u64> {
    read.iter().map(|(at, _)| at.0).collect()
}
