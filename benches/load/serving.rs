//! The firemain under load: `serve`, or `ingest` and `api` on one data directory.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::city;
use super::gauge::metric;
use super::options::Options;
use super::support::{Firemain, Http, Mosquitto, Process, Stopwatch, until};
use super::told::Table;

/// A million sources take their time to be imported.
const LONGEST: Duration = Duration::from_secs(600);
/// An alert without a dwell: what is timed is firemain, not its patience.
const RULES: &str = "[rules.high_pressure]\ndwell_s = 0";

/// What runs.
pub(crate) struct Serving {
    folder: TempDir,
    parts: Vec<(String, Firemain)>,
}

impl Serving {
    /// Imports the city, lets it be taken in, and starts anew, as after any update.
    pub(crate) fn set_up(broker: &Mosquitto, options: &Options, table: &mut Table) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("the folder can be written");
        import(folder.path(), &data, options, table);
        let names: &[&str] = if options.apart {
            &["ingest", "api"]
        } else {
            &["serve"]
        };
        let began = Stopwatch::start();
        let parts = names.iter().map(|name| {
            let builder = Firemain::builder(name)
                .config(&format!("[mqtt]\nurl = \"{}\"\n{RULES}", broker.url()))
                .data(&data);
            ((*name).to_owned(), builder.start_within(LONGEST))
        });
        let mut serving = Self {
            parts: parts.collect(),
            folder,
        };
        let http = serving.http();
        let all = f64::from(options.sources + city::PROBES);
        seldom("every source is taken in", || {
            sources(&http) >= all && metric(&http, "firemain_watch_lag_envelopes") < 50.0
        });
        table.seconds("import taken in by judging", began.elapsed(), "");
        seldom("it is saved", || {
            metric(&http, "firemain_watch_checkpoint_bytes") > 0.0
        });
        let saved = metric(&http, "firemain_watch_checkpoint_seconds");
        table.line("saved for the first time", &format!("{saved:.1} s"), "");
        for (_, part) in &mut serving.parts {
            part.terminate();
        }
        let began = Stopwatch::start();
        for (_, part) in &mut serving.parts {
            part.start_again_within(LONGEST);
        }
        table.seconds("start anew until `ready`", began.elapsed(), "");
        serving
    }

    pub(crate) fn http(&self) -> Http {
        self.api().http()
    }

    /// The one that judges and answers.
    pub(crate) fn api(&self) -> &Firemain {
        &self.parts.last().expect("something runs").1
    }

    /// Each by its name, with its process id.
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        self.parts
            .iter()
            .map(|(name, part)| (name.clone(), part.id()))
            .collect()
    }

    pub(crate) fn kill9(&mut self) {
        for (_, part) in &mut self.parts {
            part.kill9();
        }
    }

    /// Starts all again, without waiting for them.
    pub(crate) fn start_again_unready(&mut self) {
        for (_, part) in &mut self.parts {
            part.start_again_unready();
        }
    }

    pub(crate) fn becomes_ready(&mut self) {
        for (_, part) in &mut self.parts {
            part.becomes_ready_within(LONGEST);
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Sources on the board.
fn sources(http: &Http) -> f64 {
    let answer = http.try_get("/metrics");
    let text = answer.map(|answer| answer.text).unwrap_or_default();
    let of_verdict = text.lines().filter(|l| l.starts_with("firemain_sources{"));
    of_verdict
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

fn import(folder: &Path, data: &Path, options: &Options, table: &mut Table) {
    let file = folder.join("city.csv");
    std::fs::write(&file, city::register(options.sources, options.interval_s))
        .expect("the folder can be written");
    let began = Stopwatch::start();
    let mut process = Process::start(
        "firemain import",
        Command::new(env!("CARGO_BIN_EXE_firemain"))
            .arg("import")
            .arg(&file)
            .env("FIREMAIN__DATA__DIR", data),
    );
    assert!(process.wait(LONGEST).success(), "{:?}", process.said());
    table.seconds("import of the register", began.elapsed(), "");
}

/// Waits, but looks only twice a second: looking costs those who are measured.
pub(crate) fn seldom(what: &str, mut holds: impl FnMut() -> bool) {
    let mut looked = Stopwatch::start();
    until(what, LONGEST, || {
        if looked.elapsed() < Duration::from_millis(500) {
            return false;
        }
        looked = Stopwatch::start();
        holds()
    });
}
