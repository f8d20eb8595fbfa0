//! Messages as standards and vendors write them, and what must come of them.
#![allow(clippy::unwrap_used)]

use firemain_domain::report::{EventKind, Mark, Report};
use firemain_domain::{Quantity, Timestamp};
use firemain_wire::{CodecName, Decoder, Encoder, Limits, Outgoing, Refusal, Subscription, TopicFilter};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);

fn decoder(codec: CodecName) -> Decoder {
    let topic = TopicFilter::new("#").unwrap();
    Decoder::new(vec![Subscription::new(topic, codec)], Limits::default())
}

fn one(codec: CodecName, topic: &str, payload: &[u8]) -> Report {
    let decoded = decoder(codec).decode(topic, payload, NOW).unwrap();
    assert_eq!(decoded.reports.len(), 1);
    decoded.reports.into_iter().next().unwrap()
}

fn native(payload: &str) -> Result<Report, Refusal> {
    let decoded = decoder(CodecName::Native).decode("firemain/v1/TR-1/telemetry", payload.as_bytes(), NOW);
    decoded.map(|d| d.reports.into_iter().next().unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn native_telemetry_is_read_flat_and_in_readings() {
    let flat = native(r#"{"at":1764000000000,"seq":1234,"pressure_kpa":215.0,"flow_lps":0.0,"level_m":1.82,"battery_v":3.61}"#).unwrap();
    assert_eq!(&*flat.device, "TR-1");
    assert_eq!(flat.mark, Mark::Sequence(1234));
    assert_eq!(flat.samples[0].at, Some(NOW));
    assert_eq!(flat.samples[0].get(Quantity::LevelM), Some(1.82));
    let many = native(r#"{"seq":7,"readings":[{"at":"2025-11-24T16:00:00Z","pressure_kpa":215.0},{"pressure_kpa":null,"cap_open":true,"colour":1}]}"#).unwrap();
    assert_eq!(many.samples.len(), 2);
    assert_eq!((many.samples[0].at, many.samples[0].index), (Some(NOW), 0));
    assert_eq!(many.samples[1].values, [(Quantity::CapOpen, 1.0)]);
    assert_eq!((many.samples[1].index, many.unknown_fields), (1, 1));
}

#[test]
fn native_status_and_events_are_read() {
    let mut decoder = Decoder::new(Subscription::defaults(), Limits::default());
    let mut read = |topic: &str, payload: &str| {
        decoder.decode(topic, payload.as_bytes(), NOW).unwrap().reports.remove(0)
    };
    assert_eq!(read("firemain/v1/A/status", r#"{"online":false}"#).online, Some(false));
    let event = read("firemain/v1/A/event", r#"{"at":1764000000000,"seq":1,"event":"cap_open"}"#);
    assert_eq!((event.events[0].at, &event.events[0].what), (Some(NOW), &EventKind::CapOpen));
    let done = read("firemain/v1/A/event", r#"{"event":"command_done","id":"c1","ok":false,"error":"no"}"#);
    let what = EventKind::CommandDone { id: "c1".into(), ok: false, error: Some("no".into()) };
    assert_eq!(done.events[0].what, what);
}

#[test]
fn what_native_cannot_be_is_refused_in_words() {
    let reason = |payload: &str| native(payload).unwrap_err().to_string();
    assert!(reason("{").contains("native"));
    assert!(reason("[]").contains("object"));
    assert!(reason(r#"{"pressure_kpa":"high"}"#).contains("pressure_kpa"));
    assert!(reason(r#"{"seq":-1}"#).contains("seq"));
    assert!(reason(r#"{"at":"noon","pressure_kpa":1}"#).contains("RFC 3339"));
    assert!(reason(r#"{"pressure_kpa":1} x"#).contains("native"));
    assert!(native(r#"{"pressure_kpa":"NaN"}"#).unwrap().samples[0].values[0].1.is_nan());
    assert!(native(r#"{"pressure_kpa":1e999}"#).is_err());
}

#[test]
fn the_device_must_be_told() {
    let decode = |topic: &str| decoder(CodecName::Native).decode(topic, b"{}", NOW);
    assert!(matches!(decode("firemain/v1"), Err(Refusal::NoDevice(_))));
    assert!(matches!(decode("firemain/v1//telemetry"), Err(Refusal::NoDevice(_))));
    let long = format!("firemain/v1/{}/telemetry", "x".repeat(129));
    assert!(matches!(decode(&long), Err(Refusal::NoDevice(_))));
    let mut defaults = Decoder::new(Subscription::defaults(), Limits::default());
    assert_eq!(defaults.decode("other/topic", b"{}", NOW), Err(Refusal::UnknownTopic));
}

#[test]
fn senml_json_and_cbor_say_the_same() {
    let json = one(
        CodecName::SenmlJson,
        "t",
        br#"[{"bn":"hn/tr-0412/","bt":1764000000,"n":"p","u":"Pa","v":215000},{"n":"q","u":"m3/s","v":0}]"#,
    );
    let cbor = one(
        CodecName::SenmlCbor,
        "t",
        &hex("82a5216b686e2f74722d303431322f221a6924810000617001625061021a000347d8a300617101646d332f7302fb0000000000000000"),
    );
    for report in [json, cbor] {
        assert_eq!(&*report.device, "tr-0412");
        assert_eq!(report.samples.len(), 1);
        assert_eq!(report.samples[0].at, Some(NOW));
        assert_eq!(report.samples[0].get(Quantity::PressureKpa), Some(215.0));
        assert_eq!(report.samples[0].get(Quantity::FlowLps), Some(0.0));
    }
}

#[test]
fn senml_times_below_two_to_the_28_are_relative_to_now() {
    let report = one(CodecName::SenmlJson, "t", br#"[{"bn":"d/","n":"l","u":"m","v":1,"t":-60},{"n":"l","v":2}]"#);
    assert_eq!(report.samples[0].at, Some(NOW.plus_ms(-60_000)));
    assert_eq!(report.samples[1].at, None);
}

#[test]
fn bar_is_not_a_senml_unit_and_unknown_must_fields_are_refused() {
    let refuse = |payload: &str| {
        decoder(CodecName::SenmlJson).decode("t", payload.as_bytes(), NOW).unwrap_err().to_string()
    };
    assert!(refuse(r#"[{"bn":"d/","n":"p","u":"bar","v":2}]"#).contains("bar"));
    assert!(refuse(r#"[{"bn":"d/","n":"p","v":2,"odd_":1}]"#).contains("odd_"));
    assert!(refuse(r#"[{"n":"p","v":2}]"#).contains("bn"));
    assert!(refuse(r#"[{"bn":"d/","bver":11,"n":"p","v":2}]"#).contains("version"));
}

#[test]
fn chirpstack_uplinks_are_read() {
    let payload = br#"{"deduplicationId":"x","time":"2025-11-24T16:00:00Z","deviceInfo":{"devEui":"70b3d5","deviceName":"TR","tags":{}},"fCnt":7,"fPort":85,"data":"AXVkA3vXAA==","object":{"pressure_kpa":215,"odd":1},"rxInfo":[{"gatewayId":"g","rssi":-97,"snr":5.2}]}"#;
    let report = one(CodecName::Chirpstack, "application/1/device/70b3d5/event/up", payload);
    assert_eq!((&*report.device, report.mark), ("70b3d5", Mark::Sequence(7)));
    assert_eq!(report.samples[0].at, Some(NOW));
    assert_eq!(report.samples[0].get(Quantity::PressureKpa), Some(215.0));
    assert_eq!(report.samples[0].get(Quantity::SignalDbm), Some(-97.0));
    assert_eq!(report.unknown_fields, 1);
}

#[test]
fn what_the_things_stack_leaves_out_is_zero_where_the_table_names_it() {
    let subscription: Subscription = serde_json::from_str(
        r#"{"topic":"v3/+/devices/+/up","codec":"ttn","fields":[
            {"pointer":"/uplink_message/decoded_payload/p","quantity":"pressure_kpa","unit":"bar"},
            {"pointer":"/uplink_message/decoded_payload/q","quantity":"flow_lps"}]}"#,
    )
    .unwrap();
    let payload = br#"{"end_device_ids":{"device_id":"tr-1","dev_eui":"00"},"received_at":"2025-11-24T16:00:01Z","uplink_message":{"f_port":85,"f_cnt":7,"frm_payload":"","decoded_payload":{"p":2.15},"rx_metadata":[{"rssi":-97}]}}"#;
    let mut decoder = Decoder::new(vec![subscription], Limits::default());
    let report = decoder.decode("v3/a@t/devices/tr-1/up", payload, NOW).unwrap().reports.remove(0);
    assert_eq!((&*report.device, report.mark), ("tr-1", Mark::Sequence(7)));
    assert_eq!(report.samples[0].get(Quantity::PressureKpa), Some(215.0));
    assert_eq!(report.samples[0].get(Quantity::FlowLps), Some(0.0));
}

#[test]
fn sparkplug_names_come_from_the_birth_and_an_unknown_alias_asks_for_another() {
    let mut encoder = Encoder::new(CodecName::SparkplugB);
    let samples = [sample(215.0)];
    let out = Outgoing { device: "E1", seq: 0, samples: &samples };
    let messages: Vec<_> = (0..3).flat_map(|_| encoder.encode(&out)).collect();
    assert_eq!(messages.len(), 4, "one birth and three data");
    let mut decoder = decoder(CodecName::SparkplugB);
    for (i, (topic, payload)) in messages.iter().enumerate() {
        let decoded = decoder.decode(topic, payload, NOW).unwrap();
        assert!(decoded.rebirths.is_empty(), "{topic}");
        if i > 0 {
            assert_eq!(decoded.reports[0].samples[0].get(Quantity::PressureKpa), Some(215.0));
        }
    }
    // A decoder that never heard the birth.
    let mut stranger = self::decoder(CodecName::SparkplugB);
    let (topic, payload) = &messages[2];
    let decoded = stranger.decode(topic, payload, NOW).unwrap();
    assert_eq!(decoded.rebirths[0].topic, "spBv1.0/firemain/NCMD/E1");
    assert_eq!(decoded.reports.len(), 1, "the message is kept");
    assert!(stranger.decode(topic, payload, NOW).unwrap().rebirths.is_empty(), "asked once");
    // What was learnt survives a restart.
    let mut restarted = self::decoder(CodecName::SparkplugB);
    restarted.restore(&decoder.save());
    let (topic, payload) = encoder.encode(&out).remove(0);
    let decoded = restarted.decode(&topic, &payload, NOW).unwrap();
    assert!(decoded.rebirths.is_empty());
    assert_eq!(decoded.reports[0].samples[0].get(Quantity::PressureKpa), Some(215.0));
}

#[test]
fn a_death_says_offline() {
    let report = one(CodecName::SparkplugB, "spBv1.0/g/NDEATH/E1", &[]);
    assert_eq!((&*report.device, report.online), ("E1", Some(false)));
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_before_anything_is_built() {
    let large = vec![b' '; 70_000];
    let deep = b"[".repeat(10_000);
    let deep_cbor = vec![0x81; 10_000];
    for codec in CodecName::ALL {
        let decode = |payload: &[u8]| decoder(codec).decode("spBv1.0/g/NDATA/e", payload, NOW);
        assert!(matches!(decode(&large), Err(Refusal::TooLarge { .. })), "{codec}");
        let refused = if codec == CodecName::SenmlCbor { decode(&deep_cbor) } else { decode(&deep) };
        assert!(refused.is_err(), "{codec}");
        if !matches!(codec, CodecName::SparkplugB) {
            assert_eq!(refused, Err(Refusal::TooDeep), "{codec}");
        }
    }
}

fn sample(kpa: f64) -> firemain_domain::report::Sample {
    firemain_domain::report::Sample { at: Some(NOW), index: 0, values: vec![(Quantity::PressureKpa, kpa)] }
}

proptest! {
    #[test]
    fn decoding_never_panics(topic in "[a-zA-Z0-9/]{0,40}", payload in proptest::collection::vec(any::<u8>(), 0..400)) {
        for codec in CodecName::ALL {
            for topic in [topic.as_str(), "firemain/v1/a/telemetry", "spBv1.0/g/NDATA/e/d"] {
                let _ = decoder(codec).decode(topic, &payload, NOW);
            }
        }
    }

    #[test]
    fn a_message_with_some_bytes_changed_never_panics(
        kpa in -100.0..2_000.0_f64,
        at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for codec in CodecName::ALL {
            let samples = [sample(kpa)];
            for (topic, mut payload) in Encoder::new(codec).encode(&Outgoing { device: "D", seq: 3, samples: &samples }) {
                for (index, byte) in &at {
                    let place = index.index(payload.len());
                    payload[place] = *byte;
                }
                let mut decoder = Decoder::new(Encoder::subscription(codec), Limits::default());
                let _ = decoder.decode(&topic, &payload, NOW);
            }
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same(
        kpa in 0.1..2_000.0_f64,
        flow in 0.0..100.0_f64,
        level in 0.01..10.0_f64,
        volts in 2.0..4.0_f64,
        seconds in 0_i64..100_000,
        seq in 0_u64..1_000_000,
    ) {
        let at = Some(NOW.plus_ms(seconds * 1_000));
        let values = vec![
            (Quantity::PressureKpa, kpa),
            (Quantity::FlowLps, flow),
            (Quantity::LevelM, level),
            (Quantity::BatteryV, volts),
        ];
        let samples = [firemain_domain::report::Sample { at, index: 0, values: values.clone() }];
        for codec in CodecName::ALL {
            let mut decoder = Decoder::new(Encoder::subscription(codec), Limits::default());
            let mut encoder = Encoder::new(codec);
            let mut last = None;
            for (topic, payload) in encoder.encode(&Outgoing { device: "TR-1", seq, samples: &samples }) {
                last = decoder.decode(&topic, &payload, NOW).unwrap().reports.pop();
            }
            let report = last.unwrap();
            prop_assert_eq!(&*report.device, "TR-1");
            prop_assert_eq!(report.samples.len(), 1, "{}", codec);
            prop_assert_eq!(report.samples[0].at, at, "{}", codec);
            for (quantity, value) in &values {
                let read = report.samples[0].get(*quantity);
                prop_assert!(read.is_some_and(|read| (read - value).abs() <= 1e-9 * value.abs()), "{codec} {quantity}: {read:?} is not {value}");
            }
            if !matches!(codec, CodecName::SenmlJson | CodecName::SenmlCbor | CodecName::SparkplugB) {
                prop_assert_eq!(report.mark, Mark::Sequence(seq), "{}", codec);
            }
        }
    }
}
