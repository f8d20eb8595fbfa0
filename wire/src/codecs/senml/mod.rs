//! SenML (RFC 8428), as JSON and as CBOR: records, base fields, and what they resolve to.
//!
//! The device is the last segment of the resolved name's base (`hn/tr-0412/` + `p`: `tr-0412`);
//! names are `p` (pressure), `q` (flow), `l` (level), or our own. Units are SenML's: "bar" is none.

mod record;
mod resolve;

use ciborium::Value as Cbor;
use serde_json::Value as Json;

use crate::Decoded;
use crate::decoder::{Incoming, Refusal};
use record::Record;

pub(crate) fn decode_json(incoming: &Incoming<'_>) -> Result<Decoded, Refusal> {
    let json: Json =
        serde_json::from_str(incoming.json()?).map_err(|e| incoming.undecodable(&e))?;
    let Json::Array(items) = json else {
        return Err(incoming.undecodable(&"a SenML pack is an array of records"));
    };
    let records: Result<Vec<_>, _> = items.iter().map(Record::from_json).collect();
    resolve::resolve(incoming, &records.map_err(|e| incoming.undecodable(&e))?)
}

pub(crate) fn decode_cbor(incoming: &Incoming<'_>) -> Result<Decoded, Refusal> {
    let depth = incoming.limits.depth;
    let mut rest = incoming.payload;
    let cbor: Cbor =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, depth).map_err(|e| match e {
            ciborium::de::Error::RecursionLimitExceeded => Refusal::TooDeep,
            other => incoming.undecodable(&other),
        })?;
    if !rest.is_empty() {
        return Err(incoming.undecodable(&"bytes follow the SenML pack"));
    }
    let Cbor::Array(items) = cbor else {
        return Err(incoming.undecodable(&"a SenML pack is an array of records"));
    };
    let records: Result<Vec<_>, _> = items.iter().map(Record::from_cbor).collect();
    resolve::resolve(incoming, &records.map_err(|e| incoming.undecodable(&e))?)
}
