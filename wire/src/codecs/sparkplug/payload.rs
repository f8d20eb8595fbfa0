//! Sparkplug's payload as protobuf (sparkplug_b.proto of Sparkplug 3.0, what of it is used here).

/// Datatype 10: a double.
pub(crate) const DOUBLE: u32 = 10;
/// Datatype 11: yes or no.
pub(crate) const BOOLEAN: u32 = 11;

/// A payload.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Payload {
    #[prost(uint64, optional, tag = "1")]
    pub(crate) timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) seq: Option<u64>,
    #[prost(string, optional, tag = "4")]
    pub(crate) uuid: Option<String>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub(crate) body: Option<Vec<u8>>,
}

/// A metric.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Metric {
    #[prost(string, optional, tag = "1")]
    pub(crate) name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(crate) datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub(crate) is_historical: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(crate) is_null: Option<bool>,
    #[prost(oneof = "Value", tags = "10, 11, 12, 13, 14, 15")]
    pub(crate) value: Option<Value>,
}

/// A metric's value.
#[derive(Clone, PartialEq, prost::Oneof)]
#[allow(clippy::enum_variant_names, reason = "the names of the specification")]
pub(crate) enum Value {
    #[prost(uint32, tag = "10")]
    IntValue(u32),
    #[prost(uint64, tag = "11")]
    LongValue(u64),
    #[prost(float, tag = "12")]
    FloatValue(f32),
    #[prost(double, tag = "13")]
    DoubleValue(f64),
    #[prost(bool, tag = "14")]
    BooleanValue(bool),
    #[prost(string, tag = "15")]
    StringValue(String),
}

impl Payload {
    /// `bdSeq`: the number of the session that a birth opens and a death closes.
    pub(crate) fn birth(&self) -> Option<u64> {
        self.metrics
            .iter()
            .find(|m| m.name.as_deref() == Some("bdSeq"))?
            .whole()
    }
}

impl Metric {
    /// The value as a number, of that datatype where the metric names none itself. Signed integers
    /// travel as two's complement (datatypes 1 to 4), the small ones sign-extended or not.
    pub(crate) fn number(&self, datatype: Option<u32>) -> Option<f64> {
        let datatype = self.datatype.or(datatype);
        match self.value.as_ref()? {
            Value::IntValue(n) => Some(match datatype {
                Some(1) => f64::from(*n as i8),
                Some(2) => f64::from(*n as i16),
                Some(3) => f64::from(*n as i32),
                _ => f64::from(*n),
            }),
            Value::LongValue(n) => Some(match datatype {
                Some(1..=4) => *n as i64 as f64,
                _ => *n as f64,
            }),
            Value::FloatValue(n) => Some(f64::from(*n)),
            Value::DoubleValue(n) => Some(*n),
            Value::BooleanValue(yes) => Some(f64::from(u8::from(*yes))),
            Value::StringValue(_) => None,
        }
    }

    /// The value as a whole number, of metrics that count.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self.value.as_ref()? {
            Value::IntValue(n) => Some(u64::from(*n)),
            Value::LongValue(n) => Some(*n),
            _ => None,
        }
    }
}
