//! A real InfluxDB 2, set up with an organisation, a bucket and a token.

use std::process::Command;
use std::time::Duration;

use firemain_store::archive::influxdb2::{InfluxArchive, InfluxSettings};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::port::free_port;
use super::process::Process;
use super::servers::server;
use super::until::SOON;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running influxd; gone, with its data, with this value.
#[derive(Debug)]
pub(crate) struct Influx {
    folder: TempDir,
    port: u16,
    process: Process,
}

impl Influx {
    pub(crate) const ORG: &str = "Thành phố";
    pub(crate) const BUCKET: &str = "readings";
    pub(crate) const TOKEN: &str = "a-token-for-tests-only";

    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
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
        influx.set_up().await;
        influx
    }

    pub(crate) fn settings(&self) -> InfluxSettings {
        InfluxSettings::new(self.url(), Self::ORG, Self::BUCKET, Self::TOKEN)
    }

    pub(crate) fn archive(&self) -> InfluxArchive {
        InfluxArchive::new(self.settings()).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn kill9(&mut self) {
        self.process.kill9();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = start_process(&self.folder, self.port).expect("its port is free again");
    }

    /// Line protocol past the adapter.
    pub(crate) async fn write(&self, lines: &str) {
        let path = format!("/api/v2/write?org={}&bucket={}", Self::ORG, Self::BUCKET);
        let sent = self
            .request(reqwest::Method::POST, &path)
            .body(lines.to_owned())
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), 204);
    }

    /// What a query answers, as CSV.
    pub(crate) async fn query(&self, flux: &str) -> String {
        let path = format!("/api/v2/query?org={}", Self::ORG);
        let request = self
            .request(reqwest::Method::POST, &path)
            .json(&json!({ "query": flux }));
        request.send().await.unwrap().text().await.unwrap()
    }

    /// A bucket beside the first, with a retention.
    pub(crate) async fn bucket(&self, name: &str, retention: Duration) {
        let orgs: Value = self
            .request(reqwest::Method::GET, "/api/v2/orgs")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let rules = json!([{ "type": "expire", "everySeconds": retention.as_secs() }]);
        let bucket =
            json!({ "orgID": orgs["orgs"][0]["id"], "name": name, "retentionRules": rules });
        let sent = self
            .request(reqwest::Method::POST, "/api/v2/buckets")
            .json(&bucket)
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), 201);
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new()
            .request(method, format!("{}{path}", self.url()))
            .header("Authorization", format!("Token {}", Self::TOKEN))
    }

    async fn set_up(&self) {
        let setup = json!({
            "username": "tester",
            "password": "only for tests",
            "org": Self::ORG,
            "bucket": Self::BUCKET,
            "token": Self::TOKEN,
            "retentionPeriodSeconds": 0,
        });
        let url = format!("{}/api/v2/setup", self.url());
        let answer = reqwest::Client::new()
            .post(url)
            .timeout(SOON)
            .json(&setup)
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), 201);
    }
}

/// `None` when it ended instead of listening.
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
    process.hears("says that it listens", STARTS_WITHIN, |line| {
        (line.contains("Listening") && line.contains(&port.to_string())).then_some(())
    })?;
    Some(process)
}
