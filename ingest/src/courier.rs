//! Brings commands to the broker, for devices that come to it.
//!
//! In: commands that wait, from the register, once a second. Out: publications at quality of service
//! 1, and the word to the register when the broker has them. What is not acknowledged in time, or
//! was under way when the connection or the process ended, is published once more: a device
//! knows a command by its id.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::register::endpoint::{Command, CommandStep, Step};
use firemain_store::register::{Register, RegisterError};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::broker::Publication;

/// The register is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A command that the broker has not acknowledged after so many looks is published again.
const PATIENCE_LOOKS: u32 = 30;
/// Commands under way to the broker at once.
const UNDER_WAY: usize = 128;

/// The courier.
pub(crate) struct Courier {
    pub(crate) register: Arc<dyn Register>,
    pub(crate) outbox: mpsc::Sender<Publication>,
    /// Numbers of commands that the broker has. Bounded by what is under way.
    pub(crate) published: mpsc::UnboundedReceiver<u64>,
    pub(crate) clock: SharedClock,
}

impl Courier {
    /// Brings commands until the receiver stops.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut under_way: HashMap<u64, u32> = HashMap::new();
        let mut taken: HashSet<u64> = HashSet::new();
        let mut failing = false;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                Some(number) = self.published.recv() => {
                    under_way.remove(&number);
                    taken.insert(number);
                    continue;
                }
                _ = looks.tick() => {}
            }
            for looks in under_way.values_mut() {
                *looks += 1;
            }
            under_way.retain(|_, looks| *looks < PATIENCE_LOOKS);
            match self.look(&taken).await {
                Ok(waiting) => {
                    failing = false;
                    taken.clear();
                    self.publish(waiting, &mut under_way);
                }
                Err(reason) => {
                    if !std::mem::replace(&mut failing, true) {
                        warn!(register.error = %reason, "commands cannot be brought to the broker; it is tried again");
                    }
                }
            }
        }
    }

    /// Notes what the broker has, and reads what waits for it.
    async fn look(&self, taken: &HashSet<u64>) -> Result<Vec<Command>, String> {
        let at = self.clock.now();
        let step = |&number| CommandStep {
            number,
            step: Step::Published,
            at,
        };
        let steps: Vec<CommandStep> = taken.iter().map(step).collect();
        let register = Arc::clone(&self.register);
        let looking = tokio::task::spawn_blocking(move || {
            register.note_delivery(&steps)?;
            register.unpublished_commands(at, UNDER_WAY)
        });
        let looked: Result<Vec<Command>, RegisterError> =
            looking.await.map_err(|error| error.to_string())?;
        looked.map_err(|error| error.to_string())
    }

    fn publish(&self, waiting: Vec<Command>, under_way: &mut HashMap<u64, u32>) {
        for command in waiting {
            if under_way.contains_key(&command.number) {
                continue;
            }
            let publication = Publication {
                topic: format!("firemain/v1/{}/command", command.device),
                payload: command.body.into_bytes(),
                command: Some(command.number),
            };
            if self.outbox.try_send(publication).is_err() {
                // No connection, or a slow one: the next look finds it again.
                return;
            }
            under_way.insert(command.number, 0);
        }
    }
}
