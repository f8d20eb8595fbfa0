//! Encoding: what a device of each format would send. For the simulator, and to test the decoders.

use std::collections::BTreeMap;

use base64::Engine as _;
use ciborium::Value as Cbor;
use firemain_domain::quantity::Quantity;
use firemain_domain::report::Sample;
use prost::Message as _;
use serde_json::{Map, Value as Json, json};

use crate::codecs::sparkplug::{DOUBLE, Metric, Payload, Value};
use crate::subscription::{CodecName, FieldMap, Meaning, Subscription, default_unit};
use crate::topic::TopicFilter;

/// What a device has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing<'a> {
    /// Its name.
    pub device: &'a str,
    /// Its sequence number; formats that have none leave it out.
    pub seq: u64,
    /// What it measured, oldest first. Formats that carry one sample a message take one each.
    pub samples: &'a [Sample],
}

/// Writes messages in one format.
#[derive(Clone, Debug)]
pub struct Encoder {
    format: CodecName,
    /// Sparkplug's sequence per edge node, with the devices born on it.
    edges: BTreeMap<String, (u8, bool)>,
}

impl Encoder {
    /// A writer of that format.
    pub fn new(format: CodecName) -> Self {
        Self {
            format,
            edges: BTreeMap::new(),
        }
    }

    /// The subscription that reads what this writes.
    pub fn subscription(format: CodecName) -> Vec<Subscription> {
        let (topic, fields) = match format {
            CodecName::Native => return Subscription::defaults(),
            CodecName::SenmlJson => ("senml/json/+", vec![]),
            CodecName::SenmlCbor => ("senml/cbor/+", vec![]),
            CodecName::Chirpstack => ("application/+/device/+/event/up", vec![]),
            CodecName::Ttn => ("v3/+/devices/+/up", ttn_fields()),
            CodecName::SparkplugB => ("spBv1.0/#", vec![]),
            CodecName::Mapped => ("vendor/+/up", mapped_fields()),
        };
        let device = (format == CodecName::Mapped).then_some(crate::DeviceLocator::Topic(1));
        let topic = TopicFilter::new(topic).into_iter();
        topic
            .map(|topic| Subscription {
                topic,
                codec: format,
                device: device.clone(),
                fields: fields.clone(),
            })
            .collect()
    }

    /// Forgets the session of `device`: its next message is preceded by a new BIRTH (Sparkplug).
    pub fn forget(&mut self, device: &str) {
        self.edges.remove(device);
    }

    /// As [`Self::encode`], heard by that gateway, which `ChirpStack` and The Things Stack name beside
    /// how strongly it heard; the other formats know of none.
    pub fn encode_through(
        &mut self,
        outgoing: &Outgoing<'_>,
        gateway: &str,
        rssi_dbm: i32,
    ) -> Vec<(String, Vec<u8>)> {
        let Outgoing {
            device,
            seq,
            samples,
        } = outgoing;
        let heard = Some((gateway, rssi_dbm));
        match self.format {
            CodecName::Chirpstack => each(samples, |i, s| chirpstack(device, seq + i, s, heard)),
            CodecName::Ttn => each(samples, |i, s| ttn(device, seq + i, s, heard)),
            _ => self.encode(outgoing),
        }
    }

    /// The messages that say it: topic and payload each, in order.
    pub fn encode(&mut self, outgoing: &Outgoing<'_>) -> Vec<(String, Vec<u8>)> {
        let Outgoing {
            device,
            seq,
            samples,
        } = outgoing;
        match self.format {
            CodecName::Native => vec![native(device, *seq, samples)],
            CodecName::SenmlJson => {
                vec![(
                    format!("senml/json/{device}"),
                    Json::Array(senml(device, samples)).to_string().into_bytes(),
                )]
            }
            CodecName::SenmlCbor => {
                vec![(format!("senml/cbor/{device}"), senml_cbor(device, samples))]
            }
            CodecName::Chirpstack => each(samples, |i, s| chirpstack(device, seq + i, s, None)),
            CodecName::Ttn => each(samples, |i, s| ttn(device, seq + i, s, None)),
            CodecName::Mapped => each(samples, |i, s| mapped(device, seq + i, s)),
            CodecName::SparkplugB => self.sparkplug(device, samples),
        }
    }

