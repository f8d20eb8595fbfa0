//! Values out of a JSON object: by a table of pointers, or by our own names; and values into samples.

use std::collections::BTreeMap;

use firemain_domain::Timestamp;
use firemain_domain::quantity::{Quantity, Unit};
use firemain_domain::report::Sample;
use serde_json::{Map, Value};

use super::time;
use crate::subscription::{FieldMap, Meaning};

/// What was found in an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Found {
    pub(crate) values: Vec<(Quantity, f64)>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) seq: Option<u64>,
    pub(crate) unknown_fields: u16,
}

/// Looks in `json` by the table; without one, by our own names among the members of `object`.
///
/// # Errors
/// A field that is there and cannot be what the table says.
pub(crate) fn find(
    json: &Value,
    object: Option<&Value>,
    fields: &[FieldMap],
) -> Result<Found, String> {
    if fields.is_empty() {
        let empty = Map::new();
        return by_name(object.and_then(Value::as_object).unwrap_or(&empty));
    }
    let mut found = Found::default();
    for field in fields {
        let value = match json.pointer(&field.pointer) {
            None | Some(Value::Null) => continue,
            Some(value) => value,
        };
        let wrong = || {
            format!(
                "the field at `{}` cannot be read: {}",
                field.pointer,
                cut(value)
            )
        };
        match field.means {
            Meaning::At => found.at = Some(time::from_json(value).ok_or_else(wrong)?),
            Meaning::Seq => found.seq = Some(sequence(value).ok_or_else(wrong)?),
            Meaning::Quantity(quantity, unit) => {
                let value = number(value, quantity).ok_or_else(wrong)?;
                put(&mut found.values, quantity, convert(quantity, value, unit));
            }
        }
    }
    Ok(found)
}

fn by_name(object: &Map<String, Value>) -> Result<Found, String> {
    let mut found = Found::default();
    for (name, value) in object {
        match (name.as_str(), Quantity::from_name(name)) {
            (_, Some(_)) if value.is_null() => {}
            (_, Some(quantity)) => {
                let read = number(value, quantity)
                    .ok_or_else(|| format!("`{name}` is not a number: {}", cut(value)))?;
                put(&mut found.values, quantity, read);
            }
            ("at", None) if time::from_json(value).is_some() => found.at = time::from_json(value),
            ("seq", None) if sequence(value).is_some() => found.seq = sequence(value),
            _ => found.unknown_fields = found.unknown_fields.saturating_add(1),
        }
    }
    Ok(found)
}

/// A value as a number: numbers, numbers in strings (gateways write them), yes and no. The texts
/// `NaN` and `inf` are numbers too: judging leaves them out and counts them.
pub(crate) fn number(value: &Value, quantity: Quantity) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(yes) if quantity.is_boolean() => Some(f64::from(u8::from(*yes))),
        Value::String(text)
            if quantity.is_boolean() && matches!(text.as_str(), "true" | "false") =>
        {
            Some(f64::from(u8::from(text == "true")))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A value as a sequence number: a whole number from 0, also where it is written `7.0` or `"7"`.
pub(crate) fn sequence(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number from 0 that a float holds exactly.
pub(crate) fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number))
        .then_some(number as u64)
}

fn convert(quantity: Quantity, value: f64, unit: Unit) -> f64 {
    // The table was checked when it was read: the unit measures the quantity.
    quantity.from_unit(value, unit).unwrap_or(value)
}

/// Sets a quantity; the last of two counts. Yes is 1, whatever number says it.
pub(crate) fn put(values: &mut Vec<(Quantity, f64)>, quantity: Quantity, value: f64) {
    let value = tidy(quantity, value);
    match values.iter_mut().find(|(q, _)| *q == quantity) {
        Some(slot) => slot.1 = value,
        None => values.push((quantity, value)),
    }
}

fn cut(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

fn tidy(quantity: Quantity, value: f64) -> f64 {
    if quantity.is_boolean() && !value.is_nan() {
        f64::from(u8::from(value != 0.0))
    } else {
        value
    }
}

/// Samples of formats that name a time with each value: one sample for each time.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    samples: Vec<Sample>,
    newest: BTreeMap<Option<Timestamp>, usize>,
}

impl Samples {
    /// Puts a value to its time. Two different values of one quantity and time are two samples.
    pub(crate) fn put(&mut self, at: Option<Timestamp>, quantity: Quantity, value: f64) {
        let value = tidy(quantity, value);
        let place = match self.samples.last() {
            Some(last) if last.at == at => Some(self.samples.len() - 1),
            _ => self.newest.get(&at).copied(),
        };
        if let Some(sample) = place.map(|place| &mut self.samples[place]) {
            match sample.get(quantity) {
                None => return sample.values.push((quantity, value)),
                Some(before) if before == value => return,
                Some(_) => {}
            }
        }
        let index = u16::try_from(self.samples.len()).unwrap_or(u16::MAX);
        self.newest.insert(at, self.samples.len());
        self.samples.push(Sample {
            at,
            index,
            values: vec![(quantity, value)],
        });
    }

    /// The samples, in the order in which their times first came.
    pub(crate) fn into_vec(self) -> Vec<Sample> {
        self.samples
    }
}

/// The one sample of formats that have one; none where nothing was measured.
pub(crate) fn one_sample(at: Option<Timestamp>, values: Vec<(Quantity, f64)>) -> Vec<Sample> {
    if values.is_empty() {
        Vec::new()
    } else {
        vec![Sample {
            at,
            index: 0,
            values,
        }]
    }
}

/// The name of the gateway that heard a device, of at most 128 characters.
pub(crate) fn gateway(named: Option<&Value>) -> Option<std::sync::Arc<str>> {
    let name = named.and_then(Value::as_str)?;
    (!name.is_empty() && name.len() <= 128).then(|| name.into())
}

/// Adds the strongest of the gateways' signals, unless the device told of its own.
pub(crate) fn put_signal(values: &mut Vec<(Quantity, f64)>, gateways: Option<&Value>) {
    let strongest = gateways
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|gateway| gateway.get("rssi")?.as_f64())
        .reduce(f64::max);
    if let Some(dbm) = strongest
        && !values.iter().any(|(q, _)| *q == Quantity::SignalDbm)
    {
        values.push((Quantity::SignalDbm, dbm));
    }
}
