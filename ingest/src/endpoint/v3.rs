//! Clients that speak MQTT 3.1.1.

use std::sync::Arc;

use ntex::service::{ServiceFactory, cfg::SharedCfg, fn_factory_with_config, fn_service};
use ntex::time::Seconds;
use ntex_mqtt::error::SendPacketError;
use ntex_mqtt::{QoS, v3};

use super::client::{Client, NO_KEEP_ALIVE_S, Outcome, Parcel, peer, serve};
use super::connection::{Connection, Hello, LastWill, Refused, Sent, Shared};
use super::line::{Ending, Status};

pub(super) type Session = v3::Session<Connection>;

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
        keep_s: if packet.clean_session { 0 } else { u32::MAX },
        will: packet.last_will.as_ref().map(|will| LastWill {
            topic: &will.topic,
            payload: &will.message,
            retain: will.retain,
            delay_s: 0,
        }),
    };
    match shared.welcome(hello).await {
        Ok((connection, attached)) => {
            ntex::rt::spawn(serve(
                handshake.sink(),
                attached.line,
                connection.key.clone(),
                connection.generation,
                Arc::clone(&shared),
            ));
            let ack = handshake.ack(connection, attached.session_present);
            Ok(if keep_alive == 0 {
                ack.idle_timeout(Seconds(NO_KEEP_ALIVE_S))
            } else {
                ack
            })
        }
        Err(Refused::Login | Refused::TooOften) => Ok(handshake.bad_username_or_pwd()),
        Err(Refused::Topic) => Ok(handshake.not_authorized()),
        Err(Refused::Full | Refused::Busy | Refused::Gone) => Ok(handshake.service_unavailable()),
    }
}

impl Client for v3::MqttSink {
    async fn deliver(&self, parcel: Parcel<'_>) -> Outcome {
        let payload = parcel.command.body.clone().into_bytes().into();
        let publish = self
            .publish(parcel.topic)
            .packet_id(parcel.packet_id)
            .dup(parcel.again);
        match publish.send_at_least_once(payload).await {
            Ok(()) => Outcome::Acknowledged,
            Err(SendPacketError::Encode(error)) => Outcome::Unsendable(error.to_string()),
            Err(_) => Outcome::Over,
        }
    }

    fn tell(&self, topic: String, status: &Status) {
        let mut publish = self.publish(topic);
        if status.retained {
            publish = publish.retain();
        }
        // What does not arrive at quality of service 0 is not sent again.
        publish
            .send_at_most_once(status.payload.to_vec().into())
            .ok();
    }

    fn close(&self, why: Ending) {
        match why {
            // The other connection waits for nothing of this one.
            Ending::TakenOver => self.force_close(),
            Ending::LoginGone | Ending::Stopping | Ending::Over => v3::MqttSink::close(self),
        }
    }
}

async fn publish(session: Session, publish: v3::Publish) -> Result<(), Refused> {
    let topic = publish.publish_topic();
    session.may_publish(topic)?;
    let mut arrival = session.arrival(topic, publish.payload_size());
    while let Some(piece) = publish.read().await.map_err(|_| Refused::Gone)? {
        session.fill(&mut arrival, &piece);
    }
    let sent = Sent {
        id: publish.id(),
        again: publish.dup(),
        retain: publish.retain(),
    };
    session.journal(arrival, sent).await
}

async fn word(session: Session, word: v3::ProtocolMessage) -> v3::ProtocolMessageAck {
    match word {
        v3::ProtocolMessage::Subscribe(mut subscribe) => {
            for mut filter in &mut subscribe {
                match session.subscribe(filter.topic(), |_| true).await {
                    Ok(()) => filter.confirm(QoS::AtLeastOnce),
                    Err(_) => filter.fail(),
                }
            }
            subscribe.ack()
        }
        v3::ProtocolMessage::Unsubscribe(unsubscribe) => {
            for filter in unsubscribe.iter() {
                session.unsubscribe(filter);
            }
            unsubscribe.ack()
        }
        v3::ProtocolMessage::Disconnect(goodbye) => {
            session.goodbye(false, None);
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
            let session = session.clone();
            async move { Ok::<_, Refused>(word(session, said).await) }
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
