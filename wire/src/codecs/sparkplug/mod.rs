//! Eclipse Sparkplug 3.0: `spBv1.0/{group}/{type}/{edge}[/{device}]`, protobuf.
//!
//! Names of metrics come with a BIRTH and may be bare aliases afterwards: they are remembered per
//! edge node. An alias that is not known, or a gap in the sequence, asks for a rebirth; what can be
//! read of the message is kept. The death of an edge node is the death of its devices too.

mod aliases;
mod payload;

pub(crate) use aliases::Aliases;
pub(crate) use payload::{DOUBLE, Metric, Payload, Value};

use aliases::Known;
use firemain_domain::Timestamp;
use firemain_domain::quantity::Quantity;
use firemain_domain::report::DeviceId;
use prost::Message as _;

use crate::codecs::fields::Samples;
use crate::decoder::{Incoming, Refusal, Told, device};
use crate::subscription::{FieldMap, Meaning};
use crate::{Decoded, RebirthRequest};

/// The topic, taken apart.
struct Place<'t> {
    group: &'t str,
    kind: &'t str,
    edge: &'t str,
    device: Option<&'t str>,
}

impl<'t> Place<'t> {
    /// The edge node among all: ids are unique within their group only.
    fn edge_name(&self) -> String {
        format!("{}/{}", self.group, self.edge)
    }

    fn of(topic: &'t str) -> Option<Self> {
        let mut parts = topic.split('/');
        let (namespace, group, kind, edge) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let device = parts.next();
        (namespace == "spBv1.0" && parts.next().is_none()).then_some(Self {
            group,
            kind,
            edge,
            device,
        })
    }
}

pub(crate) fn decode(incoming: &Incoming<'_>, aliases: &mut Aliases) -> Result<Decoded, Refusal> {
    if incoming.topic.starts_with("spBv1.0/STATE/") {
        return Ok(Decoded::default());
    }
    let place = Place::of(incoming.topic).ok_or(Refusal::UnknownTopic)?;
    if !matches!(
        place.kind,
        "NBIRTH" | "DBIRTH" | "NDEATH" | "DDEATH" | "NDATA" | "DDATA"
    ) {
        // Commands are not for us.
        return Ok(Decoded::default());
    }
    let payload = Payload::decode(incoming.payload).map_err(|e| incoming.undecodable(&e))?;
    if payload.metrics.len() > incoming.limits.samples {
        return Err(Refusal::TooDeep);
    }
    let speaker = match incoming.located(None) {
        Some(located) => located?,
        None => device(place.device.unwrap_or(place.edge))?,
    };
    match place.kind {
        "NDEATH" => Ok(node_death(incoming, &place, &payload, speaker, aliases)),
        _ => Ok(message(incoming, &place, &payload, speaker, aliases)),
    }
}

/// The last will of an edge node: it and all its devices are gone.
fn node_death(
    incoming: &Incoming<'_>,
    place: &Place<'_>,
    payload: &Payload,
    speaker: DeviceId,
    aliases: &mut Aliases,
) -> Decoded {
    let online = |online| Told {
        online,
        ..Told::default()
    };
    let Some(devices) = aliases.node_dead(&place.edge_name(), payload.birth()) else {
        return Decoded::from(online(None).by(speaker, incoming.payload));
    };
    let mut reports = vec![online(Some(false)).by(speaker, incoming.payload)];
    if incoming.subscription.device.is_none() {
        let devices = devices.iter().filter_map(|name| device(name).ok());
        reports.extend(devices.map(|name| online(Some(false)).by(name, incoming.payload)));
    }
    Decoded {
        reports,
        rebirths: Vec::new(),
    }
}

fn message(
    incoming: &Incoming<'_>,
    place: &Place<'_>,
    payload: &Payload,
    speaker: DeviceId,
    aliases: &mut Aliases,
) -> Decoded {
    let edge = place.edge_name();
    let birth = matches!(place.kind, "NBIRTH" | "DBIRTH");
    let mut whole = true;
    if place.kind == "NBIRTH" {
        aliases.node_born(&edge, payload.seq, payload.birth());
    } else {
        whole = aliases.follows(&edge, payload.seq);
    }
    if let (true, Some(device)) = (birth, place.device) {
        aliases.device_born(&edge, device);
    }
    let mut read = Read::default();
    for metric in &payload.metrics {
        let known = match (&metric.name, metric.alias) {
            (Some(name), alias) => {
                let known = Known {
                    name: name.chars().take(128).collect(),
                    datatype: metric.datatype,
                };
                if let (true, Some(alias)) = (birth, alias) {
                    aliases.learn(&edge, place.device, alias, known.clone());
                }
                Some(known)
            }
            (None, Some(alias)) => aliases.known(&edge, place.device, alias).cloned(),
            (None, None) => None,
        };
        match known {
            Some(known) => read.take(&incoming.subscription.fields, payload, metric, &known),
            // A birth that leaves names out would do so again.
            None => whole &= birth,
        }
    }
    let mut rebirths = Vec::new();
    if !whole && aliases.may_ask(&edge, incoming.received_at) {
        rebirths.push(rebirth(place, incoming.received_at));
    }
    let told = Told {
        samples: read.samples.into_vec(),
        online: Some(place.kind != "DDEATH"),
        // Several devices speak through one edge node; its own words go through nobody.
        via: place.device.map(|_| place.edge_name().into()),
        unknown_fields: read.unknown_fields,
        ..Told::default()
    };
    Decoded {
        reports: vec![told.by(speaker, incoming.payload)],
        rebirths,
    }
}

/// What was read of a payload so far.
#[derive(Default)]
struct Read {
    samples: Samples,
    unknown_fields: u16,
}

impl Read {
    fn take(&mut self, fields: &[FieldMap], payload: &Payload, metric: &Metric, known: &Known) {
        let name = known.name.as_str();
        let short = name.rsplit('/').next().unwrap_or(name);
        let meant = if fields.is_empty() {
            Quantity::from_name(short).map(|q| (q, None))
        } else {
            fields
                .iter()
                .find(|f| f.pointer == name)
                .and_then(|f| match f.means {
                    Meaning::Quantity(q, unit) => Some((q, Some(unit))),
                    Meaning::At | Meaning::Seq => None,
                })
        };
        // A stored value without its own time has none that could be believed.
        let timeless = metric.is_historical == Some(true) && metric.timestamp.is_none();
        let Some((quantity, unit)) = meant.filter(|_| !timeless) else {
            self.unknown_fields +=
                u16::from(!matches!(short, "bdSeq" | "Rebirth") && self.unknown_fields < u16::MAX);
            return;
        };
        if metric.is_null == Some(true) {
            return;
        }
        let Some(value) = metric.number(known.datatype) else {
            return;
        };
        let value = unit.map_or(value, |unit| {
            quantity.from_unit(value, unit).unwrap_or(value)
        });
        let at = metric.timestamp.or(payload.timestamp);
        let at = at.map(|ms| Timestamp::from_ms(i64::try_from(ms).unwrap_or(i64::MAX)));
        self.samples.put(at, quantity, value);
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
