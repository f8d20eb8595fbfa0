//! Clients that speak MQTT 5.

use std::num::NonZeroU32;
use std::sync::Arc;

use ntex::service::{ServiceFactory, cfg::SharedCfg, fn_factory_with_config, fn_service};
use ntex_mqtt::error::SendPacketError;
use ntex_mqtt::v5::codec::{
    ConnectAckReason, Disconnect, DisconnectReasonCode, PublishAckReason, RetainHandling,
    SubscribeAckReason, UnsubscribeAckReason,
};
use ntex_mqtt::{QoS, v5};

use super::client::{Client, NO_KEEP_ALIVE_S, Outcome, Parcel, peer, serve};
use super::connection::{Connection, Hello, LastWill, Refused, Sent, Shared};
use super::line::{Ending, Status};
use super::rights::Denied;
use super::sessions::LONGEST_KEPT_S;

/// Why a message is refused, for who reads its acknowledgement.
const NOT_YOURS: &str = "publish to firemain/v1/{device}/telemetry, status or event of a device that this login speaks for";

pub(super) type Session = v5::Session<Connection>;

/// The first packet: who is it?
pub(super) async fn handshake(
    shared: Arc<Shared>,
    handshake: v5::Handshake,
) -> Result<v5::HandshakeAck<Connection>, Refused> {
    let packet = handshake.packet();
    let (keep_alive, keep_s) = (packet.keep_alive, packet.session_expiry_interval_secs);
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
        clean: packet.clean_start,
        keep_s,
        will: packet.last_will.as_ref().map(|will| LastWill {
            topic: &will.topic,
            payload: &will.message,
            retain: will.retain,
            delay_s: will.will_delay_interval_sec.unwrap_or_default(),
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
            let assigned = handshake
                .packet()
                .client_id
                .is_empty()
                .then(|| own_id.into());
            let ack = handshake.ack(connection).with(|ack| {
                ack.session_present = attached.session_present;
                ack.assigned_client_id = assigned;
                ack.session_expiry_interval_secs =
                    (keep_s > LONGEST_KEPT_S).then_some(LONGEST_KEPT_S);
                ack.wildcard_subscription_available = false;
                ack.shared_subscription_available = false;
                ack.subscription_identifiers_available = false;
            });
            Ok(if keep_alive == 0 {
                ack.keep_alive(NO_KEEP_ALIVE_S)
            } else {
                ack
            })
        }
        Err(refused) => Ok(handshake.failed(refused.into())),
    }
}

impl From<Refused> for ConnectAckReason {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Login => Self::BadUserNameOrPassword,
            Refused::TooOften => Self::ConnectionRateExceeded,
            Refused::Topic => Self::NotAuthorized,
            Refused::Full => Self::ServerBusy,
            Refused::Busy | Refused::Gone => Self::ServerUnavailable,
        }
    }
}

impl From<Denied> for SubscribeAckReason {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotYours => Self::NotAuthorized,
            Denied::Wildcard => Self::WildcardSubscriptionsNotSupported,
            Denied::Shared => Self::SharedSubscriptionNotSupported,
            Denied::TooMany => Self::QuotaExceeded,
            Denied::Busy => Self::UnspecifiedError,
        }
    }
}

impl Client for v5::MqttSink {
    async fn deliver(&self, parcel: Parcel<'_>) -> Outcome {
        let payload = parcel.command.body.clone().into_bytes().into();
        let expires_in_s = NonZeroU32::new(parcel.expires_in_s);
        let publish = self
            .publish(parcel.topic)
            .packet_id(parcel.packet_id)
            .dup(parcel.again)
            .properties(|properties| properties.message_expiry_interval = expires_in_s);
        match publish.send_at_least_once(payload).await {
            // Also when it says that it does not like it: it has it (MQTT 5, 4.4).
            Ok(_) => Outcome::Acknowledged,
            Err(SendPacketError::Encode(error)) => Outcome::Unsendable(error.to_string()),
            Err(_) => Outcome::Over,
        }
    }

    fn tell(&self, topic: String, status: &Status) {
        let publish = self.publish(topic).retain(status.retained);
        // What does not arrive at quality of service 0 is not sent again.
        publish
            .send_at_most_once(status.payload.to_vec().into())
            .ok();
    }

    fn close(&self, why: Ending) {
        let reason = match why {
            Ending::TakenOver => DisconnectReasonCode::SessionTakenOver,
            Ending::LoginGone => DisconnectReasonCode::NotAuthorized,
            Ending::Stopping | Ending::Over => DisconnectReasonCode::ServerShuttingDown,
        };
        self.close_with_reason(Disconnect::new(reason));
    }
}

async fn publish(session: Session, publish: v5::Publish) -> Result<v5::PublishAck, Refused> {
    let packet = publish.packet();
    let allowed = session.may_publish(&packet.topic).is_ok();
    let mut arrival = session.arrival(&packet.topic, publish.payload_size());
    while let Some(piece) = publish.read().await.map_err(|_| Refused::Gone)? {
        if allowed {
            session.fill(&mut arrival, &piece);
        }
    }
    if !allowed {
        let refused = publish.ack().reason_code(PublishAckReason::NotAuthorized);
        return Ok(refused.reason(NOT_YOURS.into()));
    }
    let sent = Sent {
        id: packet.packet_id,
        again: packet.dup,
        retain: packet.retain,
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

async fn word(session: Session, word: v5::ProtocolMessage) -> v5::ProtocolMessageAck {
    match word {
        v5::ProtocolMessage::Subscribe(mut subscribe) => {
            for mut filter in &mut subscribe {
                let wants = filter.options().retain_handling;
                let tell_retained = |new| match wants {
                    RetainHandling::AtSubscribe => true,
                    RetainHandling::AtSubscribeNew => new,
                    RetainHandling::NoAtSubscribe => false,
                };
                match session.subscribe(filter.topic(), tell_retained).await {
                    Ok(()) => filter.confirm(QoS::AtLeastOnce),
                    Err(denied) => filter.fail(denied.into()),
                }
            }
            subscribe.ack()
        }
        v5::ProtocolMessage::Unsubscribe(mut unsubscribe) => {
            for mut filter in &mut unsubscribe {
                if session.unsubscribe(filter.topic()) {
                    filter.success();
                } else {
                    filter.fail(UnsubscribeAckReason::NoSubscriptionExisted);
                }
            }
            unsubscribe.ack()
        }
        v5::ProtocolMessage::Disconnect(goodbye) => {
            let packet = goodbye.packet();
            let with_will = packet.reason_code == DisconnectReasonCode::DisconnectWithWillMessage;
            session.goodbye(with_will, packet.session_expiry_interval_secs);
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
            let session = session.clone();
            async move { Ok::<_, Refused>(word(session, said).await) }
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
