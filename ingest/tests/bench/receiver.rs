//! A receiver on real stores in a folder of its own.

use std::collections::HashMap;
use std::sync::Arc;

use firemain_domain::clock::SystemClock;
use firemain_domain::source::Source;
use firemain_ingest::{BrokerSettings, Ingest, IngestSettings, Stores};
use firemain_store::DataDir;
use firemain_store::archive::embedded::{EmbeddedArchive, EmbeddedOptions};
use firemain_store::intake::{IntakePolicy, SqliteIntake};
use firemain_store::journal::{
    Body, Envelope, Journal, JournalOptions, Message, Position, SqliteJournal,
};
use firemain_store::register::{PartStatus, SqliteRegister};
use firemain_wire::{Limits, Subscription};
use tokio_util::sync::CancellationToken;

pub(crate) struct Places {
    folder: tempfile::TempDir,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn stores(&self, max_bytes: u64) -> Stores {
        let dir = DataDir::open(self.folder.path()).unwrap();
        let policy = IntakePolicy {
            quarantine_rows: 1_000,
            unregistered_per_device: 200_000,
            unregistered_devices: 1_000,
        };
        let options = JournalOptions {
            keep_ms: 86_400_000,
            max_bytes,
        };
        Stores {
            journal: Arc::new(SqliteJournal::open(&dir.journal(), options).unwrap()),
            intake: Arc::new(SqliteIntake::open(&dir.intake(), policy).unwrap()),
            archive: Arc::new(
                EmbeddedArchive::open(dir.archive(), EmbeddedOptions::default()).unwrap(),
            ),
            register: Arc::new(SqliteRegister::open(&dir.register()).unwrap()),
        }
    }
}

/// Settings for a broker, with the usual subscriptions.
pub(crate) fn settings(url: &str) -> IngestSettings {
    IngestSettings {
        broker: Some(BrokerSettings {
            url: url.to_owned(),
            ..BrokerSettings::default()
        }),
        client_id: "firemain-test".to_owned(),
        subscriptions: Subscription::defaults(),
        limits: Limits::default(),
        broker_files: None,
    }
}

pub(crate) async fn start(settings: IngestSettings, stores: &Stores) -> Ingest {
    let clock = SystemClock::shared();
    Ingest::start(settings, stores.clone(), clock, CancellationToken::new())
        .await
        .unwrap()
}

/// Everything in the journal.
pub(crate) fn journalled(stores: &Stores) -> Vec<Envelope> {
    let mut all = Vec::new();
    let mut after = Position(0);
    loop {
        let envelopes = stores.journal.read(after, 10_000).unwrap();
        let Some((newest, _)) = envelopes.last() else {
            return all;
        };
        after = *newest;
        all.extend(envelopes.into_iter().map(|(_, envelope)| envelope));
    }
}

/// The devices' messages in the journal.
pub(crate) fn messages(stores: &Stores) -> Vec<Message> {
    let of_devices = |envelope: Envelope| match envelope.body {
        Body::Message(message) if message.topic.starts_with("firemain/v1/") => Some(message),
        _ => None,
    };
    journalled(stores)
        .into_iter()
        .filter_map(of_devices)
        .collect()
}

/// How often each payload is there, copies left out.
pub(crate) fn said(stores: &Stores) -> HashMap<Vec<u8>, usize> {
    let mut said = HashMap::new();
    for message in messages(stores).into_iter().filter(|message| !message.copy) {
        *said.entry(message.payload).or_default() += 1;
    }
    said
}

pub(crate) fn status(stores: &Stores, part: &str) -> Option<PartStatus> {
    stores
        .register
        .statuses()
        .unwrap()
        .into_iter()
        .find(|status| status.part == part)
}

pub(crate) fn number(stores: &Stores, part: &str, name: &str) -> f64 {
    status(stores, part)
        .and_then(|status| status.numbers.get(name).copied())
        .unwrap_or(0.0)
}

/// A hydrant with a device of the same name.
pub(crate) fn hydrant(code: &str) -> Source {
    let json = serde_json::json!({
        "code": code, "kind": "hydrant", "tap_point": "main", "name": code,
        "position": {"lat": 21.0, "lon": 105.8}, "device": code, "unit": null, "zone": null,
        "requirement": {}, "reporting": {"interval_s": 900, "mode": "periodic"},
        "access": {}, "status": "in_service", "supply_schedule": null, "elevation_m": null,
        "sensor": {}
    });
    serde_json::from_value(json).unwrap()
}
