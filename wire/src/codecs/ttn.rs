//! The Things Stack v3: `v3/{app}@{tenant}/devices/{id}/up`.
//!
//! It omits fields that are zero, false or empty. A number named in the subscription's table and
//! absent from a decoded payload is therefore 0 (or false); without a table nothing is assumed, for
//! nobody said that it was measured.

use firemain_domain::report::Report;
use serde_json::Value;

use super::{fields, time};
use crate::decoder::{Incoming, Refusal, Told, device};
use crate::subscription::Meaning;

pub(crate) fn decode(incoming: &Incoming<'_>) -> Result<Report, Refusal> {
    let json: Value =
        serde_json::from_str(incoming.json()?).map_err(|e| incoming.undecodable(&e))?;
    let device = match incoming.located(Some(&json)) {
        Some(located) => located?,
        None => {
            let name = json
                .pointer("/end_device_ids/device_id")
                .and_then(Value::as_str);
            device(name.unwrap_or_default())?
        }
    };
    let uplink = json.get("uplink_message").unwrap_or(&Value::Null);
    let decoded = uplink.get("decoded_payload");
    let table = &incoming.subscription.fields;
    let mut found = fields::find(&json, decoded, table).map_err(|e| incoming.undecodable(&e))?;
    if decoded.is_some_and(Value::is_object) {
        for field in table {
            if let Meaning::Quantity(quantity, unit) = field.means
                && field
                    .pointer
                    .starts_with("/uplink_message/decoded_payload/")
                && json.pointer(&field.pointer).is_none()
            {
                fields::put(
                    &mut found.values,
                    quantity,
                    quantity.from_unit(0.0, unit).unwrap_or(0.0),
                );
            }
        }
    }
    let at = found
        .at
        .or_else(|| uplink.get("received_at").and_then(time::from_json))
        .or_else(|| json.get("received_at").and_then(time::from_json));
    if decoded.is_some_and(Value::is_object) {
        fields::put_signal(&mut found.values, uplink.get("rx_metadata"));
    }
    let told = Told {
        // The counter's 0 is omitted like any other.
        seq: found.seq.or_else(|| {
            uplink
                .is_object()
                .then(|| uplink.get("f_cnt").and_then(Value::as_u64).unwrap_or(0))
        }),
        samples: fields::one_sample(at, found.values),
        via: fields::gateway(uplink.pointer("/rx_metadata/0/gateway_ids/gateway_id")),
        unknown_fields: found.unknown_fields,
        ..Told::default()
    };
    Ok(told.by(device, incoming.payload))
}
