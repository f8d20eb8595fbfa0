//! One client's connection, whichever version of MQTT it speaks.

use std::cell::Cell;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firemain_domain::Timestamp;

use super::before::Before;
use super::desk::Desk;
use super::gate::{Gate, Verdict};
use super::rights::{Denied, Rights, status_of};
use super::sessions::{Attached, Key, LONGEST_KEPT_S, Sessions, Terms, Will};
use super::unsettled::{Memory, Unsettled};
use crate::writer::fingerprint;
use crate::{Appender, Arrival, Counters, KEPT_OF_OVERSIZE_BYTES};

/// What all connections share.
pub(super) struct Shared {
    pub(super) appender: Appender,
    pub(super) gate: Arc<Gate>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) desk: Desk,
    pub(super) unsettled: Memory,
    pub(super) before: Before,
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
    /// Too many wrong ones came from there.
    TooOften,
    /// It may not publish there.
    Topic,
    /// No room.
    Full,
    /// The logins cannot be read.
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
    /// For how long it wants its session to be kept, s.
    pub(super) keep_s: u32,
    pub(super) will: Option<LastWill<'a>>,
}

/// A last will as the client says it.
pub(super) struct LastWill<'a> {
    pub(super) topic: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) retain: bool,
    /// How long it is to be held back, s.
    pub(super) delay_s: u32,
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
    clean: Cell<bool>,
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
    /// To be kept, where it is a device's status.
    pub(super) retain: bool,
}

impl Shared {
    /// Lets a client in, or not.
    pub(super) async fn welcome(
        self: &Arc<Self>,
        hello: Hello<'_>,
    ) -> Result<(Connection, Attached), Refused> {
        let rights = self.rights(&hello).await.inspect_err(|refused| {
            if matches!(refused, Refused::Login | Refused::TooOften) {
                self.counters
                    .endpoint_refused_logins
                    .fetch_add(1, Ordering::Relaxed);
            }
        })?;
        let will = match hello.will {
            Some(will) if !rights.may_publish(will.topic) => {
                self.counters
                    .endpoint_refused_publishes
                    .fetch_add(1, Ordering::Relaxed);
                return Err(Refused::Topic);
            }
            Some(will) => Some(Will {
                arrival: Arrival::new(will.topic.into(), will.payload, self.payload_limit),
                retain: will.retain,
                delay_s: will.delay_s,
            }),
            None => None,
        };
        let key = (rights.name().into(), hello.client_id.into());
        let keep_s = hello.keep_s.min(LONGEST_KEPT_S);
        let terms = Terms {
            clean: hello.clean,
            keep_s,
            will,
        };
        let attached = self.sessions.attach(&key, &rights, terms);
        let mut attached = attached.map_err(|_| Refused::Full)?;
        self.counters
            .endpoint_sessions
            .store(self.sessions.connected() as u64, Ordering::Relaxed);
        let connection = Connection {
            generation: attached.generation,
            rights,
            unsettled: self.unsettled.take_up(&key),
            forgets: Cell::new(false),
            clean: Cell::new(keep_s == 0),
            key,
            shared: Arc::clone(self),
        };
        if let Some(forgotten) = attached.forgotten.take() {
            // Or a session that the client has done with could be there again after a crash.
            forgotten.await.map_err(|_| Refused::Gone)?;
        }
        if let Some(will) = attached.will_of_the_other.take() {
            // Before anything that the new connection says.
            self.carry_out(will).await?;
        }
        Ok((connection, attached))
    }

    /// Journals a last will, and tells it to whoever listens.
    pub(super) async fn carry_out(&self, will: Will) -> Result<(), Refused> {
        let Will {
            arrival, retain, ..
        } = will;
        let device = status_of(&arrival.topic).map(str::to_owned);
        let payload = arrival.payload.clone();
        self.take_in(arrival).await?;
        if let Some(device) = device {
            // Nobody waits for it to be kept.
            self.sessions.status(&device, &payload, retain, None);
        }
        Ok(())
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
            Ok(Verdict::TooOften) => Err(Refused::TooOften),
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
    pub(super) fn arrival(&self, topic: &str, payload_bytes: usize) -> Arrival {
        let mut arrival = Arrival::new(topic.into(), &[], self.shared.payload_limit);
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
        arrival.copy =
            sent.again && (self.unsettled().is_copy(print) || self.is_from_before(&arrival, print));
        self.shared.count(&arrival);
        let status = status_of(&arrival.topic)
            .filter(|_| arrival.cut_from.is_none())
            .map(|device| (device.to_owned(), arrival.payload.clone()));
        let handed_in = self.shared.appender.hand_in(arrival).await;
        let on_disk = handed_in.map_err(|_| Refused::Gone)?;
        if let Some(id) = sent.id {
            self.unsettled().handed_in(id, print);
        }
        on_disk.await.map_err(|_| Refused::Gone)?;
        if let Some((device, payload)) = status {
            let sessions = &self.shared.sessions;
            let kept = sessions.status(&device, &payload, sent.retain, Some(&self.key));
            if let Some(kept) = kept {
                kept.await.map_err(|_| Refused::Gone)?;
            }
        }
        if let Some(id) = sent.id {
            self.unsettled().acknowledged(id);
            self.shared.counters.acked.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether the process before had journalled it.
    fn is_from_before(&self, arrival: &Arrival, print: u64) -> bool {
        let now_ms = self.shared.desk.clock.monotonic_ms();
        self.shared.before.is_copy(&arrival.topic, print, now_ms)
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

    /// Subscribes to a filter, if the client may; returns when that is kept, where it is to be.
    pub(super) async fn subscribe(
        &self,
        filter: &str,
        tell_retained: impl FnOnce(bool) -> bool,
    ) -> Result<(), Denied> {
        let wish = self.rights.wish(filter)?;
        let sessions = &self.shared.sessions;
        let subscribed =
            sessions.subscribe(&self.key, self.generation, filter, wish, tell_retained)?;
        match subscribed {
            Some(kept) => kept.await.map_err(|_| Denied::Busy),
            None => Ok(()),
        }
    }

    /// Ends a subscription; whether there was one.
    pub(super) fn unsubscribe(&self, filter: &str) -> bool {
        let wish = self.rights.wish(filter);
        wish.is_ok_and(|wish| {
            let sessions = &self.shared.sessions;
            sessions.unsubscribe(&self.key, self.generation, filter, wish)
        })
    }

    /// The client goes. Its last will counts only where it says so.
    pub(super) fn goodbye(&self, with_will: bool, keep_s: Option<u32>) {
        let sessions = &self.shared.sessions;
        sessions.goodbye(&self.key, self.generation, with_will, keep_s);
        self.clean.set(self.clean.get() || keep_s == Some(0));
        self.forgets.set(self.clean.get() && !with_will);
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
                shared.carry_out(will).await.ok();
            });
        }
    }
}
