//! The own endpoint and all kinds of clients: raw sockets, MQTT 5, TLS, rubbish, other people's
//! programs.
#![allow(clippy::unwrap_used)]

mod bench;
mod house;

use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bench::server;
use firemain_ingest::endpoint::{
    Endpoint, EndpointError, EndpointParts, EndpointSettings, EndpointTls, Granted, Logins,
};
use house::{House, connected, house, house_with, settings, until};
use rumqttc::{AsyncClient, MqttOptions, Packet, QoS, TlsConfiguration, Transport, v5};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TOPIC: &str = "firemain/v1/tr-1/telemetry";
const SOON: Duration = Duration::from_secs(10);

/// MQTT 3.1.1, byte by byte.
struct Raw(TcpStream);

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

fn packet(first: u8, rest: &[Vec<u8>]) -> Vec<u8> {
    let rest = rest.concat();
    assert!(rest.len() < 128);
    [vec![first, rest.len() as u8], rest].concat()
}

impl Raw {
    /// Connects with a session that is kept.
    async fn connect(house: &House, id: &str) -> Self {
        let mut raw = Self(TcpStream::connect(house.address()).await.unwrap());
        let head = [text("MQTT"), vec![4, 0xc0, 0, 60]].concat();
        raw.say(0x10, &[head, text(id), text("gateway"), text("secret")])
            .await;
        let [kind, 2, _, accepted] = raw.hear().await else {
            panic!("no CONNACK");
        };
        assert_eq!((kind, accepted), (0x20, 0));
        raw
    }

    async fn say(&mut self, first: u8, rest: &[Vec<u8>]) {
        self.0.write_all(&packet(first, rest)).await.unwrap();
    }

    /// An answer of four bytes.
    async fn hear(&mut self) -> [u8; 4] {
        let mut answer = [0; 4];
        tokio::time::timeout(SOON, self.0.read_exact(&mut answer))
            .await
            .expect("an answer")
            .expect("the connection is there");
        answer
    }

    async fn publish(&mut self, first: u8, id: u16, payload: &str) {
        let rest = [text(TOPIC), id.to_be_bytes().to_vec(), payload.into()];
        self.say(first, &rest).await;
    }
}

const QOS1: u8 = 0x32;
const QOS1_AGAIN: u8 = 0x3a;
const QOS2: u8 = 0x34;

#[tokio::test]
async fn what_is_sent_again_and_was_journalled_is_a_copy_and_nothing_else_is() {
    let house = house();
    let mut raw = Raw::connect(&house, "device").await;
    raw.publish(QOS1, 1, "one").await;
    raw.publish(QOS1, 2, "two").await;
    assert_eq!(raw.hear().await, [0x40, 2, 0, 1]);
    assert_eq!(raw.hear().await, [0x40, 2, 0, 2]);
    drop(raw);
    let mut raw = Raw::connect(&house, "device").await;
    // The acknowledgement of `two` was lost; `three` never got through the first time.
    for (id, first, payload) in [
        (2, QOS1_AGAIN, "two"),
        (3, QOS1_AGAIN, "three"),
        (4, QOS1_AGAIN, "two"),
        (5, QOS1, "one"),
    ] {
        raw.publish(first, id, payload).await;
        assert_eq!(raw.hear().await, [0x40, 2, 0, id as u8]);
    }
    let mut other = Raw::connect(&house, "another").await;
    other.publish(QOS1_AGAIN, 1, "one").await;
    other.hear().await;
    let said: Vec<(String, bool)> = house
        .messages()
        .into_iter()
        .map(|m| (String::from_utf8(m.payload).unwrap(), m.copy))
        .collect();
    let expected = [
        ("one", false),
        ("two", false),
        ("two", true),
        ("three", false),
        ("two", false),
        ("one", false),
        ("one", false),
    ];
    assert_eq!(said, expected.map(|(text, copy)| (text.to_owned(), copy)));
    let counters = &house.counters;
    assert_eq!(counters.received.load(Relaxed), 7);
    assert_eq!(counters.received_bytes.load(Relaxed), 23);
    assert_eq!(counters.acked.load(Relaxed), 7);
    assert_eq!(counters.redelivered.load(Relaxed), 1);
    house.stop().await;
}

