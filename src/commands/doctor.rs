//! `firemain doctor`: looks at everything that a start needs, and says what is wrong and what to do.

use std::fmt::Display;
use std::net::{SocketAddr, TcpListener};

use anyhow::Context;
use firemain_domain::Timestamp;
use firemain_domain::clock::{Clock, SystemClock};
use firemain_ingest::probe;
use firemain_store::archive::Archive;
use firemain_store::journal::{Journal, Position, SqliteJournal};
use firemain_store::register::{Register, SqliteRegister};
use firemain_store::{DataDir, DataDirError};

use crate::cli::ConfigArgs;
use crate::running;
use crate::settings::{self, ArchiveKind, Settings};
use crate::stores::{self, Parts};

/// Less than this free is told.
const ROOM_BYTES: u64 = 2_000_000_000;
/// A clock before this (2025-01-01) was never set.
const CLOCK_SET_FROM: Timestamp = Timestamp::from_ms(1_735_689_600_000);

/// Looks, and fails if something is wrong.
pub fn run(args: &ConfigArgs) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    let settings = match settings::load(args.config.as_deref()) {
        Ok(settings) => settings,
        Err(error) => {
            findings.wrong("settings", &error);
            return findings.conclude();
        }
    };
    findings.well("settings", &"read");
    clock(&mut findings);
    let runtime = tokio::runtime::Runtime::new().context("no threads to run on")?;
    let dir = data_dir(&settings, &mut findings);
    runtime.block_on(async {
        broker(&settings, &mut findings).await;
        archive(&settings, dir.as_ref(), &mut findings).await;
    });
    if let Some(dir) = &dir {
        kept(dir, &mut findings);
    }
    findings.conclude()
}

#[derive(Default)]
struct Findings {
    looked: usize,
    wrong: usize,
}

impl Findings {
    fn well(&mut self, what: &str, how: &dyn Display) {
        self.looked += 1;
        println!("ok     {what:<16} {how}");
    }

    fn note(&mut self, what: &str, how: &dyn Display) {
        self.looked += 1;
        println!("note   {what:<16} {how}");
    }

    fn wrong(&mut self, what: &str, why: &dyn Display) {
        self.looked += 1;
        self.wrong += 1;
        println!("WRONG  {what:<16} {why}");
    }

    fn conclude(self) -> anyhow::Result<()> {
        let Self { looked, wrong } = self;
        anyhow::ensure!(
            wrong == 0,
            "{wrong} of {looked} findings are wrong: see above what to do"
        );
        Ok(())
    }
}

fn clock(findings: &mut Findings) {
    let now = SystemClock::new().now();
    if now < CLOCK_SET_FROM {
        findings.wrong(
            "clock",
            &format!("it says {now}: set it, and keep it set by NTP"),
        );
    } else {
        findings.well(
            "clock",
            &format!("{now}: is that right? Keep it set by NTP"),
        );
    }
}

/// The data directory, if it can be used; with whether somebody is at work in it.
fn data_dir(settings: &Settings, findings: &mut Findings) -> Option<DataDir> {
    let dir = match DataDir::open(&settings.data.dir) {
        Ok(dir) => dir,
        Err(error) => {
            findings.wrong("data directory", &error);
            return None;
        }
    };
    let shown = dir.root().display();
    let mut busy = Vec::new();
    for work in ["ingest", "api"] {
        match dir.lock(work) {
            Ok(_) => {}
            Err(DataDirError::InUse { .. }) => busy.push(work),
            Err(error) => findings.wrong("data directory", &error),
        }
    }
    let at_work = if busy.is_empty() {
        "nobody is at work in it".to_owned()
    } else {
        format!("at work in it: {}", busy.join(", "))
    };
    findings.well(
        "data directory",
        &format!("{shown}: can be written to; {at_work}"),
    );
    match fs4::available_space(dir.root()) {
        Ok(free) if free < ROOM_BYTES => {
            findings.wrong(
                "disk",
                &format!(
                    "{} MB free: make room, or move `[data] dir`",
                    free / 1_000_000
                ),
            );
        }
        Ok(free) => {
            findings.well("disk", &format!("{} GB free", free / 1_000_000_000));
            if free < settings.journal.max_bytes {
                findings.note("disk", &format!("less than `[journal] max_bytes` ({} GB): an outage of the archive may fill it; receiving then waits", settings.journal.max_bytes / 1_000_000_000));
            }
        }
        Err(error) => findings.wrong("disk", &error),
    }
    if busy.is_empty() {
        ports(settings, findings);
    }
    Some(dir)
}

