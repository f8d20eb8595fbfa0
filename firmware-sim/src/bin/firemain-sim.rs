//! The simulator by itself: the same as `firemain sim`.

use clap::Parser;
use firemain_firmware_sim::cli::{SimArgs, run};
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
#[command(name = "firemain-sim", version, about)]
struct Cli {
    #[command(flatten)]
    args: SimArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    run(cli.args, cancel).await
}
