//! The command line. Its help is meant to teach: what each subcommand is for, with examples.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use firemain_domain::Timestamp;
use firemain_domain::people::{Language, Role};
use firemain_firmware_sim::cli::SimArgs;

/// firemain watches a city's firefighting water and flags the sources that fall short.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, after_help = AFTER, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "\
First steps:
  firemain demo                          a simulated town in one process; nothing to set up
  firemain doctor                        what is wrong with the settings, broker, database, disk
  firemain import sources.csv --dry-run  check a register of hydrants, tanks and draw points
  firemain user add lan --role administrator   the first who may log in
  firemain serve                         receive, judge and serve, by firemain.toml

Settings come from firemain.toml (or --config FILE), then from the environment:
FIREMAIN__MQTT__URL=mqtt://broker:1883 is [mqtt] url. `firemain settings` lists them all.

Exit codes: 0 done; 1 failed; 2 wrong arguments or settings; 3 the data directory cannot be used.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything in one process, with a simulated town: nothing to set up
    Demo(DemoArgs),
    /// Receive and judge and serve, in one process
    Serve(ConfigArgs),
    /// Only receive: broker or own endpoint to journal, journal to archive
    Ingest(ConfigArgs),
    /// Only judge and serve, on the data directory of an `ingest`
    Api(ConfigArgs),
    /// Simulate a town's sensors towards a broker, or into a recording
    Sim(SimArgs),
    /// Judge a recorded stream: what would have been raised, and when
    Backtest(BacktestArgs),
    /// Enter a register of sources from CSV or GeoJSON, all of it or nothing
    Import(ImportArgs),
    /// Say who may log in, and what they may do
    User(UserArgs),
    /// Make and revoke keys for machines
    Key(KeyArgs),
    /// Check settings, data directory, broker, database and clock, and say what to do
    Doctor(ConfigArgs),
    /// List every setting with its default and its effect
    Settings,
}

/// Where the settings are.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// The settings' file; without it firemain.toml here, if there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `firemain demo`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  firemain demo                              the town at its ordinary pace
  firemain demo --speed 60                   a minute passes each second, for the whole process
  firemain demo --http 127.0.0.1:0           any free port; the `ready` line names it
  mosquitto_pub -p 1883 -t firemain/v1/my-sensor/telemetry -m '{\"pressure_kpa\":215}'")]
pub struct DemoArgs {
    /// Where the pages and the API listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,
    /// Where the MQTT endpoint listens, on this machine only; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
    pub mqtt: SocketAddr,
    /// The folder that holds everything; without it a temporary one that goes with the demo
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Sources in the town: hydrants, tanks and draw points
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sources: u32,
    /// From which the town and everything that happens in it grow
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many times as fast as the world its time passes
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    pub speed: f64,
    /// What happens in the town: a TOML file (docs/simulator.md); without it the demo's own day
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// How many past hours are played in before the town goes live
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=168))]
    pub history: u32,
}

