//! What devices say when their counters wrap, their clocks are wrong or they repeat themselves.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use firemain_firmware_sim::{
    Fault, Scenario, SimMessage, SimSettings, Simulation, Town, TownSettings,
};
use serde_json::Value;

fn start() -> Timestamp {
    Timestamp::parse("2026-11-23T01:00:00Z").expect("a time")
}

fn simulation(sources: usize) -> Simulation {
    let town = Town::generate(&TownSettings::of_size(1, sources)).expect("a town");
    Simulation::new(town, Scenario::none(), SimSettings::from(start())).expect("a simulation")
}

fn run(simulation: &mut Simulation, ms: i64) -> Vec<SimMessage> {
    let mut messages = Vec::new();
    simulation.advance(simulation.now().plus_ms(ms), |message| {
        messages.push(message);
    });
    messages
}

fn telemetry<'a>(
    messages: &'a [SimMessage],
    device: &'a str,
) -> impl Iterator<Item = (&'a SimMessage, Value)> {
    let own = messages
        .iter()
        .filter(move |m| &*m.device == device && m.topic.ends_with("/telemetry"));
    own.map(|m| (m, serde_json::from_slice(&m.payload).expect("JSON")))
}

/// The newest reading of a message: itself, or the last of its array.
fn newest(message: &Value) -> &Value {
    message["readings"]
        .as_array()
        .and_then(|all| all.last())
        .unwrap_or(message)
}

/// How far the device's clock is ahead of each message's arrival, ms.
fn ahead(messages: &[SimMessage], device: &str) -> Vec<i64> {
    telemetry(messages, device)
        .map(|(m, said)| newest(&said)["at"].as_i64().expect("at") - m.at.ms())
        .collect()
}

#[test]
fn a_water_meter_wraps_at_100_000_cubic_metres() {
    let mut simulation = simulation(400);
    let mut totals = BTreeMap::new();
    for message in run(&mut simulation, HOUR_MS) {
        let said: Value = serde_json::from_slice(&message.payload).expect("JSON");
        if let Some(total) = newest(&said)["volume_total_m3"].as_f64() {
            totals.insert(message.device, total);
        }
    }
    let (device, before) = totals
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("a meter");
    let left = 100_000.0 - before;
    assert!(left < 3_000.0, "{left} m³ are too many to draw in a test");
    simulation
        .open_hydrant(&device.to_uppercase(), 15.0)
        .expect("a hydrant");
    let hours = (left / (15.0 * 3.6)).ceil() as i64 + 2;
    let messages = run(&mut simulation, hours * HOUR_MS);
    let counted: Vec<f64> = telemetry(&messages, &device)
        .filter_map(|(_, said)| newest(&said)["volume_total_m3"].as_f64())
        .collect();
    assert!(counted.iter().all(|total| (0.0..100_000.0).contains(total)));
    let wraps: Vec<_> = counted
        .windows(2)
        .filter(|pair| pair[1] < pair[0])
        .collect();
    assert_eq!(wraps.len(), 1, "{device} wraps once");
    assert!(
        wraps[0][0] > 99_990.0 && wraps[0][1] < 10.0,
        "{:?}",
        wraps[0]
    );
}

