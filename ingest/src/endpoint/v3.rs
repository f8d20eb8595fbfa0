//! Clients that speak MQTT 3.1.1.

use std::sync::Arc;

use ntex::io::{IoBoxed, types::PeerAddr};
use ntex::service::{ServiceFactory, cfg::SharedCfg, fn_factory_with_config, fn_service};
use ntex::time::Seconds;
use ntex_mqtt::{QoS, v3};
use tokio::sync::mpsc;

use super::connection::{Connection, Hello, Refused, Sent, Shared};
use super::sessions::ToClient;

pub(super) type Session = v3::Session<Connection>;

/// How long a client that asks for no keep-alive may be silent.
const NO_KEEP_ALIVE: Seconds = Seconds(u16::MAX);

pub(super) fn peer(io: &IoBoxed) -> Option<std::net::IpAddr> {
    io.query::<PeerAddr>().get().map(|peer| peer.0.ip())
}

/// The first packet: who is it?
pub(super) async fn handshake(
    shared: Arc<Shared>,
    handshake: v3::Handshake,
) -> Result<v3::HandshakeAck<Connection>, Refused> {
    let packet = handshake.packet();
    let keep_alive = packet.keep_alive;
    if packet.client_id.is_empty() && !packet.clean_session {
        return Ok(handshake.identifier_rejected());
    }
    let own_id = shared.client_id();
    let hello = Hello {
        peer: peer(handshake.io()),
        client_id: if packet.client_id.is_empty() {
            &own_id
        } else {
            &packet.client_id
        },
        username: packet.username.as_deref(),
        password: packet.password.as_deref().unwrap_or_default(),
        clean: packet.clean_session,
        persistent: !packet.clean_session,
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
            let ack = handshake.ack(connection, attached.session_present);
            Ok(if keep_alive == 0 {
                ack.idle_timeout(NO_KEEP_ALIVE)
            } else {
                ack
            })
        }
        Err(Refused::Login) => Ok(handshake.bad_username_or_pwd()),
        Err(Refused::Topic) => Ok(handshake.not_authorized()),
        Err(Refused::Busy | Refused::Gone) => Ok(handshake.service_unavailable()),
    }
}

/// Passes commands on to the client, one after the other.
async fn tell(
    sink: v3::MqttSink,
    mut inbox: mpsc::Receiver<ToClient>,
    key: super::sessions::Key,
    shared: Arc<Shared>,
) {
    while let Some(word) = inbox.recv().await {
        match word {
            ToClient::TakenOver => return sink.force_close(),
            ToClient::Stopping => return sink.close(),
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

async fn publish(session: Session, publish: v3::Publish) -> Result<(), Refused> {
    let topic = publish.publish_topic();
    session.may_publish(topic)?;
    let mut arrival = session.arrival(topic, publish.payload_size(), publish.retain());
    while let Some(piece) = publish.read().await.map_err(|_| Refused::Gone)? {
        session.fill(&mut arrival, &piece);
    }
    let sent = Sent {
        id: publish.id(),
        again: publish.dup(),
    };
    session.journal(arrival, sent).await
}

fn word(session: &Session, word: v3::ProtocolMessage) -> v3::ProtocolMessageAck {
    match word {
        v3::ProtocolMessage::Subscribe(mut subscribe) => {
            for mut filter in &mut subscribe {
                if session.subscribe(filter.topic()) {
                    filter.confirm(QoS::AtLeastOnce);
                } else {
                    filter.fail();
                }
            }
            subscribe.ack()
        }
        v3::ProtocolMessage::Unsubscribe(unsubscribe) => {
            unsubscribe
                .iter()
                .for_each(|filter| session.unsubscribe(filter));
            unsubscribe.ack()
        }
        v3::ProtocolMessage::Disconnect(goodbye) => {
            session.goodbye();
            goodbye.ack()
        }
        v3::ProtocolMessage::Ping(ping) => {
            session.pinged();
            ping.ack()
        }
        release @ v3::ProtocolMessage::PublishRelease(_) => release.ack(),
    }
}

/// Greets a client.
pub(super) fn greeting(
    shared: Arc<Shared>,
) -> impl ServiceFactory<
    v3::Handshake,
    SharedCfg,
    Response = v3::HandshakeAck<Connection>,
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
    v3::ProtocolMessage,
    Session,
    Response = v3::ProtocolMessageAck,
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
pub(super) fn messages()
-> impl ServiceFactory<v3::Publish, Session, Response = (), Error = Refused, InitError = Refused> {
    fn_factory_with_config(async |session: Session| {
        Ok::<_, Refused>(fn_service(move |message| publish(session.clone(), message)))
    })
}
