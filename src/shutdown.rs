//! The end of a run: SIGTERM or Ctrl-C asks every part to finish, a second one ends at once.

use tokio_util::sync::CancellationToken;
use tracing::info;

/// Cancelled on SIGTERM or SIGINT.
pub fn token() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let token = CancellationToken::new();
    let cancel = token.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let which = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        info!(signal = which, "stopping: finishing what is under way");
        cancel.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Whoever asks twice does not want to wait; the journal survives that.
        std::process::exit(130);
    });
    Ok(token)
}