#[tokio::test]
async fn a_release_of_a_message_of_an_older_connection_is_answered() {
    let house = house();
    let mut raw = Raw::connect(&house, "device").await;
    raw.publish(QOS2, 9, "once").await;
    assert_eq!(raw.hear().await, [0x50, 2, 0, 9]);
    drop(raw);
    let mut raw = Raw::connect(&house, "device").await;
    raw.say(0x62, &[vec![0, 9]]).await;
    assert_eq!(raw.hear().await, [0x70, 2, 0, 9]);
    raw.publish(QOS2, 10, "again").await;
    assert_eq!(raw.hear().await, [0x50, 2, 0, 10]);
    raw.say(0x62, &[vec![0, 10]]).await;
    assert_eq!(raw.hear().await, [0x70, 2, 0, 10]);
    assert_eq!(house.messages().len(), 2);
    house.stop().await;
}

#[tokio::test]
async fn rubbish_on_one_connection_does_not_hinder_another() {
    let house = house();
    let address = house.address();
    let flood = tokio::spawn(async move {
        let rubbish: Vec<u8> = (0..64 * 1024_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let long_packet = [vec![0x10, 0xff, 0xff, 0xff, 0x7f], vec![0; 1 << 20]].concat();
        for round in 0..200 {
            let Ok(mut socket) = TcpStream::connect(address).await else {
                continue;
            };
            let bytes = if round % 2 == 0 {
                &rubbish
            } else {
                &long_packet
            };
            // It is cut off while it writes, most of the time.
            let _ = socket.write_all(&bytes[round..]).await;
        }
    });
    let (client, mut events) = connected(house.client("honest", "secret")).await;
    for n in 0..500 {
        client
            .publish(TOPIC, QoS::AtLeastOnce, false, format!("{n}"))
            .await
            .unwrap();
        until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    }
    tokio::time::timeout(SOON, flood).await.unwrap().unwrap();
    assert_eq!(house.messages().len(), 500);
    house.stop().await;
}

fn five(house: &House) -> v5::MqttOptions {
    let mut options = v5::MqttOptions::new("five", "127.0.0.1", house.address().port());
    options.set_credentials("gateway", "secret");
    options
}

async fn puback(events: &mut v5::EventLoop) -> v5::mqttbytes::v5::PubAckReason {
    let waiting = async {
        loop {
            let event = events.poll().await.unwrap();
            if let v5::Event::Incoming(v5::mqttbytes::v5::Packet::PubAck(ack)) = event {
                return ack.reason;
            }
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap()
}

#[tokio::test]
async fn a_client_of_mqtt_5_is_told_what_it_may_not_and_stays() {
    use v5::mqttbytes::{QoS, v5::PubAckReason};
    let house = house();
    let (client, mut events) = v5::AsyncClient::new(five(&house), 10);
    let publish = |topic: &'static str| client.publish(topic, QoS::AtLeastOnce, false, "x");
    publish("firemain/v1/tr-9/telemetry").await.unwrap();
    assert_eq!(puback(&mut events).await, PubAckReason::NotAuthorized);
    publish(TOPIC).await.unwrap();
    assert_eq!(puback(&mut events).await, PubAckReason::Success);
    assert_eq!(house.messages().len(), 1);
    let refused = house.counters.endpoint_refused_publishes.load(Relaxed);
    assert_eq!(refused, 1);
    assert_eq!(house.counters.received.load(Relaxed), 1);
    house.stop().await;
}

#[tokio::test]
async fn clients_without_an_id_are_told_apart() {
    let house = house();
    let mut options = house.client("", "secret");
    options.set_clean_session(true);
    let (first, mut first_events) = connected(options.clone()).await;
    let _second = connected(options).await;
    first
        .publish(TOPIC, QoS::AtLeastOnce, false, "still here")
        .await
        .unwrap();
    until(&mut first_events, |p| matches!(p, Packet::PubAck(_))).await;
    assert_eq!(house.counters.endpoint_sessions.load(Relaxed), 2);
    house.stop().await;
}

/// A certificate for 127.0.0.1 that signs itself, by `openssl`.
fn certificate(folder: &Path) -> EndpointTls {
    let (cert_file, key_file) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"])
        .args([
            "-subj",
            "/CN=firemain",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key_file)
        .arg("-out")
        .arg(&cert_file)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{made:?}");
    EndpointTls {
        listen: "127.0.0.1:0".parse().unwrap(),
        cert_file,
        key_file,
    }
}

fn trusting(cert_file: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(cert_file).unwrap();
    for certificate in rustls_pemfile::certs(&mut Cursor::new(pem)) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn devices_may_come_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path());
    let config = trusting(&tls.cert_file);
    let house = house_with(&EndpointSettings {
        tls: Some(tls.clone()),
        ..settings()
    });
    let port = house.endpoint.tls_address().unwrap().port();
    let mut options = MqttOptions::new("tls", "127.0.0.1", port);
    options.set_credentials("gateway", "secret");
    options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
        Arc::new(config),
    )));
    let (client, mut events) = connected(options).await;
    for payload in [vec![1; 10], vec![2; 8_000]] {
        client
            .publish(TOPIC, QoS::AtLeastOnce, false, payload)
            .await
            .unwrap();
        until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    }
    client
        .publish(TOPIC, QoS::ExactlyOnce, false, "once")
        .await
        .unwrap();
    until(&mut events, |p| matches!(p, Packet::PubComp(_))).await;
    let lengths: Vec<_> = house.messages().iter().map(|m| m.payload.len()).collect();
    assert_eq!(lengths, [10, 8_000, 4]);

    let without_a_key = EndpointTls {
        key_file: tls.cert_file.clone(),
        ..tls
    };
    let wrong = Endpoint::start(
        &EndpointSettings {
            tls: Some(without_a_key),
            ..settings()
        },
        house.parts(),
    );
    assert!(matches!(wrong.err(), Some(EndpointError::Tls { .. })));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mosquitto_pub_is_a_client_like_any_other() {
    let house = house();
    let port = house.address().port().to_string();
    let published = Command::new(server("MOSQUITTO_PUB"))
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-u",
            "gateway",
            "-P",
            "secret",
        ])
        .args(["-q", "1", "-t", TOPIC, "-m", "from mosquitto_pub"])
        .output()
        .unwrap();
    assert!(published.status.success(), "{published:?}");
    assert_eq!(house.messages()[0].payload, b"from mosquitto_pub");
    house.stop().await;
}

