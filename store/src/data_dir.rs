//! The folder that holds everything, and who may write to it.
//!
//! One process may receive into it and one may judge from it, each under its own lock, so that two
//! of a kind never meet.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// The data directory: where each store has its place.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// Held while a process does one of the two works; let go when dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What can be wrong with a data directory.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be made or written to.
    #[error(
        "cannot use the data directory {path}: {source}. Make it writable for this user, or choose another by [data] dir"
    )]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody else is at it.
    #[error(
        "the data directory {path} is already in use by another firemain ({work}): stop that one, or choose another by [data] dir"
    )]
    InUse {
        /// Which.
        path: PathBuf,
        /// For what.
        work: &'static str,
    },
}

impl DataDir {
    /// Opens the directory, making it if need be, and sees that it can be written to.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, DataDirError> {
        let root = root.into();
        let unusable = |source| DataDirError::Unusable {
            path: root.clone(),
            source,
        };
        fs::create_dir_all(&root).map_err(unusable)?;
        let probe = root.join(".writable");
        fs::write(&probe, b"")
            .and_then(|()| fs::remove_file(&probe))
            .map_err(unusable)?;
        Ok(Self { root })
    }

    /// Takes the lock of one work (`ingest` or `api`).
    pub fn lock(&self, work: &'static str) -> Result<Lock, DataDirError> {
        let unusable = |source| DataDirError::Unusable {
            path: self.root.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.root.join(format!("{work}.lock")))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse {
                path: self.root.clone(),
                work,
            }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The journal's database.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// The register's database.
    pub fn register(&self) -> PathBuf {
        self.root.join("register.db")
    }

    /// The database of quarantine and unregistered devices.
    pub fn intake(&self) -> PathBuf {
        self.root.join("intake.db")
    }

    /// The embedded archive's folder.
    pub fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }
}
