//! One client's connection, whichever version of MQTT it speaks.

use std::cell::Cell;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firemain_domain::Timestamp;

use super::gate::{Gate, Verdict};
use super::rights::Rights;
use super::sessions::{Attached, Key, Sessions};
use super::unsettled::{Memory, Unsettled};
use crate::writer::fingerprint;
use crate::{Appender, Arrival, Counters, KEPT_OF_OVERSIZE_BYTES};

/// What all connections share.
pub(super) struct Shared {
    pub(super) appender: Appender,
    pub(super) gate: Arc<Gate>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) unsettled: Memory,
    pub(super) counters: Arc<Counters>,
    pub(super) started: Timestamp,
    /// How many client ids were made up.
    pub(super) assigned: AtomicU64,
    pub(super) stopping: AtomicBool,
    pub(super) open: bool,
    pub(super) payload_limit: usize,
}

/// Why a client, or what it sent, is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Name or secret.
    Login,
    /// It may not publish there.
    Topic,
    /// No room, or the logins cannot be read.
    Busy,
    /// The connection or the receiver is gone.
    Gone,
}

/// What a client says when it connects.
pub(super) struct Hello<'a> {
    pub(super) peer: Option<IpAddr>,
    pub(super) client_id: &'a str,
    pub(super) username: Option<&'a str>,
    pub(super) password: &'a [u8],
    pub(super) clean: bool,
    pub(super) persistent: bool,
    pub(super) will: Option<(&'a str, &'a [u8])>,
}

/// A connection that was let in. When it ends without a goodbye, its last will is journalled.
pub(super) struct Connection {
    pub(super) key: Key,
    pub(super) generation: u64,
    pub(super) rights: Rights,
    pub(super) shared: Arc<Shared>,
    /// What it may send again on its next connection.
    unsettled: Arc<Mutex<Unsettled>>,
    /// Its session ends with the connection.
    clean: bool,
    /// It took leave of a session that it does not come back to.
    forgets: Cell<bool>,
}

/// How a message was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// `None`: at quality of service 0, and never again.
    pub(super) id: Option<NonZeroU16>,
    /// Marked as one that was sent before.
    pub(super) again: bool,
}

impl Shared {
    /// Lets a client in, or not.
    pub(super) async fn welcome(
        self: &Arc<Self>,
        hello: Hello<'_>,
    ) -> Result<(Connection, Attached), Refused> {
        let rights = self.rights(&hello).await.inspect_err(|refused| {
            if *refused == Refused::Login {
                self.counters
                    .endpoint_refused_logins
                    .fetch_add(1, Ordering::Relaxed);
            }
        })?;
        let will = match hello.will {
            Some((topic, _)) if !rights.may_publish(topic) => {
                self.counters
                    .endpoint_refused_publishes
                    .fetch_add(1, Ordering::Relaxed);
                return Err(Refused::Topic);
            }
            Some((topic, payload)) => Some(Arrival::new(topic.into(), payload, self.payload_limit)),
            None => None,
        };
        let key = (rights.name().into(), hello.client_id.into());
        let attached = self
            .sessions
            .attach(&key, hello.clean, hello.persistent, will);
        let mut attached = attached.ok_or(Refused::Busy)?;
        self.counters
            .endpoint_sessions
            .store(self.sessions.connected() as u64, Ordering::Relaxed);
        let generation = attached.generation;
        let connection = Connection {
            generation,
            rights,
            unsettled: self.unsettled.take_up(&key),
            forgets: Cell::new(false),
            clean: !hello.persistent,
            key,
            shared: Arc::clone(self),
        };
        if let Some(will) = attached.will_of_the_other.take() {
            // Before anything that the new connection says.
            self.take_in(will).await?;
        }
        Ok((connection, attached))
    }

    /// A client id for one that has none: no other client had it, in this process or another.
    pub(super) fn client_id(&self) -> String {
        let number = self.assigned.fetch_add(1, Ordering::Relaxed);
        format!("firemain-{:x}-{number:x}", self.started.ms())
    }

    /// Journals a message that nobody waits for an acknowledgement of.
    async fn take_in(&self, arrival: Arrival) -> Result<(), Refused> {
        self.count(&arrival);
        self.appender
            .append(arrival)
            .await
            .map_err(|_| Refused::Gone)
    }

    fn count(&self, arrival: &Arrival) {
        let add = |counter: &AtomicU64, number| counter.fetch_add(number, Ordering::Relaxed);
        let counters = &self.counters;
        add(&counters.received, 1);
        add(&counters.received_bytes, arrival.payload_bytes());
        add(&counters.redelivered, arrival.copy.into());
        add(&counters.retained, arrival.retained.into());
        add(&counters.oversize, arrival.cut_from.is_some().into());
    }

