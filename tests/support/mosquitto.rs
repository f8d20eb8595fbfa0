//! A real mosquitto, alone on its port, with a folder of its own.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::port::free_port;
use super::process::{Process, run};
use super::servers::server;
use super::subscription::Subscription;
use super::until::SOON;

/// How a [`Mosquitto`] is to be; as it comes (in-flight window 20, queue 1,000, no persistence,
/// nobody asked for a password) where nothing is said.
#[derive(Debug, Default)]
pub(crate) struct MosquittoBuilder {
    lines: Vec<String>,
    logins: Vec<(String, String)>,
    tls: Vec<String>,
}

impl MosquittoBuilder {
    /// A line of `mosquitto.conf` as it stands.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// How many messages a client may hold unacknowledged; 0 means without limit.
    pub(crate) fn max_inflight(self, messages: u32) -> Self {
        self.line(&format!("max_inflight_messages {messages}"))
    }

    /// How many messages wait for a client beyond those; 0 means without limit.
    pub(crate) fn max_queued(self, messages: u32) -> Self {
        self.line(&format!("max_queued_messages {messages}"))
    }

    /// Sessions and queued messages survive a restart, and also [`Mosquitto::kill9`].
    pub(crate) fn persistent(self) -> Self {
        self.line("persistence true")
            .line("autosave_interval 1")
            .line("autosave_on_changes true")
    }

    /// A user who may come in; with one or more of these, nobody else may.
    pub(crate) fn login(mut self, user: &str, password: &str) -> Self {
        self.logins.push((user.to_owned(), password.to_owned()));
        self
    }

    /// A second way in, by TLS, for whoever shows a certificate that `authority` has signed.
    pub(crate) fn tls(mut self, cert: &Path, cert_key: &Path, authority: &Path) -> Self {
        let key = |key: &str, file: &Path| format!("{key} {}", file.display());
        self.tls = vec![
            key("certfile", cert),
            key("keyfile", cert_key),
            key("cafile", authority),
            "require_certificate true".to_owned(),
        ];
        self
    }

    pub(crate) fn start(self) -> Mosquitto {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.write_logins(&folder);
        // A port that was free a moment ago may have been taken by a test beside this one.
        for _ in 0..5 {
            let (port, tls_port) = (free_port(), free_port());
            fs::write(
                folder.path().join("mosquitto.conf"),
                self.config(&folder, port, tls_port),
            )
            .expect("the broker's folder can be written");
            if let Some(process) = start_process(&folder) {
                return Mosquitto {
                    folder,
                    port,
                    tls_port,
                    login: self.logins.first().cloned(),
                    process,
                };
            }
        }
        panic!(
            "mosquitto found no free port, or does not like its configuration: {:?}",
            self.lines
        );
    }

    fn config(&self, folder: &TempDir, port: u16, tls_port: u16) -> String {
        let here = folder.path().display();
        let mut config = vec![
            format!("listener {port} 127.0.0.1"),
            // Started by root it becomes another user, who could not write to its folder.
            "user root".to_owned(),
            "log_dest stderr".to_owned(),
            "log_type error\nlog_type warning\nlog_type notice\nlog_type information".to_owned(),
            format!("persistence_location {here}/"),
            format!("allow_anonymous {}", self.logins.is_empty()),
        ];
        if !self.logins.is_empty() {
            config.push(format!("password_file {here}/passwords"));
        }
        config.extend(self.lines.iter().cloned());
        if !self.tls.is_empty() {
            config.push(format!("listener {tls_port} 127.0.0.1"));
            config.extend(self.tls.iter().cloned());
        }
        config.join("\n") + "\n"
    }

    fn write_logins(&self, folder: &TempDir) {
        let file = folder.path().join("passwords");
        fs::write(&file, "").expect("the broker's folder can be written");
        for (user, password) in &self.logins {
            let mut command = Command::new(server("MOSQUITTO_PASSWD"));
            run(
                "mosquitto_passwd",
                command.arg("-b").arg(&file).args([user, password]),
            );
        }
    }
}

