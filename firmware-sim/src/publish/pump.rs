//! Lets the simulation run at its speed and hands its messages to the connections.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::clock::SharedClock;
use firemain_domain::time::{HOUR_MS, SECOND_MS};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::{Progress, Speed};
use crate::noise::mix;
use crate::{SimMessage, Simulation};

/// Messages in one batch at most.
const BATCH: usize = 512;
/// A step gives about so many messages; longer and shorter ones follow.
const FEW: usize = 2_000;
const MANY: usize = 16_000;
/// How long to wait between two looks at the clock.
const NAP: Duration = Duration::from_millis(40);

/// A command for a device: topic and payload.
pub(super) type Order = (String, Vec<u8>);

/// Lets the simulation run.
pub(super) struct Pump {
    pub(super) batches: Vec<Sender<Vec<SimMessage>>>,
    pub(super) orders: Receiver<Order>,
    pub(super) speed: Speed,
    pub(super) until: Option<Timestamp>,
    pub(super) clock: SharedClock,
    pub(super) cancel: CancellationToken,
    pub(super) progress: Arc<Progress>,
}

impl Pump {
    /// Runs until the end, until cancelled, or until a connection is gone for good.
    pub(super) fn run(self, mut simulation: Simulation) -> Simulation {
        let began = (self.clock.monotonic_ms(), simulation.now());
        let end = self.until.unwrap_or(Timestamp::MAX);
        let mut waiting: Vec<Vec<SimMessage>> = self.batches.iter().map(|_| Vec::new()).collect();
        let mut step_ms = SECOND_MS;
        while simulation.now() < end && !self.cancel.is_cancelled() {
            let due = self.due(began).min(end);
            if due <= simulation.now() {
                if self.nap(&mut simulation).is_err() {
                    break;
                }
                continue;
            }
            while let Ok((topic, payload)) = self.orders.try_recv() {
                simulation.receive(&topic, &payload);
            }
            let next = simulation.now().plus_ms(step_ms).min(due);
            let mut count = 0;
            let mut gone = false;
            simulation.advance(next, |message| {
                count += 1;
                let connection = self.connection_of(&message.device);
                waiting[connection].push(message);
                if waiting[connection].len() >= BATCH {
                    gone |= self.hand_over(connection, &mut waiting[connection]);
                }
            });
            for (connection, batch) in waiting.iter_mut().enumerate() {
                gone |= self.hand_over(connection, batch);
            }
            self.progress
                .simulated_ms
                .store(simulation.now().ms(), Ordering::Relaxed);
            if gone {
                break;
            }
            if count < FEW {
                step_ms = (step_ms * 2).min(HOUR_MS);
            } else if count > MANY {
                step_ms = (step_ms / 2).max(SECOND_MS / 10);
            }
        }
        simulation
    }

    /// Up to where simulated time should have passed.
    fn due(&self, (began_ms, began): (u64, Timestamp)) -> Timestamp {
        let factor = match self.speed {
            Speed::AsFast => return Timestamp::MAX,
            Speed::Real => 1.0,
            Speed::Times(factor) => factor,
        };
        let passed = self.clock.monotonic_ms().saturating_sub(began_ms) as f64;
        began.plus_ms((passed * factor) as i64)
    }

    /// Waits a moment, or until a command comes; `Err` when all connections are gone.
    fn nap(&self, simulation: &mut Simulation) -> Result<(), ()> {
        match self.orders.recv_timeout(NAP) {
            Ok((topic, payload)) => {
                simulation.receive(&topic, &payload);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            // Nobody listens for commands in this format: then the wait is on the channels' end.
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::park_timeout(NAP);
                if self.batches.iter().all(Sender::is_closed) {
                    Err(())
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Hands a batch to its connection, waiting while it is busy; says whether that one is gone.
    fn hand_over(&self, connection: usize, batch: &mut Vec<SimMessage>) -> bool {
        if batch.is_empty() {
            return false;
        }
        let batch = std::mem::take(batch);
        self.batches[connection].blocking_send(batch).is_err()
    }

    fn connection_of(&self, device: &str) -> usize {
        let hash = device
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
            });
        (mix(hash) % self.batches.len() as u64) as usize
    }
}
