//! ChirpStack v4: `application/{id}/device/{devEui}/event/up`.
//!
//! The device is the DevEUI unless the subscription says otherwise; values come from the decoded
//! `object`, by our own names or by the table (whose pointers start at the whole message). Without an
//! `object` nothing was measured: the network server has no decoder for that device.

use firemain_domain::report::Report;
use serde_json::Value;

use super::{fields, time};
use crate::decoder::{Incoming, Refusal, Told, device};

pub(crate) fn decode(incoming: &Incoming<'_>) -> Result<Report, Refusal> {
    let json: Value =
        serde_json::from_str(incoming.json()?).map_err(|e| incoming.undecodable(&e))?;
    let device = match incoming.located(Some(&json)) {
        Some(located) => located?,
        None => device(
            json.pointer("/deviceInfo/devEui")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        )?,
    };
    let found = fields::find(&json, json.get("object"), &incoming.subscription.fields)
        .map_err(|e| incoming.undecodable(&e))?;
    let at = found
        .at
        .or_else(|| json.get("time").and_then(time::from_json));
    let mut values = found.values;
    if json.get("object").is_some_and(|object| !object.is_null()) {
        fields::put_signal(&mut values, json.get("rxInfo"));
    }
    let told = Told {
        seq: found
            .seq
            .or_else(|| json.get("fCnt").and_then(Value::as_u64)),
        samples: fields::one_sample(at, values),
        via: fields::gateway(json.pointer("/rxInfo/0/gatewayId")),
        unknown_fields: found.unknown_fields,
        ..Told::default()
    };
    Ok(told.by(device, incoming.payload))
}
