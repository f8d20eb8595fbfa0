//! Intakes in folders of their own, and messages to put into them.

use std::path::PathBuf;

use firemain_domain::Timestamp;
use firemain_store::intake::{IntakePolicy, Quarantined, SqliteIntake, Unregistered, Why};
use firemain_store::journal::{Message, Position};

pub const SMALL: IntakePolicy = IntakePolicy {
    quarantine_rows: 5,
    unregistered_per_device: 3,
    unregistered_devices: 2,
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
        self.folder.path().join("intake.db")
    }

    pub fn open(&self) -> SqliteIntake {
        SqliteIntake::open(&self.file(), SMALL).unwrap()
    }
}

pub fn bad(position: u64, why: Why) -> Quarantined {
    Quarantined {
        position: Position(position),
        received_at: Timestamp::from_ms(position as i64 * 10),
        why,
        detail: "expected value at line 1 column 1".into(),
        topic: "firemain/v1/tr-0412/telemetry".into(),
        payload: b"not json".to_vec(),
    }
}

pub fn from(device: &str, position: u64) -> Unregistered {
    Unregistered {
        device: device.into(),
        position: Position(position),
        received_at: Timestamp::from_ms(position as i64 * 10),
        message: Message {
            topic: format!("firemain/v1/{device}/telemetry").into(),
            payload: format!("{{\"seq\":{position}}}").into_bytes(),
            retained: false,
            copy: position.is_multiple_of(2),
            cut_from: None,
            first_received_at: None,
        },
    }
}
