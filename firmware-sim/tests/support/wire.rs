//! A wire to a broker that goes dead in mid traffic: both ends still think it stands.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// What is said into it is swallowed.
    Dead,
    /// Whole again for whoever connects anew; what was connected before is closed.
    Mended,
}

pub struct Wire {
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

impl Wire {
    /// To `broker`; dead once `bytes` have gone towards it.
    pub async fn dead_after(bytes: usize, broker: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (state, seen) = watch::channel(State::Whole);
        let left = Arc::new(AtomicUsize::new(bytes));
        let sender = state.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let born = *seen.borrow();
                if born == State::Dead {
                    continue;
                }
                let Ok(far) = TcpStream::connect(broker).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                let limit = (born == State::Whole).then(|| (Arc::clone(&left), sender.clone()));
                tokio::spawn(carry(near_in, far_out, born, seen.clone(), limit));
                tokio::spawn(carry(far_in, near_out, born, seen.clone(), None));
            }
        });
        Self { address, state }
    }

    /// Waits until it is dead.
    pub async fn is_dead(&self) {
        self.state
            .subscribe()
            .wait_for(|state| *state == State::Dead)
            .await
            .expect("it stands");
    }

    pub fn mend(&self) {
        self.state.send_replace(State::Mended);
    }
}

type Limit = Option<(Arc<AtomicUsize>, watch::Sender<State>)>;

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    born: State,
    mut seen: watch::Receiver<State>,
    limit: Limit,
) {
    let mut bytes = vec![0; 4_096];
    loop {
        let n = tokio::select! {
            n = from.read(&mut bytes) => n.unwrap_or(0),
            _ = seen.wait_for(|state| born == State::Whole && *state == State::Mended) => 0,
        };
        if n == 0 {
            return;
        }
        if born == State::Whole && *seen.borrow() == State::Dead {
            continue;
        }
        if let Some((left, state)) = &limit {
            let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                Some(left.saturating_sub(n))
            });
            if before.is_ok_and(|left| left <= n) {
                state.send_if_modified(|state| {
                    let dies = *state == State::Whole;
                    if dies {
                        *state = State::Dead;
                    }
                    dies
                });
                continue;
            }
        }
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}