    async fn rights(&self, hello: &Hello<'_>) -> Result<Rights, Refused> {
        let Some(name) = hello.username.map(str::to_owned) else {
            return if self.open {
                Ok(Rights::Anybody)
            } else {
                Err(Refused::Login)
            };
        };
        let (gate, peer) = (Arc::clone(&self.gate), hello.peer);
        let secret = hello.password.to_vec();
        let check = ntex::rt::spawn_blocking(move || gate.check(peer, &name, &secret));
        match check.await {
            Ok(Verdict::Granted(granted)) => Ok(Rights::Of(granted)),
            Ok(Verdict::Refused) => Err(Refused::Login),
            Ok(Verdict::Unavailable(reason)) => {
                tracing::warn!(reason, "logins cannot be read; a client was turned away");
                Err(Refused::Busy)
            }
            Err(_) => Err(Refused::Busy),
        }
    }
}

impl Connection {
    /// Whether it may publish there; counted if not.
    pub(super) fn may_publish(&self, topic: &str) -> Result<(), Refused> {
        if self.rights.may_publish(topic) {
            return Ok(());
        }
        self.shared
            .counters
            .endpoint_refused_publishes
            .fetch_add(1, Ordering::Relaxed);
        Err(Refused::Topic)
    }

    /// An arrival to be filled with the payload's pieces.
    pub(super) fn arrival(&self, topic: &str, payload_bytes: usize, retained: bool) -> Arrival {
        let mut arrival = Arrival::new(topic.into(), &[], self.shared.payload_limit);
        arrival.retained = retained;
        if payload_bytes > self.shared.payload_limit {
            arrival.cut_from = Some(u32::try_from(payload_bytes).unwrap_or(u32::MAX));
        } else {
            arrival.payload.reserve_exact(payload_bytes);
        }
        arrival
    }

    /// One piece of the payload; what is over the limit is let go as it comes.
    pub(super) fn fill(&self, arrival: &mut Arrival, piece: &[u8]) {
        let room = match arrival.cut_from {
            Some(_) => KEPT_OF_OVERSIZE_BYTES
                .min(self.shared.payload_limit)
                .saturating_sub(arrival.payload.len()),
            None => piece.len(),
        };
        arrival
            .payload
            .extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// Journals a message; it may be acknowledged when this returns.
    pub(super) async fn journal(&self, mut arrival: Arrival, sent: Sent) -> Result<(), Refused> {
        let print = fingerprint(&arrival.topic, &arrival.payload);
        arrival.copy = sent.again && self.unsettled().is_copy(print);
        self.shared.count(&arrival);
        let handed_in = self.shared.appender.hand_in(arrival).await;
        let on_disk = handed_in.map_err(|_| Refused::Gone)?;
        if let Some(id) = sent.id {
            self.unsettled().handed_in(id, print);
        }
        on_disk.await.map_err(|_| Refused::Gone)?;
        if let Some(id) = sent.id {
            self.unsettled().acknowledged(id);
            self.shared.counters.acked.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn unsettled(&self) -> MutexGuard<'_, Unsettled> {
        self.unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The client asks for a sign of life.
    pub(super) fn pinged(&self) {
        self.unsettled().pinged();
    }

    /// Subscribes to a filter, if it names commands of its own.
    pub(super) fn subscribe(&self, filter: &str) -> bool {
        self.rights.commands_of(filter).is_some_and(|device| {
            self.shared
                .sessions
                .subscribe(&self.key, self.generation, device)
        })
    }

    /// Ends a subscription.
    pub(super) fn unsubscribe(&self, filter: &str) {
        if let Some(device) = self.rights.commands_of(filter) {
            self.shared
                .sessions
                .unsubscribe(&self.key, self.generation, device);
        }
    }

    /// The client says goodbye: its last will does not count.
    pub(super) fn goodbye(&self) {
        self.shared.sessions.forget_will(&self.key, self.generation);
        self.forgets.set(self.clean);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.forgets.get() || self.unsettled().is_empty() {
            self.shared.unsettled.forget(&self.key, &self.unsettled);
        }
        let will = self.shared.sessions.detach(&self.key, self.generation);
        let connected = self.shared.sessions.connected() as u64;
        self.shared
            .counters
            .endpoint_sessions
            .store(connected, Ordering::Relaxed);
        if let Some(will) = will
            && !self.shared.stopping.load(Ordering::SeqCst)
        {
            let shared = Arc::clone(&self.shared);
            ntex::rt::spawn(async move {
                // When the receiver stops first, nobody was told that the will counts.
                shared.take_in(will).await.ok();
            });
        }
    }
}
