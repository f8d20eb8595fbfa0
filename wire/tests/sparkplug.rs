//! Sparkplug B: births, aliases, the sequence, deaths.
#![allow(clippy::unwrap_used)]

use firemain_domain::report::Sample;
use firemain_domain::{Quantity, Timestamp};
use firemain_wire::{
    CodecName, Decoded, Decoder, Encoder, Limits, Outgoing, Subscription, TopicFilter,
};
use prost::Message;

const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);
/// A datatype of the specification.
const INT16: u32 = 2;

/// What of a payload these tests need, written down from the specification's .proto once more.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(uint64, optional, tag = "1")]
    timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    seq: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    is_historical: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    is_null: Option<bool>,
    #[prost(uint32, optional, tag = "10")]
    int: Option<u32>,
    #[prost(uint64, optional, tag = "11")]
    long: Option<u64>,
    #[prost(float, optional, tag = "12")]
    float: Option<f32>,
}

fn decoder(codec: CodecName) -> Decoder {
    let topic = TopicFilter::new("#").unwrap();
    Decoder::new(vec![Subscription::new(topic, codec)], Limits::default())
}

fn sample(kpa: f64) -> Sample {
    Sample {
        at: Some(NOW),
        index: 0,
        values: vec![(Quantity::PressureKpa, kpa)],
    }
}

/// A session: what an edge node `g/E1` sends, one after another.
struct Session {
    decoder: Decoder,
    seq: u64,
}

impl Session {
    /// Born with `bdSeq`, a temperature by alias 7 on device D1.
    fn born(birth: u64) -> Self {
        let mut session = Self {
            decoder: decoder(CodecName::SparkplugB),
            seq: 0,
        };
        session.birth(birth);
        session
    }

    fn birth(&mut self, birth: u64) {
        self.seq = 0;
        let number = Metric {
            name: Some("bdSeq".into()),
            long: Some(birth),
            ..Metric::default()
        };
        assert!(self.say("NBIRTH/E1", vec![number]).rebirths.is_empty());
        let temperature = Metric {
            name: Some("Sensors/temperature_c".into()),
            alias: Some(7),
            datatype: Some(INT16),
            int: Some(20),
            ..Metric::default()
        };
        assert!(
            self.say("DBIRTH/E1/D1", vec![temperature])
                .rebirths
                .is_empty()
        );
    }

    fn say(&mut self, what: &str, metrics: Vec<Metric>) -> Decoded {
        let payload = Payload {
            timestamp: Some(NOW.ms() as u64),
            metrics,
            seq: Some(self.seq),
        };
        self.seq = (self.seq + 1) % 256;
        self.decoder
            .decode(&format!("spBv1.0/g/{what}"), &payload.encode_to_vec(), NOW)
            .unwrap()
    }

    fn death(&mut self, birth: u64) -> Decoded {
        let number = Metric {
            name: Some("bdSeq".into()),
            long: Some(birth),
            ..Metric::default()
        };
        let payload = Payload {
            timestamp: None,
            metrics: vec![number],
            seq: None,
        };
        self.decoder
            .decode("spBv1.0/g/NDEATH/E1", &payload.encode_to_vec(), NOW)
            .unwrap()
    }
}

fn online(decoded: &Decoded) -> Vec<(&str, Option<bool>)> {
    decoded
        .reports
        .iter()
        .map(|r| (&*r.device, r.online))
        .collect()
}

fn by_alias(alias: u64) -> Metric {
    Metric {
        alias: Some(alias),
        ..Metric::default()
    }
}

#[test]
fn sparkplug_names_come_from_the_birth_and_an_unknown_alias_asks_for_another() {
    let mut encoder = Encoder::new(CodecName::SparkplugB);
    let samples = [sample(215.0)];
    let out = Outgoing {
        device: "E1",
        seq: 0,
        samples: &samples,
    };
    let messages: Vec<_> = (0..3).flat_map(|_| encoder.encode(&out)).collect();
    assert_eq!(messages.len(), 4, "one birth and three data");
    let mut decoder = decoder(CodecName::SparkplugB);
    for (i, (topic, payload)) in messages.iter().enumerate() {
        let decoded = decoder.decode(topic, payload, NOW).unwrap();
        assert!(decoded.rebirths.is_empty(), "{topic}");
        if i > 0 {
            assert_eq!(
                decoded.reports[0].samples[0].get(Quantity::PressureKpa),
                Some(215.0)
            );
        }
    }
    // A decoder that never heard the birth.
    let mut stranger = self::decoder(CodecName::SparkplugB);
    let (topic, payload) = &messages[2];
    let decoded = stranger.decode(topic, payload, NOW).unwrap();
    assert_eq!(decoded.rebirths[0].topic, "spBv1.0/firemain/NCMD/E1");
    assert_eq!(decoded.reports.len(), 1, "the message is kept");
    assert!(
        stranger
            .decode(topic, payload, NOW)
            .unwrap()
            .rebirths
            .is_empty(),
        "asked once"
    );
    // What was learnt survives a restart.
    let mut restarted = self::decoder(CodecName::SparkplugB);
    restarted.restore(&decoder.save());
    let (topic, payload) = encoder.encode(&out).remove(0);
    let decoded = restarted.decode(&topic, &payload, NOW).unwrap();
    assert!(decoded.rebirths.is_empty());
    assert_eq!(
        decoded.reports[0].samples[0].get(Quantity::PressureKpa),
        Some(215.0)
    );
}

