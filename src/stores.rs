//! Opening what is kept, for the part of the work that this process does.
//!
//! `ingest` is the only writer of journal, intake and archive, `api` of the register's changes and
//! verdicts; each opens the other's files for reading. Two of a kind never meet: each half has a lock.

use std::sync::Arc;

use anyhow::Context;
use firemain_store::archive::Archive;
use firemain_store::archive::embedded::{EmbeddedArchive, EmbeddedOptions};
use firemain_store::archive::influxdb2::{InfluxArchive, InfluxSettings};
use firemain_store::archive::victoriametrics::{VictoriaArchive, VictoriaSettings};
use firemain_store::intake::{Intake, IntakePolicy, SqliteIntake};
use firemain_store::journal::{Journal, JournalOptions, SqliteJournal};
use firemain_store::register::{Register, SqliteRegister};
use firemain_store::{DataDir, Lock};

use crate::settings::{self, ArchiveKind, Settings};

/// Which half of the work a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Both.
    Both,
    /// Receiving and archiving.
    Ingest,
    /// Judging and serving.
    Api,
}

impl Parts {
    /// Whether it receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::Both | Self::Ingest)
    }

    /// Whether it judges and serves.
    pub const fn judges(self) -> bool {
        matches!(self, Self::Both | Self::Api)
    }
}

/// Everything open, with the locks that keep others out.
pub struct Stores {
    /// What came in.
    pub journal: Arc<dyn Journal>,
    /// What could not be used yet.
    pub intake: Arc<dyn Intake>,
    /// Readings.
    pub archive: Arc<dyn Archive>,
    /// Sources, changes, verdicts, alerts.
    pub register: Arc<dyn Register>,
    _locks: Vec<Lock>,
}

impl Stores {
    /// Opens everything in the data directory for `parts`.
    pub fn open(settings: &Settings, parts: Parts) -> anyhow::Result<Self> {
        let dir = DataDir::open(&settings.data.dir)?;
        let mut locks = Vec::new();
        if parts.receives() {
            locks.push(dir.lock("ingest")?);
        }
        if parts.judges() {
            locks.push(dir.lock("api")?);
        }
        let register = Arc::new(SqliteRegister::open(&dir.register())?);
        let journal = Arc::new(if parts.receives() {
            let options = JournalOptions {
                keep_ms: settings.journal.keep.ms(),
                max_bytes: settings.journal.max_bytes,
            };
            SqliteJournal::open(&dir.journal(), options)?
        } else {
            SqliteJournal::open_reader(&dir.journal())?
        });
        let intake = Arc::new(if parts.receives() {
            let policy = IntakePolicy {
                quarantine_rows: settings.intake.quarantine_rows,
                unregistered_per_device: settings.intake.unregistered_per_device,
                unregistered_devices: settings.intake.unregistered_devices,
            };
            SqliteIntake::open(&dir.intake(), policy)?
        } else {
            SqliteIntake::open_reader(&dir.intake())?
        });
        let archive = archive(settings, &dir, parts)?;
        Ok(Self {
            journal,
            intake,
            archive,
            register,
            _locks: locks,
        })
    }
}

/// The archive that the settings name.
pub fn archive(
    settings: &Settings,
    dir: &DataDir,
    parts: Parts,
) -> anyhow::Result<Arc<dyn Archive>> {
    let archive = &settings.archive;
    match archive.kind {
        ArchiveKind::Embedded => {
            let folder = dir.archive();
            let opened = if parts.receives() {
                let options = EmbeddedOptions {
                    raw_keep_ms: archive.raw_keep.ms(),
                    rollup_keep_ms: archive.rollup_keep.ms(),
                    ..EmbeddedOptions::default()
                };
                EmbeddedArchive::open(&folder, options)
            } else {
                EmbeddedArchive::open_reader(&folder)
            };
            Ok(Arc::new(
                opened.context("the embedded archive cannot be opened")?,
            ))
        }
        ArchiveKind::Influxdb2 => {
            let settings = InfluxSettings::new(
                archive.url.clone().unwrap_or_default(),
                archive.org.clone(),
                archive.bucket.clone(),
                archive
                    .token
                    .as_ref()
                    .map(|token| token.reveal().to_owned())
                    .unwrap_or_default(),
            );
            Ok(Arc::new(
                InfluxArchive::new(settings).context("[archive] cannot be used")?,
            ))
        }
        ArchiveKind::Victoriametrics => Ok(Arc::new(
            VictoriaArchive::new(victoria(archive)?).context("[archive] cannot be used")?,
        )),
    }
}

fn victoria(archive: &settings::Archive) -> anyhow::Result<VictoriaSettings> {
    let reveal = |secret: &settings::Secret| secret.reveal().to_owned();
    let mut victoria = VictoriaSettings::new(archive.url.clone().unwrap_or_default());
    victoria.read_url.clone_from(&archive.read_url);
    victoria.tenant.clone_from(&archive.tenant);
    victoria.token = archive.token.as_ref().map(reveal);
    victoria.login = archive
        .user
        .clone()
        .zip(archive.password.as_ref().map(reveal));
    if let Some(file) = &archive.ca_file {
        let pem = std::fs::read(file)
            .with_context(|| format!("`archive.ca_file` {} cannot be read", file.display()))?;
        victoria.ca_pem = Some(pem);
    }
    Ok(victoria)
}
