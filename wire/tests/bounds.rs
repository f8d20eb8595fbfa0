//! What no payload may do, whatever it holds: panic, take long, or grow.
#![allow(clippy::unwrap_used)]

use firemain_domain::report::Sample;
use firemain_domain::{Quantity, Timestamp};
use firemain_wire::{
    CodecName, Decoder, Encoder, Limits, Outgoing, Refusal, Subscription, TopicFilter,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);
const NATIVE: &str = "firemain/v1/D/telemetry";

fn decoder(codec: CodecName) -> Decoder {
    let topic = TopicFilter::new("#").unwrap();
    Decoder::new(vec![Subscription::new(topic, codec)], Limits::default())
}

fn native(payload: &str) -> Result<Vec<Sample>, Refusal> {
    let decoded = decoder(CodecName::Native).decode(NATIVE, payload.as_bytes(), NOW)?;
    Ok(decoded
        .reports
        .into_iter()
        .flat_map(|report| report.samples)
        .collect())
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_before_anything_is_built() {
    let large = vec![b' '; 70_000];
    let deep = b"[".repeat(10_000);
    let deep_cbor = vec![0x81; 10_000];
    for codec in CodecName::ALL {
        let decode = |payload: &[u8]| decoder(codec).decode("spBv1.0/g/NDATA/e", payload, NOW);
        assert!(
            matches!(decode(&large), Err(Refusal::TooLarge { .. })),
            "{codec}"
        );
        let refused = if codec == CodecName::SenmlCbor {
            decode(&deep_cbor)
        } else {
            decode(&deep)
        };
        assert!(refused.is_err(), "{codec}");
        if !matches!(codec, CodecName::SparkplugB) {
            assert_eq!(refused, Err(Refusal::TooDeep), "{codec}");
        }
    }
}

#[test]
fn a_million_samples_are_refused() {
    let limits = Limits {
        payload_bytes: 64 << 20,
        ..Limits::default()
    };
    let topic = || TopicFilter::new("#").unwrap();
    let readings = format!(
        r#"{{"readings":[{}{{}}]}}"#,
        r#"{"flow_lps":1},"#.repeat(1_000_000)
    );
    let empty = format!(r#"{{"readings":[{}{{}}]}}"#, "{},".repeat(1_000_000));
    let records: Vec<String> = (0..20_000)
        .map(|t| format!(r#",{{"n":"l","v":1,"t":{t}}}"#))
        .collect();
    let records = records.concat();
    let senml = format!(r#"[{{"bn":"d/"}}{records}]"#);
    for (codec, payload) in [
        (CodecName::Native, readings.into_bytes()),
        (CodecName::Native, empty.into_bytes()),
        (CodecName::SenmlJson, senml.into_bytes()),
        (CodecName::SparkplugB, [0x12, 0x00].repeat(1_000_000)),
    ] {
        let mut decoder = Decoder::new(vec![Subscription::new(topic(), codec)], limits);
        let topic = if codec == CodecName::SparkplugB {
            "spBv1.0/g/NDATA/e"
        } else {
            NATIVE
        };
        assert!(decoder.decode(topic, &payload, NOW).is_err(), "{codec}");
    }
}

#[test]
fn lengths_that_are_only_claimed_take_no_room() {
    let claims: [&[u8]; 6] = [
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", // an array of 2^63 - 1
        b"\x81\xbb\x7f\xff\xff\xff\xff\xff\xff\xff", // a map of as many
        b"\x81\xa1\x7b\x7f\xff\xff\xff\xff\xff\xff\xff", // a text of as many
        b"\x81\xa1\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", // bytes of as many
        b"\x9f\x9f\x9f",                         // arrays without an end
        b"\x81\xa1\x02\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01", // 10^(2^63 - 1)
    ];
    for claim in claims {
        assert!(
            decoder(CodecName::SenmlCbor)
                .decode("t", claim, NOW)
                .is_err(),
            "{claim:x?}"
        );
    }
    // Protobuf: a metric of 2^60 bytes, and groups nested without an end.
    for claim in [
        &b"\x12\x80\x80\x80\x80\x80\x80\x80\x80\x10"[..],
        &[0x0B].repeat(50_000),
    ] {
        let decoded = decoder(CodecName::SparkplugB).decode("spBv1.0/g/NDATA/e", claim, NOW);
        assert!(matches!(decoded, Err(Refusal::Undecodable { .. })));
    }
}

#[test]
fn strange_numbers_are_numbers_or_refused() {
    assert!(native(r#"{"pressure_kpa":1e999}"#).is_err());
    assert!(native(r#"{"pressure_kpa":-1e999}"#).is_err());
    assert!(native(r#"{"pressure_kpa":NaN}"#).is_err());
    assert!(native(r#"{"pressure_kpa":0x10}"#).is_err());
    let value = |payload: &str| native(payload).unwrap()[0].values[0].1;
    assert_eq!(value(r#"{"pressure_kpa":1e-999}"#), 0.0);
    assert_eq!(
        value(r#"{"pressure_kpa":18446744073709551616}"#),
        18_446_744_073_709_551_616.0
    );
    assert_eq!(
        value(&format!(r#"{{"pressure_kpa":{}}}"#, "9".repeat(200))),
        1e200
    );
    assert_eq!(value(r#"{"pressure_kpa":"-Infinity"}"#), f64::NEG_INFINITY);
    assert!(
        value(r#"{"cap_open":"NaN"}"#).is_nan(),
        "a broken switch is not an open cap"
    );
    for at in ["1e300", "-1e300", "18446744073709551615", "0", "-1"] {
        let samples = native(&format!(r#"{{"at":{at},"flow_lps":1}}"#)).unwrap();
        assert!(
            samples[0].at.is_some(),
            "{at} is a time, if not one to be believed"
        );
    }
    assert!(native(r#"{"seq":18446744073709551616,"flow_lps":1}"#).is_err());
}

#[test]
fn long_texts_are_cut_where_they_are_kept() {
    let long = "ư".repeat(30_000);
    let payload =
        format!(r#"{{"event":"command_done","id":"{long}","error":"{long}","{long}":"{long}"}}"#);
    let wide = Limits {
        payload_bytes: 1 << 20,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(Subscription::defaults(), wide);
    let report = decoder
        .decode("firemain/v1/D/event", payload.as_bytes(), NOW)
        .unwrap()
        .reports
        .remove(0);
    assert!(format!("{:?}", report.events).len() < 1_000);
    let refused = decoder.decode(
        NATIVE,
        format!(r#"{{"pressure_kpa":"{long}"}}"#).as_bytes(),
        NOW,
    );
    assert!(refused.unwrap_err().to_string().chars().count() < 300);
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let value = (0..Quantity::ALL.len(), 0.001..5_000.0_f64);
    let values = proptest::collection::vec(value, 1..Quantity::ALL.len());
    proptest::collection::vec((0_i64..10_000_000, values), 1..5).prop_map(|readings| {
        let mut samples: Vec<Sample> = Vec::new();
        for (ms, values) in readings {
            let at = Some(NOW.plus_ms(ms));
            if samples.iter().any(|sample| sample.at == at) {
                continue;
            }
            let mut sample = Sample {
                at,
                index: samples.len() as u16,
                values: Vec::new(),
            };
            for (quantity, value) in values {
                let quantity = Quantity::ALL[quantity];
                if sample.get(quantity).is_none() {
                    sample
                        .values
                        .push((quantity, if quantity.is_boolean() { 1.0 } else { value }));
                }
            }
            samples.push(sample);
        }
        samples
    })
}

/// What a format can carry of a quantity, as the encoder writes it.
fn carries(codec: CodecName, quantity: Quantity) -> bool {
    use Quantity::{BatteryV, FlowLps, LevelM, PressureKpa};
    !matches!(codec, CodecName::Mapped | CodecName::Ttn)
        || matches!(quantity, PressureKpa | FlowLps | LevelM | BatteryV)
}

proptest! {
    #[test]
    fn decoding_never_panics(topic in "[a-zA-Z0-9/]{0,40}", payload in proptest::collection::vec(any::<u8>(), 0..400)) {
        for codec in CodecName::ALL {
            for topic in [topic.as_str(), NATIVE, "spBv1.0/g/NDATA/e/d", "spBv1.0/g/NDEATH/e"] {
                let _ = decoder(codec).decode(topic, &payload, NOW);
            }
        }
    }

    #[test]
    fn a_message_with_some_bytes_changed_never_panics(
        samples in samples(),
        at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        twice in any::<bool>(),
    ) {
        for codec in CodecName::ALL {
            for (topic, mut payload) in Encoder::new(codec).encode(&Outgoing { device: "D", seq: 3, samples: &samples }) {
                for (index, byte) in &at {
                    let place = index.index(payload.len());
                    payload[place] = *byte;
                }
                let mut decoder = Decoder::new(Encoder::subscription(codec), Limits::default());
                let _ = decoder.decode(&topic, &payload, NOW);
                let _ = decoder.decode(&topic, &payload[..cut.index(payload.len())], NOW);
                if twice {
                    let _ = decoder.decode(&topic, &payload.repeat(2), NOW);
                }
                decoder.restore(&payload);
                let saved = decoder.save();
                decoder.restore(&saved[..cut.index(saved.len())]);
            }
        }
    }

    #[test]
    fn json_of_any_shape_never_panics(
        key in "at|seq|readings|pressure_kpa|cap_open|event|bn|n|v|t|object|decoded_payload",
        value in "-?[0-9]{1,40}(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?|\"[^\"\\\\]{0,20}\"|true|null|\\[\\]|\\{\\}|\\[\\{\\}\\]",
    ) {
        let object = format!(r#"{{"{key}":{value},"{key}":{value}}}"#);
        for payload in [object.clone(), format!("[{object}]"), format!(r#"{{"object":{object},"uplink_message":{object}}}"#)] {
            for codec in CodecName::ALL {
                let _ = decoder(codec).decode(NATIVE, payload.as_bytes(), NOW);
            }
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same(samples in samples(), seq in 1_u64..1_000_000) {
        for codec in CodecName::ALL {
            let mut decoder = Decoder::new(Encoder::subscription(codec), Limits::default());
            let mut read: Vec<Sample> = Vec::new();
            for (topic, payload) in Encoder::new(codec).encode(&Outgoing { device: "TR-1", seq, samples: &samples }) {
                for report in decoder.decode(&topic, &payload, NOW).unwrap().reports {
                    prop_assert_eq!(&*report.device, "TR-1");
                    read.extend(report.samples);
                }
            }
            for sample in &samples {
                let found = read.iter().find(|found| found.at == sample.at);
                for (quantity, value) in sample.values.iter().filter(|(q, _)| carries(codec, *q)) {
                    let read = found.and_then(|found| found.get(*quantity));
                    let close = read.is_some_and(|read| (read - value).abs() <= 1e-9 * value.abs());
                    prop_assert!(close, "{codec} {quantity}: {read:?} is not {value}");
                }
            }
        }
    }
}