#[test]
fn data_needs_no_datatype_where_the_birth_gave_it() {
    let mut session = Session::born(1);
    let minus_five = Metric {
        int: Some(0xFFFB),
        ..by_alias(7)
    };
    let decoded = session.say("DDATA/E1/D1", vec![minus_five]);
    assert_eq!(
        decoded.reports[0].samples[0].get(Quantity::TemperatureC),
        Some(-5.0)
    );
    assert_eq!(decoded.reports[0].samples[0].at, Some(NOW));
}

#[test]
fn nulls_are_not_values_and_stored_values_keep_their_own_time() {
    let mut session = Session::born(1);
    let null = Metric {
        is_null: Some(true),
        int: Some(9),
        ..by_alias(7)
    };
    assert_eq!(
        session.say("DDATA/E1/D1", vec![null]).reports[0].samples,
        []
    );
    let stored = Metric {
        is_historical: Some(true),
        int: Some(9),
        ..by_alias(7)
    };
    let earlier = Metric {
        timestamp: Some(NOW.ms() as u64 - 60_000),
        ..stored.clone()
    };
    let report = &session.say("DDATA/E1/D1", vec![stored, earlier]).reports[0];
    assert_eq!(
        report.samples.len(),
        1,
        "a stored value without a time cannot be placed"
    );
    assert_eq!(report.samples[0].at, Some(NOW.plus_ms(-60_000)));
    assert_eq!(report.unknown_fields, 1);
}

#[test]
fn a_gap_asks_for_a_rebirth_and_a_redelivery_does_not() {
    let mut session = Session::born(1);
    let value = Metric {
        int: Some(9),
        ..by_alias(7)
    };
    session.seq -= 1;
    assert!(
        session
            .say("DDATA/E1/D1", vec![value.clone()])
            .rebirths
            .is_empty(),
        "the same once more"
    );
    session.seq += 1;
    let decoded = session.say("DDATA/E1/D1", vec![value]);
    assert_eq!(decoded.rebirths[0].topic, "spBv1.0/g/NCMD/E1");
    assert_eq!(
        decoded.reports[0].samples.len(),
        1,
        "what can be read is kept"
    );
    let asked = Payload::decode(&*decoded.rebirths[0].payload).unwrap();
    assert_eq!(
        asked.metrics[0].name.as_deref(),
        Some("Node Control/Rebirth")
    );
}

#[test]
fn the_sequence_wraps_and_counts_the_death_of_a_device() {
    let mut session = Session::born(1);
    for _ in 0..600 {
        assert!(session.say("NDATA/E1", vec![]).rebirths.is_empty());
    }
    assert_eq!(
        online(&session.say("DDEATH/E1/D1", vec![])),
        [("D1", Some(false))]
    );
    assert!(session.say("NDATA/E1", vec![]).rebirths.is_empty());
}

#[test]
fn the_death_of_an_edge_node_is_the_death_of_its_devices() {
    let mut session = Session::born(3);
    assert_eq!(
        online(&session.death(3)),
        [("E1", Some(false)), ("D1", Some(false))]
    );
    assert!(
        !session.say("NDATA/E1", vec![]).rebirths.is_empty(),
        "the dead do not speak"
    );
    session.birth(4);
    assert_eq!(
        online(&session.death(3)),
        [("E1", None)],
        "the last will of the session before"
    );
    assert_eq!(online(&session.death(4)).len(), 2);
    assert_eq!(
        online(
            &decoder(CodecName::SparkplugB)
                .decode("spBv1.0/g/NDEATH/E9", &[], NOW)
                .unwrap()
        ),
        [("E9", Some(false))]
    );
}

#[test]
fn what_is_not_for_us_is_passed_over() {
    let mut decoder = decoder(CodecName::SparkplugB);
    for topic in [
        "spBv1.0/STATE/scada",
        "spBv1.0/g/NCMD/E1",
        "spBv1.0/g/DCMD/E1/D1",
    ] {
        assert_eq!(
            decoder.decode(topic, b"{\"online\":true}", NOW),
            Ok(Decoded::default()),
            "{topic}"
        );
    }
}
