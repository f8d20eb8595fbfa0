//! From records to reports: base fields applied, relative times made absolute (RFC 8428, 4.5, 4.6).

use firemain_domain::Timestamp;
use firemain_domain::quantity::{Quantity, Unit};
use firemain_domain::report::Sample;

use super::record::Record;
use crate::Decoded;
use crate::codecs::fields::put;
use crate::decoder::{Incoming, Refusal, Told, device};

/// Smaller times are seconds relative to now (RFC 8428, 4.5.3).
const RELATIVE_BELOW: f64 = 268_435_456.0;
/// The version this reads.
const VERSION: f64 = 10.0;

/// What one device says in the pack.
struct Speaker {
    name: String,
    told: Told,
}

pub(super) fn resolve(incoming: &Incoming<'_>, records: &[Record]) -> Result<Decoded, Refusal> {
    let mut base = Record::default();
    let mut speakers: Vec<Speaker> = Vec::new();
    for record in records {
        inherit(&mut base, record);
        if record.version.or(base.version).is_some_and(|version| version > VERSION) {
            return Err(incoming.undecodable("a SenML version newer than 10"));
        }
        let Some((quantity, value)) = value(incoming, &base, record)? else { continue };
        let name = device_name(incoming, &base, record)?;
        let at = time(incoming, &base, record);
        let speaker = match speakers.iter_mut().position(|s| s.name == name) {
            Some(place) => &mut speakers[place],
            None => {
                speakers.push(Speaker { name, told: Told::default() });
                let last = speakers.len() - 1;
                &mut speakers[last]
            }
        };
        speaker.told.unknown_fields = speaker.told.unknown_fields.saturating_add(record.unknown_fields);
        let samples = &mut speaker.told.samples;
        match samples.iter_mut().find(|sample| sample.at == at) {
            Some(sample) => put(&mut sample.values, quantity, value),
            None => {
                let index = u16::try_from(samples.len()).unwrap_or(u16::MAX);
                samples.push(Sample { at, index, values: vec![(quantity, value)] });
            }
        }
    }
    if speakers.is_empty() && !records.is_empty() {
        let name = device_name(incoming, &base, &records[records.len() - 1])?;
        speakers.push(Speaker { name, told: Told::default() });
    }
    let reports: Result<Vec<_>, Refusal> = speakers
        .into_iter()
        .map(|speaker| Ok(speaker.told.by(device(&speaker.name)?, incoming.payload)))
        .collect();
    Ok(Decoded { reports: reports?, rebirths: Vec::new() })
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

/// The full name is base and name together; its last part names the quantity, the one before it
/// the device. A pack whose base is the bare device (`tr-0412/`) is the usual case.
fn full_name(base: &Record, record: &Record) -> String {
    let mut name = base.base_name.clone().unwrap_or_default();
    name.push_str(record.name.as_deref().unwrap_or_default());
    name
}

fn device_name(incoming: &Incoming<'_>, base: &Record, record: &Record) -> Result<String, Refusal> {
    if let Some(located) = incoming.located(None) {
        return located.map(|device| device.to_string());
    }
    let base_name = base.base_name.as_deref().unwrap_or_default();
    let trimmed = base_name.trim_end_matches(['/', ':']);
    let from_base = trimmed.rsplit(['/', ':']).next().unwrap_or_default();
    if !from_base.is_empty() {
        return Ok(from_base.to_owned());
    }
    let full = full_name(base, record);
    let mut parts = full.rsplit(['/', ':']);
    parts.next();
    let name = parts.next().unwrap_or_default();
    if name.is_empty() {
        Err(Refusal::NoDevice("the SenML base name `bn` must end in the device: `hn/tr-0412/`".to_owned()))
    } else {
        Ok(name.to_owned())
    }
}

fn value(incoming: &Incoming<'_>, base: &Record, record: &Record) -> Result<Option<(Quantity, f64)>, Refusal> {
    let name = full_name(base, record);
    let Some(quantity) = quantity(name.rsplit(['/', ':']).next().unwrap_or_default()) else {
        return Ok(None);
    };
    if let Some(yes) = record.boolean {
        return Ok(quantity.is_boolean().then_some((quantity, f64::from(u8::from(yes)))));
    }
    let number = match (record.value, record.sum) {
        (Some(value), _) => value + base.base_value.unwrap_or(0.0),
        (None, Some(sum)) => sum + base.base_sum.unwrap_or(0.0),
        (None, None) if base.base_value.is_some() => base.base_value.unwrap_or(0.0),
        (None, None) => return Ok(None),
    };
    let Some(unit) = record.unit.as_deref().or(base.base_unit.as_deref()) else {
        return Ok(Some((quantity, number)));
    };
    let unit = senml_unit(unit)
        .ok_or_else(|| incoming.undecodable(format!("`{unit}` is not a SenML unit of {quantity}")))?;
    let value = quantity.from_unit(number, unit).map_err(|e| incoming.undecodable(e))?;
    Ok(Some((quantity, value)))
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
        "Pa" | "hPa" | "kPa" | "m3/s" | "m3/h" | "m" | "mm" | "m3" | "V" | "mV" | "K" | "rad" | "deg"
        | "dBm" | "%" | "/" | "Cel" | "%EL" | "l/s" => symbol.parse().ok(),
        _ => None,
    }
}

fn time(incoming: &Incoming<'_>, base: &Record, record: &Record) -> Option<Timestamp> {
    let (base_time, time) = (base.base_time, record.time);
    if base_time.is_none() && time.is_none() {
        return None;
    }
    let seconds = base_time.unwrap_or(0.0) + time.unwrap_or(0.0);
    if !seconds.is_finite() {
        return None;
    }
    let ms = (seconds * 1_000.0).round() as i64;
    Some(if seconds < RELATIVE_BELOW { incoming.received_at.plus_ms(ms) } else { Timestamp::from_ms(ms) })
}
