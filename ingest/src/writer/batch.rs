//! What goes to disk together, and whom to tell then.

use firemain_domain::judging::Control;
use firemain_store::journal::{Body, Envelope, Position};
use tokio::sync::{mpsc, oneshot};

use super::appender::{Job, OnDisk};
use super::time::Now;

/// Envelopes in one batch, at most.
const MOST_ENVELOPES: usize = 4_096;
/// Their bytes, about.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Envelopes for one append. Kept, with its stamps, until the journal has it.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) envelopes: Vec<Envelope>,
    bytes: usize,
    /// Bytes to be given back to [`super::Appender`]'s room.
    room: usize,
    singles: Vec<oneshot::Sender<()>>,
    several: Vec<(u64, mpsc::UnboundedSender<OnDisk>)>,
    beats: bool,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.envelopes.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.envelopes.len() >= MOST_ENVELOPES || self.bytes >= MOST_BYTES
    }

    /// Takes a job in; heartbeats that queued up are one.
    pub(crate) fn take(&mut self, job: Job, now: Now, settled: Position) {
        match job {
            Job::One(arrival, done) => {
                self.room += arrival.weight();
                self.push(arrival.weight(), Body::Message(arrival.into_message()), now);
                self.singles.push(done);
            }
            Job::Several {
                arrivals,
                upto,
                done,
            } => {
                for arrival in arrivals {
                    self.push(arrival.weight(), Body::Message(arrival.into_message()), now);
                }
                match self.several.last_mut() {
                    Some((newest, of)) if of.same_channel(&done) => *newest = upto,
                    _ => self.several.push((upto, done)),
                }
            }
            Job::Control(control, done) => {
                self.control(control, now);
                self.singles.extend(done);
            }
            Job::Beat if self.beats => {}
            Job::Beat => {
                self.beats = true;
                self.control(Control::Heartbeat { settled: settled.0 }, now);
            }
        }
    }

    pub(crate) fn control(&mut self, control: Control, now: Now) {
        self.push(16, Body::Control(control), now);
    }

    fn push(&mut self, weight: usize, body: Body, now: Now) {
        self.bytes += weight;
        let (received_at, wall_offset_ms) = (now.at, now.wall_offset_ms);
        self.envelopes.push(Envelope {
            received_at,
            wall_offset_ms,
            body,
        });
    }

    /// Tells everybody that it is on disk, from `first` on; returns the newest position and the
    /// bytes that are free again.
    pub(crate) fn tell(self, first: Position) -> (Position, usize) {
        let newest = Position(first.0 + self.envelopes.len().saturating_sub(1) as u64);
        for done in self.singles {
            // Whoever does not wait any more needs no word.
            let _ = done.send(());
        }
        for (upto, done) in self.several {
            let _ = done.send(OnDisk {
                upto,
                position: newest,
            });
        }
        (newest, self.room)
    }
}