#[tokio::test]
async fn an_open_endpoint_gives_the_commands_of_all_devices_to_whoever_asks() {
    let house = house_with(&EndpointSettings {
        open: true,
        ..settings()
    });
    let options = MqttOptions::new("simulator", "127.0.0.1", house.address().port());
    let (client, mut events) = connected(options).await;
    client
        .subscribe("firemain/v1/+/command", QoS::AtLeastOnce)
        .await
        .unwrap();
    until(
        &mut events,
        |p| matches!(p, Packet::SubAck(ack) if ack.return_codes == [rumqttc::SubscribeReasonCode::Success(QoS::AtLeastOnce)]),
    )
    .await;
    house.command_for("tr-77", "go", 60_000);
    until(
        &mut events,
        |p| matches!(p, Packet::Publish(p) if p.topic == "firemain/v1/tr-77/command"),
    )
    .await;
    house.stop().await;
}

/// A login that somebody removes, or whose secret is changed.
#[derive(Default)]
struct Changing(std::sync::Mutex<Option<Granted>>);

impl Logins for Changing {
    fn login(&self, name: &str) -> Result<Option<Granted>, String> {
        let login = self.0.lock().unwrap().clone();
        Ok(login.filter(|login| *login.name == *name))
    }

    fn version(&self) -> Result<u64, String> {
        Ok(0)
    }
}

impl Changing {
    fn set(&self, secret: Option<&str>) {
        use sha2::{Digest, Sha256};
        *self.0.lock().unwrap() = secret.map(|secret| Granted {
            name: "gateway".into(),
            secret_sha256: Sha256::digest(secret).into(),
            devices: vec!["tr-1".into()],
        });
    }
}

#[tokio::test]
async fn a_new_secret_counts_at_once_and_a_removed_login_not_for_long() {
    let house = house();
    let logins = Arc::new(Changing::default());
    logins.set(Some("secret"));
    let parts = EndpointParts {
        logins: Arc::clone(&logins) as _,
        ..house.parts()
    };
    let endpoint = Endpoint::start(&settings(), parts).unwrap();
    let client = |secret: &str| {
        let port = endpoint.address().unwrap().port();
        let mut options = MqttOptions::new("a", "127.0.0.1", port);
        options.set_credentials("gateway", secret);
        options
    };
    connected(client("secret")).await;
    logins.set(Some("changed"));
    connected(client("changed")).await;
    logins.set(None);
    let refused = async {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            let (_, mut events) = AsyncClient::new(client("changed"), 1);
            if events.poll().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused)
        .await
        .expect("a removed login is refused within 5 s");
    endpoint.stop().await;
    house.stop().await;
}
