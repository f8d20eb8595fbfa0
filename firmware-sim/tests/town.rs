//! The simulated town as a test or a demo uses it: water, devices, truth, recordings.

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::quantity::Quantity;
use firemain_domain::report::Report;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use firemain_firmware_sim::{
    Cut, Event, EventKind, Fault, Scenario, SimMessage, SimSettings, Simulation, Town,
    TownSettings, record,
};
use firemain_wire::{CodecName, Decoder, Encoder, Limits};

fn start() -> Timestamp {
    Timestamp::parse("2026-11-23T01:00:00Z").expect("a time")
}

fn town() -> Town {
    Town::generate(&TownSettings::of_size(1, 100)).expect("a town")
}

fn simulation(scenario: Scenario) -> Simulation {
    Simulation::new(town(), scenario, SimSettings::from(start())).expect("a simulation")
}

fn run(simulation: &mut Simulation, ms: i64) -> Vec<SimMessage> {
    let mut messages = Vec::new();
    simulation.advance(simulation.now().plus_ms(ms), |message| {
        messages.push(message);
    });
    messages
}

fn pressure(simulation: &mut Simulation, code: &str) -> f64 {
    simulation
        .true_water(code)
        .expect("a source")
        .pressure_kpa
        .expect("a pressure")
}

fn reports(messages: &[SimMessage], format: CodecName) -> Vec<(SimMessage, Report)> {
    let mut decoder = Decoder::new(Encoder::subscription(format), Limits::default());
    let mut reports = Vec::new();
    for message in messages {
        let decoded = decoder
            .decode(&message.topic, &message.payload, message.at)
            .expect("decodes");
        assert!(decoded.rebirths.is_empty(), "{}", message.topic);
        reports.extend(
            decoded
                .reports
                .into_iter()
                .map(|report| (message.clone(), report)),
        );
    }
    reports
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_whatever_steps() {
    let mut whole = simulation(Scenario::demo());
    let mut chunks = simulation(Scenario::demo());
    let expected = run(&mut whole, 6 * HOUR_MS);
    let mut found = Vec::new();
    for step in 0_i64.. {
        let left = 6 * HOUR_MS - chunks.now().since_ms(start());
        if left == 0 {
            break;
        }
        found.extend(run(&mut chunks, (1 + step * 37_777 % 900_000).min(left)));
    }
    assert!(expected.len() > 2_000, "{}", expected.len());
    assert_eq!(found.len(), expected.len());
    assert!(found == expected);
    assert_eq!(chunks.truths(), whole.truths());
    assert!(expected.is_sorted_by_key(|message| message.at));
}

#[test]
fn opening_a_hydrant_lowers_its_neighbours() {
    let mut opened = simulation(Scenario::none());
    let mut calm = simulation(Scenario::none());
    run(&mut opened, HOUR_MS);
    run(&mut calm, HOUR_MS);
    opened.open_hydrant("TR-0003", 30.0).expect("a hydrant");
    run(&mut opened, 20 * MINUTE_MS);
    run(&mut calm, 20 * MINUTE_MS);
    assert!(opened.true_water("TR-0003").expect("a source").flow_lps > Some(20.0));
    let codes: Vec<String> = opened
        .town()
        .sources()
        .iter()
        .take(40)
        .map(|s| s.code.to_string())
        .collect();
    let lowered = codes
        .iter()
        .filter(|code| pressure(&mut calm, code) - pressure(&mut opened, code) > 1.0)
        .count();
    assert!(lowered >= 10, "only {lowered} were lowered");
    let truths = opened.truths();
    assert!(
        truths
            .iter()
            .any(|t| &*t.source == "TR-0003" && t.what == "in_use" && t.cause == "fire")
    );
}

#[test]
fn a_burst_drains_its_zone_and_the_truth_says_so() {
    let mut simulation = simulation(Scenario::none());
    run(&mut simulation, HOUR_MS);
    simulation.burst("TR-0001", 400.0).expect("a hydrant");
    run(&mut simulation, 2 * HOUR_MS);
    let required = 98.1;
    let truths = simulation.truths();
    let low: Vec<_> = truths
        .iter()
        .filter(|t| t.what == "low_static" && t.until.is_none())
        .collect();
    assert!(low.len() >= 3, "{truths:?}");
    for truth in &low {
        assert_eq!(truth.cause, "burst");
        assert!(pressure(&mut simulation, &truth.source) < required);
    }
    simulation.mend("TR-0001").expect("a hydrant");
    run(&mut simulation, HOUR_MS);
    assert!(pressure(&mut simulation, "TR-0001") > required);
    assert!(
        simulation
            .truths()
            .iter()
            .filter(|t| t.what == "low_static")
            .all(|t| t.until.is_some())
    );
}

#[test]
fn a_shut_main_runs_dry_and_is_critical() {
    let event = Event::new(EventKind::ClosedMain, HOUR_MS)
        .at_source("TR-0005")
        .lasting(3 * HOUR_MS);
    let mut simulation = simulation(Scenario::of([event]));
    run(&mut simulation, 2 * HOUR_MS);
    assert!(pressure(&mut simulation, "TR-0005") < 30.0);
    run(&mut simulation, 3 * HOUR_MS);
    assert!(pressure(&mut simulation, "TR-0005") > 98.1);
    let truths = simulation.truths();
    let dry = truths
        .iter()
        .find(|t| &*t.source == "TR-0005" && t.what == "low_static")
        .expect("a truth");
    assert_eq!(dry.severity, Some(Severity::Critical));
    assert_eq!(dry.from, start().plus_ms(HOUR_MS));
    assert_eq!(dry.until, Some(start().plus_ms(4 * HOUR_MS)));
}

#[test]
fn what_was_stored_in_an_outage_is_all_sent_late_and_in_order() {
    let mut cut = simulation(Scenario::none());
    let mut whole = simulation(Scenario::none());
    let before = run(&mut cut, HOUR_MS);
    cut.cut_network(Cut::Zone("KV-01")).expect("a zone");
    let during = run(&mut cut, 5 * HOUR_MS);
    let zone: Vec<_> = cut
        .town()
        .sources()
        .iter()
        .filter(|s| s.zone.as_deref() == Some("KV-01"))
        .collect();
    let devices: Vec<_> = zone.iter().filter_map(|s| s.device.clone()).collect();
    let silent = during
        .iter()
        .skip_while(|m| m.at.since_ms(start()) < HOUR_MS + 10_000);
    assert!(
        silent
            .filter(|m| devices.contains(&m.device))
            .all(|m| m.topic.ends_with("/status"))
    );
    assert!(cut.counts().kept > 100);
    cut.restore_network(Cut::Zone("KV-01")).expect("a zone");
    let after = run(&mut cut, 2 * HOUR_MS);
    assert_eq!((cut.counts().kept, cut.counts().thrown_away), (0, 0));
    let payloads = |messages: &[SimMessage]| {
        let telemetry = messages.iter().filter(|m| m.topic.ends_with("/telemetry"));
        let mut payloads: Vec<_> = telemetry
            .map(|m| (m.device.clone(), m.payload.clone()))
            .collect();
        payloads.sort();
        payloads
    };
    let all = run(&mut whole, 8 * HOUR_MS);
    let got: Vec<_> = before.into_iter().chain(during).chain(after).collect();
    assert_eq!(payloads(&got), payloads(&all));
    let device = &devices[0];
    let of: Vec<_> = reports(&got, CodecName::Native)
        .into_iter()
        .filter(|(m, _)| m.device == *device)
        .collect();
    let times: Vec<_> = of
        .iter()
        .flat_map(|(_, r)| r.samples.iter().filter_map(|s| s.at))
        .collect();
    assert!(times.is_sorted());
    let lateness = of.iter().flat_map(|(m, r)| {
        r.samples
            .iter()
            .filter_map(|s| s.at.map(|at| m.at.since_ms(at)))
    });
    assert!(lateness.max() > Some(4 * HOUR_MS));
}

#[test]
fn every_format_says_the_same_values() {
    let values = |format: CodecName| {
        let settings = SimSettings {
            format,
            ..SimSettings::from(start())
        };
        let mut simulation =
            Simulation::new(town(), Scenario::none(), settings).expect("a simulation");
        let messages = run(&mut simulation, 3 * HOUR_MS);
        let mut values = std::collections::BTreeMap::new();
        for (message, report) in reports(&messages, format) {
            assert_eq!(report.device, message.device);
            for sample in &report.samples {
                for quantity in [Quantity::PressureKpa, Quantity::LevelM, Quantity::BatteryV] {
                    if let Some(value) = sample.get(quantity) {
                        values.insert((report.device.clone(), sample.at, quantity), value);
                    }
                }
            }
        }
        values
    };
    let native = values(CodecName::Native);
    assert!(native.len() > 1_000, "{}", native.len());
    for format in CodecName::ALL {
        let other = values(format);
        // The Things Stack leaves out what is zero, so its decoder reads every mapped field that is
        // absent as zero: a hydrant's level too. What was measured must be there, unchanged.
        for (key, value) in &native {
            let said = other.get(key).copied();
            assert!(
                said.is_some_and(|said| (said - value).abs() < 1e-6),
                "{format} {key:?}: {value} {said:?}"
            );
        }
    }
}

#[test]
fn a_dead_battery_falls_silent_and_its_silence_is_true() {
    let mut simulation = simulation(Scenario::none());
    run(&mut simulation, HOUR_MS);
    simulation
        .fault("TR-0007", Fault::DeadBattery(1.0))
        .expect("a source");
    let messages = run(&mut simulation, 2 * DAY_MS);
    let last = messages
        .iter()
        .rfind(|m| &*m.device == "tr-0007")
        .expect("a last will");
    assert_eq!(
        (&*last.payload, last.retain),
        (b"{\"online\":false}".as_slice(), true)
    );
    let truths = simulation.truths();
    let stale = truths
        .iter()
        .find(|t| &*t.source == "TR-0007" && t.what == "stale")
        .expect("a truth");
    assert_eq!((&*stale.cause, stale.until), ("sensor_dead_battery", None));
    assert!(
        truths
            .iter()
            .any(|t| t.what == "device" && t.cause == "sensor_dead_battery")
    );
}

#[test]
fn a_command_is_obeyed_and_answered() {
    let mut simulation = simulation(Scenario::none());
    run(&mut simulation, HOUR_MS);
    simulation.receive(
        "firemain/v1/tr-0002/command",
        br#"{"id":"c1","set":{"report_interval_s":60}}"#,
    );
    let messages = run(&mut simulation, HOUR_MS);
    let own: Vec<_> = messages
        .iter()
        .filter(|m| &*m.device == "tr-0002")
        .collect();
    let answer = own
        .iter()
        .find(|m| m.topic == "firemain/v1/tr-0002/event")
        .expect("an answer");
    assert!(
        String::from_utf8_lossy(&answer.payload)
            .contains(r#""event":"command_done","id":"c1","ok":true"#)
    );
    assert!(own.len() >= 55, "{}", own.len());
}

#[test]
fn a_tank_that_is_drawn_from_is_low_as_long_as_its_water_is() {
    let tank = "BN-0001";
    let event = Event::new(EventKind::TankDraw, HOUR_MS)
        .at_source(tank)
        .of_size(60.0)
        .lasting(2 * HOUR_MS);
    let mut simulation = simulation(Scenario::of([event]));
    run(&mut simulation, 6 * HOUR_MS);
    let truths = simulation.truths();
    let low = truths
        .iter()
        .find(|t| &*t.source == tank && t.what == "tank_low")
        .expect("a truth");
    assert_eq!((low.until, &*low.cause), (None, "tank_draw"));
    assert!(
        truths
            .iter()
            .any(|t| &*t.source == tank && t.what == "tank_drawoff" && t.until.is_some())
    );
}

#[test]
fn a_scenario_that_does_not_fit_the_town_says_where_and_what_to_do() {
    let error = |text: &str| {
        let scenario = Scenario::from_toml(text).expect("a scenario");
        Simulation::new(town(), scenario, SimSettings::from(start()))
            .expect_err("an error")
            .to_string()
    };
    let error = |event: &str| error(&format!("\n[[event]]\nat = \"1m\"\n{event}\n"));
    let unknown = error("kind = \"fire\"\nsource = \"TR-9999\"");
    assert!(
        unknown.contains("line 2") && unknown.contains("TR-9999") && unknown.contains("TR-0001"),
        "{unknown}"
    );
    assert!(error("kind = \"tank_leak\"\nsource = \"TR-0001\"").contains("hydrant"));
    assert!(error("kind = \"pump_stop\"\nzone = \"KV-77\"").contains("KV-01"));
}

#[test]
fn a_recording_is_ordered_and_holds_every_message() {
    let settings = SimSettings {
        format: CodecName::SenmlCbor,
        ..SimSettings::from(start())
    };
    let mut simulation = Simulation::new(town(), Scenario::none(), settings).expect("a simulation");
    let mut bytes = Vec::new();
    let written =
        record::write(&mut simulation, start().plus_ms(HOUR_MS), &mut bytes).expect("memory");
    let lines: Vec<serde_json::Value> = bytes
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("json"))
        .collect();
    assert_eq!(lines.len() as u64, written);
    let times: Vec<_> = lines
        .iter()
        .map(|l| Timestamp::parse(l["received_at"].as_str().expect("a time")))
        .collect();
    assert!(times.is_sorted());
    assert!(lines.iter().any(|l| l["payload_base64"].is_string()));
}

#[test]
fn the_demo_shows_everything_and_a_day_of_it_is_quick() {
    let town = Town::generate(&TownSettings::default()).expect("a town");
    let settings = SimSettings::from(start());
    let mut simulation =
        Simulation::new(town, Scenario::demo_after(DAY_MS), settings).expect("a simulation");
    run(&mut simulation, DAY_MS + 30 * MINUTE_MS);
    let truths = simulation.truths();
    let recent = |t: &firemain_firmware_sim::Truth| {
        t.from >= start().plus_ms(DAY_MS) && t.severity >= Some(Severity::Minor)
    };
    assert!(
        truths
            .iter()
            .any(|t| recent(t) && t.from < start().plus_ms(DAY_MS + 2 * MINUTE_MS)),
        "{truths:#?}"
    );
    for what in [
        "low_static",
        "in_use",
        "spike",
        "device",
        "tank_leak",
        "tank_drawoff",
    ] {
        assert!(truths.iter().any(|t| t.what == what), "no {what}");
    }
    assert_eq!(simulation.counts().unsolved, 0);
}