    fn sparkplug(&mut self, device: &str, samples: &[Sample]) -> Vec<(String, Vec<u8>)> {
        let mut messages = Vec::new();
        let edge = self.edges.entry(device.to_owned()).or_insert((0, false));
        if !edge.1 {
            let metrics = Quantity::ALL.iter().map(|q| Metric {
                name: Some(q.name().to_owned()),
                alias: Some(u64::from(q.number())),
                datatype: Some(DOUBLE),
                is_null: Some(true),
                ..Metric::default()
            });
            let payload = Payload {
                metrics: metrics.collect(),
                seq: Some(0),
                ..Payload::default()
            };
            messages.push((
                format!("spBv1.0/firemain/NBIRTH/{device}"),
                payload.encode_to_vec(),
            ));
            *edge = (0, true);
        }
        edge.0 = edge.0.wrapping_add(1);
        let ms = |s: &Sample| s.at.and_then(|at| u64::try_from(at.ms()).ok());
        let metrics = samples.iter().flat_map(|sample| {
            sample.values.iter().map(move |(q, value)| Metric {
                alias: Some(u64::from(q.number())),
                timestamp: ms(sample),
                datatype: Some(DOUBLE),
                value: Some(Value::DoubleValue(*value)),
                ..Metric::default()
            })
        });
        let payload = Payload {
            timestamp: samples.last().and_then(ms),
            metrics: metrics.collect(),
            seq: Some(u64::from(edge.0)),
            ..Payload::default()
        };
        messages.push((
            format!("spBv1.0/firemain/NDATA/{device}"),
            payload.encode_to_vec(),
        ));
        messages
    }
}

fn each(
    samples: &[Sample],
    one: impl Fn(u64, &Sample) -> (String, Vec<u8>),
) -> Vec<(String, Vec<u8>)> {
    samples
        .iter()
        .enumerate()
        .map(|(i, sample)| one(i as u64, sample))
        .collect()
}

fn value(quantity: Quantity, value: f64) -> Json {
    if quantity.is_boolean() {
        Json::Bool(value != 0.0)
    } else {
        json!(value)
    }
}

fn object(sample: &Sample) -> Map<String, Json> {
    sample
        .values
        .iter()
        .map(|(q, v)| (q.name().to_owned(), value(*q, *v)))
        .collect()
}

fn native(device: &str, seq: u64, samples: &[Sample]) -> (String, Vec<u8>) {
    let reading = |sample: &Sample| {
        let mut object = object(sample);
        if let Some(at) = sample.at {
            object.insert("at".to_owned(), json!(at.ms()));
        }
        object
    };
    let payload = match samples {
        [one] => {
            let mut object = reading(one);
            object.insert("seq".to_owned(), json!(seq));
            Json::Object(object)
        }
        many => json!({ "seq": seq, "readings": many.iter().map(reading).collect::<Vec<_>>() }),
    };
    (
        format!("firemain/v1/{device}/telemetry"),
        payload.to_string().into_bytes(),
    )
}

/// SenML's name, unit and factor of a quantity.
fn senml_name(quantity: Quantity) -> (&'static str, Option<&'static str>, f64) {
    match quantity {
        Quantity::PressureKpa => ("p", Some("Pa"), 1_000.0),
        Quantity::FlowLps => ("q", Some("m3/s"), 0.001),
        Quantity::LevelM => ("l", Some("m"), 1.0),
        other => (other.name(), None, 1.0),
    }
}

fn senml(device: &str, samples: &[Sample]) -> Vec<Json> {
    let mut records = Vec::new();
    for sample in samples {
        for (quantity, number) in &sample.values {
            let (name, unit, factor) = senml_name(*quantity);
            let mut record = Map::new();
            if records.is_empty() {
                record.insert("bn".to_owned(), json!(format!("hn/{device}/")));
            }
            record.insert("n".to_owned(), json!(name));
            if let Some(unit) = unit {
                record.insert("u".to_owned(), json!(unit));
            }
            if quantity.is_boolean() {
                record.insert("vb".to_owned(), json!(*number != 0.0));
            } else {
                record.insert("v".to_owned(), json!(number * factor));
            }
            if let Some(at) = sample.at {
                record.insert("t".to_owned(), json!(at.ms() as f64 / 1_000.0));
            }
            records.push(Json::Object(record));
        }
    }
    records
}

fn senml_cbor(device: &str, samples: &[Sample]) -> Vec<u8> {
    let label = |name: &str| -> i64 {
        match name {
            "bn" => -2,
            "n" => 0,
            "u" => 1,
            "v" => 2,
            "vb" => 4,
            _ => 6,
        }
    };
    let records = senml(device, samples).into_iter().map(|record| {
        let fields = record.as_object().cloned().unwrap_or_default().into_iter();
        Cbor::Map(
            fields
                .map(|(name, value)| {
                    let value = match value {
                        Json::String(text) => Cbor::Text(text),
                        Json::Bool(yes) => Cbor::Bool(yes),
                        other => Cbor::Float(other.as_f64().unwrap_or(f64::NAN)),
                    };
                    (Cbor::Integer(label(&name).into()), value)
                })
                .collect(),
        )
    });
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = ciborium::into_writer(&Cbor::Array(records.collect()), &mut bytes);
    bytes
}

