//! Times as payloads give them.

use firemain_domain::Timestamp;
use serde_json::Value;

/// A number of this size or more is milliseconds since 1970, a smaller one seconds.
const LEAST_MS: f64 = 100_000_000_000.0;

/// RFC 3339, or a number since 1970: milliseconds, or seconds where it is too small for that.
pub(crate) fn from_json(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(number) => from_number(number.as_f64()?),
        _ => None,
    }
}

/// A number since 1970.
pub(crate) fn from_number(number: f64) -> Option<Timestamp> {
    if !number.is_finite() {
        return None;
    }
    let ms = if number.abs() >= LEAST_MS {
        number
    } else {
        number * 1_000.0
    };
    Some(Timestamp::from_ms(ms as i64))
}
