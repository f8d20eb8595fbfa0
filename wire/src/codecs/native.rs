//! Our own JSON: telemetry, status and events.
//!
//! One flat object, or several readings under `readings`. Read without building a tree: this is the
//! way of nearly every message of a city.

use std::borrow::Cow;
use std::fmt;

use firemain_domain::Timestamp;
use firemain_domain::quantity::Quantity;
use firemain_domain::report::{DeviceEvent, EventKind, Report, Sample};
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{put, whole};
use super::time;
use crate::decoder::{Incoming, Refusal, Told, device};

/// The topic's segment that names the device: `firemain/v1/{device}/telemetry`.
const DEVICE_SEGMENT: usize = 2;

pub(crate) fn decode(incoming: &Incoming<'_>) -> Result<Report, Refusal> {
    let text = incoming.json()?;
    let device = match incoming.located(None) {
        Some(Err(Refusal::NoDevice(_))) if incoming.subscription.device.is_some() => {
            let json: serde_json::Value =
                serde_json::from_str(text).map_err(|e| incoming.undecodable(&e))?;
            incoming
                .located(Some(&json))
                .unwrap_or(Err(Refusal::NoDevice(String::new())))?
        }
        Some(located) => located?,
        None => device(incoming.segment(DEVICE_SEGMENT).unwrap_or_default())?,
    };
    let mut read = Read::default();
    let mut json = serde_json::Deserializer::from_str(text);
    Object {
        read: &mut read,
        nested: false,
        limit: incoming.limits.samples,
    }
    .deserialize(&mut json)
    .map_err(|e| incoming.undecodable(&e))?;
    json.end().map_err(|e| incoming.undecodable(&e))?;
    Ok(read
        .told()
        .map_err(|e| incoming.undecodable(&e))?
        .by(device, incoming.payload))
}

/// What was read so far.
#[derive(Debug, Default)]
struct Read {
    at: Option<Timestamp>,
    seq: Option<u64>,
    values: Vec<(Quantity, f64)>,
    readings: Vec<Sample>,
    readings_seen: u16,
    online: Option<bool>,
    event: Option<String>,
    id: Option<String>,
    ok: Option<bool>,
    error: Option<String>,
    unknown_fields: u16,
}

impl Read {
    fn told(self) -> Result<Told, String> {
        let mut told = Told {
            seq: self.seq,
            samples: self.readings,
            online: self.online,
            unknown_fields: self.unknown_fields,
            ..Told::default()
        };
        // The message's own time holds for readings that have none.
        told.samples
            .iter_mut()
            .for_each(|sample| sample.at = sample.at.or(self.at));
        if !self.values.is_empty() {
            let index = self.readings_seen;
            told.samples.push(Sample {
                at: self.at,
                index,
                values: self.values,
            });
        }
        if let Some(event) = self.event {
            let what = match event.as_str() {
                "cap_open" => EventKind::CapOpen,
                "cap_closed" => EventKind::CapClosed,
                "tamper" => EventKind::Tamper,
                "tilt" => EventKind::Tilt,
                "flow_start" => EventKind::FlowStart,
                "flow_stop" => EventKind::FlowStop,
                "boot" => EventKind::Boot,
                "command_done" => EventKind::CommandDone {
                    id: self.id.ok_or("`command_done` without the command's `id`")?,
                    ok: self.ok.unwrap_or(self.error.is_none()),
                    error: self.error,
                },
                _ => EventKind::Other(event.chars().take(64).collect()),
            };
            told.events.push(DeviceEvent { at: self.at, what });
        }
        Ok(told)
    }
}

/// One JSON object: the message itself, or one of its readings.
struct Object<'r> {
    read: &'r mut Read,
    nested: bool,
    limit: usize,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();
    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"pressure_kpa\":215.0}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut at = None;
        let mut values = Vec::with_capacity(4);
        while let Some(key) = map.next_key_seed(Text)? {
            match &*key {
                "at" => at = time_of(map.next_value_seed(Scalar)?).map_err(de::Error::custom)?,
                "seq" if !self.nested => self.read.own_field("seq", &mut map)?,
                "readings" if !self.nested => {
                    let (read, limit) = (&mut *self.read, self.limit);
                    map.next_value_seed(Readings { read, limit })?;
                }
                name => match Quantity::from_name(name) {
                    Some(quantity) => match map.next_value_seed(Scalar)? {
                        One::Null => {}
                        value => {
                            let value = value.number(quantity).ok_or_else(|| {
                                de::Error::custom(format!("`{name}` must be a number or null"))
                            })?;
                            put(&mut values, quantity, value);
                        }
                    },
                    None if !self.nested => self.read.own_field(name, &mut map)?,
                    None => {
                        map.next_value::<IgnoredAny>()?;
                        self.read.unknown_fields = self.read.unknown_fields.saturating_add(1);
                    }
                },
            }
        }
        if self.nested {
            // A reading of which nothing was measured keeps its place: the next one's counts.
            let index = self.read.readings_seen;
            self.read.readings_seen = index.saturating_add(1);
            if !values.is_empty() {
                self.read.readings.push(Sample { at, index, values });
            }
        } else {
            self.read.at = at;
            self.read.values = values;
        }
        Ok(())
    }
}

