//! The simulator at a real broker.

mod support;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::clock::SystemClock;
use firemain_domain::time::HOUR_MS;
use firemain_firmware_sim::publish::{self, Progress, PublishSettings, Speed};
use firemain_firmware_sim::{Scenario, SimSettings, Simulation, Town, TownSettings};
use support::{Mosquitto, Wire};
use tokio_util::sync::CancellationToken;

const WITHIN: Duration = Duration::from_mins(1);

fn start() -> Timestamp {
    Timestamp::parse("2026-11-23T01:00:00Z").expect("a time")
}

fn simulation(scenario: Scenario) -> Simulation {
    let town = Town::generate(&TownSettings::of_size(1, 100)).expect("a town");
    Simulation::new(town, scenario, SimSettings::from(start())).expect("a simulation")
}

/// Every message that the simulation makes until `until`, and how often.
fn made(until: Timestamp) -> HashMap<(String, Vec<u8>), i64> {
    let mut made = HashMap::new();
    simulation(Scenario::demo()).advance(until, |m| {
        *made.entry((m.topic, m.payload)).or_insert(0) += 1;
    });
    made
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let pairs = (0..hexadecimal.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("mosquitto_sub's %x"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_in_mid_publish_loses_nothing() {
    let until = start().plus_ms(6 * HOUR_MS);
    let mut missing = made(until);
    let total = missing.values().sum::<i64>() as u64;
    assert!(total > 2_000, "{total}");
    let mut broker = Mosquitto::persistent();
    let listener = ["-i", "listener", "-c", "-t", "firemain/v1/#"];
    let subscribed = broker
        .client("SUB")
        .args(listener)
        .arg("-E")
        .status()
        .expect("it runs");
    assert!(subscribed.success());

    let wire = Wire::dead_after(100_000, broker.address()).await;
    let settings = PublishSettings {
        connections: 4,
        in_flight: 50,
        speed: Speed::AsFast,
        until: Some(until),
        ..PublishSettings::to(format!("mqtt://{}", wire.address), SystemClock::shared())
    };
    let progress = Arc::new(Progress::default());
    let publishing = tokio::spawn(publish::run(
        simulation(Scenario::demo()),
        settings,
        CancellationToken::new(),
        Arc::clone(&progress),
    ));
    tokio::time::timeout(WITHIN, wire.is_dead())
        .await
        .expect("it dies in mid publish");
    // What the broker has acknowledged it writes down before it takes in the next message but one.
    for marker in ["one", "two", "three"] {
        broker.publish("marker", marker, false);
    }
    let acked = progress.stats().acked;
    assert!(
        acked > 0 && acked < total,
        "{acked} of {total} acknowledged"
    );
    broker.kill();
    broker.start_again();
    wire.mend();
    tokio::time::timeout(WITHIN, publishing)
        .await
        .expect("in time")
        .expect("no panic")
        .expect("published");
    let stats = progress.stats();
    assert_eq!((stats.sent, stats.acked), (total, total));
    assert!(stats.resent > 0, "{stats:?}");

    let mut listening = broker
        .client("SUB")
        .args(listener)
        .args(["-F", "%t %x", "-W", "30"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let lines = BufReader::new(listening.stdout.take().expect("piped")).lines();
    for line in lines {
        let line = line.expect("text");
        let (topic, payload) = line.rsplit_once(' ').expect("topic and payload");
        let message = (topic.to_owned(), bytes_of(payload));
        let left = missing
            .get_mut(&message)
            .unwrap_or_else(|| panic!("nobody made {line}"));
        *left -= 1;
        if missing.values().all(|left| *left <= 0) {
            break;
        }
    }
    let _ = listening.kill();
    listening.wait().expect("it ends");
    missing.retain(|_, left| *left > 0);
    assert!(
        missing.is_empty(),
        "{} of {total} messages are lost: {:?}",
        missing.len(),
        missing.keys().next()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_over_a_broker_is_obeyed_and_answered() {
    let broker = Mosquitto::persistent();
    let command = r#"{"id":"c1","set":{"report_interval_s":60}}"#;
    broker.publish("firemain/v1/tr-0002/command", command, true);
    // Listening before anybody speaks: the answer waits for whoever fetches it.
    let listener = ["-i", "listener", "-c", "-t", "firemain/v1/tr-0002/event"];
    let subscribed = broker
        .client("SUB")
        .args(listener)
        .arg("-E")
        .status()
        .expect("it runs");
    assert!(subscribed.success());
    let mut answer = broker
        .client("SUB")
        .args(listener)
        .args(["-C", "1", "-W", "30"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let settings = PublishSettings {
        connections: 2,
        speed: Speed::Times(600.0),
        ..PublishSettings::to(
            format!("mqtt://{}", broker.address()),
            SystemClock::shared(),
        )
    };
    let (cancel, progress) = (CancellationToken::new(), Arc::new(Progress::default()));
    let publishing = tokio::spawn(publish::run(
        simulation(Scenario::none()),
        settings,
        cancel.clone(),
        Arc::clone(&progress),
    ));
    let said = tokio::task::spawn_blocking(move || {
        let mut said = String::new();
        answer
            .stdout
            .take()
            .expect("piped")
            .read_to_string(&mut said)
            .expect("text");
        answer.wait().expect("it ends");
        said
    });
    let said = tokio::time::timeout(WITHIN, said)
        .await
        .expect("in time")
        .expect("no panic");
    cancel.cancel();
    publishing.await.expect("no panic").expect("published");
    assert!(
        said.contains(r#""event":"command_done","id":"c1","ok":true"#),
        "{said:?}"
    );
    assert!(progress.stats().commands >= 1);
}
