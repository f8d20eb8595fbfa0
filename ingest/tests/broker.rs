//! The receiver at a real mosquitto.
#![allow(clippy::unwrap_used)]

mod bench;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bench::{
    Mosquitto, Places, SOON, Stopwatch, hydrant, journalled, messages, number, said, settings,
    start, status, until,
};
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::clock::SystemClock;
use firemain_domain::judging::Control;
use firemain_store::intake::Why;
use firemain_store::journal::Body;
use firemain_store::register::endpoint::NewCommand;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};

const LARGE: u64 = 2_000_000_000;
const TOPIC: &str = "firemain/v1/H-1/telemetry";

fn lines(from: usize, count: usize) -> Vec<String> {
    (from..from + count)
        .map(|n| format!(r#"{{"seq":{n},"pressure_kpa":215.5}}"#))
        .collect()
}

fn publish(broker: &Mosquitto, lines: &[String]) {
    broker.publish_lines(TOPIC, lines.iter().map(String::as_str));
}

fn drained(stores: &firemain_ingest::Stores) -> bool {
    let is = |control: &Control| matches!(control, Control::Drained);
    let newest = journalled(stores)
        .into_iter()
        .rev()
        .find_map(|envelope| match envelope.body {
            Body::Control(Control::Heartbeat { .. }) | Body::Message(_) => None,
            Body::Control(control) => Some(control),
        });
    newest.as_ref().is_some_and(is)
}

async fn drains(broker: Mosquitto, count: usize) -> f64 {
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is drained", SOON, || drained(&stores));
    receiver.stop().await;
    let lines = lines(0, count);
    // mosquitto cuts a publisher off, as out of memory, that is many thousands ahead of it.
    for some in lines.chunks(20_000) {
        publish(&broker, some);
    }
    let watch = Stopwatch::start();
    let receiver = start(settings(&broker.url()), &stores).await;
    until("everything is journalled", Duration::from_mins(1), || {
        receiver
            .counters()
            .acked
            .load(std::sync::atomic::Ordering::Relaxed)
            >= count as u64
    });
    let rate = count as f64 / watch.elapsed().as_secs_f64();
    let said = said(&stores);
    assert_eq!(said.len(), count);
    assert!(said.values().all(|times| *times == 1));
    receiver.stop().await;
    rate
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_drained_without_loss() {
    let broker = Mosquitto::builder()
        .max_inflight(20_000)
        .max_queued(0)
        .start();
    println!(
        "window 20,000: {:.0} messages/s",
        drains(broker, 100_000).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_window_of_twenty_flows() {
    let broker = Mosquitto::builder().max_queued(0).start();
    let rate = drains(broker, 30_000).await;
    println!("window 20: {rate:.0} messages/s");
    assert!(rate > 3_000.0, "{rate} messages/s: it waits for something");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_in_mid_stream_loses_nothing_acknowledged() {
    let mut broker = Mosquitto::builder().persistent().max_queued(0).start();
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is drained", SOON, || drained(&stores));
    let before = lines(0, 3_000);
    publish(&broker, &before);
    until("some are here", SOON, || !messages(&stores).is_empty());
    broker.kill9();
    until("the loss is told", SOON, || {
        status(&stores, "receive").is_some_and(|s| !s.well)
    });
    broker.start_again();
    until("the receiver is back", SOON, || {
        status(&stores, "receive").is_some_and(|s| s.well)
    });
    let after = lines(3_000, 1_000);
    publish(&broker, &after);
    until("everything is here", SOON, || said(&stores).len() == 4_000);
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oversize_and_unreadable_messages_go_to_quarantine_and_the_next_ones_come() {
    let broker = Mosquitto::start();
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is drained", SOON, || drained(&stores));
    broker.publish_bytes(TOPIC, &vec![b'x'; 300_000]);
    broker.publish(TOPIC, "no json");
    broker.publish(TOPIC, r#"{"seq":1,"pressure_kpa":1}"#);
    let quarantined = |why| stores.intake.quarantined(Some(why), None, 10).unwrap();
    until("the oversize is aside", SOON, || {
        quarantined(Why::TooLarge).len() == 1
    });
    until("the unreadable is aside", SOON, || {
        quarantined(Why::Undecodable).len() == 1
    });
    until("the stranger is known", SOON, || {
        stores.intake.stranger("H-1").unwrap().is_some()
    });
    assert_eq!(messages(&stores)[0].cut_from, Some(300_000));
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_stranger_is_adopted_with_the_time_of_its_first_receipt() {
    let broker = Mosquitto::start();
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is drained", SOON, || drained(&stores));
    broker.publish(TOPIC, r#"{"seq":1,"pressure_kpa":215.5}"#);
    until("the stranger is known", SOON, || {
        stores.intake.stranger("H-1").unwrap().is_some()
    });
    let now = Timestamp::from_ms(1_764_000_000_000);
    let change = Change::SourceSet {
        source: Box::new(hydrant("H-1")),
    };
    stores.register.change("test", now, &[change]).unwrap();
    until("its message is journalled again", SOON, || {
        messages(&stores).len() == 2
    });
    until("it is no stranger", SOON, || {
        stores.intake.stranger("H-1").unwrap().is_none()
    });
    assert!(messages(&stores)[1].first_received_at.is_some());
    until("its point is archived", SOON, || {
        number(&stores, "archive", "archived_points_total") >= 1.0
    });
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_said_before_it_took_anothers_place_is_not_its_sources() {
    let broker = Mosquitto::start();
    let places = Places::new();
    let stores = places.stores(LARGE);
    let mut source = hydrant("H-1");
    source.device = Some("OLD".into());
    let set = |source| Change::SourceSet {
        source: Box::new(source),
    };
    let now = Timestamp::from_ms(1_764_000_000_000);
    stores
        .register
        .change("test", now, &[set(source.clone())])
        .unwrap();
    let receiver = start(settings(&broker.url()), &stores).await;
    until("the receiver is drained", SOON, || drained(&stores));
    broker.publish(TOPIC, r#"{"seq":1,"pressure_kpa":11.0}"#);
    until("the stranger is known", SOON, || {
        stores.intake.stranger("H-1").unwrap().is_some()
    });
    source.device = Some("H-1".into());
    let replaced = Change::DeviceReplaced {
        source: source.code.clone(),
        old: "OLD".to_owned(),
        new: "H-1".to_owned(),
        at: SystemClock::shared().now().plus_ms(1),
        reason: "battery".to_owned(),
    };
    stores
        .register
        .change("test", now, &[replaced, set(source)])
        .unwrap();
    until("it is no stranger", SOON, || {
        stores.intake.stranger("H-1").unwrap().is_none()
    });
    broker.publish(TOPIC, r#"{"seq":2,"pressure_kpa":215.5}"#);
    until("what it says now is archived", SOON, || {
        number(&stores, "archive", "archived_points_total") >= 1.0
    });
    let heard = messages(&stores);
    assert_eq!(heard.len(), 2, "the first was not journalled again");
    assert!(
        heard
            .iter()
            .all(|message| message.first_received_at.is_none())
    );
    receiver.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_told_and_the_receiver_goes_on() {
    let places = Places::new();
    let stores = places.stores(LARGE);
    let receiver = start(settings("mqtt://127.0.0.1:1"), &stores).await;
    until("the status says so", SOON, || {
        status(&stores, "receive").is_some_and(|s| s.complaint.contains("[mqtt] url"))
    });
    receiver.stop().await;
}

/// The topics of what comes to a client that has subscribed.
async fn listening(broker: &Mosquitto, topic: &str) -> Arc<Mutex<Vec<String>>> {
    let address = broker.address();
    let options = MqttOptions::new("device", address.ip().to_string(), address.port());
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe(topic, QoS::AtLeastOnce).await.unwrap();
    while !matches!(
        events.poll().await.unwrap(),
        Event::Incoming(Packet::SubAck(_))
    ) {}
    let heard = Arc::new(Mutex::new(Vec::new()));
    let topics = Arc::clone(&heard);
    tokio::spawn(async move {
        // The client goes with its task.
        let _client = client;
        while let Ok(event) = events.poll().await {
            if let Event::Incoming(Packet::Publish(message)) = event {
                topics.lock().unwrap().push(message.topic);
            }
        }
    });
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_goes_to_the_broker_once_and_its_answer_settles_it() {
    let broker = Mosquitto::builder().start();
    let places = Places::new();
    let stores = places.stores(LARGE);
    let change = Change::SourceSet {
        source: Box::new(hydrant("H-1")),
    };
    let now = SystemClock::shared().now();
    stores.register.change("test", now, &[change]).unwrap();
    let heard = listening(&broker, "firemain/v1/+/command").await;
    let receiver = start(settings(&broker.url()), &stores).await;
    let number = stores
        .register
        .enqueue_command(&NewCommand {
            device: "H-1".into(),
            id: "c-1".into(),
            body: r#"{"id":"c-1"}"#.into(),
            created_at: now,
            expires_at: now.plus_ms(3_600_000),
        })
        .unwrap();
    let row = || stores.register.command(number).unwrap().unwrap();
    until("the broker has it", SOON, || row().published_at.is_some());
    until("the device has it", SOON, || {
        !heard.lock().unwrap().is_empty()
    });
    assert!(row().delivered_at.is_none(), "that only the device says");
    receiver.stop().await;

    let receiver = start(settings(&broker.url()), &stores).await;
    let answer = r#"{"event":"command_done","id":"c-1","ok":true}"#;
    broker.publish("firemain/v1/H-1/event", answer);
    until("the answer settles it", SOON, || {
        row().answered_at.is_some()
    });
    assert_eq!(row().ok, Some(true));
    let topics = heard.lock().unwrap().clone();
    assert_eq!(
        topics,
        ["firemain/v1/H-1/command"],
        "once, also after a restart"
    );
    receiver.stop().await;
}
