//! `mapped`: any JSON, through a table of JSON pointers, so that a vendor's format needs no code.

use firemain_domain::report::Report;
use serde_json::Value;

use super::fields;
use crate::decoder::{Incoming, Refusal, Told};

/// Reads a payload by the subscription's table. The device is where `device` says; there is no other
/// place to look.
pub(crate) fn decode(incoming: &Incoming<'_>) -> Result<Report, Refusal> {
    let json: Value =
        serde_json::from_str(incoming.json()?).map_err(|e| incoming.undecodable(&e))?;
    let device = incoming.located(Some(&json)).ok_or_else(|| {
        Refusal::NoDevice(
            "a `mapped` subscription needs `device = \"topic:N\"` or `json:/pointer`".to_owned(),
        )
    })??;
    let found = fields::find(&json, Some(&json), &incoming.subscription.fields)
        .map_err(|e| incoming.undecodable(&e))?;
    let samples = fields::one_sample(found.at, found.values);
    let told = Told {
        seq: found.seq,
        samples,
        unknown_fields: found.unknown_fields,
        ..Told::default()
    };
    Ok(told.by(device, incoming.payload))
}
