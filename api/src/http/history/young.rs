//! Readings too young for the archive, from the journal's tail.

use firemain_domain::report::{EventKind, Report, Sample, usable_time};
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Query, Value};
use firemain_store::journal::{Body, Envelope, Message};
use firemain_wire::{Decoder, Limits, Subscription};

use crate::Stores;
use crate::http::app::App;
use crate::http::problem::Problem;

/// Envelopes read at once, and at most for one answer: beyond, the archive is so far behind that
/// `/readyz` says so.
const STEP: usize = 8_192;
const MOST: usize = 500_000;
/// The consumer whose cursor tells how far archiving is, with its decoder's memory.
const ARCHIVE: &str = "archive";

/// How the journal's tail is read: set it where archiving runs in another process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    /// Which topics in which codec.
    pub subscriptions: Vec<Subscription>,
    /// What a payload may be at most.
    pub limits: Limits,
}

/// What the archive does not hold yet of what is asked for, in order of quantity, time and mark.
pub async fn of(app: &App, query: &Query) -> Result<Vec<Value>, Problem> {
    let Some(tail) = app.settings.tail.clone() else {
        return Ok(Vec::new());
    };
    let entry = app.board.get(&query.source);
    let device = entry.and_then(|entry| entry.source.device.clone());
    let Some(device) = device else {
        return Ok(Vec::new());
    };
    let query = query.clone();
    app.ask(move |stores| read(stores, tail, &device, &query))
        .await
}

fn read(stores: &Stores, tail: Tail, device: &str, query: &Query) -> Result<Vec<Value>, Problem> {
    let (cursor, memory) = stores.register.cursor(ARCHIVE)?.unwrap_or_default();
    let archived = stores.archive.durable_upto().unwrap_or(cursor).max(cursor);
    let mut decoder = Decoder::new(tail.subscriptions, tail.limits);
    decoder.restore(&memory);
    let mut values = Vec::new();
    let (mut after, mut seen) = (cursor, 0);
    while seen < MOST {
        let envelopes = stores.journal.read(after, STEP)?;
        let Some((last, _)) = envelopes.last() else {
            break;
        };
        after = *last;
        seen += envelopes.len();
        for (position, envelope) in &envelopes {
            if *position > archived {
                values_of(&mut decoder, envelope, device, &mut values);
            }
        }
    }
    values.retain(|value| {
        (query.quantities.is_empty() || query.quantities.contains(&value.quantity))
            && (query.from..query.until).contains(&value.at)
    });
    values.sort_by_key(|value| (value.quantity, value.at, value.mark));
    values.dedup_by_key(|value| (value.quantity, value.at, value.mark));
    Ok(values)
}

fn values_of(decoder: &mut Decoder, envelope: &Envelope, device: &str, into: &mut Vec<Value>) {
    let Body::Message(message) = &envelope.body else {
        return;
    };
    if message.copy || message.cut_from.is_some() || !names(message, device) {
        return;
    }
    let first = message.first_received_at;
    let wall = first.unwrap_or_else(|| envelope.received_at.plus_ms(envelope.wall_offset_ms));
    let receipt = (first.unwrap_or(envelope.received_at), wall);
    let Ok(decoded) = decoder.decode(&message.topic, &message.payload, wall) else {
        return;
    };
    for report in decoded
        .reports
        .iter()
        .filter(|report| *report.device == *device)
    {
        values_in(report, receipt, message.retained, into);
    }
}

/// Whether a message may be of the device: decoding all of a tail for one would take too long.
fn names(message: &Message, device: &str) -> bool {
    let device = device.as_bytes();
    let within = |bytes: &[u8]| {
        bytes
            .windows(device.len().max(1))
            .any(|part| part == device)
    };
    within(message.topic.as_bytes()) || within(&message.payload)
}

fn values_in(
    report: &Report,
    (received_at, wall): (Timestamp, Timestamp),
    retained: bool,
    into: &mut Vec<Value>,
) {
    let events = report.events.iter().enumerate().filter_map(|(n, event)| {
        let index = u16::try_from(report.samples.len() + n).unwrap_or(u16::MAX);
        Some(Sample {
            at: event.at,
            index,
            values: vec![told_by(&event.what)?],
        })
    });
    for sample in report.samples.iter().cloned().chain(events) {
        let usable = usable_time(sample.at, wall);
        // Nobody knows how long the broker has kept a retained one.
        let Some(at) = usable.or((!retained).then_some(received_at)) else {
            continue;
        };
        let mark = report.mark.nanos(sample.index);
        let finite = sample
            .values
            .into_iter()
            .filter(|(_, value)| value.is_finite());
        into.extend(finite.map(|(quantity, value)| Value {
            quantity,
            at,
            mark,
            value,
        }));
    }
}

/// What an event says of a quantity that is kept.
fn told_by(what: &EventKind) -> Option<(Quantity, f64)> {
    match what {
        EventKind::CapOpen => Some((Quantity::CapOpen, 1.0)),
        EventKind::CapClosed => Some((Quantity::CapOpen, 0.0)),
        EventKind::Tamper => Some((Quantity::Tamper, 1.0)),
        _ => None,
    }
}
