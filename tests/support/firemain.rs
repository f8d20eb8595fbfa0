//! The real binary, as its users start it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::clock::SteppedClock;
use super::http::Http;
use super::process::Process;
use super::until::SOON;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// How a [`Firemain`] is to be started.
#[derive(Debug)]
pub(crate) struct FiremainBuilder {
    arguments: Vec<String>,
    config: String,
    environment: Vec<(String, String)>,
    data: Option<PathBuf>,
    clock: Option<Arc<SteppedClock>>,
}

/// The addresses in the `ready` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) line: String,
    pub(crate) http: String,
    pub(crate) mqtt: String,
    /// User name, password and key; empty but for the demo.
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) key: String,
}

impl Ready {
    fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("ready ")?;
        let value = |key: &str| {
            let found = rest.split(' ').find_map(|part| part.strip_prefix(key));
            found.unwrap_or_default().to_owned()
        };
        Some(Self {
            line: line.to_owned(),
            http: value("http="),
            mqtt: value("mqtt="),
            user: value("user="),
            password: value("password="),
            key: value("key="),
        })
    }

    /// Host and port of the own MQTT endpoint.
    #[track_caller]
    pub(crate) fn mqtt_address(&self) -> SocketAddr {
        let address = self.mqtt.strip_prefix("mqtt://").unwrap_or(&self.mqtt);
        address
            .parse()
            .unwrap_or_else(|_| panic!("no MQTT address in {:?}", self.line))
    }
}

impl FiremainBuilder {
    /// An argument after the subcommand.
    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Lines of `firemain.toml`.
    pub(crate) fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A data directory that another process shares, or that outlives this one.
    pub(crate) fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_owned());
        self
    }

    /// Gives it a clock that the test can step.
    pub(crate) fn clock(mut self, clock: &Arc<SteppedClock>) -> Self {
        self.clock = Some(Arc::clone(clock));
        self
    }

    /// Starts it and waits for its `ready` line.
    #[track_caller]
    pub(crate) fn start(self) -> Firemain {
        let mut firemain = self.start_unready();
        firemain.becomes_ready();
        firemain
    }

    /// Starts it on data that take their time.
    #[track_caller]
    pub(crate) fn start_within(self, within: Duration) -> Firemain {
        let mut firemain = self.start_unready();
        firemain.becomes_ready_within(within);
        firemain
    }

    /// Starts it; whether it becomes ready is the test's affair.
    #[track_caller]
    pub(crate) fn start_unready(self) -> Firemain {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = self
            .data
            .clone()
            .unwrap_or_else(|| folder.path().join("data"));
        let config = folder.path().join("firemain.toml");
        fs::write(&config, &self.config).expect("the folder can be written");
        let process = start_process(&self, &config, &data);
        Firemain {
            folder,
            data,
            config,
            builder: self,
            process,
            ready: None,
        }
    }
}

fn start_process(builder: &FiremainBuilder, config: &Path, data: &Path) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firemain"));
    let name = builder.arguments.first().cloned().unwrap_or_default();
    command.args(&builder.arguments);
    if name == "demo" {
        command.arg("--data").arg(data);
        if !builder.arguments.iter().any(|a| a == "--http") {
            command.args(["--http", "127.0.0.1:0"]);
        }
        if !builder.arguments.iter().any(|a| a == "--mqtt") {
            command.args(["--mqtt", "127.0.0.1:0"]);
        }
    } else {
        command
            .arg("--config")
            .arg(config)
            .env("FIREMAIN__DATA__DIR", data);
    }
    command.envs(builder.environment.iter().map(|(n, v)| (n, v)));
    if let Some(clock) = &builder.clock {
        clock.give_to(&mut command);
    }
    Process::start(&format!("firemain {name}"), &command)
}

/// A running firemain; gone with this value.
#[derive(Debug)]
pub(crate) struct Firemain {
    folder: TempDir,
    data: PathBuf,
    config: PathBuf,
    builder: FiremainBuilder,
    process: Process,
    ready: Option<Ready>,
}

impl Firemain {
    /// `subcommand` with a configuration that listens on free ports of loopback only.
    pub(crate) fn builder(subcommand: &str) -> FiremainBuilder {
        let config = match subcommand {
            "serve" | "api" | "ingest" => "[http]\nlisten = \"127.0.0.1:0\"\n",
            _ => "",
        };
        FiremainBuilder {
            arguments: vec![subcommand.to_owned()],
            config: config.to_owned(),
            environment: Vec::new(),
            data: None,
            clock: None,
        }
    }

    /// `serve` on a broker with the native subscriptions.
    pub(crate) fn serving(broker_url: &str) -> FiremainBuilder {
        Self::builder("serve").config(&format!("[mqtt]\nurl = \"{broker_url}\""))
    }

    #[track_caller]
    pub(crate) fn becomes_ready(&mut self) -> &Ready {
        self.becomes_ready_within(STARTS_WITHIN)
    }

    #[track_caller]
    pub(crate) fn becomes_ready_within(&mut self, within: Duration) -> &Ready {
        let ready = self.process.hears("says `ready`", within, Ready::parse);
        self.ready
            .insert(ready.expect("firemain says `ready` instead of ending"))
    }

    #[track_caller]
    pub(crate) fn becomes_ready_if_it_is_not(&mut self) {
        if self.ready.is_none() {
            self.becomes_ready();
        }
    }

    #[track_caller]
    pub(crate) fn ready(&self) -> &Ready {
        self.ready.as_ref().expect("firemain has said `ready`")
    }

    #[track_caller]
    pub(crate) fn http(&self) -> Http {
        let ready = self.ready();
        let http = Http::at(&ready.http);
        if ready.key.is_empty() {
            return http;
        }
        http.with_header("Authorization", &format!("Bearer {}", ready.key))
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn config_file(&self) -> &Path {
        &self.config
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.process.said()
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    pub(crate) fn kill9(&mut self) {
        self.process.kill9();
    }

    /// SIGTERM; it must be gone within the five seconds it promises.
    #[track_caller]
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.process.terminate(Duration::from_secs(5))
    }

    /// Waits for it to end by itself.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> ExitStatus {
        self.process.wait(SOON)
    }

    /// The same again on the same data, after it has ended.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        self.start_again_within(STARTS_WITHIN);
    }

    #[track_caller]
    pub(crate) fn start_again_within(&mut self, within: Duration) {
        self.start_again_unready();
        self.becomes_ready_within(within);
    }

    /// The same again; whether it becomes ready is the test's affair.
    #[track_caller]
    pub(crate) fn start_again_unready(&mut self) {
        self.process = start_process(&self.builder, &self.config, &self.data);
        self.ready = None;
    }
}
