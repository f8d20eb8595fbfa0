//! A subscription: which topics, in which codec, and how to find the device.

use std::fmt;
use std::str::FromStr;

use firemain_domain::Quantity;
use firemain_domain::quantity::Unit;
use serde::{Deserialize, Serialize};

use crate::topic::TopicFilter;

/// The codecs by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodecName {
    /// Our own JSON.
    Native,
    /// RFC 8428, JSON.
    SenmlJson,
    /// RFC 8428, CBOR.
    SenmlCbor,
    /// ChirpStack v4 uplinks.
    Chirpstack,
    /// The Things Stack v3 uplinks.
    Ttn,
    /// Eclipse Sparkplug 3.0.
    SparkplugB,
    /// Any JSON, through a table of pointers.
    Mapped,
}

impl CodecName {
    /// All codecs.
    pub const ALL: [Self; 7] = [
        Self::Native,
        Self::SenmlJson,
        Self::SenmlCbor,
        Self::Chirpstack,
        Self::Ttn,
        Self::SparkplugB,
        Self::Mapped,
    ];

    /// As in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::SenmlJson => "senml-json",
            Self::SenmlCbor => "senml-cbor",
            Self::Chirpstack => "chirpstack",
            Self::Ttn => "ttn",
            Self::SparkplugB => "sparkplug-b",
            Self::Mapped => "mapped",
        }
    }
}

impl fmt::Display for CodecName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a message names its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceLocator {
    /// `topic:N`: the topic's segment N, counted from 0.
    Topic(usize),
    /// `json:/pointer`: a text or number in the payload (RFC 6901).
    Json(String),
}

impl FromStr for DeviceLocator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` does not say where the device is named: write `topic:2` or `json:/pointer`"
            )
        };
        match text.split_once(':') {
            Some(("topic", n)) => n.parse().map(Self::Topic).map_err(|_| wrong()),
            Some(("json", pointer)) if pointer.starts_with('/') => {
                Ok(Self::Json(pointer.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for DeviceLocator {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceLocator> for String {
    fn from(locator: DeviceLocator) -> Self {
        match locator {
            DeviceLocator::Topic(n) => format!("topic:{n}"),
            DeviceLocator::Json(pointer) => format!("json:{pointer}"),
        }
    }
}

/// Where a value stands in a payload, what it measures and in which unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenField", into = "WrittenField")]
pub struct FieldMap {
    /// JSON pointer (RFC 6901); for Sparkplug the metric's name.
    pub pointer: String,
    /// What it is.
    pub means: Meaning,
}

/// What a mapped field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// A quantity, in that unit.
    Quantity(Quantity, Unit),
    /// The time of measurement: RFC 3339, or epoch in seconds or milliseconds.
    At,
    /// The sequence number.
    Seq,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenField {
    pointer: String,
    quantity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

impl TryFrom<WrittenField> for FieldMap {
    type Error = String;

    fn try_from(written: WrittenField) -> Result<Self, String> {
        let means = match written.quantity.as_str() {
            "at" => Meaning::At,
            "seq" => Meaning::Seq,
            name => {
                let quantity = Quantity::from_name(name).ok_or_else(|| {
                    let known: Vec<_> = Quantity::ALL.iter().map(|q| q.name()).collect();
                    format!(
                        "`{name}` is not a quantity: write at, seq or one of {}",
                        known.join(", ")
                    )
                })?;
                let text = written
                    .unit
                    .as_deref()
                    .unwrap_or_else(|| default_unit(quantity));
                let unit: Unit = text.parse().map_err(|e| format!("{e}"))?;
                quantity.from_unit(0.0, unit).map_err(|e| e.to_string())?;
                Meaning::Quantity(quantity, unit)
            }
        };
        Ok(Self {
            pointer: written.pointer,
            means,
        })
    }
}

impl From<FieldMap> for WrittenField {
    fn from(field: FieldMap) -> Self {
        let (quantity, unit) = match field.means {
            Meaning::At => ("at".to_owned(), None),
            Meaning::Seq => ("seq".to_owned(), None),
            Meaning::Quantity(quantity, unit) => {
                (quantity.name().to_owned(), Some(unit.symbol().to_owned()))
            }
        };
        Self {
            pointer: field.pointer,
            quantity,
            unit,
        }
    }
}

/// The unit in which a quantity is kept, as it is written.
pub fn default_unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::VolumeTotalM3 => "m3",
        Quantity::TemperatureC => "Cel",
        Quantity::TiltDeg => "deg",
        q if q.is_boolean() => "bool",
        q => q.unit(),
    }
}

/// Which topics to listen to, and how to read what comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The topics.
    pub topic: TopicFilter,
    /// How to read them.
    pub codec: CodecName,
    /// Where the device is named; each codec has a place of its own where this is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceLocator>,
    /// Which fields mean what; needed for `mapped`, optional for gateways' payloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldMap>,
}

impl Subscription {
    /// Our own topics: `firemain/v1/{device}/telemetry`, `…/status` and `…/event`.
    pub fn defaults() -> Vec<Self> {
        ["telemetry", "status", "event"]
            .into_iter()
            .filter_map(|what| TopicFilter::new(&format!("firemain/v1/+/{what}")).ok())
            .map(|topic| Self::new(topic, CodecName::Native))
            .collect()
    }

    /// A subscription without a table.
    pub fn new(topic: TopicFilter, codec: CodecName) -> Self {
        Self {
            topic,
            codec,
            device: None,
            fields: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Subscription, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn a_subscription_is_read_as_it_is_written() {
        let json = r#"{"topic":"v/+/up","codec":"mapped","device":"topic:1","fields":[{"pointer":"/p","quantity":"pressure_kpa","unit":"bar"}]}"#;
        let subscription = read(json).unwrap();
        assert_eq!(serde_json::to_string(&subscription).unwrap(), json);
        assert_eq!(Subscription::defaults().len(), 3);
    }

    #[test]
    fn mistakes_are_named() {
        let error = |json: &str| read(json).unwrap_err();
        assert!(error(r#"{"topic":"a#","codec":"native"}"#).contains("a#"));
        assert!(error(r#"{"topic":"a","codec":"telex"}"#).contains("telex"));
        assert!(
            error(r#"{"topic":"a","codec":"native","device":"somewhere"}"#).contains("topic:2")
        );
        let field = |q: &str, u: &str| {
            error(&format!(
                r#"{{"topic":"a","codec":"mapped","fields":[{{"pointer":"/p","quantity":"{q}","unit":"{u}"}}]}}"#
            ))
        };
        assert!(field("pressure", "bar").contains("pressure_kpa"));
        assert!(field("pressure_kpa", "furlong").contains("furlong"));
        assert!(field("pressure_kpa", "L/s").contains("L/s"));
        assert!(error(r#"{"topic":"a","codec":"native","feilds":[]}"#).contains("feilds"));
    }
}
