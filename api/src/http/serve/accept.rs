//! The accept loop. Slow and silent clients are cut: a handshake and a request's head have ten
//! seconds each, and there are only so many connections.

use std::sync::Arc;
use std::time::Duration;

use axum::middleware::AddExtension;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Layer;

use super::patient::Patient;
use crate::http::access::Peer;

/// A handshake, or the head of a request, may take so long.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Answers under way at a stop may take so long; then they are cut.
const STOP_WITHIN: Duration = Duration::from_millis(2_500);
/// After the system refused a connection (too many open files, say), wait so long.
const REFUSED_FOR: Duration = Duration::from_millis(200);

/// All routes, with the other end of the connection in every request.
type Peered = AddExtension<Router, Peer>;

/// What accepts connections.
pub struct Accepting {
    pub listener: TcpListener,
    pub tls: Option<TlsAcceptor>,
    pub router: Router,
    pub max_connections: usize,
    pub cancel: CancellationToken,
}

impl Accepting {
    /// Accepts until cancelled, then lets answers under way end.
    pub async fn run(self) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(self.max_connections));
        let mut connections = JoinSet::new();
        while let Some((stream, peer, place)) = self.next(&places).await {
            let serving = serve_one(
                stream,
                self.tls.clone(),
                Extension(peer).layer(self.router.clone()),
                graceful.watcher(),
                place,
            );
            connections.spawn(serving);
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        if timeout(STOP_WITHIN, graceful.shutdown()).await.is_err() {
            tracing::warn!(connections = connections.len(), "http.connections_cut");
        }
        connections.shutdown().await;
        tracing::info!("http.stopped");
    }

    /// The next connection with its place among the allowed; `None`: cancelled.
    async fn next(
        &self,
        places: &Arc<Semaphore>,
    ) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
        loop {
            let place = tokio::select! {
                () = self.cancel.cancelled() => return None,
                place = places.clone().acquire_owned() => place.ok()?,
            };
            let accepted = tokio::select! {
                () = self.cancel.cancelled() => return None,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => return Some((stream, Peer(peer), place)),
                Err(error) => {
                    tracing::warn!(%error, "http.accept_failed");
                    // Only cancellation ends the wait early: the system needs a moment.
                    let _ = timeout(REFUSED_FOR, self.cancel.cancelled()).await;
                }
            }
        }
    }
}

async fn serve_one(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Peered,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => speak(stream, Version::Http1, router, watcher).await,
        Some(tls) => match timeout(HEAD_WITHIN, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let version = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => Version::Http2,
                    _ => Version::Http1,
                };
                speak(stream, version, router, watcher).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "http.handshake_failed"),
            Err(_) => tracing::debug!("http.handshake_too_slow"),
        },
    }
}

/// Agreed on beforehand: waiting to see which is spoken has no time limit in hyper.
#[derive(Clone, Copy)]
enum Version {
    Http1,
    Http2,
}

async fn speak<S>(stream: S, version: Version, router: Peered, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = Builder::new(TokioExecutor::new());
    let mut builder = match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(64)
        .max_header_list_size(32 * 1024);
    let connection = builder
        .serve_connection(
            TokioIo::new(Patient::new(stream)),
            TowerToHyperService::new(router),
        )
        .into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "http.connection_ended");
    }
}
