//! ChirpStack v4: `application/{id}/device/{devEui}/event/up`.
//!
//! The device is the DevEUI unless the subscription says otherwise; values come from the decoded
//! `object`, by our own names or by the table (whose pointers start at the whole message).

use firemain_domain::Quantity;
use firemain_domain::report::{Report, Sample};
use serde_json::Value;

use super::{fields, time};
use crate::decoder::{Incoming, Refusal, Told, device};

pub(crate) fn decode(incoming: &Incoming<'_>) -> Result<Report, Refusal> {
    let json: Value =
        serde_json::from_str(incoming.json()?).map_err(|e| incoming.undecodable(e))?;
    let device = match incoming.located(Some(&json)) {
        Some(located) => located?,
        None => device(json.pointer("/deviceInfo/devEui").and_then(Value::as_str).unwrap_or_default())?,
    };
    let found = fields::find(&json, json.get("object"), &incoming.subscription.fields)
        .map_err(|e| incoming.undecodable(e))?;
    let at = found.at.or_else(|| json.get("time").and_then(time::from_json));
    let mut values = found.values;
    if let Some(rssi) = json.pointer("/rxInfo/0/rssi").and_then(Value::as_f64)
        && !values.iter().any(|(q, _)| *q == Quantity::SignalDbm)
    {
        values.push((Quantity::SignalDbm, rssi));
    }
    let told = Told {
        seq: found.seq.or_else(|| json.get("fCnt").and_then(Value::as_u64)),
        samples: vec![Sample { at, index: 0, values }],
        unknown_fields: found.unknown_fields,
        ..Told::default()
    };
    Ok(told.by(device, incoming.payload))
}
