//! Every JSON example in the guide for device makers is read by the codec it is written for.
#![allow(clippy::unwrap_used)]

use firemain_domain::Timestamp;
use firemain_wire::{CodecName, Decoder, Encoder, Limits, Subscription};

const GUIDE: &str = include_str!("../../docs/wire.md");
const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);

/// The fenced examples: what they are of, and their text.
fn examples() -> Vec<(&'static str, &'static str)> {
    let fenced = GUIDE.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

#[test]
fn every_json_example_is_read() {
    let mut seen = Vec::new();
    for (what, text) in examples() {
        let Some(name) = what.strip_prefix("json") else {
            continue;
        };
        let name = name.trim();
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        if name == "command" {
            assert!(json["id"].is_string() && json["set"].is_object());
            continue;
        }
        let codec = CodecName::ALL.into_iter().find(|c| c.name() == name);
        let codec = codec.unwrap_or_else(|| panic!("an example is of no codec: {what:?}"));
        let (topic, mut subscriptions) = match codec {
            CodecName::Native => ("firemain/v1/TR-0412/telemetry", Subscription::defaults()),
            CodecName::SenmlJson => ("senml/json/x", Encoder::subscription(codec)),
            CodecName::Chirpstack => (
                "application/1/device/a/event/up",
                Encoder::subscription(codec),
            ),
            CodecName::Ttn => ("v3/a@t/devices/a/up", Encoder::subscription(codec)),
            _ => ("acme/a/data", mapped()),
        };
        if codec == CodecName::Ttn {
            for subscription in &mut subscriptions {
                subscription.fields.clear();
            }
        }
        let mut decoder = Decoder::new(subscriptions, Limits::default());
        let report = decoder
            .decode(topic, text.trim().as_bytes(), NOW)
            .unwrap()
            .reports
            .remove(0);
        let says =
            report.samples.len() + report.events.len() + usize::from(report.online.is_some());
        assert!(says > 0, "{text} says nothing");
        assert_eq!(report.unknown_fields, 0, "{text}");
        seen.push(codec);
    }
    assert!(seen.len() >= 10, "the examples are found: {seen:?}");
}

#[test]
fn every_quantity_is_explained() {
    for quantity in firemain_domain::Quantity::ALL {
        assert!(
            GUIDE.contains(&format!("`{}`", quantity.name())),
            "{quantity}"
        );
    }
}

fn mapped() -> Vec<Subscription> {
    let json = r#"{"topic":"acme/+/data","codec":"mapped","device":"topic:1","fields":[
        {"pointer":"/ts","quantity":"at"},{"pointer":"/n","quantity":"seq"},
        {"pointer":"/p","quantity":"pressure_kpa","unit":"bar"}]}"#;
    vec![serde_json::from_str(json).unwrap()]
}
