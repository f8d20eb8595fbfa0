//! The simulator's command line: `firemain sim`, and the binary `firemain-sim`.
//!
//! In: [`SimArgs`]. Out: messages on a broker or in a recording, and the files beside them.
//! `outputs` writes files; errors say what to do.

mod outputs;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use firemain_domain::Timestamp;
use firemain_domain::clock::{SharedClock, SystemClock};
use firemain_domain::time::HOUR_MS;
use firemain_wire::CodecName;
use tokio_util::sync::CancellationToken;

use crate::publish::{self, Progress, PublishSettings, Speed, Stats};
use crate::{Scenario, SimSettings, Simulation, Town, TownSettings, record, scenario};

const SAY_EVERY: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "\
Examples:
  A town of 200 sources speaks to a broker, in real time; something happens every few minutes:
    firemain sim --mqtt mqtt://127.0.0.1:1883 --register sources.csv

  A month of everyday, as a recording to judge, with what really happened beside it:
    firemain sim --duration 30d --start 2026-11-01T00:00:00Z --scenario everyday \\
        --record stream.jsonl.zst --register sources.csv --changes tests.jsonl --truth truth.jsonl
    firemain backtest --register sources.csv --input stream.jsonl.zst --changes tests.jsonl \\
        --episodes episodes.jsonl --verdicts verdicts.jsonl

  Ten simulated minutes of 100,000 devices, as fast as the broker takes them:
    firemain sim --mqtt mqtt://127.0.0.1:1883 --sources 100000 --scenario none --as-fast --duration 10m

  A water utility's own network, with a scenario of your own, sixty times as fast:
    firemain sim --mqtt mqtt://127.0.0.1:1883 --inp network.inp --scenario drill.toml --speed 60

A scenario's keys, with units and defaults, are told in docs/simulator.md.";

/// Simulates a town's hydrants, tanks and draw points and their sensors on a real water network.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct SimArgs {
    /// Publish to this broker: mqtt://host:1883, mqtt://user:password@host:1883, or mqtts://…
    #[arg(long, value_name = "URL", conflicts_with = "record")]
    pub mqtt: Option<String>,

    /// Write a recording instead of publishing (JSON lines; .zst and .gz are compressed; `-`: to
    /// standard output). Needs --duration
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Write what really happened, when the run ends (JSON lines)
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,

    /// Write the town's register (CSV), for `firemain import` and `firemain backtest`
    #[arg(long, value_name = "FILE")]
    pub register: Option<PathBuf>,

    /// Write what people enter (JSON lines), for `firemain backtest --changes`: a flow test of each
    /// hydrant at once; incidents, permits, maintenance windows and tests of the run when it ends
    #[arg(long, value_name = "FILE")]
    pub changes: Option<PathBuf>,

    /// How many sources the town has, 1 to 2,000,000: 80 % hydrants, 15 % tanks, 5 % draw points
    #[arg(long, value_name = "N", default_value_t = 200, conflicts_with = "inp")]
    pub sources: usize,

    /// What the town is like: `even` (all zones pumped and looped, all devices of one make), or
    /// `varied` (pumped, pumped high, by gravity and at the end of a line, looped and branched,
    /// every eighth zone with water by hours; devices of many makes, intervals and accuracies)
    #[arg(
        long,
        value_name = "even|varied",
        default_value = "even",
        conflicts_with = "inp"
    )]
    pub town: String,

    /// Take the water network from an EPANET file instead of making one; a hydrant on each junction
    #[arg(long, value_name = "FILE")]
    pub inp: Option<PathBuf>,

    /// What happens: `demo`, `everyday`, `none`, or a TOML file
    #[arg(long, value_name = "FILE|NAME", default_value = "demo")]
    pub scenario: String,

    /// Same seed, same town, same messages
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How many times as fast as real time
    #[arg(long, value_name = "FACTOR", conflicts_with = "as_fast")]
    pub speed: Option<f64>,

    /// As fast as the broker takes it
    #[arg(long)]
    pub as_fast: bool,

    /// How much time to simulate: 90s, 15m, 2h30m, 30d …; without it, until stopped
    #[arg(long, value_name = "LENGTH")]
    pub duration: Option<String>,

    /// Where simulated time begins: RFC 3339, or `now`
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub start: String,

    /// What the devices speak: native, senml-json, senml-cbor, chirpstack, ttn, sparkplug-b, mapped
    #[arg(long, value_name = "FORMAT", default_value = "native")]
    pub format: String,

    /// Connections to the broker that all devices share, 1 to 1,024
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub connections: u16,

    /// Messages that one connection leaves unacknowledged at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub in_flight: u16,

    /// What the connections call themselves; two simulators on one broker need two names
    #[arg(long, value_name = "NAME", default_value = "firemain-sim")]
    pub client_id: String,

    /// Login at the broker
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// File whose first line is the login's password
    #[arg(long, value_name = "FILE", requires = "username")]
    pub password_file: Option<PathBuf>,

    /// Certificates that may sign the broker's (PEM), for mqtts://
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// The water is solved anew at least so often, in seconds (60 to 3,600)
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub hydraulic_step: u32,
}

