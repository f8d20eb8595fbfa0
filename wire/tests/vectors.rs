//! Messages as standards and vendors write them, and what must come of them.
#![allow(clippy::unwrap_used)]

use firemain_domain::report::{EventKind, Mark, Report};
use firemain_domain::{Quantity, Timestamp};
use firemain_wire::{CodecName, Decoder, Limits, Refusal, Subscription, TopicFilter};

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
    let decoded =
        decoder(CodecName::Native).decode("firemain/v1/TR-1/telemetry", payload.as_bytes(), NOW);
    decoded.map(|d| d.reports.into_iter().next().unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
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
fn a_place_in_readings_counts_also_where_nothing_was_measured() {
    let report = native(r#"{"seq":7,"at":1764000000000,"readings":[{"pressure_kpa":1},{"pressure_kpa":null},{"at":1764000001000,"pressure_kpa":3}]}"#).unwrap();
    let read: Vec<_> = report
        .samples
        .iter()
        .map(|s| (s.index, s.at.unwrap().ms() - NOW.ms()))
        .collect();
    assert_eq!(
        read,
        [(0, 0), (2, 1_000)],
        "the message's time holds for readings without their own"
    );
}

#[test]
fn native_is_forgiving_where_nothing_can_be_mistaken() {
    let report = native(r#"{"seq":12.0,"cap_open":1,"tamper":false,"pressure_kpa":215,"pressure_kpa":216,"flow_lps":null,"x":{"y":[1]}}"#).unwrap();
    assert_eq!(report.mark, Mark::Sequence(12));
    assert_eq!(
        report.samples[0].values,
        [
            (Quantity::CapOpen, 1.0),
            (Quantity::Tamper, 0.0),
            (Quantity::PressureKpa, 216.0)
        ]
    );
    assert_eq!(report.unknown_fields, 1);
    assert_eq!(native("{}").unwrap().samples, []);
    assert_eq!(
        native(r#"{"cap_open":7}"#).unwrap().samples[0].get(Quantity::CapOpen),
        Some(1.0)
    );
}

#[test]
fn native_status_and_events_are_read() {
    let mut decoder = Decoder::new(Subscription::defaults(), Limits::default());
    let mut read = |topic: &str, payload: &str| {
        decoder
            .decode(topic, payload.as_bytes(), NOW)
            .unwrap()
            .reports
            .remove(0)
    };
    assert_eq!(
        read("firemain/v1/A/status", r#"{"online":false}"#).online,
        Some(false)
    );
    let event = read(
        "firemain/v1/A/event",
        r#"{"at":1764000000000,"seq":1,"event":"cap_open"}"#,
    );
    assert_eq!(
        (event.events[0].at, &event.events[0].what),
        (Some(NOW), &EventKind::CapOpen)
    );
    let done = read(
        "firemain/v1/A/event",
        r#"{"event":"command_done","id":"c1","ok":false,"error":"no"}"#,
    );
    let what = EventKind::CommandDone {
        id: "c1".into(),
        ok: false,
        error: Some("no".into()),
    };
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
    assert!(
        native(r#"{"pressure_kpa":"NaN"}"#).unwrap().samples[0].values[0]
            .1
            .is_nan()
    );
    assert!(native(r#"{"pressure_kpa":1e999}"#).is_err());
}

#[test]
fn the_device_must_be_told() {
    let decode = |topic: &str| decoder(CodecName::Native).decode(topic, b"{}", NOW);
    assert!(matches!(decode("firemain/v1"), Err(Refusal::NoDevice(_))));
    assert!(matches!(
        decode("firemain/v1//telemetry"),
        Err(Refusal::NoDevice(_))
    ));
    let long = format!("firemain/v1/{}/telemetry", "x".repeat(129));
    assert!(matches!(decode(&long), Err(Refusal::NoDevice(_))));
    let mut defaults = Decoder::new(Subscription::defaults(), Limits::default());
    assert_eq!(
        defaults.decode("other/topic", b"{}", NOW),
        Err(Refusal::UnknownTopic)
    );
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
        &hex(
            "82a5216b686e2f74722d303431322f221a6924810000617001625061021a000347d8a300617101646d332f7302fb0000000000000000",
        ),
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
    let report = one(
        CodecName::SenmlJson,
        "t",
        br#"[{"bn":"d/","n":"l","u":"m","v":1,"t":-60},{"n":"l","v":2},{"n":"l","v":2,"t":0}]"#,
    );
    assert_eq!(report.samples[0].at, Some(NOW.plus_ms(-60_000)));
    assert_eq!(report.samples[1].at, None);
    assert_eq!(report.samples.len(), 2, "0 is now, as no time is");
}

#[test]
fn senml_base_fields_add_up() {
    let report = one(
        CodecName::SenmlJson,
        "t",
        br#"[{"bn":"urn:dev:ow:tr-1:","bt":1764000000,"bu":"Pa","bv":200000,"n":"p","v":15000},{"n":"p","t":60},{"n":"p","t":120,"vs":"broken"},{"n":"humidity","u":"%RH","v":3}]"#,
    );
    assert_eq!(&*report.device, "tr-1");
    let read: Vec<_> = report
        .samples
        .iter()
        .map(|s| (s.at.unwrap().since_ms(NOW), s.get(Quantity::PressureKpa)))
        .collect();
    assert_eq!(
        read,
        [(0, Some(215.0)), (60_000, Some(200.0))],
        "a text is no value"
    );
    assert_eq!(report.unknown_fields, 2);
}

#[test]
fn a_senml_sum_of_a_flow_is_the_volume_drawn() {
    let report = one(
        CodecName::SenmlJson,
        "t",
        br#"[{"bn":"tr-1/","bt":1764000000,"bs":100,"n":"q","u":"m3/s","v":0.01,"s":20},{"n":"tamper","vb":true}]"#,
    );
    let sample = &report.samples[0];
    assert_eq!(sample.get(Quantity::FlowLps), Some(10.0));
    assert_eq!(sample.get(Quantity::VolumeTotalM3), Some(120.0));
    assert_eq!(sample.get(Quantity::Tamper), Some(1.0));
}

#[test]
fn senml_names_its_device_in_every_way_the_rfc_allows() {
    let device = |payload: &str| {
        one(CodecName::SenmlJson, "t", payload.as_bytes())
            .device
            .to_string()
    };
    assert_eq!(device(r#"[{"bn":"hn/tr-1/","n":"l","v":1}]"#), "tr-1");
    assert_eq!(device(r#"[{"bn":"hn/tr-1","n":"l","v":1}]"#), "tr-1");
    assert_eq!(device(r#"[{"bn":"hn/tr-1/l","v":1}]"#), "tr-1");
    assert_eq!(device(r#"[{"n":"hn/tr-1/l","v":1}]"#), "tr-1");
    assert_eq!(
        device(r#"[{"bt":1764000000},{"bn":"urn:dev:mac:0024befffe804ff1:","n":"l","v":1}]"#),
        "0024befffe804ff1"
    );
    let two = decoder(CodecName::SenmlJson)
        .decode(
            "t",
            br#"[{"bn":"a/","n":"l","v":1},{"bn":"b/","n":"l","v":2},{"bn":"a/","n":"l","v":3}]"#,
            NOW,
        )
        .unwrap();
    let values: Vec<_> = two
        .reports
        .iter()
        .map(|r| (&*r.device, r.samples.len()))
        .collect();
    assert_eq!(
        values,
        [("a", 2), ("b", 1)],
        "two values of one time both stay"
    );
}

#[test]
fn senml_cbor_takes_decimal_fractions_and_half_floats() {
    // [{-2: "d/", 0: "l", 2: 4([-2, 182])}, {0: "l", 6: 1.5 (half), 2: 1.0 (half)}]
    let payload = hex("82a32162642f00616c02c4822118b6a300616c06f93e0002f93c00");
    let report = one(CodecName::SenmlCbor, "t", &payload);
    assert!((report.samples[0].get(Quantity::LevelM).unwrap() - 1.82).abs() < 1e-12);
    assert_eq!(report.samples[1].at, Some(NOW.plus_ms(1_500)));
}

#[test]
fn bar_is_not_a_senml_unit_and_unknown_must_fields_are_refused() {
    let refuse = |payload: &str| {
        decoder(CodecName::SenmlJson)
            .decode("t", payload.as_bytes(), NOW)
            .unwrap_err()
            .to_string()
    };
    assert!(refuse(r#"[{"bn":"d/","n":"p","u":"bar","v":2}]"#).contains("bar"));
    assert!(refuse(r#"[{"bn":"d/","n":"p","v":2,"odd_":1}]"#).contains("odd_"));
    assert!(refuse(r#"[{"n":"p","u":"Pa","v":2}]"#).contains("bn"));
    assert!(refuse(r#"[{"bn":"d/","n":"p","v":215}]"#).contains("no unit"));
    assert!(refuse(r#"[{"bn":"d/","bver":11,"n":"p","v":2}]"#).contains("version"));
}

#[test]
fn the_gateway_that_heard_a_device_is_told_where_its_network_names_it() {
    let payload = br#"{"end_device_ids":{"device_id":"tr-1"},"uplink_message":{"f_cnt":7,"decoded_payload":{"pressure_kpa":215},"rx_metadata":[{"gateway_ids":{"gateway_id":"gw-7"},"rssi":-97}]}}"#;
    let report = one(CodecName::Ttn, "v3/app@hn/devices/tr-1/up", payload);
    assert_eq!(report.via.as_deref(), Some("gw-7"));
    let payload =
        br#"{"deviceInfo":{"devEui":"a"},"object":{"level_m":1},"rxInfo":[{"gatewayId":""}]}"#;
    let report = one(
        CodecName::Chirpstack,
        "application/1/device/a/event/up",
        payload,
    );
    assert_eq!(report.via, None);
}

#[test]
fn chirpstack_uplinks_are_read() {
    let payload = br#"{"deduplicationId":"x","time":"2025-11-24T16:00:00Z","deviceInfo":{"devEui":"70b3d5","deviceName":"TR","tags":{}},"fCnt":7,"fPort":85,"data":"AXVkA3vXAA==","object":{"pressure_kpa":215,"odd":1},"rxInfo":[{"gatewayId":"g","rssi":-97,"snr":5.2}]}"#;
    let report = one(
        CodecName::Chirpstack,
        "application/1/device/70b3d5/event/up",
        payload,
    );
    assert_eq!(
        (&*report.device, report.mark),
        ("70b3d5", Mark::Sequence(7))
    );
    assert_eq!(report.samples[0].at, Some(NOW));
    assert_eq!(report.samples[0].get(Quantity::PressureKpa), Some(215.0));
    assert_eq!(report.samples[0].get(Quantity::SignalDbm), Some(-97.0));
    assert_eq!(report.via.as_deref(), Some("g"));
    assert_eq!(report.unknown_fields, 1);
}

#[test]
fn an_uplink_that_nobody_decoded_measured_nothing() {
    let chirpstack = br#"{"deviceInfo":{"devEui":"70b3d5"},"fCnt":8,"rxInfo":[{"rssi":-97}]}"#;
    assert_eq!(one(CodecName::Chirpstack, "t", chirpstack).samples, []);
    let ttn = br#"{"end_device_ids":{"device_id":"tr-1"},"uplink_message":{"f_port":85,"rx_metadata":[{"rssi":-97}]}}"#;
    let report = one(CodecName::Ttn, "t", ttn);
    assert_eq!((report.samples, report.mark), (vec![], Mark::Sequence(0)));
}

#[test]
fn the_strongest_gateway_counts() {
    let payload = br#"{"deviceInfo":{"devEui":"a"},"fCnt":1,"object":{"level_m":1},"rxInfo":[{"rssi":-120},{"rssi":-80},{}]}"#;
    let report = one(CodecName::Chirpstack, "t", payload);
    assert_eq!(report.samples[0].get(Quantity::SignalDbm), Some(-80.0));
}

#[test]
fn a_table_reads_any_json() {
    let subscription: Subscription = serde_json::from_str(
        r#"{"topic":"acme/+/data","codec":"mapped","device":"json:/meter/id","fields":[
            {"pointer":"/when","quantity":"at"},{"pointer":"/n","quantity":"seq"},
            {"pointer":"/v/0/bar","quantity":"pressure_kpa","unit":"bar"},
            {"pointer":"/lid","quantity":"tamper"}]}"#,
    )
    .unwrap();
    let payload =
        br#"{"meter":{"id":4711},"when":1764000000,"n":"17","v":[{"bar":"2.15"}],"lid":"true"}"#;
    let mut decoder = Decoder::new(vec![subscription], Limits::default());
    let report = decoder
        .decode("acme/x/data", payload, NOW)
        .unwrap()
        .reports
        .remove(0);
    assert_eq!(
        (&*report.device, report.mark, report.samples[0].at),
        ("4711", Mark::Sequence(17), Some(NOW))
    );
    assert_eq!(
        report.samples[0].values,
        [(Quantity::PressureKpa, 215.0), (Quantity::Tamper, 1.0)]
    );
    let wrong = decoder.decode(
        "acme/x/data",
        br#"{"meter":{"id":1},"v":[{"bar":"high"}]}"#,
        NOW,
    );
    assert!(wrong.unwrap_err().to_string().contains("/v/0/bar"));
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
    let report = decoder
        .decode("v3/a@t/devices/tr-1/up", payload, NOW)
        .unwrap()
        .reports
        .remove(0);
    assert_eq!((&*report.device, report.mark), ("tr-1", Mark::Sequence(7)));
    assert_eq!(report.samples[0].get(Quantity::PressureKpa), Some(215.0));
    assert_eq!(report.samples[0].get(Quantity::FlowLps), Some(0.0));
}
