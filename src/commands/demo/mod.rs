//! `firemain demo`: the whole product in one process, with a simulated town.
//!
//! The town's register is entered, its past hours are played into the journal as history, then
//! everything starts as in `serve`, with our own endpoint open to devices on this machine, and the
//! town goes on living: its sensors publish over MQTT like any other. [`past`] makes the history,
//! [`told`] are those who are told, by lines in a
//! file; [`narrator`] tells on the terminal what happens.

mod narrator;
mod past;
mod told;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use firemain_domain::clock::{ScaledClock, SharedClock, SystemClock};
use firemain_domain::time::HOUR_MS;
use firemain_firmware_sim::publish::{self, Progress, PublishSettings, Speed};
use firemain_firmware_sim::{Scenario, Simulation};
use tokio_util::sync::CancellationToken;

use crate::cli::DemoArgs;
use crate::exit::Misuse;
use crate::people::{self, Login};
use crate::running::Running;
use crate::settings::{Log, Settings};
use crate::stores::{Parts, Stores};
use crate::{log, shutdown};

/// Runs until it is stopped.
pub fn run(args: &DemoArgs) -> anyhow::Result<()> {
    log::start(&Log {
        level: "warn".to_owned(),
        ..Log::default()
    })?;
    if !args.mqtt.ip().is_loopback() {
        return Err(Misuse::Arguments(format!(
            "--mqtt {}: the demo's endpoint takes devices without credentials, so it listens on this machine only: give 127.0.0.1:{}",
            args.mqtt,
            args.mqtt.port()
        ))
        .into());
    }
    let temporary = match args.data {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("firemain-demo-")
                .tempdir()?,
        ),
    };
    let folder = args
        .data
        .as_deref()
        .or(temporary.as_ref().map(tempfile::TempDir::path));
    let settings = settings(args, folder.context("a folder was just chosen")?);
    let runtime = tokio::runtime::Runtime::new().context("no threads to run on")?;
    runtime.block_on(demo(args, &settings))
}

fn settings(args: &DemoArgs, folder: &Path) -> Settings {
    let mut settings = Settings::default();
    folder.clone_into(&mut settings.data.dir);
    settings.http.listen = args.http;
    settings.endpoint.listen = Some(args.mqtt);
    settings.notify = told::notify();
    settings
}

async fn demo(args: &DemoArgs, settings: &Settings) -> anyhow::Result<()> {
    let cancel = shutdown::token()?;
    let stores = Stores::open(settings, Parts::Both)?;
    let now = SystemClock::shared().now();
    let clock: SharedClock = if args.speed == 1.0 {
        SystemClock::shared()
    } else {
        Arc::new(ScaledClock::new(now, args.speed))
    };
    eprintln!(
        "firemain demo: building a town of {} sources and playing its past {} hours …",
        args.sources, args.history
    );
    let present = clock.now();
    let past = past::Past {
        sources: args.sources as usize,
        seed: args.seed,
        scenario: scenario(args)?,
        hours: args.history,
        now: present,
    };
    let (journal, register) = (Arc::clone(&stores.journal), Arc::clone(&stores.register));
    let lived = tokio::task::spawn_blocking(move || past.live(&*journal, &*register));
    let lived = lived.await.context("the town's past broke off")??;
    let register = Arc::clone(&stores.register);
    let entering = tokio::task::spawn_blocking(move || people::demo(&*register, present));
    let login = entering.await.context("no login can be made")??;
    told::enter(&*stores.register, present)?;
    let running = Running::start(settings, Parts::Both, true, stores, &clock, &cancel).await?;
    let mut ready = running.ready();
    introduce(args, settings, &ready.http, &ready.mqtt, &login);
    ready.login = Some(login);
    ready.say();
    let watch = running.watch.clone().context("the demo judges")?;
    let narrator = narrator::Narrator::new(watch, running.register(), present);
    let telling = tokio::spawn(narrator.tell(cancel.clone()));
    let living = tokio::spawn(live_on(lived.simulation, ready.mqtt, clock, cancel.clone()));
    cancel.cancelled().await;
    let _ = telling.await;
    let outcome = living.await.context("the town broke off")?;
    running.stop().await;
    outcome
}

/// The town's sensors publish from here on.
async fn live_on(
    simulation: Simulation,
    endpoint: String,
    clock: SharedClock,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let settings = PublishSettings {
        connections: 4,
        speed: Speed::Real,
        ..PublishSettings::to(endpoint, clock)
    };
    let outcome = publish::run(
        simulation,
        settings,
        cancel.clone(),
        Arc::new(Progress::default()),
    );
    let outcome = outcome.await;
    // A town that stops living ends the demo, with its reason.
    cancel.cancel();
    outcome.map(drop).context("the town's sensors stopped")
}

fn scenario(args: &DemoArgs) -> anyhow::Result<Scenario> {
    let history_ms = i64::from(args.history) * HOUR_MS;
    let Some(file) = &args.scenario else {
        return Ok(Scenario::demo_after(history_ms));
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Misuse::Arguments(format!(
            "--scenario {} cannot be read: {error}",
            file.display()
        ))
    })?;
    Scenario::from_toml(&text).with_context(|| format!("--scenario {}", file.display()))
}

fn introduce(args: &DemoArgs, settings: &Settings, http: &str, mqtt: &str, login: &Login) {
    eprintln!();
    eprintln!("  The town's flags, live:   {http}/");
    eprintln!(
        "  Log in as:                {}   password {}",
        login.user, login.password
    );
    eprintln!(
        "  The API:                  curl -H 'Authorization: Bearer {}' {http}/api/v1/flags",
        login.key
    );
    eprintln!("                              ({http}/api/v1/openapi.json tells what there is)");
    eprintln!(
        "  What people are told:     {}   ({http}/api/v1/deliveries)",
        settings.data.dir.join(told::OUTBOX).display()
    );
    eprintln!(
        "  Your own sensor:          mosquitto_pub -h {} -p {} -q 1 \\",
        args.mqtt.ip(),
        mqtt.rsplit(':').next().unwrap_or_default()
    );
    eprintln!(
        "                              -t firemain/v1/my-sensor/telemetry -m '{{\"pressure_kpa\":215}}'"
    );
    eprintln!("  Stop:                     Ctrl-C");
    eprintln!();
}
