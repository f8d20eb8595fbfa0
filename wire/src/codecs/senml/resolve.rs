//! From records to reports: base fields applied, relative times made absolute (RFC 8428, 4.5, 4.6).

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::quantity::{Quantity, Unit};

use super::record::Record;
use crate::Decoded;
use crate::codecs::fields::Samples;
use crate::decoder::{Incoming, Refusal, Told, device};

/// Smaller times are seconds relative to now (RFC 8428, 4.5.3).
const RELATIVE_BELOW: f64 = 268_435_456.0;
/// The version this reads.
const VERSION: f64 = 10.0;
/// What stands between the parts of a name.
const SEPARATORS: [char; 2] = ['/', ':'];

/// What one device says in the pack.
#[derive(Default)]
struct Speaker {
    name: String,
    samples: Samples,
    unknown_fields: u16,
}

/// The devices of a pack, in the order in which they first speak.
#[derive(Default)]
struct Speakers {
    speakers: Vec<Speaker>,
    places: HashMap<String, usize>,
}

impl Speakers {
    fn named(&mut self, name: String) -> &mut Speaker {
        let place = match self.speakers.last() {
            Some(last) if last.name == name => self.speakers.len() - 1,
            _ => *self.places.entry(name.clone()).or_insert_with(|| {
                self.speakers.push(Speaker {
                    name,
                    ..Speaker::default()
                });
                self.speakers.len() - 1
            }),
        };
        &mut self.speakers[place]
    }
}

pub(super) fn resolve(incoming: &Incoming<'_>, records: &[Record]) -> Result<Decoded, Refusal> {
    let mut base = Record::default();
    let mut speakers = Speakers::default();
    for record in records {
        inherit(&mut base, record);
        if record
            .version
            .or(base.version)
            .is_some_and(|version| version > VERSION)
        {
            return Err(incoming.undecodable(&"a SenML version newer than 10"));
        }
        if record.only_has_base_fields() {
            continue;
        }
        let values = values(incoming, &base, record)?;
        let at = time(incoming, &base, record);
        let speaker = speakers.named(device_name(incoming, &base, record)?);
        let unknown = record
            .unknown_fields
            .saturating_add(u16::from(values.iter().all(Option::is_none)));
        speaker.unknown_fields = speaker.unknown_fields.saturating_add(unknown);
        for (quantity, value) in values.into_iter().flatten() {
            speaker.samples.put(at, quantity, value);
        }
    }
    let reports: Result<Vec<_>, Refusal> = speakers
        .speakers
        .into_iter()
        .map(
            |Speaker {
                 name,
                 samples,
                 unknown_fields,
             }| {
                let told = Told {
                    samples: samples.into_vec(),
                    unknown_fields,
                    ..Told::default()
                };
                Ok(told.by(device(&name)?, incoming.payload))
            },
        )
        .collect();
    Ok(Decoded {
        reports: reports?,
        rebirths: Vec::new(),
    })
}

fn inherit(base: &mut Record, record: &Record) {
    let take = |base: &mut Option<f64>, new: Option<f64>| *base = new.or(*base);
    take(&mut base.base_time, record.base_time);
    take(&mut base.base_value, record.base_value);
    take(&mut base.base_sum, record.base_sum);
    take(&mut base.version, record.version);
    if record.base_name.is_some() {
        base.base_name.clone_from(&record.base_name);
    }
    if record.base_unit.is_some() {
        base.base_unit.clone_from(&record.base_unit);
    }
}

/// What a record is about. Base name and name together are its full name; the part behind the last
/// separator names the quantity, what comes before it the device. A base that ends in the device
/// without a separator (`tr-0412` + `p`) is read as it is meant.
fn quantity_name<'r>(base: &'r Record, record: &'r Record) -> &'r str {
    let name = record.name.as_deref().filter(|name| !name.is_empty());
    let name = name.or(base.base_name.as_deref()).unwrap_or_default();
    name.rsplit(SEPARATORS).next().unwrap_or_default()
}

fn device_name(incoming: &Incoming<'_>, base: &Record, record: &Record) -> Result<String, Refusal> {
    if let Some(located) = incoming.located(None) {
        return located.map(|device| device.to_string());
    }
    let base_name = base.base_name.as_deref().unwrap_or_default();
    let name = record.name.as_deref().unwrap_or_default();
    // Without a name of its own, or without a base, the full name ends in the quantity.
    let path = match (base_name.is_empty(), name.is_empty()) {
        (false, false) => base_name,
        (false, true) => base_name
            .rsplit_once(SEPARATORS)
            .map_or("", |(path, _)| path),
        (true, _) => name.rsplit_once(SEPARATORS).map_or("", |(path, _)| path),
    };
    match path.trim_end_matches(SEPARATORS).rsplit(SEPARATORS).next() {
        Some(device) if !device.is_empty() => Ok(device.to_owned()),
        _ => Err(Refusal::NoDevice(
            "the SenML base name `bn` must end in the device: `hn/tr-0412/`".to_owned(),
        )),
    }
}

