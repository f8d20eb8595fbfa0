//! One connection to a broker, and the only file that knows `rumqttc`.
//!
//! Of the library only its connecting, its codec and its buffering are used. Its event loop
//! would write one acknowledgement per turn through a request channel that can deadlock with its
//! poll (bytebeamio/rumqtt issues 263 and 1025); here a whole batch of them goes out with one
//! flush, and reading never waits for anything.

use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};

use bytes::Bytes;
use futures::FutureExt as _;
use rumqttc::{
    ConnectReturnCode, ConnectionError, EventLoop, Incoming, MqttOptions, PubAck, Publish, QoS,
    StateError, Subscribe, SubscribeFilter, SubscribeReasonCode, TlsConfiguration, Transport,
};

use super::address::BrokerAddress;
use super::tls::{TlsError, TlsFiles, client_config};
use super::{KEEP_ALIVE, WRITE_WITHIN};

/// The largest packet that MQTT knows, bytes. A smaller limit would end the connection at an
/// oversize message, and the broker would send it again, for ever.
const LARGEST_PACKET: usize = 268_435_455 + 5;

/// Whom to connect to, and as whom.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: BrokerAddress,
    pub(super) client_id: String,
    pub(super) credentials: Option<(String, String)>,
    pub(super) tls: TlsFiles,
}

/// A connection to the broker.
pub(super) struct Link {
    // Its `network` cannot be named outside its crate, so its owner is kept.
    connection: EventLoop,
    last_id: u16,
}

/// What comes from the broker.
pub(super) enum Packet {
    Message(Delivery),
    /// Our subscriptions, in their order: granted or not.
    Granted(Vec<bool>),
    /// The broker has what we published under this id.
    Taken(u16),
    /// The answer to a ping: the broker has read everything we sent before it.
    Pong,
    /// Nothing that concerns us.
    Other,
}

/// A message with what the broker says of its delivery.
pub(super) struct Delivery {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) retained: bool,
    pub(super) redelivered: bool,
    /// To be acknowledged; `None` at quality of service 0.
    pub(super) id: Option<u16>,
}

/// Why there is no connection, in words for people.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLink {
    #[error(
        "cannot reach the broker at {at}: {source}. Check [mqtt] url, and that the broker runs"
    )]
    Unreachable {
        at: BrokerAddress,
        source: std::io::Error,
    },
    #[error("the broker at {at} does not answer. Check [mqtt] url, and that the broker runs")]
    NoAnswer { at: BrokerAddress },
    #[error(
        "{at} closed the connection before it said who it is: is it an MQTT broker, and without TLS? For TLS write [mqtt] url as mqtts://"
    )]
    ClosedAtOnce { at: BrokerAddress },
    #[error(
        "the broker at {at} refuses us: wrong user name or password. Check [mqtt] username and password"
    )]
    Credentials { at: BrokerAddress },
    #[error(
        "the broker at {at} refuses the client id {client_id:?}: choose another by [mqtt] client_id"
    )]
    ClientId {
        at: BrokerAddress,
        client_id: String,
    },
    #[error("the broker at {at} refuses us: {reason}")]
    Refused { at: BrokerAddress, reason: String },
    #[error(
        "no TLS connection to the broker at {at}: {reason}. {}",
        what_to_do(reason)
    )]
    Tls { at: BrokerAddress, reason: String },
    #[error(transparent)]
    TlsFiles(#[from] TlsError),
}

/// How a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("the broker closed the connection")]
    Closed,
    #[error("the connection to the broker broke: {0}")]
    Broken(String),
    #[error("the broker takes nothing any more")]
    Stuck,
    #[error("the broker does not answer any more")]
    Deaf,
}

impl Link {
    /// Connects; says also whether the broker had kept our session.
    pub(super) async fn connect(target: &Target) -> Result<(Self, bool), NoLink> {
        Self::connect_with(target, options(target)?).await
    }

    /// Connects without a session that the broker would keep.
    pub(super) async fn connect_for_a_moment(target: &Target) -> Result<(Self, bool), NoLink> {
        let mut options = options(target)?;
        options.set_clean_session(true);
        Self::connect_with(target, options).await
    }

    async fn connect_with(target: &Target, options: MqttOptions) -> Result<(Self, bool), NoLink> {
        let mut connection = EventLoop::new(options, 1);
        let event = connection
            .poll()
            .await
            .map_err(|error| no_link(target, error))?;
        let session_present = matches!(
            event,
            rumqttc::Event::Incoming(Incoming::ConnAck(connack)) if connack.session_present
        );
        Ok((
            Self {
                connection,
                last_id: 0,
            },
            session_present,
        ))
    }

    /// The next packet. May be given up at any point without losing one.
    pub(super) async fn receive(&mut self) -> Result<Packet, Lost> {
        match &mut self.connection.network {
            Some(network) => network.read().await.map(Packet::from).map_err(Lost::from),
            None => Err(Lost::Closed),
        }
    }

    /// The next packet if it is here already.
    pub(super) fn receive_now(&mut self) -> Option<Result<Packet, Lost>> {
        self.receive().now_or_never()
    }

    /// Acknowledges messages, all in one write.
    pub(super) async fn acknowledge(&mut self, ids: impl Iterator<Item = u16>) -> Result<(), Lost> {
        self.send(ids.map(|id| rumqttc::Packet::PubAck(PubAck::new(id))))
            .await
    }

    /// Subscribes at quality of service 1.
    pub(super) async fn subscribe(&mut self, topics: &[String]) -> Result<(), Lost> {
        let filters = topics
            .iter()
            .map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
        let mut subscribe = Subscribe::new_many(filters);
        subscribe.pkid = self.next_id();
        self.send([rumqttc::Packet::Subscribe(subscribe)]).await
    }