/// `firemain backtest`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Input: a JSON object a line, ordered by `received_at`, plain, .gz or .zst:
  {\"received_at\":\"2026-11-23T08:00:00Z\",\"topic\":\"firemain/v1/D-1/telemetry\",\"payload\":\"{…}\"}
Changes: {\"at\":\"2026-11-23T08:00:00Z\",\"change\":{\"change\":\"incident_opened\",\"incident\":{…}}} a line.

Example:
  firemain backtest --register sources.csv --input month.jsonl.zst \\
    --episodes episodes.jsonl --verdicts verdicts.jsonl --truth truth.jsonl")]
pub struct BacktestArgs {
    /// The register: CSV or GeoJSON, as for `import`
    #[arg(long, value_name = "FILE")]
    pub register: PathBuf,
    /// The recorded stream
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Where to write every episode
    #[arg(long, value_name = "FILE")]
    pub episodes: PathBuf,
    /// Where to write every change of verdict or reasons
    #[arg(long, value_name = "FILE")]
    pub verdicts: PathBuf,
    /// The settings' file: its rules and subscriptions are used
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What people changed meanwhile
    #[arg(long, value_name = "FILE")]
    pub changes: Option<PathBuf>,
    /// What really happened (as `sim --truth` writes it): precision, recall and delays are reported
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// Another settings' file: its rules judge the same recording beside, in a column of their own
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
    /// Hold it beside a plain threshold, and one with a hold of five minutes
    #[arg(long)]
    pub thresholds: bool,
    /// Where to write the score as JSON, of every way of judging
    #[arg(long, value_name = "FILE", requires = "truth")]
    pub score: Option<PathBuf>,
    /// Let time pass up to this moment after the last line (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Timestamp>,
}

/// `firemain import`
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// The register: .csv, .geojson or .json; `-` reads standard input
    pub file: PathBuf,
    /// What it is, where the name does not tell
    #[arg(long, value_enum)]
    pub format: Option<ImportFormat>,
    /// Only check, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where the settings are.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `firemain user`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  firemain user add lan --role administrator            asks for the password
  firemain user add doi-3 --role crew --unit \"Phường Hoàn Kiếm\" --password-file secret.txt
  firemain user set-password lan
A firemain that runs on the same data directory sees the change at once.")]
pub struct UserArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// What can be done to users.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Enter somebody who may log in
    Add(UserAddArgs),
    /// List everybody who may log in
    List(ConfigArgs),
    /// Give somebody another password; their sessions end
    SetPassword(UserPasswordArgs),
    /// Keep somebody out from now on; their sessions end
    Disable(UserNameArgs),
}

/// `firemain user add`
#[derive(Clone, Debug, Args)]
pub struct UserAddArgs {
    /// The name to log in with: lower-case letters, digits, `.`, `_`, `-`, `@`, `+`
    pub name: String,
    /// viewer, crew, dispatcher, operator or administrator
    #[arg(long)]
    pub role: Role,
    /// What people call them
    #[arg(long)]
    pub display_name: Option<String>,
    /// vi or en
    #[arg(long, default_value = "vi")]
    pub language: Language,
    /// They act for sources of this unit only; give it again for more
    #[arg(long = "unit", value_name = "UNIT")]
    pub units: Vec<String>,
    /// Where mail reaches them
    #[arg(long)]
    pub email: Option<String>,
    /// Where a short message reaches them
    #[arg(long)]
    pub phone: Option<String>,
    /// The password.
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Where the settings are.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Where a password comes from.
#[derive(Clone, Debug, Args)]
pub struct PasswordArgs {
    /// A file that holds the password; `-`: standard input; without it, it is asked for
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `firemain user set-password`
#[derive(Clone, Debug, Args)]
pub struct UserPasswordArgs {
    /// Whose
    pub name: String,
    /// The password.
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Where the settings are.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `firemain user disable`
#[derive(Clone, Debug, Args)]
pub struct UserNameArgs {
    /// Whom
    pub name: String,
    /// Where the settings are.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `firemain key`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  firemain key add grafana --scope '*:read'             looks at everything a viewer may
  firemain key add prometheus --scope metrics           only /metrics
  firemain key add cad --role dispatcher --scope incidents:write --days 365")]
pub struct KeyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// What can be done to keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; it is printed this once
    Add(KeyAddArgs),
    /// List keys, those revoked and expired among them
    List(ConfigArgs),
    /// Revoke a key, from now on
    Revoke(KeyIdArgs),
}

/// `firemain key add`
#[derive(Clone, Debug, Args)]
pub struct KeyAddArgs {
    /// What it is for
    pub name: String,
    /// viewer, crew, dispatcher, operator or administrator
    #[arg(long, default_value = "viewer")]
    pub role: Role,
    /// Bind it to a resource, such as `alerts:write`, `*:read` or `metrics`; give it again for more
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// It acts for sources of this unit only; give it again for more
    #[arg(long = "unit", value_name = "UNIT")]
    pub units: Vec<String>,
    /// Good for so many days; without it until it is revoked
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: Option<u32>,
    /// Where the settings are.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `firemain key revoke`
#[derive(Clone, Debug, Args)]
pub struct KeyIdArgs {
    /// Its id: how it begins, as `firemain key list` lists it
    pub id: String,
    /// Where the settings are.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// A register's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ImportFormat {
    /// Comma, semicolon or tab separated
    Csv,
    /// A feature collection of points
    Geojson,
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|factor| (0.1..=300.0).contains(factor))
        .ok_or_else(|| "give a factor from 0.1 to 300".to_owned())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| "give an RFC 3339 time such as 2026-11-23T08:00:00Z".to_owned())
}
