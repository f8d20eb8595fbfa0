//! One client's connection, whichever version of MQTT it speaks.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::EndpointCounters;
use super::gate::{Gate, Verdict};
use super::rights::Rights;
use super::sessions::{Attached, Key, Sessions};
use crate::{Appender, Arrival, KEPT_OF_OVERSIZE_BYTES};

/// What all connections share.
pub(super) struct Shared {
    pub(super) appender: Appender,
    pub(super) gate: Arc<Gate>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) counters: Arc<EndpointCounters>,
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
}

impl Shared {
    /// Lets a client in, or not.
    pub(super) async fn welcome(
        self: &Arc<Self>,
        hello: Hello<'_>,
    ) -> Result<(Connection, Attached), Refused> {
        let rights = self.rights(&hello).await.inspect_err(|refused| {
            if *refused == Refused::Login {
                self.counters.refused_logins.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        let will = match hello.will {
            Some((topic, _)) if !rights.may_publish(topic) => {
                self.counters
                    .refused_publishes
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
            .sessions
            .store(self.sessions.connected() as u64, Ordering::Relaxed);
        let generation = attached.generation;
        let connection = Connection {
            key,
            generation,
            rights,
            shared: Arc::clone(self),
        };
        if let Some(will) = attached.will_of_the_other.take() {
            // Before anything that the new connection says.
            self.appender
                .append(will)
                .await
                .map_err(|_| Refused::Gone)?;
        }
        Ok((connection, attached))
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
            .refused_publishes
            .fetch_add(1, Ordering::Relaxed);
        Err(Refused::Topic)
    }

    /// An arrival to be filled with the payload's pieces.
    pub(super) fn arrival(&self, topic: &str, payload_bytes: usize, retained: bool) -> Arrival {
        let mut arrival = Arrival::new(topic.into(), &[], self.shared.payload_limit);
        arrival.retained = retained;
        if payload_bytes > self.shared.payload_limit {
            arrival.cut_from = Some(u32::try_from(payload_bytes).unwrap_or(u32::MAX));
            self.shared
                .counters
                .oversize
                .fetch_add(1, Ordering::Relaxed);
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
    pub(super) async fn journal(&self, arrival: Arrival) -> Result<(), Refused> {
        self.shared
            .appender
            .append(arrival)
            .await
            .map_err(|_| Refused::Gone)
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
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let will = self.shared.sessions.detach(&self.key, self.generation);
        let connected = self.shared.sessions.connected() as u64;
        self.shared
            .counters
            .sessions
            .store(connected, Ordering::Relaxed);
        if let Some(will) = will
            && !self.shared.stopping.load(Ordering::SeqCst)
        {
            let appender = self.shared.appender.clone();
            ntex::rt::spawn(async move {
                // When the receiver stops first, nobody was told that the will counts.
                appender.append(will).await.ok();
            });
        }
    }
}
