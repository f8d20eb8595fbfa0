//! Ports for servers that cannot pick one themselves and must find the same again after a restart.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system takes ports for outgoing connections, or one of those
/// could sit on a stopped server's port when it comes back.
const LOWEST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port on 127.0.0.1 on which nothing listens now. Another process may still be quicker: the
/// caller tries another when its server says that the port is taken.
pub(crate) fn free_port() -> u16 {
    // Test programs that run at once begin in different places.
    let start = (std::process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    (0..COUNT)
        .map(|_| LOWEST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of twelve thousand ports is free")
}
