//! The files beside the messages.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use firemain_domain::Timestamp;
use firemain_domain::change::Change;

use crate::{Simulation, TimedChange, Town, truth};

const ZSTD_LEVEL: i32 = 3;

fn create(file: &Path) -> anyhow::Result<BufWriter<File>> {
    let made = File::create(file).with_context(|| {
        format!(
            "{} cannot be written: choose a folder that exists and may be written to",
            file.display()
        )
    })?;
    Ok(BufWriter::with_capacity(256 * 1024, made))
}

/// Writes the town's register.
pub(super) fn register(town: &Town, file: &Path) -> anyhow::Result<()> {
    let failed = || format!("writing {} failed", file.display());
    town.write_register_csv(create(file)?).with_context(failed)
}

/// A flow test of each hydrant, measured at `at`, as changes.
pub(super) fn flow_tests(town: &mut Town, at: Timestamp) -> Vec<TimedChange> {
    let tests = town.flow_tests(at).into_iter();
    tests
        .map(|test| TimedChange {
            at,
            change: Change::FlowTestEntered { test },
        })
        .collect()
}

/// Writes what people entered.
pub(super) fn changes(changes: &[TimedChange], file: &Path) -> anyhow::Result<()> {
    let failed = || format!("writing {} failed", file.display());
    let mut to = create(file)?;
    for line in changes {
        serde_json::to_writer(&mut to, line).with_context(failed)?;
        to.write_all(b"\n").with_context(failed)?;
    }
    to.flush().with_context(failed)
}

/// Writes what really happened.
pub(super) fn truths(simulation: &Simulation, file: &Path) -> anyhow::Result<()> {
    let truths = simulation.truths();
    truth::write(&truths, create(file)?)
        .with_context(|| format!("writing {} failed", file.display()))
}

/// The first line of a file, without its end.
pub(super) fn first_line(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("--password-file {} cannot be read", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A recording being written: plain, or compressed by its file's ending.
pub(super) enum Recording {
    /// As it is.
    Plain(Box<dyn Write + Send>),
    /// `.zst`.
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
    /// `.gz`.
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
}

impl Recording {
    /// `None`: nowhere; `-`: standard output.
    pub(super) fn create(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Ok(Self::Plain(Box::new(io::sink())));
        };
        if file == Path::new("-") {
            return Ok(Self::Plain(Box::new(BufWriter::new(io::stdout()))));
        }
        let to = create(file)?;
        Ok(match file.extension().and_then(|e| e.to_str()) {
            Some("zst") => Self::Zstd(zstd::Encoder::new(to, ZSTD_LEVEL)?),
            Some("gz") => Self::Gzip(flate2::write::GzEncoder::new(
                to,
                flate2::Compression::default(),
            )),
            _ => Self::Plain(Box::new(to)),
        })
    }

    /// Writes what is still to be written.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut to) => to.flush(),
            Self::Zstd(to) => to.finish()?.flush(),
            Self::Gzip(to) => to.finish()?.flush(),
        }
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Zstd(to) => to.write(bytes),
            Self::Gzip(to) => to.write(bytes),
        }
    }

    /// Compressed bytes are flushed at the end only: each flush costs compression.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            Self::Zstd(_) | Self::Gzip(_) => Ok(()),
        }
    }
}
