//! What the receiver counts, for the status it tells the register.

use std::sync::atomic::{AtomicU64, Ordering};

/// Plain counters and gauges that every part of the receiver writes to.
#[derive(Debug, Default)]
pub struct Counters {
    /// Messages taken in, from broker and endpoint.
    pub received: AtomicU64,
    /// Their payloads' bytes.
    pub received_bytes: AtomicU64,
    /// Messages acknowledged.
    pub acked: AtomicU64,
    /// Messages known for redeliveries.
    pub redelivered: AtomicU64,
    /// Messages that the broker had kept.
    pub retained: AtomicU64,
    /// Messages over the payload limit.
    pub oversize: AtomicU64,
    /// Devices connected to the own endpoint now.
    pub endpoint_sessions: AtomicU64,
    /// Logins refused by the own endpoint.
    pub endpoint_refused_logins: AtomicU64,
}

impl Counters {
    /// Adds one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
