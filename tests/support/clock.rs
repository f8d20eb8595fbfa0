//! A clock that a test can set for a whole process: libfaketime reads it from a file.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::process::run;
use super::servers::server;

/// Moves the wall clock of the processes it is given to; their monotonic clock runs on.
#[derive(Debug)]
pub(crate) struct SteppedClock {
    folder: TempDir,
    library: PathBuf,
}

impl SteppedClock {
    /// A clock that shows the real time until it is stepped.
    #[track_caller]
    pub(crate) fn real() -> Self {
        let clock = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            library: library(),
        };
        clock.step_s(0);
        clock
    }

    /// From now on the wall clock is so many seconds ahead of the real one (behind, if negative).
    pub(crate) fn step_s(&self, seconds: i64) {
        let written = self.folder.path().join("written");
        fs::write(&written, format!("{seconds:+}s\n")).expect("the clock's folder can be written");
        fs::rename(written, self.file()).expect("the clock's folder can be written");
    }

    /// Makes `command` see this clock.
    pub(crate) fn give_to(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.file())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("faketime")
    }
}

/// Where the library lies: `faketime` itself tells its children.
#[track_caller]
fn library() -> PathBuf {
    let mut command = Command::new(server("FAKETIME"));
    command.args(["-f", "+0s", "sh", "-c", "echo \"$LD_PRELOAD\""]);
    let said = run("faketime", &command);
    let path = said
        .iter()
        .find_map(|line| line.split([' ', ':']).find(|p| p.contains("faketime")));
    let path = PathBuf::from(path.expect("faketime names its library"));
    if path.is_absolute() {
        return path;
    }
    [
        "/usr/lib/x86_64-linux-gnu/faketime",
        "/usr/lib/aarch64-linux-gnu/faketime",
    ]
    .iter()
    .map(|folder| PathBuf::from(folder).join(path.file_name().unwrap_or_default()))
    .find(|file| file.exists())
    .expect("faketime's library lies where Debian puts it")
}

/// The real time, ms since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "tests stand outside the product's clock"
)]
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_millis()).expect("before the year 292 million")
}