/// A running mosquitto; gone with this value.
#[derive(Debug)]
pub(crate) struct Mosquitto {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    login: Option<(String, String)>,
    process: Process,
}

impl Mosquitto {
    pub(crate) fn builder() -> MosquittoBuilder {
        MosquittoBuilder::default()
    }

    /// As it comes from the shelf.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://{}", self.address())
    }

    /// Where it speaks TLS, if it does.
    pub(crate) fn tls_url(&self) -> String {
        format!("mqtts://127.0.0.1:{}", self.tls_port)
    }

    /// Everything the broker has said since it last started.
    pub(crate) fn said(&self) -> Vec<String> {
        self.process.said()
    }

    /// SIGTERM: it saves its database and goes.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.process.terminate(SOON);
    }

    /// SIGKILL: it keeps what it had last saved.
    pub(crate) fn kill9(&mut self) {
        self.process.kill9();
    }

    /// After [`stop`](Self::stop) or [`kill9`](Self::kill9): the same port, the same folder.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        self.process = start_process(&self.folder).expect("mosquitto finds its own port free");
    }

    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// One message at quality of service 1, by `mosquitto_pub`: back when the broker has it.
    #[track_caller]
    pub(crate) fn publish(&self, topic: &str, payload: &str) {
        let mut command = self.client("MOSQUITTO_PUB");
        run(
            "mosquitto_pub",
            command.args(["-q", "1", "-t", topic, "-m", payload]),
        );
    }

    /// One message of any bytes, empty ones too.
    #[track_caller]
    pub(crate) fn publish_bytes(&self, topic: &str, payload: &[u8]) {
        if payload.is_empty() {
            let mut command = self.client("MOSQUITTO_PUB");
            run(
                "mosquitto_pub",
                command.args(["-q", "1", "-t", topic, "-n"]),
            );
            return;
        }
        self.feed("-s", topic, payload);
    }

    /// Many messages of a line each, over one connection: back when the broker has them all.
    #[track_caller]
    pub(crate) fn publish_lines<'a>(
        &self,
        topic: &str,
        payloads: impl IntoIterator<Item = &'a str>,
    ) {
        let mut lines = payloads.into_iter().collect::<Vec<_>>().join("\n");
        lines.push('\n');
        self.feed("-l", topic, lines.as_bytes());
    }

    /// A `mosquitto_sub` that has its subscription granted.
    #[track_caller]
    pub(crate) fn subscribe(&self, topic: &str) -> Subscription {
        Subscription::start(&self.client("MOSQUITTO_SUB"), topic)
    }

    /// A client program with the broker's address and the first login.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(server(program));
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-V",
            "mqttv311",
        ]);
        if let Some((user, password)) = &self.login {
            command.args(["-u", user, "-P", password]);
        }
        command
    }

    #[track_caller]
    fn feed(&self, how: &str, topic: &str, input: &[u8]) {
        let mut child = self
            .client("MOSQUITTO_PUB")
            .args(["-q", "1", "-t", topic, how])
            .stdin(Stdio::piped())
            .spawn()
            .expect("mosquitto_pub starts");
        let mut to_child = child.stdin.take().expect("its input is piped");
        to_child
            .write_all(input)
            .expect("mosquitto_pub takes its input");
        drop(to_child);
        let status = child.wait().expect("mosquitto_pub can be waited for");
        assert!(
            status.success(),
            "mosquitto_pub {how} to {topic} ended with {status}"
        );
    }
}

/// `None` when it ended instead of listening.
#[track_caller]
fn start_process(folder: &TempDir) -> Option<Process> {
    let config: PathBuf = folder.path().join("mosquitto.conf");
    let mut process = Process::start(
        "mosquitto",
        Command::new(server("MOSQUITTO")).arg("-c").arg(config),
    );
    let running = process.hears("says that it runs", STARTS_WITHIN, |line| {
        (line.contains("mosquitto version") && line.ends_with("running")).then_some(())
    });
    running.map(|()| process)
}

const STARTS_WITHIN: Duration = SOON;
