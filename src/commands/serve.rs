//! `firemain serve`, `ingest` and `api`: receive, judge and serve, together or apart.

use anyhow::Context;
use firemain_domain::clock::SystemClock;
use tracing::info;

use crate::cli::ConfigArgs;
use crate::exit::Misuse;
use crate::running::Running;
use crate::settings::{self, Settings};
use crate::stores::{Parts, Stores};
use crate::{log, shutdown};

/// Runs until it is stopped.
pub fn run(args: &ConfigArgs, parts: Parts) -> anyhow::Result<()> {
    let settings = settings::load(args.config.as_deref())?;
    log::start(&settings.log)?;
    check(&settings, parts)?;
    let runtime = tokio::runtime::Runtime::new().context("no threads to run on")?;
    runtime.block_on(serve(&settings, parts))
}

async fn serve(settings: &Settings, parts: Parts) -> anyhow::Result<()> {
    let cancel = shutdown::token()?;
    let stores = Stores::open(settings, parts)?;
    let clock = SystemClock::shared();
    let running = Running::start(settings, parts, false, stores, &clock, &cancel).await?;
    running.ready().say();
    cancel.cancelled().await;
    running.stop().await;
    info!("stopped");
    Ok(())
}

fn check(settings: &Settings, parts: Parts) -> anyhow::Result<()> {
    let endpoint = &settings.endpoint;
    let nowhere =
        settings.mqtt.url.is_none() && endpoint.listen.is_none() && endpoint.tls_listen.is_none();
    if parts.receives() && nowhere {
        return Err(Misuse::Arguments(
            "nothing to receive from: set `[mqtt] url` to a broker, or `[endpoint] listen` (or \
             `tls_listen`) to be the endpoint itself. `firemain demo` needs neither"
                .to_owned(),
        )
        .into());
    }
    Ok(())
}
