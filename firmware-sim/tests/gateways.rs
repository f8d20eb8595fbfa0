//! Gateways: who is behind them, what they say of themselves, and what their death takes along.

use std::collections::{BTreeMap, BTreeSet};

use firemain_domain::Timestamp;
use firemain_domain::time::{HOUR_MS, MINUTE_MS};
use firemain_firmware_sim::{
    About, Event, EventKind, Scenario, SimSettings, Simulation, Town, TownSettings,
};
use firemain_wire::CodecName;
use serde_json::Value;

fn start() -> Timestamp {
    Timestamp::parse("2026-11-23T01:00:00Z").expect("a time")
}

fn town() -> Town {
    Town::generate(&TownSettings::of_size(1, 200)).expect("a town")
}

/// Devices heard in each hour after the start.
fn heard(kind: EventKind) -> (Vec<BTreeSet<String>>, u64, Simulation) {
    let event = Event::new(kind, 2 * HOUR_MS)
        .at_source("TR-0005")
        .lasting(2 * HOUR_MS);
    let mut simulation =
        Simulation::new(town(), Scenario::of([event]), SimSettings::from(start())).expect("fits");
    let mut hours = vec![BTreeSet::new(); 8];
    let mut of_hydrant = 0;
    simulation.advance(start().plus_ms(8 * HOUR_MS - MINUTE_MS), |message| {
        if message.topic.ends_with("telemetry") {
            let hour = message.at.since_ms(start()) / HOUR_MS;
            of_hydrant += u64::from(&*message.device == "tr-0005");
            hours[hour as usize].insert(message.device.to_string());
        }
    });
    (hours, of_hydrant, simulation)
}

#[test]
fn a_dead_gateway_takes_all_its_devices_and_what_they_say_is_lost() {
    let (hours, said, simulation) = heard(EventKind::GatewayDead);
    let behind: Vec<_> = simulation
        .town()
        .behind_gateway_of("TR-0005")
        .iter()
        .map(|code| code.to_lowercase())
        .collect();
    // Draw points report every six hours only.
    let hydrants = || behind.iter().filter(|device| device.starts_with("tr-"));
    assert!(behind.len() > 15 && behind.len() <= 40, "{}", behind.len());
    assert!(behind.iter().all(|device| !hours[3].contains(device)));
    assert!(hours[3].len() > 50, "the others go on: {}", hours[3].len());
    assert!(hydrants().all(|device| hours[5..].iter().any(|h| h.contains(device))));
    let (_, kept, cut) = heard(EventKind::GatewayCut);
    assert!(kept >= said + 7, "{kept} stored, {said} lost");
    let truths = cut.truths();
    let gateway = truths
        .iter()
        .find(|t| t.about == About::Gateway)
        .expect("a truth");
    assert_eq!(gateway.members.len(), behind.len());
    assert_eq!((&*gateway.cause, gateway.page), ("gateway_cut", false));
}

#[test]
fn messages_name_their_gateway_where_their_format_can() {
    for (format, pointer) in [
        (CodecName::Chirpstack, "/rxInfo/0/gatewayId"),
        (
            CodecName::Ttn,
            "/uplink_message/rx_metadata/0/gateway_ids/gateway_id",
        ),
    ] {
        let settings = SimSettings {
            format,
            ..SimSettings::from(start())
        };
        let mut simulation =
            Simulation::new(town(), Scenario::none(), settings).expect("a simulation");
        let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        simulation.advance(start().plus_ms(HOUR_MS), |message| {
            let said: Value = serde_json::from_slice(&message.payload).expect("JSON");
            let gateway = said.pointer(pointer).and_then(Value::as_str);
            let gateway = gateway.expect("a gateway").to_owned();
            let code = message.device.to_uppercase();
            devices.entry(gateway).or_default().insert(code);
        });
        assert!(devices.len() > 4, "{format}: {}", devices.len());
        for heard in devices.values() {
            let one = heard.first().expect("a device");
            let behind = simulation.town().behind_gateway_of(one);
            assert!(
                heard.iter().all(|code| behind.contains(&&**code)),
                "{format}"
            );
        }
    }
}
