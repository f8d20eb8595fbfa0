//! Structured logs, on standard error: pretty on a terminal, JSON otherwise.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::settings::{Log, LogFormat};

/// Parts of others that speak at each connection of things that are no trouble.
const QUIETED: &str = "ntex_mqtt=error";

/// Starts logging.
pub fn start(settings: &Log) -> anyhow::Result<()> {
    // Our own levels come after, so that they win where they name the same part.
    let filter = EnvFilter::try_new(format!("{QUIETED},{}", settings.level))
        .with_context(|| format!("`log.level` = {:?} is not a level", settings.level))?;
    let pretty = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if pretty {
        builder.with_target(false).compact().try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}
