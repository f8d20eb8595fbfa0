//! Carries the register's logins into the files of a mosquitto: who may come in, and for which
//! devices a gateway speaks.
//!
//! In: logins of the register, and two files that people keep (firemain's own login, a network
//! server's rights). Out: the two files that the broker reads, each written whole beside its place
//! and then put there, so that the broker never reads half of one. They are looked at once a
//! second; what is in them already is not written. `deploy/mosquitto/run.sh` makes the broker read
//! them again.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firemain_domain::clock::SharedClock;
use firemain_store::register::{Login, PartStatus, Register};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The part, as its status calls it.
pub const PART: &str = "broker_files";
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks between two words that say the same.
const LOOKS_PER_WORD: u32 = 5;
/// Logins read at once.
const PAGE: usize = 1_000;
/// A file that people keep is no longer.
const MOST_OWN_BYTES: u64 = 16 << 20;
const WRITTEN: &str =
    "# Written by firemain from its register: what is entered here by hand is lost.\n";

/// Where a broker's files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerFiles {
    /// The broker's `password_file`.
    pub passwords: PathBuf,
    /// Passwords that people keep, which it begins with.
    pub own_passwords: Option<PathBuf>,
    /// The broker's `acl_file`.
    pub rights: Option<PathBuf>,
    /// Rights that people keep, which it begins with.
    pub own_rights: Option<PathBuf>,
}

/// Why the files could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum BrokerFilesError {
    /// The logins cannot be read.
    #[error("the register's logins cannot be read: {0}")]
    Register(String),
    /// A file that people keep cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A broker's file cannot be written.
    #[error(
        "{path} cannot be written: {reason}; the folder must be writable to firemain, and what it writes readable to the broker"
    )]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// What was done at a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    logins: usize,
    /// Logins made before passwords were kept in the broker's form.
    without_password: usize,
    written: usize,
}

/// Keeps the files up to date until the receiver stops.
pub(crate) async fn keep(
    files: BrokerFiles,
    register: Arc<dyn Register>,
    clock: SharedClock,
    cancel: CancellationToken,
) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let files = Arc::new(files);
    let mut written_total = 0_u64;
    let mut complaint = None;
    let mut since_word = LOOKS_PER_WORD;
    while cancel.run_until_cancelled(looks.tick()).await.is_some() {
        let (now_files, now_register) = (Arc::clone(&files), Arc::clone(&register));
        let looking = tokio::task::spawn_blocking(move || look(&now_files, &*now_register));
        let done = match looking.await {
            Ok(done) => done,
            Err(error) => Err(BrokerFilesError::Register(error.to_string())),
        };
        let now = done.as_ref().err().map(ToString::to_string);
        if now != complaint
            && let Some(reason) = &now
        {
            warn!(reason, "the broker's files cannot be brought up to date");
        }
        let changed = now.is_some() != complaint.is_some();
        complaint = now;
        let done = done.unwrap_or_default();
        if done.written > 0 {
            written_total += done.written as u64;
            info!(
                logins = done.logins,
                "the broker's files were brought up to date"
            );
        }
        since_word += 1;
        if changed || done.written > 0 || since_word >= LOOKS_PER_WORD {
            since_word = 0;
            let status = PartStatus {
                part: PART.to_owned(),
                at: Some(clock.now()),
                well: complaint.is_none(),
                complaint: complaint.clone().unwrap_or_default(),
                numbers: BTreeMap::from([
                    ("broker_files_logins".to_owned(), done.logins as f64),
                    (
                        "broker_files_without_password".to_owned(),
                        done.without_password as f64,
                    ),
                    (
                        "broker_files_written_total".to_owned(),
                        written_total as f64,
                    ),
                ]),
            };
            let register = Arc::clone(&register);
            // That it cannot be told is told by every other part, too.
            let _ = tokio::task::spawn_blocking(move || register.tell_status(&status)).await;
        }
    }
}

/// Brings both files up to date.
fn look(files: &BrokerFiles, register: &dyn Register) -> Result<Done, BrokerFilesError> {
    let logins = all_logins(register)?;
    let kept = own(files.own_passwords.as_deref())?;
    let kept_rights = own(files.own_rights.as_deref())?;
    // A name that people keep is theirs, by password or by rights alone (firemain may come in by a
    // certificate): no login made in the register may come in under it.
    let with_password = kept.lines().filter_map(|line| line.split_once(':'));
    let with_rights = kept_rights
        .lines()
        .filter_map(|line| line.trim().strip_prefix("user "));
    let theirs: HashSet<&str> = with_password
        .map(|(name, _)| name)
        .chain(with_rights.map(str::trim))
        .collect();
    let usable: Vec<&Login> = logins
        .iter()
        .filter(|login| fits(&login.name) && !theirs.contains(login.name.as_str()))
        .collect();
    let mut done = Done {
        logins: usable.len(),
        without_password: logins
            .iter()
            .filter(|login| login.broker_hash.is_empty())
            .count(),
        written: 0,
    };
    let passwords = format!("{WRITTEN}{kept}{}", passwords(&usable));
    done.written += usize::from(put(&files.passwords, &passwords)?);
    if let Some(path) = &files.rights {
        let rights = format!("{WRITTEN}{kept_rights}{}", rights(&usable));
        done.written += usize::from(put(path, &rights)?);
    }
    Ok(done)
}

