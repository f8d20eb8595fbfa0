//! The town's past hours: its register, and its messages as history in the journal.

use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::judging::Control;
use firemain_domain::time::HOUR_MS;
use firemain_firmware_sim::{Scenario, SimMessage, SimSettings, Simulation, Town, TownSettings};
use firemain_store::journal::{Body, Envelope, Journal, Message, Position};
use firemain_store::register::Register;

/// Envelopes appended at once.
const BATCH: usize = 4_096;

/// What the past is made from.
pub struct Past {
    pub sources: usize,
    pub seed: u64,
    pub scenario: Scenario,
    pub hours: u32,
    pub now: Timestamp,
}

/// A town that has lived up to now.
pub struct Lived {
    /// It, to go on.
    pub simulation: Simulation,
}

impl Past {
    /// Enters the register and plays the past hours into the journal, as history: nobody is paged
    /// for it. On a data directory that was used before, only what lies between is played.
    pub fn live(self, journal: &dyn Journal, register: &dyn Register) -> anyhow::Result<Lived> {
        let head = journal.head()?;
        let newest = journal.read(Position(head.0.saturating_sub(1)), 1)?;
        let newest = newest.first().map(|(_, envelope)| envelope.received_at);
        let earliest = self.now.plus_ms(-i64::from(self.hours) * HOUR_MS);
        let start = newest
            .map_or(earliest, |newest| earliest.max(newest))
            .min(self.now);
        let mut town = Town::generate(&TownSettings::of_size(self.seed, self.sources))?;
        if register.newest_change()? == 0 {
            let sources = town.sources().iter().cloned();
            let mut changes: Vec<Change> = sources
                .map(|source| Change::SourceSet {
                    source: Box::new(source),
                })
                .collect();
            changes.extend(
                town.flow_tests(start)
                    .into_iter()
                    .map(|test| Change::FlowTestEntered { test }),
            );
            register.change("demo", start, &changes)?;
        }
        let settings = SimSettings {
            seed: self.seed,
            truth: false,
            flow_tested: true,
            ..SimSettings::from(start)
        };
        let mut simulation = Simulation::new(town, self.scenario, settings)?;
        let mut history = History {
            journal,
            batch: Vec::with_capacity(BATCH),
            failed: None,
        };
        history.put(control(start, Control::Started));
        history.put(control(start, Control::History { begins: true }));
        simulation.advance(self.now, |message| history.put(envelope(message)));
        history.put(control(self.now, Control::History { begins: false }));
        history.finish()?;
        Ok(Lived { simulation })
    }
}

struct History<'a> {
    journal: &'a dyn Journal,
    batch: Vec<Envelope>,
    failed: Option<anyhow::Error>,
}

impl History<'_> {
    fn put(&mut self, envelope: Envelope) {
        self.batch.push(envelope);
        if self.batch.len() >= BATCH {
            self.append();
        }
    }

    fn append(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.journal.append(&self.batch)
        {
            self.failed = Some(error.into());
        }
        self.batch.clear();
    }

    fn finish(mut self) -> anyhow::Result<()> {
        if !self.batch.is_empty() {
            self.append();
        }
        self.failed.map_or(Ok(()), Err)
    }
}

fn control(at: Timestamp, control: Control) -> Envelope {
    Envelope {
        received_at: at,
        wall_offset_ms: 0,
        body: Body::Control(control),
    }
}

fn envelope(message: SimMessage) -> Envelope {
    Envelope {
        received_at: message.at,
        wall_offset_ms: 0,
        body: Body::Message(Message {
            topic: message.topic.into(),
            payload: message.payload,
            retained: false,
            copy: false,
            cut_from: None,
            first_received_at: None,
        }),
    }
}
