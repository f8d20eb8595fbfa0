//! Adoption: when a device that spoke before anybody registered it becomes registered, what the
//! intake keeps of it is journalled again.
//!
//! The messages carry the time of their first receipt, so that archive and judging take them in by
//! their ordinary way as late data. It follows the register, once a second; devices found registered
//! are looked for among the strangers then, and once a minute in any case, for a message that was
//! being sorted while its device was entered.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use firemain_domain::report::DeviceId;
use firemain_store::intake::{Intake, IntakeError, Unregistered};
use firemain_store::journal::Position;
use firemain_store::register::Register;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::archive::{ArchiveState, Part};
use crate::devices::Devices;
use crate::status::Counters;
use crate::writer::{Appender, Arrival};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS_PER_ROUND: u32 = 60;
/// Strangers, or messages, taken at once.
const AT_ONCE: usize = 500;

pub(crate) struct Adoption {
    pub(crate) register: Arc<dyn Register>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) devices: Arc<Devices>,
    pub(crate) appender: Appender,
    pub(crate) counters: Arc<Counters>,
    pub(crate) state: Arc<ArchiveState>,
}

impl Adoption {
    /// Follows the register until the receiver stops.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked = 0;
        loop {
            if cancel.run_until_cancelled(looks.tick()).await.is_none() {
                return;
            }
            let due = looked % LOOKS_PER_ROUND == 0;
            match cancel.run_until_cancelled(self.look(due)).await {
                None => return,
                // What failed is due again at the next look.
                Some(Err(error)) => {
                    if self
                        .state
                        .set_complaint(Part::Adopting, Some(error.clone()))
                    {
                        warn!(adoption.error = %error, "cannot follow the register; it is tried again every second");
                    }
                    looked = 0;
                }
                Some(Ok(())) => {
                    self.state.set_complaint(Part::Adopting, None);
                    looked += 1;
                }
            }
        }
    }

    async fn look(&self, due: bool) -> Result<(), String> {
        let (register, devices) = (Arc::clone(&self.register), Arc::clone(&self.devices));
        let news = blocking(move || devices.refresh(&*register)).await?;
        if news || due {
            for device in self.registered_strangers().await? {
                self.adopt(device).await?;
            }
        }
        Ok(())
    }

    async fn registered_strangers(&self) -> Result<Vec<DeviceId>, String> {
        let (intake, devices) = (Arc::clone(&self.intake), Arc::clone(&self.devices));
        blocking(move || {
            let mut found = Vec::new();
            let mut after: Option<DeviceId> = None;
            loop {
                let strangers = intake.strangers(after.as_deref(), AT_ONCE)?;
                let Some(last) = strangers.last() else {
                    return Ok::<_, IntakeError>(found);
                };
                after = Some(DeviceId::clone(&last.device));
                let map = devices.read();
                let registered = strangers.into_iter().map(|stranger| stranger.device);
                found.extend(registered.filter(|device| map.knows(device)));
            }
        })
        .await
    }

    /// Journals again what is kept of a device, and only then forgets it. A crash in between
    /// journals it once more, which changes nothing: its points and readings are the same.
    /// What one that replaced another said before it was where it is was never its source's: it is
    /// let go.
    async fn adopt(&self, device: DeviceId) -> Result<(), String> {
        let mut after = Position(0);
        let mut taken = 0;
        let (register, name) = (Arc::clone(&self.register), DeviceId::clone(&device));
        let since = blocking(move || register.replaced_at(&name)).await?;
        let mut messages = 0;
        loop {
            let (intake, name) = (Arc::clone(&self.intake), DeviceId::clone(&device));
            let kept = blocking(move || intake.kept(&name, after, AT_ONCE)).await?;
            if let Some(last) = kept.last() {
                after = last.position;
                messages += kept.len();
                let here = kept
                    .into_iter()
                    .filter(|kept| since.is_none_or(|since| kept.received_at >= since));
                let here: Vec<Unregistered> = here.collect();
                taken += here.len();
                self.journal_again(here).await?;
            } else {
                after = after.max(Position(1));
            }
            let done = messages == 0 || self.is_last(&device, after).await?;
            let (intake, name) = (Arc::clone(&self.intake), DeviceId::clone(&device));
            blocking(move || intake.adopted(&name, after)).await?;
            if done {
                break;
            }
        }
        self.counters.adopted.fetch_add(taken as u64, Relaxed);
        info!(device.id = %device, device.messages = taken, device.from_elsewhere = messages - taken, "took in what a device said before it was registered");
        Ok(())
    }

    async fn is_last(&self, device: &DeviceId, after: Position) -> Result<bool, String> {
        let (intake, name) = (Arc::clone(&self.intake), DeviceId::clone(device));
        Ok(blocking(move || intake.kept(&name, after, 1))
            .await?
            .is_empty())
    }

    async fn journal_again(&self, kept: Vec<Unregistered>) -> Result<(), String> {
        let appends = kept.into_iter().map(|kept| {
            let message = kept.message;
            self.appender.append(Arrival {
                topic: message.topic,
                payload: message.payload,
                retained: message.retained,
                copy: false,
                cut_from: message.cut_from,
                first_received_at: message.first_received_at.or(Some(kept.received_at)),
            })
        });
        let all = futures::future::try_join_all(appends).await;
        all.map(|_| ()).map_err(|closed| closed.to_string())
    }
}

pub(crate) async fn blocking<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