/// Runs the simulator until its end or until cancelled.
///
/// # Errors
/// Each says what to change.
pub async fn run(args: SimArgs, cancel: CancellationToken) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    let plan = Plan::of(&args, &clock)?;
    let town = tokio::task::spawn_blocking({
        let args = args.clone();
        move || town(&args)
    });
    let mut town = town.await.context("making the town failed")??;
    if let Some(file) = &args.register {
        outputs::register(&town, file)?;
    }
    let mut changes = Vec::new();
    if let Some(file) = &args.changes {
        changes = outputs::flow_tests(&mut town, plan.settings.start);
        // What is known before the start must not wait for an end that may never come.
        outputs::changes(&changes, file)?;
    }
    if args.mqtt.is_none() && args.record.is_none() && args.truth.is_none() {
        return Ok(());
    }
    let simulation = Simulation::new(town, plan.scenario.clone(), plan.settings.clone())?;
    let simulation = match &args.mqtt {
        Some(url) => publish_to(url, &args, &plan, simulation, clock, cancel).await?,
        None => {
            let (file, until) = (args.record.clone(), plan.until);
            let recording = tokio::task::spawn_blocking(move || {
                recorded(simulation, file.as_deref(), until, &cancel)
            });
            recording.await.context("recording failed")??
        }
    };
    if let Some(file) = &args.changes {
        changes.extend(simulation.changes());
        outputs::changes(&changes, file)?;
    }
    if let Some(file) = &args.truth {
        outputs::truths(&simulation, file)?;
    }
    Ok(())
}

/// The arguments, read.
struct Plan {
    scenario: Scenario,
    settings: SimSettings,
    until: Option<Timestamp>,
    speed: Speed,
}

impl Plan {
    fn of(args: &SimArgs, clock: &SharedClock) -> anyhow::Result<Self> {
        let outputs = [&args.record, &args.truth, &args.register, &args.changes];
        if args.mqtt.is_none() && outputs.iter().all(|file| file.is_none()) {
            bail!(
                "nothing to do: give --mqtt URL to publish, or --record FILE to write a recording (or --register FILE for the town's register alone)"
            );
        }
        if args.sources == 0 {
            bail!("--sources 0 makes no town: give at least 1");
        }
        let start = match args.start.as_str() {
            "now" => clock.now(),
            text => Timestamp::parse(text)
                .with_context(|| format!("--start {text} is not a time: write `now`, or RFC 3339 as 2026-11-23T08:00:00+07:00"))?,
        };
        let length_ms = args
            .duration
            .as_deref()
            .map(|text| {
                scenario::read_length(text).map_err(|why| anyhow::anyhow!("--duration: {why}"))
            })
            .transpose()?;
        if length_ms == Some(0) {
            bail!("--duration 0 simulates nothing: give a length such as 10m");
        }
        if args.mqtt.is_none()
            && (args.record.is_some() || args.truth.is_some())
            && length_ms.is_none()
        {
            bail!("a recording must end somewhere: give --duration, for instance --duration 24h");
        }
        let format = CodecName::ALL
            .into_iter()
            .find(|codec| codec.name() == args.format)
            .with_context(|| {
                let names: Vec<_> = CodecName::ALL.iter().map(|codec| codec.name()).collect();
                format!(
                    "--format {} is not known: write one of {}",
                    args.format,
                    names.join(", ")
                )
            })?;
        let speed = match (args.speed, args.as_fast) {
            (_, true) => Speed::AsFast,
            (Some(factor), false) => Speed::Times(factor),
            (None, false) => Speed::Real,
        };
        let settings = SimSettings {
            seed: args.seed,
            format,
            hydraulic_step_s: args.hydraulic_step,
            truth: args.truth.is_some(),
            flow_tested: args.changes.is_some(),
            ..SimSettings::from(start)
        };
        let scenario = scenario_of(args, length_ms)?;
        Ok(Self {
            scenario,
            settings,
            until: length_ms.map(|ms| start.plus_ms(ms)),
            speed,
        })
    }
}

