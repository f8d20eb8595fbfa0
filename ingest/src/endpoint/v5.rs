//! Clients that speak MQTT 5.

use std::sync::Arc;

use ntex::service::{ServiceFactory, cfg::SharedCfg, fn_factory_with_config, fn_service};
use ntex_mqtt::v5::codec::{
    ConnectAckReason, Disconnect, DisconnectReasonCode, PublishAckReason, SubscribeAckReason,
};
use ntex_mqtt::{QoS, v5};
use tokio::sync::mpsc;

use super::connection::{Connection, Hello, Refused, Sent, Shared};
use super::sessions::ToClient;

pub(super) type Session = v5::Session<Connection>;

/// How long a client that asks for no keep-alive may be silent.
const NO_KEEP_ALIVE: u16 = u16::MAX;

/// The first packet: who is it?
pub(super) async fn handshake(
    shared: Arc<Shared>,
    handshake: v5::Handshake,
) -> Result<v5::HandshakeAck<Connection>, Refused> {
    let packet = handshake.packet();
    let keep_alive = packet.keep_alive;
    let own_id = shared.client_id();
    let hello = Hello {
        peer: super::v3::peer(handshake.io()),
        client_id: if packet.client_id.is_empty() {
            &own_id
        } else {
            &packet.client_id
        },
        username: packet.username.as_deref(),
        password: packet.password.as_deref().unwrap_or_default(),
        clean: packet.clean_start,
        persistent: packet.session_expiry_interval_secs > 0,
        will: packet
            .last_will
            .as_ref()
            .map(|will| (&*will.topic, &*will.message)),
    };
    match shared.welcome(hello).await {
        Ok((connection, attached)) => {
            ntex::rt::spawn(tell(
                handshake.sink(),
                attached.inbox,
                connection.key.clone(),
                Arc::clone(&shared),
            ));
            let assigned = handshake
                .packet()
                .client_id
                .is_empty()
                .then(|| own_id.into());
            let ack = handshake.ack(connection).with(|ack| {
                ack.session_present = attached.session_present;
                ack.assigned_client_id = assigned;
                ack.wildcard_subscription_available = false;
                ack.shared_subscription_available = false;
                ack.subscription_identifiers_available = false;
            });
            Ok(if keep_alive == 0 {
                ack.keep_alive(NO_KEEP_ALIVE)
            } else {
                ack
            })
        }
        Err(Refused::Login) => Ok(handshake.failed(ConnectAckReason::BadUserNameOrPassword)),
        Err(Refused::Topic) => Ok(handshake.failed(ConnectAckReason::NotAuthorized)),
        Err(Refused::Busy | Refused::Gone) => {
            Ok(handshake.failed(ConnectAckReason::ServerUnavailable))
        }
    }
}

/// Passes commands on to the client, one after the other.
async fn tell(
    sink: v5::MqttSink,
    mut inbox: mpsc::Receiver<ToClient>,
    key: super::sessions::Key,
    shared: Arc<Shared>,
) {
    while let Some(word) = inbox.recv().await {
        match word {
            ToClient::TakenOver => {
                return sink
                    .close_with_reason(Disconnect::new(DisconnectReasonCode::SessionTakenOver));
            }
            ToClient::Stopping => {
                return sink
                    .close_with_reason(Disconnect::new(DisconnectReasonCode::ServerShuttingDown));
            }
            ToClient::Command(command) => {
                let payload = command.payload.clone().into();
                let publish = sink.publish(command.topic.clone());
                if publish.send_at_least_once(payload).await.is_err() {
                    shared.sessions.put_back(&key, command);
                }
            }
        }
    }
}

async fn publish(session: Session, publish: v5::Publish) -> Result<v5::PublishAck, Refused> {
    let packet = publish.packet();
    let allowed = session.may_publish(&packet.topic).is_ok();
    let mut arrival = session.arrival(&packet.topic, publish.payload_size(), packet.retain);
    while let Some(piece) = publish.read().await.map_err(|_| Refused::Gone)? {
        if allowed {
            session.fill(&mut arrival, &piece);
        }
    }
    if !allowed {
        return Ok(publish.ack().reason_code(PublishAckReason::NotAuthorized));
    }
    let sent = Sent {
        id: packet.packet_id,
        again: packet.dup,
    };
    session.journal(arrival, sent).await?;
    Ok(publish.ack())
}

/// Nothing that was not journalled is acknowledged: the connection ends.
impl TryFrom<Refused> for v5::PublishAck {
    type Error = Refused;

    fn try_from(refused: Refused) -> Result<Self, Refused> {
        Err(refused)
    }
}

fn word(session: &Session, word: v5::ProtocolMessage) -> v5::ProtocolMessageAck {
    match word {
        v5::ProtocolMessage::Subscribe(mut subscribe) => {
            for mut filter in &mut subscribe {
                if session.subscribe(filter.topic()) {
                    filter.confirm(QoS::AtLeastOnce);
                } else {
                    filter.fail(SubscribeAckReason::NotAuthorized);
                }
            }
            subscribe.ack()
        }
        v5::ProtocolMessage::Unsubscribe(unsubscribe) => {
            unsubscribe
                .iter()
                .for_each(|filter| session.unsubscribe(filter));
            unsubscribe.ack()
        }
        v5::ProtocolMessage::Disconnect(goodbye) => {
            if goodbye.packet().reason_code != DisconnectReasonCode::DisconnectWithWillMessage {
                session.goodbye();
            }
            goodbye.ack()
        }
        v5::ProtocolMessage::Ping(ping) => {
            session.pinged();
            ping.ack()
        }
        other => other.ack(),
    }
}

/// Greets a client.
pub(super) fn greeting(
    shared: Arc<Shared>,
) -> impl ServiceFactory<
    v5::Handshake,
    SharedCfg,
    Response = v5::HandshakeAck<Connection>,
    Error = Refused,
    InitError = Refused,
> {
    fn_factory_with_config(async move |_: SharedCfg| {
        let shared = Arc::clone(&shared);
        Ok::<_, Refused>(fn_service(move |hello| {
            handshake(Arc::clone(&shared), hello)
        }))
    })
}

/// Answers all but messages.
pub(super) fn words() -> impl ServiceFactory<
    v5::ProtocolMessage,
    Session,
    Response = v5::ProtocolMessageAck,
    Error = Refused,
    InitError = Refused,
> {
    fn_factory_with_config(async |session: Session| {
        Ok::<_, Refused>(fn_service(move |said| {
            let ack = word(&session, said);
            async move { Ok::<_, Refused>(ack) }
        }))
    })
}

/// Takes messages in.
pub(super) fn messages() -> impl ServiceFactory<
    v5::Publish,
    Session,
    Response = v5::PublishAck,
    Error = Refused,
    InitError = Refused,
> {
    fn_factory_with_config(async |session: Session| {
        Ok::<_, Refused>(fn_service(move |message| publish(session.clone(), message)))
    })
}