fn all_logins(register: &dyn Register) -> Result<Vec<Login>, BrokerFilesError> {
    let mut all: Vec<Login> = Vec::new();
    loop {
        let after = all.last().map(|login| login.name.clone());
        let page = register
            .logins(after.as_deref(), PAGE)
            .map_err(|error| BrokerFilesError::Register(error.to_string()))?;
        let full = page.len() == PAGE;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// Whether a name can stand in the broker's files and topics as it is.
fn fits(name: &str) -> bool {
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, ':' | '+' | '#' | '/');
    !name.is_empty() && !name.starts_with('#') && !name.contains(bad)
}

fn passwords(logins: &[&Login]) -> String {
    let mut all = String::new();
    for login in logins.iter().filter(|login| !login.broker_hash.is_empty()) {
        all += &format!("{}:{}\n", login.name, login.broker_hash);
    }
    all
}

/// What gateways may do; a login that speaks for itself alone has its rights by the shipped pattern.
fn rights(logins: &[&Login]) -> String {
    let mut all = String::new();
    for login in logins {
        let others: Vec<&str> = login
            .devices
            .iter()
            .map(|device| &**device)
            .filter(|device| *device != login.name && fits(device))
            .collect();
        if others.is_empty() {
            continue;
        }
        all += &format!("\nuser {}\n", login.name);
        for device in others {
            for what in ["telemetry", "status", "event"] {
                all += &format!("topic write firemain/v1/{device}/{what}\n");
            }
            all += &format!("topic read firemain/v1/{device}/command\n");
        }
    }
    all
}

/// What people keep, ending with its line.
fn own(path: Option<&Path>) -> Result<String, BrokerFilesError> {
    let Some(path) = path else {
        return Ok(String::new());
    };
    let failed = |reason: String| BrokerFilesError::Read {
        path: path.to_owned(),
        reason,
    };
    let bytes = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if bytes.len() > MOST_OWN_BYTES {
        return Err(failed(format!("it has more than {MOST_OWN_BYTES} bytes")));
    }
    let mut text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// Puts a text where the broker reads it, whole or not at all; whether it was not there already.
fn put(path: &Path, text: &str) -> Result<bool, BrokerFilesError> {
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(false);
    }
    let failed = |error: std::io::Error| BrokerFilesError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    let unfinished = path.with_file_name(name);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // Hashes are for the broker and us, by the folder's group; the files are nobody else's affair.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let mut file = options.open(&unfinished).map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(failed)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use firemain_domain::Timestamp;
    use firemain_store::register::SqliteRegister;

    use super::*;

    fn login(name: &str, devices: &[&str], broker_hash: &str) -> Login {
        Login {
            name: name.to_owned(),
            secret_sha256: [0; 32],
            broker_hash: broker_hash.to_owned(),
            devices: devices.iter().map(|device| (*device).into()).collect(),
            created_at: Timestamp::from_ms(0),
        }
    }

    #[test]
    fn both_files_begin_with_what_people_keep_and_follow_the_register() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let register = SqliteRegister::open(&file("register.db")).unwrap();
        let files = BrokerFiles {
            passwords: file("passwords"),
            own_passwords: Some(file("passwords.own")),
            rights: Some(file("acl")),
            own_rights: Some(file("acl.own")),
        };
        let error = look(&files, &register).unwrap_err().to_string();
        assert!(error.contains("passwords.own cannot be read"), "{error}");
        std::fs::write(file("passwords.own"), "firemain:$7$101$a$b").unwrap();
        let acl = "user by-certificate\ntopic #\npattern write firemain/v1/%u/telemetry\n";
        std::fs::write(file("acl.own"), acl).unwrap();
        for login in [
            login("D-1", &["D-1"], "$7$101$c$d"),
            login("gw-7", &["D-2", "D-3"], "$7$101$e$f"),
            login("old", &["old"], ""),
            login("firemain", &["#"], "$7$101$no$no"),
            login("by-certificate", &["by-certificate"], "$7$101$no$no"),
        ] {
            register.set_login(&login).unwrap();
        }
        let done = look(&files, &register).unwrap();
        assert_eq!(
            (done.logins, done.without_password, done.written),
            (3, 1, 2)
        );
        let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
        assert_eq!(
            read("passwords"),
            format!("{WRITTEN}firemain:$7$101$a$b\nD-1:$7$101$c$d\ngw-7:$7$101$e$f\n")
        );
        let rights = read("acl");
        assert!(rights.contains("pattern write firemain/v1/%u/telemetry\n\nuser gw-7\n"));
        assert!(rights.contains("topic write firemain/v1/D-3/event\n"));
        assert!(rights.contains("topic read firemain/v1/D-2/command\n"));
        assert!(!rights.contains("user D-1"), "{rights}");
        assert_eq!(look(&files, &register).unwrap().written, 0);
        register.remove_login("D-1").unwrap();
        assert_eq!(look(&files, &register).unwrap().written, 1);
        assert!(!read("passwords").contains("D-1"));
    }

    #[test]
    fn a_name_that_would_grant_more_is_left_out() {
        for name in ["", "a:b", "a b", "a\nuser b", "+", "a/#", "#a"] {
            assert!(!fits(name), "{name:?}");
        }
        let gateway = login("gw", &["ok", "x/../+", "a\ntopic write #"], "");
        let rights = rights(&[&gateway]);
        assert!(rights.contains("firemain/v1/ok/telemetry"));
        assert!(!rights.contains('#') && !rights.contains('+'), "{rights}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = put(&dir.path().join("no/passwords"), "x").unwrap_err();
        assert!(error.to_string().contains("no/passwords cannot be written"));
    }
}
