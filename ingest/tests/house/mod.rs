//! An endpoint on a journal of its own, and clients for it.
#![allow(dead_code, reason = "each test file uses a part of the house")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::clock::{SharedClock, SystemClock};
use firemain_domain::source::Source;
use firemain_ingest::endpoint::{Endpoint, EndpointParts, EndpointSettings, RegisterLogins};
use firemain_ingest::{Counters, Writer};
use firemain_store::journal::{Body, Journal, JournalOptions, Message, Position, SqliteJournal};
use firemain_store::register::endpoint::{Command, EndpointRegister, NewCommand};
use firemain_store::register::{Login, Register, SqliteRegister};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet};
use sha2::{Digest, Sha256};

pub(crate) struct House {
    pub(crate) endpoint: Endpoint,
    pub(crate) journal: Arc<SqliteJournal>,
    pub(crate) register: Arc<SqliteRegister>,
    pub(crate) writer: Writer,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: SharedClock,
    settings: EndpointSettings,
    folder: tempfile::TempDir,
}

/// The login `gateway`, which speaks for two devices.
pub(crate) fn gateway(secret: &str) -> Login {
    Login {
        name: "gateway".into(),
        secret_sha256: Sha256::digest(secret).into(),
        broker_hash: String::new(),
        devices: vec!["tr-1".into(), "tr-2".into()],
        created_at: Timestamp::from_ms(0),
    }
}

fn hydrant(device: &str) -> Source {
    let json = serde_json::json!({
        "code": device.to_uppercase(), "kind": "hydrant", "tap_point": "main", "name": device,
        "position": {"lat": 21.0, "lon": 105.8}, "device": device, "unit": null, "zone": null,
        "requirement": {}, "reporting": {"interval_s": 900, "mode": "periodic"},
        "access": {}, "status": "in_service", "supply_schedule": null, "elevation_m": null,
        "sensor": {}
    });
    serde_json::from_value(json).unwrap()
}

pub(crate) fn settings() -> EndpointSettings {
    EndpointSettings {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        tls: None,
        open: false,
        payload_limit: 8_192,
        max_sessions: 100,
    }
}

/// An endpoint with one login, on a journal and a register of its own.
pub(crate) fn house() -> House {
    house_with(&settings())
}

/// The same with other settings.
pub(crate) fn house_with(settings: &EndpointSettings) -> House {
    house_on(
        tempfile::tempdir().unwrap(),
        settings,
        SystemClock::shared(),
    )
}

/// The same on another clock.
pub(crate) fn house_by(clock: SharedClock) -> House {
    house_on(tempfile::tempdir().unwrap(), &settings(), clock)
}

fn house_on(folder: tempfile::TempDir, settings: &EndpointSettings, clock: SharedClock) -> House {
    let options = JournalOptions {
        keep_ms: 0,
        max_bytes: 1 << 30,
    };
    let journal = SqliteJournal::open(&folder.path().join("journal.db"), options).unwrap();
    let journal = Arc::new(journal);
    let register = SqliteRegister::open(&folder.path().join("register.db")).unwrap();
    if register.login("gateway").unwrap().is_none() {
        register.set_login(&gateway("secret")).unwrap();
        let changes = ["tr-1", "tr-2", "tr-77"].map(|device| Change::SourceSet {
            source: Box::new(hydrant(device)),
        });
        register.change("test", clock.now(), &changes).unwrap();
    }
    let register = Arc::new(register);
    let writer = Writer::start(Arc::clone(&journal) as _, Arc::clone(&clock)).unwrap();
    let counters = Arc::new(Counters::default());
    let parts = EndpointParts {
        logins: Arc::new(RegisterLogins(Arc::clone(&register) as _)),
        register: Arc::clone(&register) as _,
        journal: Arc::clone(&journal) as _,
        appender: writer.appender(),
        counters: Arc::clone(&counters),
        clock: Arc::clone(&clock),
    };
    House {
        endpoint: Endpoint::start(settings, parts).unwrap(),
        journal,
        register,
        writer,
        counters,
        clock,
        settings: settings.clone(),
        folder,
    }
}

impl House {
    pub(crate) fn address(&self) -> SocketAddr {
        self.endpoint.address().unwrap()
    }

    pub(crate) fn client(&self, id: &str, password: &str) -> MqttOptions {
        let mut options = MqttOptions::new(id, "127.0.0.1", self.address().port());
        options.set_credentials("gateway", password);
        options.set_max_packet_size(1 << 20, 1 << 20);
        options
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        let read = self.journal.read(Position(0), 10_000).unwrap();
        let messages = read
            .into_iter()
            .filter_map(|(_, envelope)| match envelope.body {
                Body::Message(message) => Some(message),
                Body::Control(_) => None,
            });
        messages.collect()
    }

    /// Parts for another endpoint on the same stores.
    pub(crate) fn parts(&self) -> EndpointParts {
        EndpointParts {
            logins: Arc::new(RegisterLogins(Arc::clone(&self.register) as _)),
            register: Arc::clone(&self.register) as _,
            journal: Arc::clone(&self.journal) as _,
            appender: self.writer.appender(),
            counters: Arc::default(),
            clock: Arc::clone(&self.clock),
        }
    }

    /// The same again after a stop, on another port.
    pub(crate) async fn restarted(self) -> Self {
        let Self {
            endpoint,
            writer,
            clock,
            settings,
            folder,
            ..
        } = self;
        tokio::time::timeout(Duration::from_secs(5), endpoint.stop())
            .await
            .unwrap();
        writer.stop();
        house_on(folder, &settings, clock)
    }

    /// Gives a device a command that is of use for so long.
    pub(crate) fn command_for(&self, device: &str, id: &str, ms: i64) -> u64 {
        let now = self.clock.now();
        let command = NewCommand {
            device: device.into(),
            id: id.into(),
            body: format!(r#"{{"id":"{id}"}}"#),
            created_at: now,
            expires_at: now.plus_ms(ms),
        };
        self.register.enqueue_command(&command).unwrap()
    }

    pub(crate) fn command(&self, number: u64) -> Command {
        self.register.command(number).unwrap().unwrap()
    }

    /// Waits until something holds of this house.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            while !holds(self) {
                tick.tick().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        waited.unwrap_or_else(|_| panic!("waited in vain until {what}"));
    }

    pub(crate) async fn stop(self) {
        tokio::time::timeout(Duration::from_secs(5), self.endpoint.stop())
            .await
            .unwrap();
        self.writer.stop();
    }
}

pub(crate) async fn until(client: &mut EventLoop, wanted: impl Fn(&Packet) -> bool) {
    let waiting = async {
        loop {
            if let Event::Incoming(packet) = client.poll().await.unwrap()
                && wanted(&packet)
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap();
}

/// Waits until the journal holds a message on this topic.
pub(crate) async fn journalled(house: &House, topic: &str) -> Message {
    let waiting = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            if let Some(found) = house.messages().into_iter().find(|m| *m.topic == *topic) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap()
}

pub(crate) async fn connected(options: MqttOptions) -> (AsyncClient, EventLoop) {
    let (client, mut events) = AsyncClient::new(options, 100);
    until(&mut events, |p| matches!(p, Packet::ConnAck(_))).await;
    (client, events)
}
