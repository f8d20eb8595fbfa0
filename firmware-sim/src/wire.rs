//! What a device says, as bytes on a topic, in one of the formats that cities receive.

use std::io::Write;

use firemain_domain::Timestamp;
use firemain_domain::report::{EventKind, Sample};
use firemain_wire::{CodecName, Encoder, Outgoing};

use crate::device::{Letter, TopicKind};

/// Something a device says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said<'a> {
    /// What it measured.
    Samples(&'a [Sample]),
    /// What happened, by its own clock.
    Event(Timestamp, &'a EventKind),
    /// Whether it is connected.
    Online(bool),
}

/// Writes messages in one format.
#[derive(Debug)]
pub(crate) struct Writer {
    format: CodecName,
    encoder: Encoder,
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(format: CodecName) -> Self {
        Self {
            format,
            encoder: Encoder::new(format),
            bytes: Vec::new(),
        }
    }

    /// The messages that say it. Events and statuses are our own format's: the others say in their
    /// next report that a cap is off, and Sparkplug has its DEATH.
    pub(crate) fn write(
        &mut self,
        kind: TopicKind,
        (device, gateway): (&str, u32),
        sequence: u64,
        said: Said<'_>,
    ) -> Vec<Letter> {
        match (self.format, said) {
            (CodecName::Native, said) => {
                self.bytes.clear();
                native(&mut self.bytes, sequence, said);
                vec![Letter {
                    kind,
                    payload: self.bytes.clone(),
                    topic: None,
                }]
            }
            (_, Said::Samples(samples)) => {
                let outgoing = Outgoing {
                    device,
                    seq: sequence,
                    samples,
                };
                // A gateway hears a device the stronger the nearer it stands.
                let rssi_dbm = -80 - (device.bytes().map(i32::from).sum::<i32>() % 30);
                let gateway = gateway_name(gateway);
                let messages = self.encoder.encode_through(&outgoing, &gateway, rssi_dbm);
                messages
                    .into_iter()
                    .map(|(topic, payload)| Letter {
                        kind,
                        payload,
                        topic: Some(topic.into()),
                    })
                    .collect()
            }
            (CodecName::SparkplugB, Said::Online(false)) => {
                let topic = format!("spBv1.0/firemain/NDEATH/{device}");
                vec![Letter {
                    kind: TopicKind::Event,
                    payload: Vec::new(),
                    topic: Some(topic.into()),
                }]
            }
            (_, Said::Event(..) | Said::Online(_)) => Vec::new(),
        }
    }

    /// How many running numbers these messages have taken.
    pub(crate) fn numbers_taken(&self, letters: &[Letter]) -> u32 {
        match self.format {
            CodecName::Native | CodecName::Chirpstack | CodecName::Ttn | CodecName::Mapped => {
                letters.len() as u32
            }
            CodecName::SenmlJson | CodecName::SenmlCbor | CodecName::SparkplugB => {
                u32::from(!letters.is_empty())
            }
        }
    }

    /// The device's session is gone: what it says next explains itself anew (Sparkplug's BIRTH).
    pub(crate) fn forget(&mut self, device: &str) {
        self.encoder.forget(device);
    }
}

/// A gateway's name: an EUI-64 of this simulator's own.
pub(crate) fn gateway_name(gateway: u32) -> String {
    format!("f17e0000{gateway:08x}")
}

fn native(bytes: &mut Vec<u8>, sequence: u64, said: Said<'_>) {
    match said {
        Said::Samples([one]) => {
            bytes.push(b'{');
            time(bytes, one.at);
            bytes.extend_from_slice(b"\"seq\":");
            integer(bytes, sequence as i64);
            values(bytes, one);
            bytes.push(b'}');
        }
        Said::Samples(many) => {
            bytes.extend_from_slice(b"{\"seq\":");
            integer(bytes, sequence as i64);
            bytes.extend_from_slice(b",\"readings\":[");
            for (i, sample) in many.iter().enumerate() {
                bytes.extend_from_slice(if i == 0 { b"{" } else { b",{" });
                let start = bytes.len();
                time(bytes, sample.at);
                if bytes.len() > start {
                    bytes.pop();
                }
                values(bytes, sample);
                bytes.push(b'}');
            }
            bytes.extend_from_slice(b"]}");
        }
        Said::Event(at, event) => {
            bytes.push(b'{');
            time(bytes, Some(at));
            bytes.extend_from_slice(b"\"seq\":");
            integer(bytes, sequence as i64);
            bytes.push(b',');
            // The event's own JSON object, without its opening brace.
            let json = serde_json::to_vec(event).unwrap_or_default();
            bytes.extend_from_slice(json.get(1..).unwrap_or(b"}"));
        }
        Said::Online(online) => {
            let _ = write!(bytes, "{{\"online\":{online}}}");
        }
    }
}

fn time(bytes: &mut Vec<u8>, at: Option<Timestamp>) {
    if let Some(at) = at {
        bytes.extend_from_slice(b"\"at\":");
        integer(bytes, at.ms());
        bytes.push(b',');
    }
}

fn values(bytes: &mut Vec<u8>, sample: &Sample) {
    for (quantity, value) in &sample.values {
        bytes.extend_from_slice(b",\"");
        bytes.extend_from_slice(quantity.name().as_bytes());
        bytes.extend_from_slice(b"\":");
        if value.is_nan() {
            bytes.extend_from_slice(b"\"NaN\"");
        } else if quantity.is_boolean() {
            bytes.extend_from_slice(if *value == 0.0 { b"false" } else { b"true" });
        } else {
            thousandths(bytes, *value);
        }
    }
}

fn integer(bytes: &mut Vec<u8>, n: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left = n.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if n < 0 {
        bytes.push(b'-');
    }
    bytes.extend_from_slice(&digits[at..]);
}

/// A value with up to three decimals: no sensor here has finer steps.
fn thousandths(bytes: &mut Vec<u8>, value: f64) {
    let scaled = (value * 1_000.0).round();
    if !scaled.is_finite() || scaled.abs() > 9e15 {
        bytes.extend_from_slice(b"null");
        return;
    }
    let scaled = scaled as i64;
    if scaled < 0 {
        bytes.push(b'-');
    }
    let scaled = scaled.unsigned_abs();
    integer(bytes, (scaled / 1_000) as i64);
    let mut rest = scaled % 1_000;
    if rest > 0 {
        bytes.push(b'.');
        let mut unit = 100;
        while rest > 0 {
            bytes.push(b'0' + (rest / unit) as u8);
            rest %= unit;
            unit /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_short_as_they_are() {
        let text = |v: f64| {
            let mut bytes = Vec::new();
            thousandths(&mut bytes, v);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(text(215.0), "215");
        assert_eq!(text(-0.05), "-0.05");
        assert_eq!(text(1.802), "1.802");
        assert_eq!(text(3.61), "3.61");
        assert_eq!(text(f64::NAN), "null");
    }
}
