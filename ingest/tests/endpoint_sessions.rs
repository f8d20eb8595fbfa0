//! What the own endpoint remembers of its clients: over connections, and over its own restarts.
#![allow(clippy::unwrap_used)]

mod house;

use std::time::Duration;

use firemain_domain::Clock;
use firemain_domain::clock::{HandClock, SystemClock};
use firemain_store::register::Register;
use firemain_store::register::endpoint::EndpointRegister;
use house::{House, connected, gateway, house, house_by, journalled, until};
use rumqttc::v5::mqttbytes::v5::{
    ConnectProperties, LastWill as LastWill5, LastWillProperties, Packet as Packet5,
};
use rumqttc::v5::{self, mqttbytes::QoS as QoS5};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, QoS};

const COMMANDS: &str = "firemain/v1/tr-1/command";
const STATUS: &str = "firemain/v1/tr-1/status";
const SOON: Duration = Duration::from_secs(10);
const HOUR_MS: i64 = 3_600_000;

fn lasting(house: &House, id: &str) -> MqttOptions {
    let mut options = house.client(id, "secret");
    options.set_clean_session(false);
    options
}

/// Connects; whether the session was there.
async fn present(options: MqttOptions) -> (AsyncClient, EventLoop, bool) {
    let (client, mut events) = AsyncClient::new(options, 100);
    let first = tokio::time::timeout(SOON, events.poll()).await.unwrap();
    let Ok(Event::Incoming(Packet::ConnAck(ack))) = first else {
        panic!("{first:?}");
    };
    (client, events, ack.session_present)
}

async fn subscribed(client: &AsyncClient, events: &mut EventLoop, filter: &str) {
    client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
    until(events, |p| matches!(p, Packet::SubAck(_))).await;
}