/// What a record measured: its value, and its sum, which of a flow is the volume drawn.
fn values(
    incoming: &Incoming<'_>,
    base: &Record,
    record: &Record,
) -> Result<[Option<(Quantity, f64)>; 2], Refusal> {
    let Some(quantity) = quantity(quantity_name(base, record)) else {
        return Ok([None, None]);
    };
    let wrong = |e: &dyn std::fmt::Display| incoming.undecodable(&e.to_string());
    let unit = match record.unit.as_deref().or(base.base_unit.as_deref()) {
        Some(unit) => Some(
            senml_unit(unit)
                .ok_or_else(|| wrong(&format!("`{unit}` is not a SenML unit of {quantity}")))?,
        ),
        None => None,
    };
    let value = match number(base, record, quantity) {
        Some(value) => Some((
            quantity,
            in_unit(quantity, value, unit, record).map_err(|e| wrong(&e))?,
        )),
        None => None,
    };
    let sum = record
        .sum
        .or(record.base_sum.map(|_| 0.0))
        .map(|sum| sum + base.base_sum.unwrap_or(0.0));
    let volume = match (quantity, sum, unit) {
        // A sum is in the unit times seconds (RFC 8428, 4.3): litres, for litres a second.
        (Quantity::FlowLps, Some(sum), Some(unit)) => {
            let litres = quantity.from_unit(sum, unit).map_err(|e| wrong(&e))?;
            Some((Quantity::VolumeTotalM3, litres / 1_000.0))
        }
        _ => None,
    };
    Ok([value, volume])
}

/// A record's value, before its unit; a base value stands where only a sum or nothing is given.
fn number(base: &Record, record: &Record, quantity: Quantity) -> Option<f64> {
    match (record.boolean, record.value) {
        (Some(yes), _) => quantity.is_boolean().then(|| f64::from(u8::from(yes))),
        (None, Some(value)) => Some(value + base.base_value.unwrap_or(0.0)),
        (None, None) if record.other_value || record.sum.is_some() => None,
        (None, None) => base.base_value,
    }
}

/// The value in our own unit. The short names are SenML's, and SenML's pressures and flows are worth
/// nothing without their unit: 215 may be kPa or Pa.
fn in_unit(
    quantity: Quantity,
    value: f64,
    unit: Option<Unit>,
    record: &Record,
) -> Result<f64, String> {
    match (unit, record.name.as_deref()) {
        (Some(unit), _) if !quantity.is_boolean() => {
            quantity.from_unit(value, unit).map_err(|e| e.to_string())
        }
        (None, Some(name @ ("p" | "q"))) => Err(format!(
            "`{name}` has no unit: give `u`, such as Pa or m3/s, or `bu`"
        )),
        _ => Ok(value),
    }
}

fn quantity(name: &str) -> Option<Quantity> {
    match name {
        "p" => Some(Quantity::PressureKpa),
        "q" => Some(Quantity::FlowLps),
        "l" => Some(Quantity::LevelM),
        name => Quantity::from_name(name),
    }
}

/// The units of SenML's registry (RFC 8428, 12.1; RFC 8798) that measure what is measured here.
fn senml_unit(symbol: &str) -> Option<Unit> {
    match symbol {
        "Pa" | "hPa" | "kPa" | "m3/s" | "m3/h" | "m" | "cm" | "mm" | "m3" | "l" | "V" | "mV"
        | "K" | "rad" | "deg" | "dBm" | "%" | "/" | "Cel" | "%EL" | "l/s" => symbol.parse().ok(),
        "/100" => Some(Unit::Percent),
        _ => None,
    }
}

fn time(incoming: &Incoming<'_>, base: &Record, record: &Record) -> Option<Timestamp> {
    let (base_time, time) = (base.base_time, record.time);
    if base_time.is_none() && time.is_none() {
        return None;
    }
    let seconds = base_time.unwrap_or(0.0) + time.unwrap_or(0.0);
    // 0 is "now": as if no time had been given.
    if !seconds.is_finite() || seconds == 0.0 {
        return None;
    }
    let ms = (seconds * 1_000.0).round() as i64;
    Some(if seconds < RELATIVE_BELOW {
        incoming.received_at.plus_ms(ms)
    } else {
        Timestamp::from_ms(ms)
    })
}
