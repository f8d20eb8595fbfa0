//! The own endpoint with a real client: what is acknowledged is in the journal.
#![allow(clippy::unwrap_used)]

mod house;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use firemain_ingest::endpoint::{Endpoint, EndpointError, EndpointSettings};
use house::{connected, house, journalled, settings, until};
use rumqttc::{AsyncClient, LastWill, Packet, QoS};

#[tokio::test]
async fn what_is_acknowledged_is_in_the_journal() {
    let house = house();
    let (client, mut events) = connected(house.client("a", "secret")).await;
    for n in 0..50 {
        let topic = "firemain/v1/tr-1/telemetry";
        client
            .publish(topic, QoS::AtLeastOnce, false, format!("{n}"))
            .await
            .unwrap();
        until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
        assert_eq!(house.messages().len(), n + 1);
    }
    let topic = "firemain/v1/tr-2/status";
    client
        .publish(topic, QoS::ExactlyOnce, true, "once")
        .await
        .unwrap();
    until(&mut events, |p| matches!(p, Packet::PubComp(_))).await;
    assert_eq!(house.messages().last().unwrap().payload, b"once");
    house.stop().await;
}

#[tokio::test]
async fn an_oversize_payload_is_kept_by_its_beginning_and_acknowledged() {
    let house = house();
    let (client, mut events) = connected(house.client("a", "secret")).await;
    let payload = vec![7; 200_000];
    client
        .publish(
            "firemain/v1/tr-1/telemetry",
            QoS::AtLeastOnce,
            false,
            payload,
        )
        .await
        .unwrap();
    until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    let kept = &house.messages()[0];
    assert_eq!((kept.payload.len(), kept.cut_from), (4_096, Some(200_000)));
    house.stop().await;
}

#[tokio::test]
async fn a_wrong_password_and_a_foreign_topic_are_refused_and_counted() {
    let house = house();
    let (_, mut events) = AsyncClient::new(house.client("a", "wrong"), 10);
    assert!(events.poll().await.is_err());
    let counters = Arc::clone(&house.counters);
    assert_eq!(counters.endpoint_refused_logins.load(Ordering::Relaxed), 1);

    let (client, mut events) = connected(house.client("a", "secret")).await;
    client
        .publish("firemain/v1/tr-9/telemetry", QoS::AtLeastOnce, false, "x")
        .await
        .unwrap();
    let cut = async { while events.poll().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), cut)
        .await
        .unwrap();
    assert_eq!(
        counters.endpoint_refused_publishes.load(Ordering::Relaxed),
        1
    );
    assert!(house.messages().is_empty());
    house.stop().await;
}

#[tokio::test]
async fn the_last_will_counts_when_a_client_vanishes_and_not_when_it_says_goodbye() {
    let house = house();
    let with_will = |id: &str, device: &str| {
        let mut options = house.client(id, "secret");
        let topic = format!("firemain/v1/{device}/status");
        options.set_last_will(LastWill::new(topic, "gone", QoS::AtLeastOnce, true));
        options
    };
    let (polite, mut polite_events) = connected(with_will("polite", "tr-2")).await;
    polite.disconnect().await.unwrap();
    while polite_events.poll().await.is_ok() {}
    drop(connected(with_will("rude", "tr-1")).await);
    assert_eq!(
        journalled(&house, "firemain/v1/tr-1/status").await.payload,
        b"gone"
    );
    assert_eq!(house.messages().len(), 1);
    house.stop().await;
}

#[tokio::test]
async fn a_client_that_connects_anew_takes_over_and_the_older_ones_will_comes_first() {
    let house = house();
    let mut options = house.client("same", "secret");
    let topic = "firemain/v1/tr-1/status";
    options.set_last_will(LastWill::new(topic, "gone", QoS::AtLeastOnce, true));
    let (_older, mut older_events) = connected(options).await;
    let (client, mut events) = connected(house.client("same", "secret")).await;
    client
        .publish(topic, QoS::AtLeastOnce, false, "here")
        .await
        .unwrap();
    until(&mut events, |p| matches!(p, Packet::PubAck(_))).await;
    let cut = async { while older_events.poll().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), cut)
        .await
        .unwrap();
    let said: Vec<_> = house.messages().into_iter().map(|m| m.payload).collect();
    assert_eq!(said, [b"gone".to_vec(), b"here".to_vec()]);
    assert_eq!(house.counters.endpoint_sessions.load(Ordering::Relaxed), 1);
    house.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_named_and_nobody_is_let_in_from_beyond_without_logins() {
    let house = house();
    let start = |settings: EndpointSettings| Endpoint::start(&settings, house.parts()).err();
    let busy = start(EndpointSettings {
        listen: Some(house.address()),
        ..settings()
    })
    .unwrap();
    assert!(
        busy.to_string()
            .contains(&house.address().port().to_string()),
        "{busy}"
    );
    let beyond = Some("0.0.0.0:0".parse().unwrap());
    let open = start(EndpointSettings {
        listen: beyond,
        open: true,
        ..settings()
    });
    assert!(matches!(open, Some(EndpointError::OpenBeyondLoopback(_))));
    house.stop().await;
}
