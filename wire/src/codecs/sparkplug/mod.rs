//! Eclipse Sparkplug 3.0: `spBv1.0/{group}/{type}/{edge}[/{device}]`, protobuf.
//!
//! Names of metrics come with a BIRTH and may be bare aliases afterwards: they are remembered per
//! edge node. An alias that is not known, or a gap in the sequence, asks for a rebirth; what can be
//! read of the message is kept.

mod aliases;
mod payload;

pub(crate) use aliases::Aliases;
pub(crate) use payload::{DOUBLE, Metric, Payload, Value};

use firemain_domain::Timestamp;
use firemain_domain::report::Sample;
use prost::Message as _;

use crate::codecs::fields::put;
use crate::decoder::{Incoming, Refusal, Told, device};
use crate::subscription::Meaning;
use crate::{Decoded, RebirthRequest};
use firemain_domain::quantity::Quantity;

/// The topic, taken apart.
struct Place<'t> {
    group: &'t str,
    kind: &'t str,
    edge: &'t str,
    device: Option<&'t str>,
}

impl<'t> Place<'t> {
    fn of(topic: &'t str) -> Option<Self> {
        let mut parts = topic.split('/');
        let (namespace, group, kind, edge) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let device = parts.next();
        (namespace == "spBv1.0" && parts.next().is_none()).then_some(Self { group, kind, edge, device })
    }
}

pub(crate) fn decode(incoming: &Incoming<'_>, aliases: &mut Aliases) -> Result<Decoded, Refusal> {
    let place = Place::of(incoming.topic).ok_or(Refusal::UnknownTopic)?;
    let (birth, death) = match place.kind {
        "NBIRTH" | "DBIRTH" => (true, false),
        "NDEATH" | "DDEATH" => (false, true),
        "NDATA" | "DDATA" => (false, false),
        // Commands and host state are not for us.
        _ => return Ok(Decoded::default()),
    };
    let name = match incoming.located(None) {
        Some(located) => located?,
        None => device(place.device.unwrap_or(place.edge))?,
    };
    let payload = Payload::decode(incoming.payload).map_err(|e| incoming.undecodable(e))?;
    if payload.metrics.len() > incoming.limits.samples {
        return Err(Refusal::TooDeep);
    }
    let edge = format!("{}/{}", place.group, place.edge);
    let mut whole = death || aliases.follows(&edge, place.kind, payload.seq);
    let mut told = Told { seq: None, online: Some(!death), ..Told::default() };
    for metric in &payload.metrics {
        let metric_name = match (&metric.name, metric.alias) {
            (Some(name), alias) => {
                if let Some(alias) = alias.filter(|_| birth) {
                    aliases.learn(&edge, place.device, alias, name);
                }
                Some(name.clone())
            }
            (None, Some(alias)) => aliases.name(&edge, place.device, alias).map(ToOwned::to_owned),
            (None, None) => None,
        };
        match metric_name {
            Some(metric_name) => take(incoming, &payload, metric, &metric_name, &mut told),
            None => whole = false,
        }
    }
    let mut rebirths = Vec::new();
    if !whole && !birth && aliases.may_ask(&edge, incoming.received_at) {
        rebirths.push(rebirth(&place, incoming.received_at));
    }
    Ok(Decoded { reports: vec![told.by(name, incoming.payload)], rebirths })
}

fn take(incoming: &Incoming<'_>, payload: &Payload, metric: &Metric, name: &str, told: &mut Told) {
    let short = name.rsplit('/').next().unwrap_or(name);
    let fields = &incoming.subscription.fields;
    let meant = if fields.is_empty() {
        Quantity::from_name(short).map(|q| (q, None))
    } else {
        fields.iter().find(|f| f.pointer == name).and_then(|f| match f.means {
            Meaning::Quantity(q, unit) => Some((q, Some(unit))),
            Meaning::At | Meaning::Seq => None,
        })
    };
    let Some((quantity, unit)) = meant else {
        if !matches!(short, "bdSeq" | "Rebirth") {
            told.unknown_fields = told.unknown_fields.saturating_add(1);
        }
        return;
    };
    if metric.is_null.unwrap_or(false) {
        return;
    }
    let Some(value) = metric.number() else { return };
    let value = unit.map_or(value, |unit| quantity.from_unit(value, unit).unwrap_or(value));
    let at = metric.timestamp.or(payload.timestamp).map(|ms| Timestamp::from_ms(ms.min(i64::MAX as u64) as i64));
    match told.samples.iter_mut().find(|sample| sample.at == at) {
        Some(sample) => put(&mut sample.values, quantity, value),
        None => {
            let index = u16::try_from(told.samples.len()).unwrap_or(u16::MAX);
            told.samples.push(Sample { at, index, values: vec![(quantity, value)] });
        }
    }
}

fn rebirth(place: &Place<'_>, now: Timestamp) -> RebirthRequest {
    let metric = Metric {
        name: Some("Node Control/Rebirth".to_owned()),
        datatype: Some(payload::BOOLEAN),
        value: Some(Value::BooleanValue(true)),
        ..Metric::default()
    };
    let payload = Payload {
        timestamp: u64::try_from(now.ms()).ok(),
        metrics: vec![metric],
        ..Payload::default()
    };
    RebirthRequest {
        topic: format!("spBv1.0/{}/NCMD/{}", place.group, place.edge),
        payload: payload.encode_to_vec(),
    }
}
