//! What becomes of an envelope: points, a message kept for later, or one in quarantine.

use firemain_domain::report::{EventKind, Report, Sample, usable_time};
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::Point;
use firemain_store::intake::{Quarantined, Unregistered, Why};
use firemain_store::journal::{Body, CANARY_TOPIC, Envelope, Message, Position};
use firemain_store::register::devices::DeviceNews;
use firemain_store::register::endpoint::CommandAnswer;
use firemain_wire::{Decoder, RebirthRequest, Refusal};

use super::copies::Copies;
use super::facts;
use crate::canary;
use crate::devices::{DeviceMap, Registered};

/// What quarantine shows of a payload, bytes.
const SHOWN_BYTES: usize = 4 * 1024;
/// What it says about it, characters.
const SAID_CHARS: usize = 200;

/// What a stretch of the journal became.
#[derive(Debug, Default)]
pub(super) struct Slice {
    /// Its newest envelope.
    pub(super) upto: Position,
    pub(super) points: Vec<Point>,
    /// Where each message's points begin, with its position: to find it again if one is refused.
    pub(super) origins: Vec<(usize, Position)>,
    pub(super) kept: Vec<Unregistered>,
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) rebirths: Vec<RebirthRequest>,
    /// What devices told of themselves.
    pub(super) news: Vec<DeviceNews>,
    /// What devices answered to commands.
    pub(super) answers: Vec<CommandAnswer>,
    pub(super) messages: u64,
    pub(super) duplicates: u64,
    pub(super) left_out: u64,
    pub(super) unknown_fields: u64,
    pub(super) canary_at: Option<Timestamp>,
    /// When its newest message came.
    pub(super) newest_at: Option<Timestamp>,
    /// The decoder's memory after it, where it has one that is to be saved.
    pub(super) memory: Option<Vec<u8>>,
}

/// Sorts envelopes, in their order.
#[derive(Debug)]
pub(super) struct Sorter {
    decoder: Decoder,
    copies: Copies,
}

/// When a message was received.
#[derive(Clone, Copy)]
struct Receipt {
    at: Timestamp,
    wall: Timestamp,
}

impl Sorter {
    pub(super) fn new(decoder: Decoder) -> Self {
        Self {
            decoder,
            copies: Copies::default(),
        }
    }

    pub(super) fn memory(&self) -> Vec<u8> {
        self.decoder.save()
    }

    /// Puts an envelope where it belongs.
    pub(super) fn sort(
        &mut self,
        position: Position,
        envelope: Envelope,
        devices: &DeviceMap,
        slice: &mut Slice,
    ) {
        slice.upto = position;
        let Body::Message(message) = envelope.body else {
            return;
        };
        let receipt = match message.first_received_at {
            Some(first) => Receipt {
                at: first,
                wall: first,
            },
            None => Receipt {
                at: envelope.received_at,
                wall: envelope.received_at.plus_ms(envelope.wall_offset_ms),
            },
        };
        if message.topic.starts_with(CANARY_TOPIC) {
            slice.canary_at = slice.canary_at.max(canary::sent_at(&message.payload));
            return;
        }
        slice.messages += 1;
        slice.newest_at = Some(receipt.wall);
        if message.copy {
            slice.duplicates += 1;
            return;
        }
        if let Some(bytes) = message.cut_from {
            let detail = format!(
                "the payload has {bytes} bytes, more than the limit; only its beginning was kept"
            );
            slice.quarantined.push(in_quarantine(
                position,
                receipt.at,
                Why::TooLarge,
                &detail,
                &message,
            ));
            return;
        }
        match self
            .decoder
            .decode(&message.topic, &message.payload, receipt.wall)
        {
            Ok(decoded) => {
                slice.rebirths.extend(decoded.rebirths);
                for report in decoded.reports {
                    slice.unknown_fields += u64::from(report.unknown_fields);
                    slice.answers.extend(answers(&report, receipt.wall));
                    match devices.get(&report.device) {
                        Some(registered) => {
                            let (topic, payload) = (&message.topic, &message.payload);
                            let news = facts::told(&report, topic, payload, receipt.wall);
                            slice.news.extend(news);
                            slice.origins.push((slice.points.len(), position));
                            self.points(&report, &registered, receipt, message.retained, slice);
                        }
                        None => slice.kept.push(Unregistered {
                            device: report.device,
                            position,
                            received_at: receipt.at,
                            message: message.clone(),
                        }),
                    }
                }
            }
            Err(refusal) => {
                let why = why(&refusal);
                slice.quarantined.push(in_quarantine(
                    position,
                    receipt.at,
                    why,
                    &refusal.to_string(),
                    &message,
                ));
            }
        }
    }

    fn points(
        &mut self,
        report: &Report,
        registered: &Registered,
        receipt: Receipt,
        retained: bool,
        slice: &mut Slice,
    ) {
        let events = report.events.iter().enumerate().filter_map(|(n, event)| {
            let (quantity, value) = told_by(&event.what)?;
            let index = u16::try_from(report.samples.len() + n).unwrap_or(u16::MAX);
            Some(Sample {
                at: event.at,
                index,
                values: vec![(quantity, value)],
            })
        });
        let events: Vec<Sample> = events.collect();
        for sample in report.samples.iter().chain(&events) {
            let at = match usable_time(sample.at, receipt.wall) {
                Some(at) => at,
                // Nobody knows how long the broker has kept it.
                None if retained => {
                    slice.left_out += sample.values.len() as u64;
                    continue;
                }
                None => self.copies.first_receipt(report, receipt.at),
            };
            for &(quantity, value) in &sample.values {
                if value.is_finite() {
                    slice.points.push(Point {
                        source: registered.source.clone(),
                        kind: registered.kind,
                        quantity,
                        at,
                        mark: report.mark.nanos(sample.index),
                        value,
                    });
                } else {
                    slice.left_out += 1;
                }
            }
        }
    }
}

/// What a device answers to commands.
fn answers(report: &Report, at: Timestamp) -> impl Iterator<Item = CommandAnswer> {
    report.events.iter().filter_map(move |event| {
        let EventKind::CommandDone { id, ok, error } = &event.what else {
            return None;
        };
        Some(CommandAnswer {
            device: report.device.clone(),
            id: id.clone(),
            at,
            ok: *ok,
            error: error.clone(),
        })
    })
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

fn why(refusal: &Refusal) -> Why {
    match refusal {
        Refusal::TooLarge { .. } => Why::TooLarge,
        Refusal::TooDeep => Why::TooDeep,
        Refusal::Undecodable { .. } => Why::Undecodable,
        Refusal::UnknownTopic => Why::UnknownTopic,
        Refusal::NoDevice(_) => Why::NoDevice,
    }
}

/// A message as quarantine keeps it.
pub(super) fn in_quarantine(
    position: Position,
    received_at: Timestamp,
    why: Why,
    detail: &str,
    message: &Message,
) -> Quarantined {
    Quarantined {
        position,
        received_at,
        why,
        detail: detail.chars().take(SAID_CHARS).collect(),
        topic: message.topic.to_string(),
        payload: message.payload[..message.payload.len().min(SHOWN_BYTES)].to_vec(),
    }
}
