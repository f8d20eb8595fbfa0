//! An endpoint on a journal of its own, and clients for it.
#![allow(dead_code, reason = "each test file uses a part of the house")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use firemain_domain::clock::SystemClock;
use firemain_ingest::endpoint::{Endpoint, EndpointSettings, Granted, Logins};
use firemain_ingest::{Counters, Writer};
use firemain_store::journal::{Body, Journal, JournalOptions, Message, Position, SqliteJournal};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet};
use sha2::{Digest, Sha256};

pub(crate) struct OneLogin;

impl Logins for OneLogin {
    fn login(&self, name: &str) -> Result<Option<Granted>, String> {
        Ok((name == "gateway").then(|| Granted {
            name: name.into(),
            secret_sha256: Sha256::digest(b"secret").into(),
            devices: vec!["tr-1".into(), "tr-2".into()],
        }))
    }
}

pub(crate) struct House {
    pub(crate) endpoint: Endpoint,
    pub(crate) journal: Arc<SqliteJournal>,
    pub(crate) writer: Writer,
    pub(crate) counters: Arc<Counters>,
    _folder: tempfile::TempDir,
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

/// An endpoint with one login, on a journal of its own.
pub(crate) fn house() -> House {
    house_with(&settings())
}

/// The same with other settings.
pub(crate) fn house_with(settings: &EndpointSettings) -> House {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        keep_ms: 0,
        max_bytes: 1 << 30,
    };
    let journal = SqliteJournal::open(&folder.path().join("journal.db"), options).unwrap();
    let journal = Arc::new(journal);
    let writer = Writer::start(Arc::clone(&journal) as _, SystemClock::shared()).unwrap();
    let counters = Arc::new(Counters::default());
    let endpoint = Endpoint::start(
        settings,
        Arc::new(OneLogin),
        writer.appender(),
        Arc::clone(&counters),
        SystemClock::shared(),
    );
    House {
        endpoint: endpoint.unwrap(),
        journal,
        writer,
        counters,
        _folder: folder,
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