/// The next message that comes: its payload, and whether it is marked as sent before and as kept.
async fn next(events: &mut EventLoop) -> (String, bool, bool) {
    let waiting = async {
        loop {
            if let Event::Incoming(Packet::Publish(p)) = events.poll().await.unwrap() {
                return (
                    String::from_utf8(p.payload.to_vec()).unwrap(),
                    p.dup,
                    p.retain,
                );
            }
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap()
}

/// Polls, so that what was heard is acknowledged, until something holds.
async fn poll_until(events: &mut EventLoop, holds: impl Fn() -> bool) {
    let waiting = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        while !holds() {
            tokio::select! {
                _ = tick.tick() => {}
                event = events.poll() => { event.unwrap(); }
            }
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap();
}

async fn goodbye(client: AsyncClient, mut events: EventLoop) {
    client.disconnect().await.unwrap();
    while events.poll().await.is_ok() {}
}

#[tokio::test]
async fn a_session_and_what_waits_for_it_outlive_a_restart() {
    let house = house();
    let (client, mut events, was) = present(lasting(&house, "a")).await;
    assert!(!was);
    subscribed(&client, &mut events, COMMANDS).await;
    goodbye(client, events).await;
    let first = house.command_for("tr-1", "first", HOUR_MS);
    house.command_for("tr-2", "another's", HOUR_MS);

    let house = house.restarted().await;
    let (client, mut events, was) = present(lasting(&house, "a")).await;
    assert!(was, "its session is there");
    let (payload, again, _) = next(&mut events).await;
    assert_eq!((&*payload, again), (r#"{"id":"first"}"#, false));
    poll_until(&mut events, || house.command(first).delivered_at.is_some()).await;
    let second = house.command_for("tr-1", "second", HOUR_MS);
    assert_eq!(next(&mut events).await.0, r#"{"id":"second"}"#);
    poll_until(&mut events, || house.command(second).delivered_at.is_some()).await;
    goodbye(client, events).await;

    let mut options = lasting(&house, "a");
    options.set_clean_session(true);
    let (client, events, was) = present(options).await;
    assert!(!was, "it asked for a clean one");
    goodbye(client, events).await;
    let house = house.restarted().await;
    let (_, _, was) = present(lasting(&house, "a")).await;
    assert!(!was, "what was cleaned does not come back");
    house.stop().await;
}

#[tokio::test]
async fn a_command_that_was_not_acknowledged_comes_again_and_says_so() {
    let house = house();
    let mut options = lasting(&house, "a");
    options.set_manual_acks(true);
    let (client, mut events, _) = present(options.clone()).await;
    subscribed(&client, &mut events, COMMANDS).await;
    let number = house.command_for("tr-1", "once", HOUR_MS);
    assert!(!next(&mut events).await.1);
    house
        .until("it is noted that it was sent", |house| {
            house.command(number).sent_at.is_some()
        })
        .await;
    drop((client, events));
    let house = house.restarted().await;
    let (_client, mut events, _) = present(lasting(&house, "a")).await;
    let (payload, again, _) = next(&mut events).await;
    assert_eq!((&*payload, again), (r#"{"id":"once"}"#, true));
    poll_until(&mut events, || house.command(number).delivered_at.is_some()).await;
    house.stop().await;
}

#[tokio::test]
async fn a_command_that_has_expired_or_was_answered_is_not_delivered() {
    let clock = HandClock::at(SystemClock::shared().now());
    let house = house_by(clock.clone());
    house.command_for("tr-1", "expires", 1_000);
    house.command_for("tr-1", "answered", HOUR_MS);
    house.command_for("tr-1", "good", HOUR_MS);
    let answer = firemain_store::register::endpoint::CommandAnswer {
        device: "tr-1".into(),
        id: "answered".into(),
        at: clock.now(),
        ok: true,
        error: None,
    };
    assert_eq!(house.register.note_answer(&[answer]).unwrap(), 1);
    clock.pass_ms(1_000);
    let (client, mut events, _) = present(lasting(&house, "a")).await;
    subscribed(&client, &mut events, COMMANDS).await;
    assert_eq!(next(&mut events).await.0, r#"{"id":"good"}"#);
    house.stop().await;
}

#[tokio::test]
async fn a_session_that_nobody_comes_back_to_in_time_is_forgotten() {
    let clock = HandClock::at(SystemClock::shared().now());
    let house = house_by(clock.clone());
    let options = |house: &House| five(house, "a", 60);
    let (_, was, client, events) = connect_five(options(&house)).await;
    assert!(!was);
    drop((client, events));
    house.until("it is away", |h| away(h) == 1).await;
    clock.pass_ms(59_000);
    let (_, was, client, events) = connect_five(options(&house)).await;
    assert!(was, "it came back in time");
    house.until("it is here", |h| away(h) == 0).await;
    drop((client, events));
    house.until("it is away", |h| away(h) == 1).await;
    clock.pass_ms(60_000);
    house
        .until("its row is gone", |house| {
            house.register.endpoint_sessions().unwrap().is_empty()
        })
        .await;
    let (_, was, ..) = connect_five(options(&house)).await;
    assert!(!was);
    house.stop().await;
}

fn away(house: &House) -> usize {
    let sessions = house.register.endpoint_sessions().unwrap();
    sessions.iter().filter(|s| s.away_since.is_some()).count()
}

#[tokio::test]
async fn a_retained_status_is_told_to_its_own_who_subscribe_also_after_a_restart() {
    let house = house();
    let mut device = house.client("device", "secret");
    device.set_last_will(LastWill::new(STATUS, "gone", QoS::AtLeastOnce, true));
    let (client, mut events) = connected(device).await;
    let publish =
        |payload: &'static str, retain| client.publish(STATUS, QoS::AtLeastOnce, retain, payload);
    publish("here", true).await.unwrap();
    until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    publish("passing", false).await.unwrap();
    until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    assert!(
        !house.messages()[0].retained,
        "said now, not kept from before"
    );

    let (watching, mut watched) = connected(house.client("gateway", "secret")).await;
    subscribed(&watching, &mut watched, STATUS).await;
    assert_eq!(next(&mut watched).await, ("here".into(), false, true));
    publish("still here", true).await.unwrap();
    until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    assert_eq!(
        next(&mut watched).await,
        ("still here".into(), false, false)
    );
    drop((client, events));
    assert_eq!(next(&mut watched).await, ("gone".into(), false, false));
    house
        .until("the will is kept", |house| {
            house.register.device_statuses().unwrap()[0].1 == b"gone"
        })
        .await;

    let house = house.restarted().await;
    let (watching, mut watched) = connected(house.client("gateway", "secret")).await;
    subscribed(&watching, &mut watched, STATUS).await;
    assert_eq!(next(&mut watched).await, ("gone".into(), false, true));
    house.stop().await;
}

#[tokio::test]
async fn a_connection_ends_when_its_login_changes_or_is_removed() {
    let house = house();
    let (_client, mut events, _) = present(lasting(&house, "a")).await;
    house.register.set_login(&gateway("another")).unwrap();
    let cut = async { while events.poll().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(5), cut)
        .await
        .expect("the password changed");
    let (_client, mut events, was) = present({
        let mut options = lasting(&house, "a");
        options.set_credentials("gateway", "another");
        options
    })
    .await;
    assert!(was, "the session is the login's");
    house.register.remove_login("gateway").unwrap();
    let cut = async { while events.poll().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(5), cut)
        .await
        .expect("the login was removed");
    house
        .until("its session is forgotten", |house| {
            house.register.endpoint_sessions().unwrap().is_empty()
        })
        .await;
    house.stop().await;
}

fn five(house: &House, id: &str, keep_s: u32) -> v5::MqttOptions {
    let mut options = v5::MqttOptions::new(id, "127.0.0.1", house.address().port());
    options.set_credentials("gateway", "secret");
    options.set_clean_start(false);
    options.set_connect_properties(ConnectProperties {
        session_expiry_interval: Some(keep_s),
        ..ConnectProperties::new()
    });
    options
}

async fn connect_five(
    options: v5::MqttOptions,
) -> (Option<u32>, bool, v5::AsyncClient, v5::EventLoop) {
    let (client, mut events) = v5::AsyncClient::new(options, 100);
    let first = tokio::time::timeout(SOON, events.poll()).await.unwrap();
    let Ok(v5::Event::Incoming(Packet5::ConnAck(ack))) = first else {
        panic!("{first:?}");
    };
    let kept_s = ack.properties.and_then(|p| p.session_expiry_interval);
    (kept_s, ack.session_present, client, events)
}

async fn incoming(events: &mut v5::EventLoop, wanted: impl Fn(&Packet5) -> bool) -> Packet5 {
    let waiting = async {
        loop {
            if let v5::Event::Incoming(packet) = events.poll().await.unwrap()
                && wanted(&packet)
            {
                return packet;
            }
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap()
}

#[tokio::test]
async fn a_will_is_held_back_as_long_as_it_asks_and_taken_back_by_who_returns() {
    let clock = HandClock::at(SystemClock::shared().now());
    let house = house_by(clock.clone());
    let with_will = || {
        let mut options = five(&house, "a", 3_600);
        options.set_last_will(LastWill5 {
            topic: STATUS.into(),
            message: "gone".into(),
            qos: QoS5::AtLeastOnce,
            retain: true,
            properties: Some(LastWillProperties {
                delay_interval: Some(30),
                payload_format_indicator: None,
                message_expiry_interval: None,
                content_type: None,
                response_topic: None,
                correlation_data: None,
                user_properties: Vec::new(),
            }),
        });
        options
    };
    let (_, _, client, events) = connect_five(with_will()).await;
    drop((client, events));
    house.until("it is away", |h| away(h) == 1).await;
    clock.pass_ms(29_000);
    let (_, was, client, events) = connect_five(with_will()).await;
    assert!(was);
    house.until("it is here", |h| away(h) == 0).await;
    clock.pass_ms(60_000);
    drop((client, events));
    house.until("it is away again", |h| away(h) == 1).await;
    assert!(house.messages().is_empty(), "it came back in time");
    clock.pass_ms(31_000);
    assert_eq!(journalled(&house, STATUS).await.payload, b"gone");
    assert_eq!(house.messages().len(), 1);
    house.stop().await;
}

#[tokio::test]
async fn a_client_of_mqtt_5_gets_commands_one_by_one_with_their_expiry() {
    let house = house();
    let mut options = five(&house, "a", u32::MAX);
    options.set_connect_properties(ConnectProperties {
        session_expiry_interval: Some(u32::MAX),
        receive_maximum: Some(1),
        ..ConnectProperties::new()
    });
    options.set_manual_acks(true);
    let (kept_s, _, client, mut events) = connect_five(options).await;
    assert_eq!(kept_s, Some(30 * 24 * 3_600), "told how long it is kept");
    client.subscribe(COMMANDS, QoS5::AtLeastOnce).await.unwrap();
    incoming(&mut events, |p| matches!(p, Packet5::SubAck(_))).await;
    let first = house.command_for("tr-1", "first", HOUR_MS);
    house.command_for("tr-1", "second", HOUR_MS);
    let is_publish = |p: &Packet5| matches!(p, Packet5::Publish(_));
    let Packet5::Publish(publish) = incoming(&mut events, is_publish).await else {
        unreachable!()
    };
    let expiry_s = publish.properties.as_ref().unwrap().message_expiry_interval;
    assert!((3_500..=3_601).contains(&expiry_s.unwrap()), "{expiry_s:?}");
    // Everything that is sent before the answer to this comes before it.
    client
        .publish(STATUS, QoS5::AtLeastOnce, false, "x")
        .await
        .unwrap();
    let none_before = incoming(&mut events, |p| {
        matches!(p, Packet5::PubAck(_) | Packet5::Publish(_))
    })
    .await;
    assert!(matches!(none_before, Packet5::PubAck(_)), "one at a time");
    client.ack(&publish).await.unwrap();
    let Packet5::Publish(publish) = incoming(&mut events, is_publish).await else {
        unreachable!()
    };
    assert_eq!(publish.payload, r#"{"id":"second"}"#);
    assert!(house.command(first).delivered_at.is_some() || away(&house) == 0);
    house.stop().await;
}

#[tokio::test]
async fn a_client_of_mqtt_5_is_told_why_a_subscription_is_refused() {
    use v5::mqttbytes::v5::SubscribeReasonCode as Reason;
    let house = house();
    let (_, _, client, mut events) = connect_five(five(&house, "a", 0)).await;
    for (filter, reason) in [
        (COMMANDS, Reason::Success(QoS5::AtLeastOnce)),
        ("firemain/v1/tr-9/command", Reason::NotAuthorized),
        (
            "firemain/v1/+/command",
            Reason::WildcardSubscriptionsNotSupported,
        ),
        (
            "$share/g/firemain/v1/tr-1/command",
            Reason::SharedSubscriptionsNotSupported,
        ),
    ] {
        client.subscribe(filter, QoS5::AtLeastOnce).await.unwrap();
        let answer = incoming(&mut events, |p| matches!(p, Packet5::SubAck(_))).await;
        let Packet5::SubAck(ack) = answer else {
            unreachable!()
        };
        assert_eq!(ack.return_codes, [reason], "{filter}");
    }
    house.stop().await;
}