    /// Publishes at quality of service 1; returns under which id.
    pub(super) async fn publish(&mut self, topic: &str, payload: Vec<u8>) -> Result<u16, Lost> {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload);
        publish.pkid = self.next_id();
        let id = publish.pkid;
        self.send([rumqttc::Packet::Publish(publish)]).await?;
        Ok(id)
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&mut self) -> Result<(), Lost> {
        self.send([rumqttc::Packet::PingReq]).await
    }

    /// Takes leave, as far as the broker listens.
    pub(super) async fn disconnect(mut self) {
        // The connection ends either way.
        let _ = self.send([rumqttc::Packet::Disconnect]).await;
    }

    async fn send(
        &mut self,
        packets: impl IntoIterator<Item = rumqttc::Packet>,
    ) -> Result<(), Lost> {
        let Some(network) = &mut self.connection.network else {
            return Err(Lost::Closed);
        };
        let sending = async {
            for packet in packets {
                network.write(packet).await?;
            }
            network.flush().await
        };
        match tokio::time::timeout(WRITE_WITHIN, sending).await {
            Ok(sent) => sent.map_err(Lost::from),
            Err(_) => Err(Lost::Stuck),
        }
    }

    fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }
}

fn options(target: &Target) -> Result<MqttOptions, NoLink> {
    let at = &target.address;
    let mut options = MqttOptions::new(&target.client_id, &at.host, at.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_session(false)
        .set_manual_acks(true)
        .set_max_packet_size(LARGEST_PACKET, LARGEST_PACKET);
    if let Some((user, password)) = &target.credentials {
        options.set_credentials(user, password);
    }
    if at.tls {
        let config = TlsConfiguration::Rustls(client_config(&target.tls)?);
        options.set_transport(Transport::tls_with_config(config));
    }
    Ok(options)
}

fn no_link(target: &Target, error: ConnectionError) -> NoLink {
    let at = target.address.clone();
    match error {
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => NoLink::NoAnswer { at },
        ConnectionError::Io(source) | ConnectionError::MqttState(StateError::Io(source))
            if is_of_tls(&source) =>
        {
            NoLink::Tls {
                at,
                reason: source.to_string(),
            }
        }
        // A broker that does not like our certificate says so only after the handshake, and its
        // word may be lost with the connection.
        ConnectionError::MqttState(_) | ConnectionError::NotConnAck(_) if at.tls => NoLink::Tls {
            at,
            reason: CLOSED_AFTER_HANDSHAKE.to_owned(),
        },
        ConnectionError::Io(source)
            if at.tls && matches!(source.kind(), ConnectionReset | BrokenPipe | UnexpectedEof) =>
        {
            NoLink::Tls {
                at,
                reason: CLOSED_AFTER_HANDSHAKE.to_owned(),
            }
        }
        ConnectionError::Io(source) => NoLink::Unreachable { at, source },
        ConnectionError::Tls(error) => NoLink::Tls {
            at,
            reason: error.to_string(),
        },
        ConnectionError::MqttState(_) | ConnectionError::NotConnAck(_) => {
            NoLink::ClosedAtOnce { at }
        }
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => NoLink::Credentials { at },
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadClientId) => NoLink::ClientId {
            at,
            client_id: target.client_id.clone(),
        },
        ConnectionError::ConnectionRefused(ConnectReturnCode::ServiceUnavailable) => {
            NoLink::Refused {
                at,
                reason: "it is not ready to serve".to_owned(),
            }
        }
        ConnectionError::ConnectionRefused(ConnectReturnCode::RefusedProtocolVersion) => {
            NoLink::Refused {
                at,
                reason: "it does not speak MQTT 3.1.1".to_owned(),
            }
        }
        other => NoLink::Refused {
            at,
            reason: other.to_string(),
        },
    }
}

fn is_of_tls(error: &std::io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// How a connection ends that the broker's side of TLS refuses.
const CLOSED_AFTER_HANDSHAKE: &str = "the broker closed it before it said who it is, as brokers do that want another certificate of ours, or one at all";

/// What mends a TLS connection that failed for `reason`.
fn what_to_do(reason: &str) -> &'static str {
    if reason.contains("not valid for name") {
        "Write the host in [mqtt] url as the broker's certificate names it, or give the broker a certificate for this name"
    } else if reason.contains("certificate expired") || reason.contains("not valid yet") {
        "Give the broker a certificate that is valid now, and see whether the clock of this machine is right"
    } else if reason.contains("fatal alert") || reason == CLOSED_AFTER_HANDSHAKE {
        "The broker does not accept what we showed: check [mqtt] cert_file and key_file, and that the broker trusts who signed them"
    } else {
        "Check that [mqtt] ca_file holds the certificate of whoever signed the broker's, and [mqtt] cert_file and key_file"
    }
}

impl From<StateError> for Lost {
    fn from(error: StateError) -> Self {
        match error {
            StateError::ConnectionAborted => Self::Closed,
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<Incoming> for Packet {
    fn from(packet: Incoming) -> Self {
        match packet {
            Incoming::Publish(publish) => Self::Message(Delivery {
                topic: publish.topic,
                payload: publish.payload,
                retained: publish.retain,
                redelivered: publish.dup,
                id: (publish.qos != QoS::AtMostOnce).then_some(publish.pkid),
            }),
            Incoming::SubAck(answer) => Self::Granted(
                answer
                    .return_codes
                    .iter()
                    .map(|code| *code != SubscribeReasonCode::Failure)
                    .collect(),
            ),
            Incoming::PubAck(taken) => Self::Taken(taken.pkid),
            Incoming::PingResp => Self::Pong,
            _ => Self::Other,
        }
    }
}
