//! A real VictoriaMetrics, a single node with a folder of its own.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::port::free_port;
use super::process::Process;
use super::servers::server;
use super::until::SOON;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running VictoriaMetrics that keeps ten years; gone, with its data, with this value.
#[derive(Debug)]
pub(crate) struct Victoria {
    folder: TempDir,
    port: u16,
    flags: Vec<String>,
    process: Process,
}

impl Victoria {
    /// As the guide says.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with(&["-retentionPeriod=10y", "-dedup.minScrapeInterval=1ms"])
    }

    /// With these flags.
    #[track_caller]
    pub(crate) fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        // A port that was free a moment ago may have been taken by a test beside this one.
        let (port, process) = (0..5)
            .find_map(|_| {
                let port = free_port();
                start_process(&folder, port, &flags).map(|process| (port, process))
            })
            .expect("VictoriaMetrics starts on one of five ports");
        Self {
            folder,
            port,
            flags,
            process,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The lines of `firemain.toml` that name it as the archive.
    pub(crate) fn archive_config(&self) -> String {
        format!(
            "[archive]\nkind = \"victoriametrics\"\nurl = \"{}\"",
            self.url()
        )
    }

    /// SIGINT's sibling: it writes everything down and goes.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.process.terminate(SOON);
    }

    /// After [`stop`](Self::stop): the same port, the same data.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        self.process = start_process(&self.folder, self.port, &self.flags)
            .expect("VictoriaMetrics finds its own port free");
    }
}

/// `None` when it ended instead of listening.
#[track_caller]
fn start_process(folder: &TempDir, port: u16, flags: &[String]) -> Option<Process> {
    let mut command = Command::new(server("VICTORIAMETRICS"));
    command
        .arg(format!("-storageDataPath={}", folder.path().display()))
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
        .arg("-memory.allowedBytes=268435456")
        .args(flags);
    let mut process = Process::start("victoria-metrics", &command);
    process.hears("says that it serves", STARTS_WITHIN, |line| {
        line.contains("started server at").then_some(())
    })?;
    Some(process)
}