fn ports(settings: &Settings, findings: &mut Findings) {
    let wanted = [
        ("[http] listen", Some(settings.http.listen)),
        ("[endpoint] listen", settings.endpoint.listen),
        ("[endpoint] tls_listen", settings.endpoint.tls_listen),
    ];
    for (key, address) in wanted {
        let Some(address) = address else { continue };
        match free(address) {
            Ok(()) => findings.well("port", &format!("{address} is free ({key})")),
            Err(error) => findings.wrong(
                "port",
                &format!("{address} ({key}): {error}: choose another"),
            ),
        }
    }
}

fn free(address: SocketAddr) -> std::io::Result<()> {
    TcpListener::bind(address).map(drop)
}

async fn broker(settings: &Settings, findings: &mut Findings) {
    let Some(broker) = running::broker(&settings.mqtt) else {
        if settings.endpoint.listen.is_none() && settings.endpoint.tls_listen.is_none() {
            findings.wrong("broker", &"nothing to receive from: set `[mqtt] url`, or `[endpoint] listen` or `tls_listen`");
        } else {
            findings.well("broker", &"none is set: we are the endpoint ourselves");
        }
        return;
    };
    match probe(&broker, &settings.mqtt.client_id).await {
        Ok(()) => findings.well("broker", &format!("{} lets us in", broker.url)),
        Err(error) => findings.wrong("broker", &error),
    }
}

async fn archive(settings: &Settings, dir: Option<&DataDir>, findings: &mut Findings) {
    let Some(dir) = dir else { return };
    if settings.archive.kind == ArchiveKind::Embedded && !dir.archive().exists() {
        findings.well("archive", &"embedded; nothing in it yet");
        return;
    }
    let checked = match stores::archive(settings, dir, Parts::Api) {
        Ok(archive) => {
            let checked = check(&*archive).await;
            if checked.is_ok() {
                for warning in archive.warnings().await.unwrap_or_default() {
                    findings.note("archive", &warning);
                }
            }
            checked
        }
        Err(error) => Err(format!("{error:#}")),
    };
    match checked {
        Ok(()) => findings.well("archive", &format!("{:?}: answers", settings.archive.kind)),
        Err(error) => findings.wrong("archive", &error),
    }
}

async fn check(archive: &dyn Archive) -> Result<(), String> {
    archive.check().await.map_err(|error| error.to_string())
}

/// What is in the journal and the register.
fn kept(dir: &DataDir, findings: &mut Findings) {
    if dir.journal().exists() {
        match journal(dir) {
            Ok(how) => findings.well("journal", &how),
            Err(error) => findings.wrong("journal", &format!("{error:#}")),
        }
    }
    if dir.register().exists() {
        match register(dir) {
            Ok(how) => findings.well("register", &how),
            Err(error) => findings.wrong("register", &format!("{error:#}")),
        }
    } else {
        findings.note(
            "register",
            &"empty: `firemain import sources.csv` enters hydrants, tanks and draw points",
        );
    }
}

fn journal(dir: &DataDir) -> anyhow::Result<String> {
    let journal = SqliteJournal::open_reader(&dir.journal())?;
    let (health, head) = (journal.health()?, journal.head()?);
    let newest = journal.read(Position(head.0.saturating_sub(1)), 1)?;
    let now = SystemClock::new().now();
    let mut how = format!("{} MB, {} envelopes ever", health.bytes / 1_000_000, head.0);
    if let Some((_, envelope)) = newest.first() {
        how += &format!(", the newest of {}", envelope.received_at);
        anyhow::ensure!(
            envelope.received_at.since_ms(now) < 60_000,
            "its newest envelope is of {}, but the clock says {now}: was the clock set back? Journal time waits until the clock has caught up",
            envelope.received_at
        );
    }
    anyhow::ensure!(
        health.damaged_batches == 0,
        "{} batches with {} envelopes were found damaged and set aside: is the disk failing?",
        health.damaged_batches,
        health.damaged_envelopes
    );
    Ok(how)
}

fn register(dir: &DataDir) -> anyhow::Result<String> {
    let register = SqliteRegister::open(&dir.register())?;
    let devices = register.device_map()?.len();
    let first = register.sources(None, 1)?;
    anyhow::ensure!(
        !first.is_empty(),
        "no sources yet: `firemain import sources.csv` enters them"
    );
    Ok(format!(
        "{devices} sources with a device, {} changes ever",
        register.newest_change()?
    ))
}
