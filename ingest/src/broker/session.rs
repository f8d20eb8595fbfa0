//! The session: connects, serves the connection, comes back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_domain::judging::Control;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use xxhash_rust::xxh3::xxh3_64;

use super::BrokerSettings;
use super::connection::{Connection, Ended};
use super::handing::Handing;
use super::link::{Link, NoLink, Target};
use super::state::BrokerState;
use super::unsettled::Unsettled;
use super::window::Window;
use crate::StartError;
use crate::backoff::Backoff;
use crate::canary;
use crate::status::Counters;
use crate::writer::{Appender, OnDisk, WriterState};
use firemain_store::journal::Journal;

/// The first wait after a connection failed, and the longest.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MOST: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one: the next try comes soon.
const GOOD_AFTER_MS: u64 = 10_000;

/// Something to be published through the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    /// The number of the command that it is: to be told when the broker has it.
    pub(crate) command: Option<u64>,
}

/// What a session is made of.
pub(crate) struct SessionParts<'a> {
    pub(crate) settings: &'a BrokerSettings,
    pub(crate) client_id: &'a str,
    /// Topic filters to subscribe to.
    pub(crate) topics: Vec<String>,
    pub(crate) payload_limit: usize,
    pub(crate) journal: &'a dyn Journal,
    pub(crate) appender: &'a Appender,
    pub(crate) writer: Arc<WriterState>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) state: Arc<BrokerState>,
    pub(crate) outbox: mpsc::Receiver<Publication>,
    /// Numbers of commands that the broker has.
    pub(crate) published: mpsc::UnboundedSender<u64>,
    pub(crate) clock: SharedClock,
}

/// The session at the broker, over all its connections.
pub(crate) struct Session {
    target: Target,
    pub(super) topics: Vec<String>,
    pub(super) canary_topic: String,
    pub(super) payload_limit: usize,
    pub(super) handing: Handing,
    pub(super) done: mpsc::UnboundedReceiver<OnDisk>,
    pub(super) window: Window,
    pub(super) unsettled: Unsettled,
    pub(super) writer: Arc<WriterState>,
    pub(super) counters: Arc<Counters>,
    pub(super) state: Arc<BrokerState>,
    pub(super) outbox: mpsc::Receiver<Publication>,
    pub(super) published: mpsc::UnboundedSender<u64>,
    pub(super) clock: SharedClock,
    /// Subscriptions were made in this process: what the broker kept may be of an older setting.
    pub(super) subscribed: bool,
    backoff: Backoff,
}

impl Session {
    /// A session that is not connected yet.
    pub(crate) fn new(parts: SessionParts<'_>) -> Result<Self, StartError> {
        let target = parts.settings.target(parts.client_id)?;
        let canary_topic = canary::topic(parts.client_id);
        let mut topics = parts.topics;
        topics.push(canary_topic.clone());
        topics.dedup();
        let (done, on_disk) = mpsc::unbounded_channel();
        let unsettled = Unsettled::from_journal(parts.journal)?;
        parts
            .writer
            .settled
            .store(unsettled.settled_position(), Ordering::Release);
        Ok(Self {
            target,
            topics,
            canary_topic,
            payload_limit: parts.payload_limit,
            handing: Handing::new(parts.appender.jobs().clone(), done),
            done: on_disk,
            window: Window::default(),
            unsettled,
            writer: parts.writer,
            counters: parts.counters,
            state: parts.state,
            outbox: parts.outbox,
            published: parts.published,
            clock: parts.clock,
            subscribed: false,
            backoff: Backoff::new(RETRY_FIRST, RETRY_MOST, xxh3_64(parts.client_id.as_bytes())),
        })
    }

    /// Serves the broker until the receiver stops.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        while !cancel.is_cancelled() {
            if !self.journal_accepts(&cancel).await {
                return;
            }
            let connecting = cancel.run_until_cancelled(Link::connect(&self.target));
            let Some(connected) = connecting.await else {
                return;
            };
            let wait = match connected {
                Ok((link, session_present)) => self.served(link, session_present, &cancel).await,
                Err(error) => self.not_connected(&error),
            };
            // An early end of the wait is the receiver's end.
            let _ = tokio::time::timeout(wait, cancel.cancelled()).await;
        }
    }

    /// Serves one connection to its end; returns how long to wait then.
    async fn served(
        &mut self,
        link: Link,
        session_present: bool,
        cancel: &CancellationToken,
    ) -> Duration {
        info!(broker.address = %self.target.address, broker.session_present = session_present, "connected to the broker");
        let since_ms = self.clock.monotonic_ms();
        self.state.set_connection_complaint(None);
        self.state
            .connected
            .store(true, std::sync::atomic::Ordering::Release);
        self.handing.control(Control::Connected { session_present });
        let ended = Connection::new(self, link)
            .serve(session_present, cancel)
            .await;
        self.state
            .connected
            .store(false, std::sync::atomic::Ordering::Release);
        self.state
            .drained
            .store(false, std::sync::atomic::Ordering::Release);
        self.handing.control(Control::Disconnected);
        self.handing.hand_over();
        self.window.connection_lost();
        self.unsettled.connection_lost();
        let good = self.clock.monotonic_ms().saturating_sub(since_ms) >= GOOD_AFTER_MS;
        if good {
            self.backoff.reset();
        }
        match ended {
            Ended::Stopped => Duration::ZERO,
            Ended::TooMuchUnacknowledged => {
                warn!("too much is waiting for the journal: left the broker until it is on disk");
                self.state.reconnects.fetch_add(1, Ordering::Relaxed);
                self.state.set_connection_complaint(Some(
                    "receiving waits for the journal: the broker keeps what comes".to_owned(),
                ));
                Duration::ZERO
            }
            Ended::Lost(error) => {
                self.state.reconnects.fetch_add(1, Ordering::Relaxed);
                let hint = if good {
                    String::new()
                } else {
                    format!(
                        ". If this repeats, another client may be using the client id {:?}",
                        self.target.client_id
                    )
                };
                warn!(broker.address = %self.target.address, broker.error = %error, "lost the broker{hint}");
                self.state
                    .set_connection_complaint(Some(format!("{error}{hint}")));
                self.backoff.next()
            }
        }
    }

    fn not_connected(&mut self, error: &NoLink) -> Duration {
        let complaint = error.to_string();
        if self.state.complaint().as_deref() != Some(&complaint) {
            warn!(broker.address = %self.target.address, "{complaint}. It is tried again for ever");
        }
        self.state.set_connection_complaint(Some(complaint));
        self.backoff.next()
    }

    /// Waits until everything handed in is on disk and the journal takes more; false if the
    /// receiver stops first.
    async fn journal_accepts(&mut self, cancel: &CancellationToken) -> bool {
        let mut trouble = self.writer.trouble.subscribe();
        loop {
            self.handing.hand_over();
            if self.window.is_empty() && !self.handing.is_waiting() {
                break;
            }
            tokio::select! {
                () = cancel.cancelled() => return false,
                Some(news) = self.done.recv() => {
                    self.window.leave(news.upto, &mut Vec::new());
                    self.state.unacked.store(self.window.len() as u64, Ordering::Relaxed);
                }
                () = self.handing.room(), if self.handing.is_waiting() => {}
            }
        }
        tokio::select! {
            () = cancel.cancelled() => false,
            well = trouble.wait_for(Option::is_none) => well.is_ok(),
        }
    }
}
