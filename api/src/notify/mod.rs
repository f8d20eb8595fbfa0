//! Telling people: from notices, which judging wrote with its alerts, to messages that somebody took.
//!
//! In: notices in the register, teams and routes, the clock. Out: messages by channels, each under a
//! key by which its receiver knows copies, and a row for every try. It waits on the stream's newest
//! event, on the clock, and on receivers.
//!
//! A notice's way: [`expand`] makes messages of it by teams and routes, in one transaction, in the
//! words of [`texts`]; [`escalate`] asks by the clock whether somebody took the alert; [`storm`] holds
//! back what would be too much, and makes a digest of it; [`deliver`] hands each channel its messages,
//! with [`backoff`], through [`channels`]; [`health`] notices a channel that is dead, and tells of it
//! by another. [`link`] signs the way back. One task, [`teller`], does all but delivering; each
//! channel has one of its own. Everything is found again in the register after a crash: at least once,
//! doubled only where the receiver's key absorbs it.

mod settings;

mod escalate;
mod expand;
mod storm;
mod texts;

mod backoff;
mod channels;
mod deliver;
mod health;

mod link;
mod teller;

pub mod budget;

pub use channels::{Answer, ChannelError, ChannelKind, html as escape_html, webhook_signature};
pub use health::ChannelHealth;
pub use link::{LinkError, Links};
pub use settings::{ChannelSettings, Hidden, NotifySettings};
pub use texts::Message;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firemain_domain::change::Change;
use firemain_domain::clock::SharedClock;
use firemain_domain::judging::Severity;
use firemain_domain::telling::Language;
use firemain_store::register::telling::{NewDelivery, Occasion};
use firemain_store::register::{Register, RegisterError};
use tokio::sync::{Notify as Wake, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::channels::Channel;
use self::health::Healths;
use crate::board::Board;

/// Why telling cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The register cannot be used.
    #[error("telling cannot start: {0}")]
    Register(#[from] RegisterError),
    /// A channel is set wrongly.
    #[error("`[notify.channels.{name}]`: {reason}")]
    Channel {
        /// Which.
        name: String,
        /// Why.
        reason: ChannelError,
    },
    /// The system gives no randomness for the key that signs links.
    #[error("telling cannot start: the system gives no randomness")]
    Randomness,
}

/// Telling, running.
#[derive(Debug)]
pub struct Notify {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What all tasks have in common.
struct Shared {
    register: Arc<dyn Register>,
    board: Arc<Board>,
    settings: NotifySettings,
    channels: BTreeMap<String, Channel>,
    healths: Healths,
    links: Links,
    clock: SharedClock,
    cancel: CancellationToken,
    /// There may be messages to deliver.
    delivering: Wake,
    /// There may be something to make messages of.
    telling: Wake,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

impl Notify {
    /// Begins to tell. `newest_event` moves when judging has committed something.
    ///
    /// # Errors
    /// When a channel is set wrongly, or the register cannot be used.
    pub async fn start(
        register: Arc<dyn Register>,
        board: Arc<Board>,
        newest_event: watch::Receiver<u64>,
        settings: NotifySettings,
        clock: SharedClock,
        cancel: CancellationToken,
    ) -> Result<Arc<Self>, NotifyError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|_| NotifyError::Randomness)?;
        let kept = register.clone();
        let key = tokio::task::spawn_blocking(move || kept.telling_key(fresh)).await;
        let key = key.map_err(|_| NotifyError::Randomness)??;
        let mut channels = BTreeMap::new();
        for (name, channel) in &settings.channels {
            let built = Channel::new(channel).map_err(|reason| NotifyError::Channel {
                name: name.clone(),
                reason,
            })?;
            channels.insert(name.clone(), built);
        }
        let links = Links::new(key, settings.public_url.clone(), settings.link_hours);
        let shared = Arc::new(Shared {
            healths: Healths::new(channels.keys()),
            register,
            board,
            settings,
            channels,
            links,
            clock,
            cancel,
            delivering: Wake::new(),
            telling: Wake::new(),
        });
        let mut tasks = vec![tokio::spawn(teller::tell(shared.clone(), newest_event))];
        for name in shared.channels.keys() {
            tasks.push(tokio::spawn(deliver::deliver(shared.clone(), name.clone())));
        }
        Ok(Arc::new(Self {
            shared,
            tasks: Mutex::new(tasks),
        }))
    }

    /// The links that acknowledge.
    pub fn links(&self) -> &Links {
        &self.shared.links
    }

    /// How each channel is, in order of name.
    pub fn channels(&self) -> Vec<ChannelHealth> {
        let shared = &self.shared;
        let kinds = shared.channels.iter();
        kinds
            .map(|(name, channel)| shared.healths.of(name, channel.kind()))
            .collect()
    }

    /// Whether a channel of that name is set.
    pub fn has_channel(&self, name: &str) -> bool {
        self.shared.channels.contains_key(name)
    }

    /// The address that a channel tells without one of a contact's.
    pub fn own_address(&self, name: &str) -> Option<String> {
        self.shared.channels.get(name)?.own_address()
    }

    /// Puts a test message into a channel's queue; the key by which it is found among deliveries.
    ///
    /// # Errors
    /// When the register cannot be written to.
    pub async fn try_out(
        &self,
        channel: &str,
        address: &str,
        language: Language,
        who: &str,
        id: &str,
    ) -> Result<String, RegisterError> {
        let now = self.shared.clock.now();
        let message = texts::trial(language, channel);
        let delivery = NewDelivery {
            key: format!("test-{id}/{channel}/{who}"),
            notice: None,
            episode: None,
            occasion: Occasion::Test,
            severity: Severity::Info,
            team: String::new(),
            contact: who.to_owned(),
            channel: channel.to_owned(),
            address: address.to_owned(),
            message: serde_json::to_string(&message).unwrap_or_default(),
            made_at: now,
            held: false,
            due_at: now,
        };
        let key = delivery.key.clone();
        self.shared
            .ask(move |register| register.add_delivery(&delivery))
            .await?;
        self.shared.delivering.notify_waiters();
        Ok(key)
    }

    /// The change by which a contact takes an alert from a message.
    pub fn acknowledgement(episode: &str, contact: &str) -> Change {
        Change::EpisodeAcknowledged {
            episode: episode.to_owned(),
            by: contact.to_owned(),
        }
    }

    /// Ends telling; what is on its way is given 3 s.
    pub async fn stop(&self) {
        self.shared.cancel.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let abort = task.abort_handle();
            if tokio::time::timeout(Duration::from_secs(3), task)
                .await
                .is_err()
            {
                // What it was about to note is found waiting, and told again under the same key.
                abort.abort();
            }
        }
    }
}

impl Shared {
    /// Asks the register where blocking is allowed.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Register) -> Result<T, RegisterError> + Send + 'static,
    ) -> Result<T, RegisterError> {
        let register = self.register.clone();
        match tokio::task::spawn_blocking(move || question(&*register)).await {
            Ok(answer) => answer,
            Err(error) => Err(RegisterError::Unreadable {
                what: "answer",
                reason: error.to_string(),
            }),
        }
    }

    /// Waits until woken, at most `ms` of the clock, or until it is to stop; false: stop.
    async fn wait(&self, wake: &Wake, ms: u64) -> bool {
        // A clock of a test stands still: time in the world passes.
        let most = self.clock.real(ms).min(Duration::from_millis(ms.max(50)));
        tokio::select! {
            () = self.cancel.cancelled() => false,
            _ = tokio::time::timeout(most, wake.notified()) => true,
        }
    }
}

#[cfg(test)]
mod tests;
