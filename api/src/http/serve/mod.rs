//! Listening: one task accepts, one serves each connection; all end within three seconds of being
//! told to.

mod accept;
mod patient;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::app::{App, AppState};
use super::router;
use super::settings::HttpSettings;
use accept::Accepting;

/// A listener at work.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    https: bool,
    task: JoinHandle<()>,
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "port {port} of {ip} is already in use: stop what listens there, or choose another by `--http 127.0.0.1:0` (a free port) or `[http] listen`",
        port = .0.port(), ip = .0.ip()
    )]
    PortInUse(SocketAddr),
    /// That address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}. Choose another address by `--http` or `[http] listen`"
    )]
    Unusable {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The foreign issuer's settings cannot be used.
    #[error("{0}")]
    Issuer(String),
    /// Certificate or key cannot be used.
    #[error("cannot use {path} for HTTPS ({what}): {reason}")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Certificate or key.
        what: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
}

/// Serves the API until `cancel` is cancelled. On return it listens.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    settings: HttpSettings,
    state: AppState,
    cancel: CancellationToken,
) -> Result<Serving, ServeError> {
    let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
    let listener = listen(settings.listen).await?;
    let unusable = |source| ServeError::Unusable {
        address: settings.listen,
        source,
    };
    let address = listener.local_addr().map_err(unusable)?;
    let https = tls.is_some();
    let max_connections = settings.max_connections;
    let app = App::new(settings, state, cancel.clone()).map_err(ServeError::Issuer)?;
    let app = Arc::new(app);
    warn_without_users(&app).await;
    let accepting = Accepting {
        listener,
        tls,
        router: router::of(app),
        max_connections,
        cancel,
    };
    let task = tokio::spawn(accepting.run());
    tracing::info!(%address, https, "http.listening");
    Ok(Serving {
        address,
        https,
        task,
    })
}

/// Says at the start what it means that nobody can log in.
async fn warn_without_users(app: &App) {
    match app.has_users().await {
        Ok(true) => {}
        Ok(false) if app.settings.listen.ip().is_loopback() => tracing::warn!(
            "there is no user yet: whoever is on this machine may do what an operator may; `firemain user add NAME --role administrator` makes the first and ends that"
        ),
        Ok(false) => tracing::warn!("{}", super::access::NO_USER),
        Err(problem) => tracing::warn!(detail = %problem.detail, "access.users_unknown"),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServeError::PortInUse(address),
            _ => ServeError::Unusable { address, source },
        })
}

impl Serving {
    /// Where it listens, with the port that was picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as people type it.
    pub fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Waits until it has stopped, which it does within three seconds of being cancelled.
    pub async fn stopped(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "http.ended");
        }
    }
}
