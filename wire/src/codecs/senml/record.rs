//! One SenML record, from JSON or CBOR (RFC 8428, tables 1 and 4).

use ciborium::Value as Cbor;
use serde_json::Value as Json;

/// CBOR's tag of a decimal fraction, which SenML allows for numbers (RFC 8428, 6; RFC 8949, 3.4.4).
const DECIMAL_FRACTION: u64 = 4;

/// One record, its fields as they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    pub(super) base_name: Option<String>,
    pub(super) base_time: Option<f64>,
    pub(super) base_unit: Option<String>,
    pub(super) base_value: Option<f64>,
    pub(super) base_sum: Option<f64>,
    pub(super) version: Option<f64>,
    pub(super) name: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) value: Option<f64>,
    pub(super) sum: Option<f64>,
    pub(super) time: Option<f64>,
    pub(super) boolean: Option<bool>,
    /// It holds a text or bytes: nothing that is measured here.
    pub(super) other_value: bool,
    pub(super) unknown_fields: u16,
}

/// A field's value, whichever format it came in.
enum Field {
    Text(String),
    Number(f64),
    YesNo(bool),
    Other,
}

impl Record {
    /// Whether it says nothing itself, and only sets what the next ones inherit.
    pub(super) fn only_has_base_fields(&self) -> bool {
        let has_value = self.value.is_some() || self.sum.is_some() || self.boolean.is_some();
        let inherits = self.base_value.is_some() || self.base_sum.is_some();
        self.name.is_none() && !has_value && !self.other_value && !inherits
    }

    pub(super) fn from_json(json: &Json) -> Result<Self, String> {
        let object = json.as_object().ok_or("a SenML record is an object")?;
        let mut record = Self::default();
        for (label, value) in object {
            let field = match value {
                Json::String(text) => Field::Text(text.clone()),
                Json::Number(number) => Field::Number(number.as_f64().unwrap_or(f64::NAN)),
                Json::Bool(yes) => Field::YesNo(*yes),
                _ => Field::Other,
            };
            record.set(label, field)?;
        }
        Ok(record)
    }

    pub(super) fn from_cbor(cbor: &Cbor) -> Result<Self, String> {
        let map = cbor.as_map().ok_or("a SenML record is a map")?;
        let mut record = Self::default();
        for (label, value) in map {
            let label = match label {
                Cbor::Integer(n) => label_of(i128::from(*n)).to_owned(),
                Cbor::Text(text) => text.clone(),
                _ => return Err("a SenML label is a number or a text".to_owned()),
            };
            let field = match value {
                Cbor::Text(text) => Field::Text(text.clone()),
                Cbor::Integer(n) => Field::Number(i128::from(*n) as f64),
                Cbor::Float(n) => Field::Number(*n),
                Cbor::Bool(yes) => Field::YesNo(*yes),
                Cbor::Tag(DECIMAL_FRACTION, parts) => decimal(parts),
                _ => Field::Other,
            };
            record.set(&label, field)?;
        }
        Ok(record)
    }

    fn set(&mut self, label: &str, field: Field) -> Result<(), String> {
        match (label, field) {
            ("bn", Field::Text(text)) => self.base_name = Some(text),
            ("bu", Field::Text(text)) => self.base_unit = Some(text),
            ("n", Field::Text(text)) => self.name = Some(text),
            ("u", Field::Text(text)) => self.unit = Some(text),
            ("bt", Field::Number(n)) => self.base_time = Some(n),
            ("bv", Field::Number(n)) => self.base_value = Some(n),
            ("bs", Field::Number(n)) => self.base_sum = Some(n),
            ("bver", Field::Number(n)) => self.version = Some(n),
            ("v", Field::Number(n)) => self.value = Some(n),
            ("s", Field::Number(n)) => self.sum = Some(n),
            ("t", Field::Number(n)) => self.time = Some(n),
            ("vb", Field::YesNo(yes)) => self.boolean = Some(yes),
            ("bn" | "bu" | "n" | "u" | "bt" | "bv" | "bs" | "bver" | "v" | "s" | "t" | "vb", _) => {
                return Err(format!("the SenML field `{label}` is of the wrong type"));
            }
            // A label that ends in `_` must be understood (RFC 8428, 4.4).
            (label, _) if label.ends_with('_') => {
                return Err(format!(
                    "the SenML field `{label}` must be understood, and is not"
                ));
            }
            ("vs" | "vd", _) => self.other_value = true,
            ("ut", _) => {}
            _ => self.unknown_fields = self.unknown_fields.saturating_add(1),
        }
        Ok(())
    }
}

/// `[exponent, mantissa]`: mantissa · 10^exponent.
fn decimal(parts: &Cbor) -> Field {
    let number = |part: &Cbor| match part {
        Cbor::Integer(n) => Some(i128::from(*n)),
        _ => None,
    };
    let parts = parts.as_array().map(Vec::as_slice).unwrap_or_default();
    match parts
        .iter()
        .map(number)
        .collect::<Option<Vec<_>>>()
        .as_deref()
    {
        Some([exponent, mantissa]) => {
            let exponent =
                i32::try_from(*exponent).unwrap_or(if *exponent < 0 { i32::MIN } else { i32::MAX });
            Field::Number(*mantissa as f64 * 10.0_f64.powi(exponent))
        }
        _ => Field::Other,
    }
}

/// The CBOR labels (RFC 8428, table 4).
fn label_of(number: i128) -> &'static str {
    match number {
        -1 => "bver",
        -2 => "bn",
        -3 => "bt",
        -4 => "bu",
        -5 => "bv",
        -6 => "bs",
        0 => "n",
        1 => "u",
        2 => "v",
        3 => "vs",
        4 => "vb",
        5 => "s",
        6 => "t",
        7 => "ut",
        8 => "vd",
        _ => "",
    }
}