fn rfc3339(sample: &Sample) -> Json {
    sample.at.map_or(Json::Null, |at| json!(at.to_string()))
}

/// By which gateway a message was heard, and how strongly, dBm.
type Heard<'a> = Option<(&'a str, i32)>;

fn chirpstack(device: &str, seq: u64, sample: &Sample, heard: Heard<'_>) -> (String, Vec<u8>) {
    let data = base64::engine::general_purpose::STANDARD.encode(seq.to_be_bytes());
    let mut payload = json!({
        "deduplicationId": format!("{device}-{seq}"),
        "time": rfc3339(sample),
        "deviceInfo": { "devEui": device, "deviceName": device, "tags": {} },
        "fCnt": seq,
        "fPort": 85,
        "data": data,
        "object": object(sample),
    });
    if let Some((gateway, rssi)) = heard {
        payload["rxInfo"] = json!([{ "gatewayId": gateway, "rssi": rssi, "snr": 5.2 }]);
    }
    (
        format!("application/1/device/{device}/event/up"),
        payload.to_string().into_bytes(),
    )
}

fn ttn(device: &str, seq: u64, sample: &Sample, heard: Heard<'_>) -> (String, Vec<u8>) {
    // What is zero or false is left out, as the network server does.
    let kept = object(sample)
        .into_iter()
        .filter(|(_, v)| *v != json!(0.0) && *v != json!(false));
    let mut uplink = json!({
        "f_port": 85,
        "decoded_payload": kept.collect::<Map<_, _>>(),
        "received_at": rfc3339(sample),
    });
    if seq != 0 {
        uplink["f_cnt"] = json!(seq);
    }
    if let Some((gateway, rssi)) = heard {
        uplink["rx_metadata"] =
            json!([{ "gateway_ids": { "gateway_id": gateway }, "rssi": rssi, "snr": 5.2 }]);
    }
    let payload = json!({
        "end_device_ids": { "device_id": device, "dev_eui": "0004A30B001C0530" },
        "received_at": rfc3339(sample),
        "uplink_message": uplink,
    });
    (
        format!("v3/city@ttn/devices/{device}/up"),
        payload.to_string().into_bytes(),
    )
}

fn ttn_fields() -> Vec<FieldMap> {
    [
        Quantity::PressureKpa,
        Quantity::FlowLps,
        Quantity::LevelM,
        Quantity::BatteryV,
    ]
    .into_iter()
    .map(|q| {
        field(
            &format!("/uplink_message/decoded_payload/{}", q.name()),
            q,
            default_unit(q),
        )
    })
    .collect()
}

fn mapped(device: &str, seq: u64, sample: &Sample) -> (String, Vec<u8>) {
    let get = |q| sample.get(q);
    let payload = json!({
        "ts": sample.at.map(firemain_domain::Timestamp::ms),
        "counter": seq,
        "d": {
            "bar": get(Quantity::PressureKpa).map(|kpa| kpa / 100.0),
            "m3h": get(Quantity::FlowLps).map(|lps| lps * 3.6),
            "mm": get(Quantity::LevelM).map(|m| m * 1_000.0),
            "mv": get(Quantity::BatteryV).map(|v| v * 1_000.0),
        },
    });
    (
        format!("vendor/{device}/up"),
        payload.to_string().into_bytes(),
    )
}

fn mapped_fields() -> Vec<FieldMap> {
    vec![
        FieldMap {
            pointer: "/ts".to_owned(),
            means: Meaning::At,
        },
        FieldMap {
            pointer: "/counter".to_owned(),
            means: Meaning::Seq,
        },
        field("/d/bar", Quantity::PressureKpa, "bar"),
        field("/d/m3h", Quantity::FlowLps, "m3/h"),
        field("/d/mm", Quantity::LevelM, "mm"),
        field("/d/mv", Quantity::BatteryV, "mV"),
    ]
}

fn field(pointer: &str, quantity: Quantity, unit: &str) -> FieldMap {
    let unit = unit
        .parse()
        .unwrap_or(firemain_domain::quantity::Unit::YesNo);
    FieldMap {
        pointer: pointer.to_owned(),
        means: Meaning::Quantity(quantity, unit),
    }
}
