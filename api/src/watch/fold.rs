//! The fold with what it needs to be told: envelopes decoded, changes at their positions.

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::judging::{Control, Effect, Input, Judge, What};
use firemain_domain::report::Report;
use firemain_store::journal::{Body, CANARY_TOPIC, Envelope, Message, Position};
use firemain_store::register::NumberedChange;
use firemain_wire::Decoder;
use serde::Deserialize;

use super::status::WatchCounts;

/// The fold, and how far it has come.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) judge: Judge,
    pub(super) decoder: Decoder,
    /// The newest envelope taken.
    pub(super) position: Position,
    /// The newest change taken.
    pub(super) change: ChangeNumber,
    /// Journal time of the newest envelope; `None` before the first.
    pub(super) journal_at: Option<Timestamp>,
    pub(super) wall_offset_ms: i64,
    pub(super) heartbeat_at: Option<Timestamp>,
    pub(super) canary_at: Option<Timestamp>,
}

impl Fold {
    /// A fold that has seen nothing.
    pub(super) fn new(judge: Judge, decoder: Decoder) -> Self {
        Self {
            judge,
            decoder,
            position: Position(0),
            change: 0,
            journal_at: None,
            wall_offset_ms: 0,
            heartbeat_at: None,
            canary_at: None,
        }
    }

    /// Takes the next envelope.
    pub(super) fn envelope(
        &mut self,
        position: Position,
        envelope: Envelope,
        effects: &mut Vec<Effect>,
        counts: &mut WatchCounts,
    ) {
        let Envelope {
            received_at,
            wall_offset_ms,
            body,
        } = envelope;
        self.position = position;
        self.journal_at = Some(received_at);
        self.wall_offset_ms = wall_offset_ms;
        match body {
            Body::Control(control) => {
                if matches!(control, Control::Heartbeat { .. }) {
                    self.heartbeat_at = Some(received_at);
                }
                self.tell(received_at, What::Control(control), effects);
            }
            Body::Message(message) => self.message(received_at, &message, effects, counts),
        }
    }

    /// Takes a change, at the journal time of the newest envelope.
    pub(super) fn change(&mut self, change: &NumberedChange, effects: &mut Vec<Effect>) {
        self.change = change.number;
        let at = self.journal_at.unwrap_or(change.at);
        // Clocks never go back, also where people entered changes out of order before the first word.
        self.tell(at, What::Change(change.change.clone()), effects);
    }

    fn message(
        &mut self,
        received_at: Timestamp,
        message: &Message,
        effects: &mut Vec<Effect>,
        counts: &mut WatchCounts,
    ) {
        if message.topic.starts_with(CANARY_TOPIC) {
            self.canary_at = canary_time(&message.payload).or(self.canary_at);
            return;
        }
        counts.messages += 1;
        if message.cut_from.is_some() {
            counts.refused += 1;
            return;
        }
        let first_at = message.first_received_at;
        let wall = first_at.unwrap_or_else(|| received_at.plus_ms(self.wall_offset_ms));
        let Ok(decoded) = self.decoder.decode(&message.topic, &message.payload, wall) else {
            counts.refused += 1;
            return;
        };
        for mut report in decoded.reports {
            if self.judge.source_of(&report.device).is_none() {
                counts.unregistered += 1;
                continue;
            }
            if let Some(first_at) = first_at {
                measured_then(&mut report, first_at);
            }
            counts.judged += 1;
            let (retained, copy) = (message.retained, message.copy);
            self.tell(
                received_at,
                What::Report {
                    report,
                    retained,
                    copy,
                },
                effects,
            );
        }
    }

    fn tell(&mut self, received_at: Timestamp, what: What, effects: &mut Vec<Effect>) {
        let wall_offset_ms = self.wall_offset_ms;
        self.judge.step(
            &Input {
                received_at,
                wall_offset_ms,
                what,
            },
            effects,
        );
    }
}

/// A message kept for a device that nobody had registered: what it does not time itself was
/// measured when it first came.
fn measured_then(report: &mut Report, first_at: Timestamp) {
    for sample in &mut report.samples {
        sample.at.get_or_insert(first_at);
    }
    for event in &mut report.events {
        event.at.get_or_insert(first_at);
    }
}

/// When a canary was sent.
fn canary_time(payload: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Canary {
        at: i64,
    }
    serde_json::from_slice::<Canary>(payload)
        .ok()
        .map(|canary| Timestamp::from_ms(canary.at))
}

/// The source that a change strikes out.
pub(super) fn struck_out(change: &Change) -> Option<&firemain_domain::source::SourceCode> {
    match change {
        Change::SourceRemoved { code } => Some(code),
        _ => None,
    }
}
