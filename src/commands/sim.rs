//! `firemain sim`: a town's sensors, simulated.

use anyhow::Context;
use firemain_firmware_sim::cli::{self, SimArgs};

use crate::settings::Log;
use crate::{log, shutdown};

/// Runs until its end, or until it is stopped.
pub fn run(args: &SimArgs) -> anyhow::Result<()> {
    log::start(&Log::default())?;
    let runtime = tokio::runtime::Runtime::new().context("no threads to run on")?;
    runtime.block_on(async {
        let cancel = shutdown::token()?;
        cli::run(args.clone(), cancel).await
    })
}
