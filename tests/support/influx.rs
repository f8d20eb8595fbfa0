//! A real InfluxDB 2, set up with an organisation, a bucket and a token.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::http::{Answer, Http};
use super::port::free_port;
use super::process::Process;
use super::servers::server;
use super::until::{SOON, until};

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running influxd; gone, with its data, with this value.
#[derive(Debug)]
pub(crate) struct Influx {
    folder: TempDir,
    port: u16,
    process: Process,
}

impl Influx {
    pub(crate) const ORG: &str = "firemain";
    pub(crate) const BUCKET: &str = "readings";
    pub(crate) const TOKEN: &str = "a-token-for-tests-only";

    #[track_caller]
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // A port that was free a moment ago may have been taken by a test beside this one.
        let (port, process) = (0..5)
            .find_map(|_| {
                let port = free_port();
                start_process(&folder, port).map(|process| (port, process))
            })
            .expect("influxd starts on one of five ports");
        let influx = Self {
            folder,
            port,
            process,
        };
        influx.set_up();
        influx
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The lines of `firemain.toml` that name it as the archive.
    pub(crate) fn archive_config(&self) -> String {
        format!(
            "[archive]\nkind = \"influxdb2\"\nurl = \"{}\"\norg = \"{}\"\nbucket = \"{}\"\ntoken = \"{}\"",
            self.url(),
            Self::ORG,
            Self::BUCKET,
            Self::TOKEN
        )
    }

    /// A client that shows the token.
    pub(crate) fn http(&self) -> Http {
        Http::at(&self.url()).with_header("Authorization", &format!("Token {}", Self::TOKEN))
    }

    /// SIGTERM.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.process.terminate(SOON);
    }

    pub(crate) fn kill9(&mut self) {
        self.process.kill9();
    }

    /// After [`stop`](Self::stop) or [`kill9`](Self::kill9): the same port, the same data.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        self.process =
            start_process(&self.folder, self.port).expect("influxd finds its own port free");
    }

    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Line protocol, in nanoseconds.
    pub(crate) fn write(&self, lines: &str) -> Answer {
        let path = format!("/api/v2/write?org={}&bucket={}", Self::ORG, Self::BUCKET);
        self.http()
            .post_text(&path, "text/plain; charset=utf-8", lines)
    }

    /// What a Flux query answers, as CSV with a header and without annotations, lines ended by
    /// `\n`; one block for each group of columns, and an empty text for no rows.
    #[track_caller]
    pub(crate) fn query_csv(&self, flux: &str) -> String {
        let path = format!("/api/v2/query?org={}", Self::ORG);
        let query = json!({ "query": flux, "dialect": { "header": true, "annotations": [] } });
        let answer = self.http().post(&path, &query);
        assert_eq!(
            answer.status, 200,
            "InfluxDB refuses {flux}: {}",
            answer.text
        );
        answer.text.replace("\r\n", "\n")
    }

    /// How many values of a field a measurement has, of all series and all times.
    #[track_caller]
    pub(crate) fn count(&self, measurement: &str, field: &str) -> u64 {
        self.count_where(&format!(
            r#"r._measurement == "{measurement}" and r._field == "{field}""#
        ))
    }

    /// How many values satisfy a Flux predicate on `r`.
    #[track_caller]
    pub(crate) fn count_where(&self, predicate: &str) -> u64 {
        // Values of different types would not go into one table: each series is counted for itself.
        let csv = self.query_csv(&format!(
            r#"from(bucket: "{}")
                |> range(start: 1970-01-01T00:00:00Z, stop: 2200-01-01T00:00:00Z)
                |> filter(fn: (r) => {predicate})
                |> count()
                |> group()
                |> keep(columns: ["_value"])
                |> sum()"#,
            Self::BUCKET
        ));
        let Some(row) = csv.lines().nth(1) else {
            return 0;
        };
        let count = row.rsplit(',').next().expect("a row has a last cell");
        count
            .parse()
            .unwrap_or_else(|_| panic!("InfluxDB counts {count:?} in {csv}"))
    }

    /// Waits until a field has at least `count` values, and gives back how many there are.
    #[track_caller]
    pub(crate) fn counts_at_least(
        &self,
        measurement: &str,
        field: &str,
        count: u64,
        within: Duration,
    ) -> u64 {
        let mut seen = 0;
        until(
            &format!("{count} values of {measurement}.{field} in InfluxDB"),
            within,
            || {
                seen = self.count(measurement, field);
                seen >= count
            },
        );
        seen
    }

    #[track_caller]
    fn set_up(&self) {
        let answer = Http::at(&self.url()).post(
            "/api/v2/setup",
            &json!({
                "username": "tester",
                "password": "only for tests",
                "org": Self::ORG,
                "bucket": Self::BUCKET,
                "token": Self::TOKEN,
                "retentionPeriodSeconds": 0,
            }),
        );
        assert_eq!(
            answer.status, 201,
            "InfluxDB refuses to be set up: {}",
            answer.text
        );
    }
}

/// `None` when it ended instead of listening.
#[track_caller]
fn start_process(folder: &TempDir, port: u16) -> Option<Process> {
    let here = folder.path();
    let mut command = Command::new(server("INFLUXD"));
    command
        .arg("run")
        .arg("--bolt-path")
        .arg(here.join("influxd.bolt"))
        .arg("--engine-path")
        .arg(here.join("engine"))
        .arg("--sqlite-path")
        .arg(here.join("influxd.sqlite"))
        .args(["--http-bind-address", &format!("127.0.0.1:{port}")])
        .args(["--reporting-disabled", "--log-level", "info"]);
    let mut process = Process::start("influxd", &command);
    let listening = process.hears("says that it listens", STARTS_WITHIN, |line| {
        (line.contains("Listening") && line.contains(&port.to_string())).then_some(())
    });
    listening?;
    let http = Http::at(&format!("http://127.0.0.1:{port}"));
    until("influxd is healthy", STARTS_WITHIN, || {
        http.try_get("/health")
            .is_some_and(|answer| answer.status == 200)
    });
    Some(process)
}