fn scenario_of(args: &SimArgs, length_ms: Option<i64>) -> anyhow::Result<Scenario> {
    Ok(match args.scenario.as_str() {
        "none" => Scenario::none(),
        "demo" => Scenario::demo(),
        "everyday" => {
            let days = length_ms.map_or(u32::MAX, |ms| {
                u32::try_from(ms / (24 * HOUR_MS) + 1).unwrap_or(u32::MAX)
            });
            Scenario::everyday(args.seed, days)
        }
        file => {
            let text = std::fs::read_to_string(file).with_context(|| {
                format!("--scenario {file} cannot be read: name a TOML file, or write demo, everyday or none")
            })?;
            Scenario::from_toml(&text).with_context(|| format!("--scenario {file}"))?
        }
    })
}

fn town(args: &SimArgs) -> anyhow::Result<Town> {
    Ok(match &args.inp {
        None => Town::generate(&match args.town.as_str() {
            "even" => TownSettings::of_size(args.seed, args.sources),
            "varied" => TownSettings::varied_of_size(args.seed, args.sources),
            other => bail!("--town {other} is no kind of town: write `even` or `varied`"),
        })?,
        Some(file) => {
            let settings = TownSettings {
                seed: args.seed,
                hydrants: 0,
                ..TownSettings::default()
            };
            Town::from_inp_file(file, &settings)
                .with_context(|| format!("--inp {}", file.display()))?
        }
    })
}

async fn publish_to(
    url: &str,
    args: &SimArgs,
    plan: &Plan,
    simulation: Simulation,
    clock: SharedClock,
    cancel: CancellationToken,
) -> anyhow::Result<Simulation> {
    let password = args
        .password_file
        .as_ref()
        .map(|file| outputs::first_line(file))
        .transpose()?;
    let settings = PublishSettings {
        username: args.username.clone(),
        password,
        ca_file: args.ca_file.clone(),
        client_id: args.client_id.clone(),
        connections: args.connections,
        in_flight: args.in_flight,
        speed: plan.speed,
        until: plan.until,
        ..PublishSettings::to(url, Arc::clone(&clock))
    };
    let progress = Arc::new(Progress::default());
    let running = publish::run(simulation, settings, cancel, Arc::clone(&progress));
    tokio::pin!(running);
    let mut say = tokio::time::interval(SAY_EVERY);
    let began_ms = clock.monotonic_ms();
    let simulation = loop {
        tokio::select! {
            done = &mut running => break done?,
            _ = say.tick() => tell(&progress.stats()),
        }
    };
    let stats = progress.stats();
    let seconds = clock.monotonic_ms().saturating_sub(began_ms) as f64 / 1_000.0;
    eprintln!(
        "simulated up to {}: {} messages sent, {} acknowledged, {} sent again, in {seconds:.1} s",
        simulation.now(),
        stats.sent,
        stats.acked,
        stats.resent,
    );
    if stats.acked < stats.sent {
        bail!(
            "the broker did not acknowledge {} messages",
            stats.sent - stats.acked
        );
    }
    Ok(simulation)
}

fn tell(stats: &Stats) {
    if stats.connected == 0 {
        eprintln!("no connection to the broker yet: is it running there? Trying again");
    } else {
        eprintln!(
            "{}: {} sent, {} acknowledged, {} commands, {} connections",
            stats.simulated, stats.sent, stats.acked, stats.commands, stats.connected
        );
    }
}

fn recorded(
    mut simulation: Simulation,
    file: Option<&Path>,
    until: Option<Timestamp>,
    cancel: &CancellationToken,
) -> anyhow::Result<Simulation> {
    let until = until.context("a recording must end somewhere: give --duration")?;
    let mut to = outputs::Recording::create(file)?;
    let mut messages = 0;
    while simulation.now() < until && !cancel.is_cancelled() {
        let next = simulation.now().plus_ms(HOUR_MS).min(until);
        messages += record::write(&mut simulation, next, &mut to)
            .context("writing the recording failed")?;
    }
    to.finish().context("writing the recording failed")?;
    eprintln!("simulated up to {}: {messages} messages", simulation.now());
    Ok(simulation)
}
