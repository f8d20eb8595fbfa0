//! The one way in: topic and payload to reports, or a refusal.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::report::{DeviceId, Mark, Report, Sample};
use xxhash_rust::xxh3::xxh3_64;

use crate::codecs::{chirpstack, mapped, native, senml, sparkplug, ttn};
use crate::subscription::{CodecName, DeviceLocator, Subscription};
use crate::{Decoded, TopicFilter, depth};

/// What a payload may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub payload_bytes: usize,
    /// Nesting of objects and arrays.
    pub depth: usize,
    /// Samples in one message.
    pub samples: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 64 * 1024,
            depth: 16,
            samples: 10_000,
        }
    }
}

/// Why a message cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than the limit.
    #[error("the payload has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Nested deeper than the limit, or with more samples.
    #[error("the payload is nested deeper, or holds more samples, than is allowed")]
    TooDeep,
    /// Not what its codec speaks.
    #[error("the payload cannot be read as {codec}: {reason}")]
    Undecodable {
        /// The codec.
        codec: CodecName,
        /// Why not.
        reason: String,
    },
    /// No subscription covers its topic.
    #[error("no subscription covers this topic")]
    UnknownTopic,
    /// Its device cannot be told.
    #[error("the device cannot be told: {0}")]
    NoDevice(String),
}

/// What a codec makes of a message before it is known whose it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) seq: Option<u64>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) events: Vec<firemain_domain::report::DeviceEvent>,
    pub(crate) online: Option<bool>,
    /// The gateway through which it was heard.
    pub(crate) via: Option<std::sync::Arc<str>>,
    pub(crate) unknown_fields: u16,
}

impl Told {
    /// The report of `device` that this is, read from `payload`.
    pub(crate) fn by(self, device: DeviceId, payload: &[u8]) -> Report {
        let payload_hash = xxh3_64(payload);
        Report {
            device,
            mark: self.seq.map_or(Mark::Hash(payload_hash), Mark::Sequence),
            payload_hash,
            samples: self.samples,
            events: self.events,
            online: self.online,
            via: self.via,
            unknown_fields: self.unknown_fields,
        }
    }
}

/// A message on its way through a codec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) topic: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) received_at: Timestamp,
    pub(crate) subscription: &'a Subscription,
    pub(crate) limits: &'a Limits,
}

impl Incoming<'_> {
    pub(crate) fn undecodable(&self, reason: &dyn ToString) -> Refusal {
        let reason = reason.to_string().chars().take(200).collect();
        Refusal::Undecodable {
            codec: self.subscription.codec,
            reason,
        }
    }

    /// The topic's segment `n`.
    pub(crate) fn segment(&self, n: usize) -> Option<&str> {
        self.topic.split('/').nth(n)
    }

    /// The payload as text, its nesting checked.
    pub(crate) fn json(&self) -> Result<&str, Refusal> {
        let text = std::str::from_utf8(self.payload).map_err(|e| self.undecodable(&e))?;
        if depth::exceeds(text.as_bytes(), self.limits.depth) {
            Err(Refusal::TooDeep)
        } else {
            Ok(text)
        }
    }

    /// The device by the subscription's own locator, where it has one.
    pub(crate) fn located(
        &self,
        json: Option<&serde_json::Value>,
    ) -> Option<Result<DeviceId, Refusal>> {
        let name = match self.subscription.device.as_ref()? {
            DeviceLocator::Topic(n) => self.segment(*n).map(str::to_owned),
            DeviceLocator::Json(pointer) => match json.and_then(|json| json.pointer(pointer)) {
                Some(serde_json::Value::String(text)) => Some(text.clone()),
                Some(serde_json::Value::Number(number)) => Some(number.to_string()),
                _ => None,
            },
        };
        Some(match name {
            Some(name) => device(&name),
            None => Err(Refusal::NoDevice(
                "it is not where the subscription says".to_owned(),
            )),
        })
    }
}

/// A device's name, if it can be one: 1 to 128 characters, no control characters, and none that
/// topics give a meaning to.
pub(crate) fn device(name: &str) -> Result<DeviceId, Refusal> {
    let good = !name.is_empty()
        && name.chars().count() <= 128
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | '+' | '#'));
    if good {
        Ok(Arc::from(name))
    } else {
        let shown: String = name.chars().take(64).collect();
        Err(Refusal::NoDevice(format!(
            "{shown:?} is not a device's name"
        )))
    }
}

/// Reads messages by the subscriptions.
#[derive(Clone, Debug)]
pub struct Decoder {
    subscriptions: Vec<(TopicFilter, Subscription)>,
    limits: Limits,
    sparkplug: sparkplug::Aliases,
}

impl Decoder {
    /// A decoder for these subscriptions; where several cover a topic, the first counts.
    pub fn new(subscriptions: Vec<Subscription>, limits: Limits) -> Self {
        let subscriptions = subscriptions
            .into_iter()
            .map(|s| (s.topic.without_share(), s))
            .collect();
        Self {
            subscriptions,
            limits,
            sparkplug: sparkplug::Aliases::default(),
        }
    }

    /// Reads one message; `received_at` is the wall clock's time of receipt.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn decode(
        &mut self,
        topic: &str,
        payload: &[u8],
        received_at: Timestamp,
    ) -> Result<Decoded, Refusal> {
        let limits = self.limits;
        if payload.len() > limits.payload_bytes {
            let (bytes, limit) = (payload.len(), limits.payload_bytes);
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let (_, subscription) = self
            .subscriptions
            .iter()
            .find(|(filter, _)| filter.covers(topic))
            .ok_or(Refusal::UnknownTopic)?;
        let incoming = Incoming {
            topic,
            payload,
            received_at,
            subscription,
            limits: &limits,
        };
        let decoded = match subscription.codec {
            CodecName::Native => native::decode(&incoming).map(Decoded::from)?,
            CodecName::SenmlJson => senml::decode_json(&incoming)?,
            CodecName::SenmlCbor => senml::decode_cbor(&incoming)?,
            CodecName::Chirpstack => chirpstack::decode(&incoming).map(Decoded::from)?,
            CodecName::Ttn => ttn::decode(&incoming).map(Decoded::from)?,
            CodecName::Mapped => mapped::decode(&incoming).map(Decoded::from)?,
            CodecName::SparkplugB => sparkplug::decode(&incoming, &mut self.sparkplug)?,
        };
        let samples: usize = decoded.reports.iter().map(|r| r.samples.len()).sum();
        if samples > limits.samples {
            Err(Refusal::TooDeep)
        } else {
            Ok(decoded)
        }
    }

    /// What it must remember from one message to the next: Sparkplug's aliases.
    pub fn save(&self) -> Vec<u8> {
        self.sparkplug.save()
    }

    /// Takes back what [`Self::save`] gave; what cannot be read is forgotten, and asked for again.
    pub fn restore(&mut self, saved: &[u8]) {
        self.sparkplug = sparkplug::Aliases::restore(saved);
    }
}
