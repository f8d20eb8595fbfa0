//! The thread that reads the journal and decodes it, a slice ahead of what is being written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::journal::{Body, Envelope, Journal, Position};
use tokio::sync::mpsc;
use tracing::{error, info};

use super::sorter::{Slice, Sorter};
use super::state::{ArchiveState, Part};
use crate::devices::Devices;

/// Envelopes in a slice, at most, and at least where payloads are large.
const MOST_ENVELOPES: usize = 4_096;
const LEAST_ENVELOPES: usize = 64;
/// Payload bytes in a slice, about.
const SLICE_BYTES: usize = 8 * 1024 * 1024;
/// At the journal's end it is waited for more so long at a time.
const WAIT: Duration = Duration::from_millis(250);
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The decoder's memory is saved at most so often.
const SAVE_EVERY_MS: u64 = 1_000;

pub(super) struct Reader {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) devices: Arc<Devices>,
    pub(super) sorter: Sorter,
    pub(super) after: Position,
    /// The decoder remembers something from message to message.
    pub(super) remembers: bool,
    /// At the journal's end, what comes within so long is one slice.
    pub(super) gather: Duration,
    pub(super) slices: mpsc::Sender<Slice>,
    pub(super) state: Arc<ArchiveState>,
    pub(super) clock: SharedClock,
    pub(super) stopping: Arc<AtomicBool>,
}

impl Reader {
    pub(super) fn start(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name("archive-reader".to_owned())
            .spawn(move || self.run())
    }

    fn run(mut self) {
        let mut limit = MOST_ENVELOPES;
        let mut saved_at_ms = 0;
        while !self.stopping.load(Ordering::Acquire) {
            let envelopes = self.next(limit);
            if envelopes.is_empty() {
                continue;
            }
            limit = next_limit(&envelopes);
            let mut slice = self.sorted(envelopes);
            let now_ms = self.clock.monotonic_ms();
            if self.remembers && now_ms.saturating_sub(saved_at_ms) >= SAVE_EVERY_MS {
                saved_at_ms = now_ms;
                slice.memory = Some(self.sorter.memory());
            }
            self.after = slice.upto;
            if self.slices.blocking_send(slice).is_err() {
                return;
            }
        }
    }

    /// The next envelopes, in time; none if there is nothing or it cannot be read.
    fn next(&self, limit: usize) -> Vec<(Position, Envelope)> {
        let read = self.journal.wait(self.after, WAIT).and_then(|something| {
            if !something {
                return Ok(Vec::new());
            }
            if !self.gather.is_zero() && self.journal.head()?.0 - self.after.0 < limit as u64 {
                std::thread::park_timeout(self.gather);
            }
            self.journal.read(self.after, limit)
        });
        match read {
            Ok(envelopes) => {
                if self.state.set_complaint(Part::Reading, None) {
                    info!("the journal can be read again");
                }
                envelopes
            }
            Err(error) => {
                if self
                    .state
                    .set_complaint(Part::Reading, Some(error.to_string()))
                {
                    error!(journal.error = %error, "cannot read the journal to archive it");
                }
                std::thread::park_timeout(TRY_AGAIN);
                Vec::new()
            }
        }
    }

    fn sorted(&mut self, envelopes: Vec<(Position, Envelope)>) -> Slice {
        let mut slice = Slice::default();
        let devices = self.devices.read();
        for (position, envelope) in envelopes {
            self.sorter.sort(position, envelope, &devices, &mut slice);
        }
        slice
    }
}

/// As many envelopes as keep a slice within its bytes, if the next are like these.
fn next_limit(envelopes: &[(Position, Envelope)]) -> usize {
    let bytes: usize = envelopes
        .iter()
        .map(|(_, envelope)| match &envelope.body {
            Body::Message(message) => message.payload.len(),
            Body::Control(_) => 0,
        })
        .sum();
    let each = (bytes / envelopes.len().max(1)).max(1);
    (SLICE_BYTES / each).clamp(LEAST_ENVELOPES, MOST_ENVELOPES)
}