#[test]
fn a_sequence_wraps_at_65_536() {
    let mut simulation = simulation(400);
    let mut newest = BTreeMap::new();
    for message in run(&mut simulation, HOUR_MS) {
        let said: Value = serde_json::from_slice(&message.payload).expect("JSON");
        if let Some(seq) = said["seq"]
            .as_u64()
            .filter(|_| message.device.starts_with("tr-"))
        {
            newest.insert(message.device, seq);
        }
    }
    let (device, before) = newest
        .into_iter()
        .max_by_key(|(_, seq)| *seq)
        .expect("a device");
    let left = 65_536 - before as i64;
    assert!(
        left < 1_000,
        "{left} messages are too many to wait for in a test"
    );
    let topic = format!("firemain/v1/{device}/command");
    simulation.receive(&topic, br#"{"id":"fast","set":{"report_interval_s":60}}"#);
    let messages = run(&mut simulation, (left + 30) * MINUTE_MS);
    let own = messages
        .iter()
        .filter(|m| m.device == device && !m.topic.ends_with("/status"));
    let said: Vec<u64> = own
        .map(|m| {
            serde_json::from_slice::<Value>(&m.payload).expect("JSON")["seq"]
                .as_u64()
                .expect("a number")
        })
        .collect();
    assert!(
        said.windows(2)
            .all(|pair| pair[1] == (pair[0] + 1) % 65_536),
        "{said:?}"
    );
    assert!(said.contains(&65_535) && said.contains(&0));
}

#[test]
fn a_healthy_clock_is_right_within_seconds_and_runs_off_between_settings() {
    let messages = run(&mut simulation(100), DAY_MS);
    let clocks: Vec<_> = (1..=80)
        .map(|n| ahead(&messages, &format!("tr-{n:04}")))
        .collect();
    assert!(
        clocks
            .iter()
            .flatten()
            .all(|ms| (-9_000..4_000).contains(ms))
    );
    let runs_off = |ms: &Vec<i64>| {
        ms.iter()
            .max()
            .zip(ms.iter().min())
            .is_some_and(|(high, low)| high - low > 500)
    };
    assert!(clocks.iter().filter(|ms| runs_off(ms)).count() > 40);
}

#[test]
fn a_skewed_clock_shows_in_what_is_said_until_it_is_mended() {
    for seconds in [1_800.0, -7_200.0] {
        let mut simulation = simulation(100);
        run(&mut simulation, HOUR_MS);
        let fault = Fault::ClockSkew(seconds);
        simulation.fault("TR-0004", fault).expect("a source");
        let skewed = ahead(&run(&mut simulation, 3 * HOUR_MS), "tr-0004");
        assert!(skewed.len() >= 10);
        assert!(
            skewed
                .iter()
                .all(|ms| (*ms as f64 - seconds * 1_000.0).abs() < 10_000.0),
            "{skewed:?}"
        );
        simulation.repair("TR-0004", &fault).expect("a source");
        let mended = ahead(&run(&mut simulation, 3 * HOUR_MS), "tr-0004");
        assert!(mended.iter().all(|ms| ms.abs() < 10_000), "{mended:?}");
        let truths = simulation.truths();
        assert!(
            truths
                .iter()
                .any(|t| t.what == "clock" && t.cause == "sensor_clock_skew" && t.until.is_some())
        );
    }
}

#[test]
fn a_clock_that_was_never_set_begins_in_1970() {
    let mut simulation = simulation(100);
    run(&mut simulation, HOUR_MS);
    simulation
        .fault("TR-0004", Fault::Clock1970)
        .expect("a source");
    let messages = run(&mut simulation, 3 * HOUR_MS);
    let times: Vec<_> = telemetry(&messages, "tr-0004")
        .map(|(_, said)| newest(&said)["at"].as_i64().expect("at"))
        .collect();
    assert!(times.len() >= 10);
    assert!(times.iter().all(|ms| (0..DAY_MS).contains(ms)), "{times:?}");
    assert!(times.is_sorted());
}

#[test]
fn a_device_that_repeats_itself_sends_each_message_twice() {
    let mut simulation = simulation(100);
    run(&mut simulation, HOUR_MS);
    simulation
        .fault("TR-0004", Fault::Duplicate)
        .expect("a source");
    let messages = run(&mut simulation, 3 * HOUR_MS);
    let mut copies = BTreeMap::new();
    for (message, _) in telemetry(&messages, "tr-0004") {
        *copies.entry(&message.payload).or_insert(0) += 1;
    }
    // The very last may still be on its way.
    let once = copies.values().filter(|n| **n == 1).count();
    assert!(copies.len() >= 10 && once <= 1, "{copies:?}");
    assert!(copies.values().all(|n| *n <= 2));
    assert!(telemetry(&messages, "tr-0005").count() >= 10);
}

#[test]
fn a_wrong_scale_and_an_offset_show_in_the_pressure() {
    let mut simulation = simulation(100);
    run(&mut simulation, HOUR_MS);
    simulation
        .fault("TR-0004", Fault::WrongScale(0.1))
        .expect("a source");
    simulation
        .fault("TR-0005", Fault::Offset(-40.0))
        .expect("a source");
    let messages = run(&mut simulation, HOUR_MS);
    for (code, device, expected) in [
        ("TR-0004", "tr-0004", (0.1, 0.0)),
        ("TR-0005", "tr-0005", (1.0, -40.0)),
    ] {
        let truth = simulation
            .true_water(code)
            .expect("a source")
            .pressure_kpa
            .expect("a pressure");
        let (_, said) = telemetry(&messages, device).last().expect("a message");
        let value = newest(&said)["pressure_kpa"].as_f64().expect("a pressure");
        assert!(
            (value - (truth * expected.0 + expected.1)).abs() < 25.0,
            "{code}: {value} of {truth}"
        );
    }
}

#[test]
fn a_calibration_is_added_from_then_on_and_a_limit_crossed_is_told_at_once() {
    let pressures = |messages: &[SimMessage]| -> Vec<f64> {
        telemetry(messages, "tr-0004")
            .filter_map(|(_, said)| newest(&said)["pressure_kpa"].as_f64())
            .collect()
    };
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let after = |set: &str| {
        let mut simulation = simulation(100);
        run(&mut simulation, HOUR_MS);
        let command = format!(r#"{{"id":"c","set":{{{set}}}}}"#);
        simulation.receive("firemain/v1/tr-0004/command", command.as_bytes());
        let messages = run(&mut simulation, 6 * HOUR_MS);
        let answer = messages
            .iter()
            .find(|m| &*m.device == "tr-0004" && m.topic.ends_with("/event"))
            .map(|m| serde_json::from_slice::<Value>(&m.payload).expect("JSON"));
        assert_eq!(answer.expect("an answer")["ok"], true, "{set}");
        pressures(&messages)
    };
    let as_it_was = after(r#""sample_interval_s":60"#);
    let calibrated = after(r#""calibration_offset_kpa":-50"#);
    let moved = mean(&calibrated) - mean(&as_it_was);
    assert!((moved + 50.0).abs() < 5.0, "{moved}");
    // Pressure passes its middle many times a day, and not by little.
    let watched = after(&format!(
        r#""sample_interval_s":60,"threshold_low_kpa":{}"#,
        mean(&as_it_was)
    ));
    assert!(
        watched.len() > as_it_was.len(),
        "{} reports, {} without limits",
        watched.len(),
        as_it_was.len()
    );
}
