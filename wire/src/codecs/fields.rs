//! Values out of a JSON object: by a table of pointers, or by our own names.

use firemain_domain::Timestamp;
use firemain_domain::quantity::{Quantity, Unit};
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
pub(crate) fn find(json: &Value, object: Option<&Value>, fields: &[FieldMap]) -> Result<Found, String> {
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
        let wrong = || format!("the field at `{}` cannot be read: {}", field.pointer, cut(value));
        match field.means {
            Meaning::At => found.at = Some(time::from_json(value).ok_or_else(wrong)?),
            Meaning::Seq => found.seq = Some(value.as_u64().ok_or_else(wrong)?),
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
            ("at", None) => found.at = time::from_json(value),
            ("seq", None) => found.seq = value.as_u64(),
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
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn convert(quantity: Quantity, value: f64, unit: Unit) -> f64 {
    // The table was checked when it was read: the unit measures the quantity.
    quantity.from_unit(value, unit).unwrap_or(value)
}

/// Sets a quantity; the last of two counts.
pub(crate) fn put(values: &mut Vec<(Quantity, f64)>, quantity: Quantity, value: f64) {
    match values.iter_mut().find(|(q, _)| *q == quantity) {
        Some(slot) => slot.1 = value,
        None => values.push((quantity, value)),
    }
}

fn cut(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
