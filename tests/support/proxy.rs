//! A network between two processes that a test can break: a TCP proxy on loopback.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::until::pause;

const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// The proxy; its connections end with this value.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
}

#[derive(Debug, Default)]
struct Wire {
    target: Mutex<Option<SocketAddr>>,
    cut: AtomicBool,
    stalled: AtomicBool,
    over: AtomicBool,
    carried: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A proxy on a free port in front of `target`.
    #[track_caller]
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let wire = Arc::new(Wire {
            target: Mutex::new(Some(target)),
            ..Wire::default()
        });
        let shared = Arc::clone(&wire);
        thread::spawn(move || shared.accept(&listener));
        Self { address, wire }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every connection breaks, and new ones are closed at once.
    pub(crate) fn cut(&self) {
        self.wire.cut.store(true, Ordering::SeqCst);
        self.wire.close_all();
    }

    /// Nothing is carried any more, but nobody is told: a cable pulled.
    pub(crate) fn stall(&self) {
        self.wire.stalled.store(true, Ordering::SeqCst);
    }

    /// Works again; what was stalled goes on.
    pub(crate) fn mend(&self) {
        self.wire.cut.store(false, Ordering::SeqCst);
        self.wire.stalled.store(false, Ordering::SeqCst);
    }

    /// Bytes carried so far, both ways.
    pub(crate) fn carried(&self) -> u64 {
        self.wire.carried.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wire.over.store(true, Ordering::SeqCst);
        self.wire.close_all();
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

impl Wire {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            if !self.cut.load(Ordering::SeqCst) {
                self.join(client);
            }
        }
    }

    fn join(self: &Arc<Self>, client: TcpStream) {
        let target = *self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(server) = target.and_then(|target| TcpStream::connect(target).ok()) else {
            return;
        };
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else {
                return;
            };
            let wire = Arc::clone(self);
            thread::spawn(move || wire.carry(from, to));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.extend([client, server]);
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = vec![0; 64 << 10];
        let _ = from.set_read_timeout(Some(LOOKS_EVERY));
        loop {
            let read = match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.over.load(Ordering::SeqCst) {
                        break;
                    }
                    continue;
                }
                Err(_) => break,
            };
            while self.stalled.load(Ordering::SeqCst) && !self.over.load(Ordering::SeqCst) {
                pause();
            }
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
            self.carried.fetch_add(read as u64, Ordering::SeqCst);
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn close_all(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