impl Read {
    /// A field of the message itself that is no quantity.
    fn own_field<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let wrong = |what: &str| de::Error::custom(format!("`{name}` must be {what}"));
        match name {
            "seq" => match map.next_value_seed(Scalar)? {
                One::Null => {}
                One::Whole(seq) => self.seq = Some(seq),
                One::Number(seq) if whole(seq).is_some() => self.seq = whole(seq),
                _ => return Err(wrong("a whole number from 0")),
            },
            "online" | "ok" => match map.next_value_seed(Scalar)? {
                One::Null => {}
                One::YesNo(yes) if name == "online" => self.online = Some(yes),
                One::YesNo(yes) => self.ok = Some(yes),
                _ => return Err(wrong("true or false")),
            },
            "event" | "id" | "error" => {
                let text = match map.next_value_seed(Scalar)? {
                    One::Null => return Ok(()),
                    One::Text(text) => text.chars().take(200).collect(),
                    One::Whole(number) => number.to_string(),
                    _ => return Err(wrong("a text")),
                };
                match name {
                    "event" => self.event = Some(text),
                    "id" => self.id = Some(text),
                    _ => self.error = Some(text),
                }
            }
            // What a device tells of itself is read where devices are kept, not with what it measures.
            "firmware" | "config" => {
                map.next_value::<IgnoredAny>()?;
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
                self.unknown_fields = self.unknown_fields.saturating_add(1);
            }
        }
        Ok(())
    }
}

/// The array under `readings`.
struct Readings<'r> {
    read: &'r mut Read,
    limit: usize,
}

impl<'de> DeserializeSeed<'de> for Readings<'_> {
    type Value = ();
    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Readings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of readings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { read, limit } = self;
        while seq
            .next_element_seed(Object {
                read: &mut *read,
                nested: true,
                limit,
            })?
            .is_some()
        {
            if usize::from(read.readings_seen) > limit {
                return Err(de::Error::custom(format!(
                    "more than {limit} readings in one message"
                )));
            }
        }
        Ok(())
    }
}

/// One scalar.
#[derive(Debug)]
enum One<'de> {
    Null,
    YesNo(bool),
    Whole(u64),
    Number(f64),
    Text(Cow<'de, str>),
}

impl One<'_> {
    fn number(&self, quantity: Quantity) -> Option<f64> {
        match self {
            Self::Whole(n) => Some(*n as f64),
            Self::Number(n) => Some(*n),
            Self::YesNo(yes) if quantity.is_boolean() => Some(f64::from(u8::from(*yes))),
            // Firmware writes these where a sensor failed: they are told apart from numbers later.
            Self::Text(text) if matches!(&**text, "NaN" | "nan") => Some(f64::NAN),
            Self::Text(text) if matches!(&**text, "inf" | "Infinity") => Some(f64::INFINITY),
            Self::Text(text) if matches!(&**text, "-inf" | "-Infinity") => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }
}

fn time_of(value: One<'_>) -> Result<Option<Timestamp>, &'static str> {
    let wrong = "`at` must be RFC 3339 or milliseconds since 1970";
    match value {
        One::Null => Ok(None),
        One::Whole(n) => time::from_number(n as f64).map(Some).ok_or(wrong),
        One::Number(n) => time::from_number(n).map(Some).ok_or(wrong),
        One::Text(text) => Timestamp::parse(&text).map(Some).ok_or(wrong),
        One::YesNo(_) => Err(wrong),
    }
}

struct Scalar;

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = One<'de>;
    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<One<'de>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = One<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, true, false or null")
    }
    fn visit_unit<E>(self) -> Result<One<'de>, E> {
        Ok(One::Null)
    }
    fn visit_bool<E>(self, yes: bool) -> Result<One<'de>, E> {
        Ok(One::YesNo(yes))
    }
    fn visit_u64<E>(self, n: u64) -> Result<One<'de>, E> {
        Ok(One::Whole(n))
    }
    fn visit_i64<E>(self, n: i64) -> Result<One<'de>, E> {
        Ok(One::Number(n as f64))
    }
    fn visit_f64<E>(self, n: f64) -> Result<One<'de>, E> {
        Ok(One::Number(n))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<One<'de>, E> {
        Ok(One::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<One<'de>, E> {
        Ok(One::Text(Cow::Owned(text.to_owned())))
    }
}

/// A key, borrowed where it can be.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Cow<'de, str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
