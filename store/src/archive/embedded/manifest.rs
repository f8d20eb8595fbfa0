//! The list of the archive's files: one small file, replaced as a whole, so that a merge takes
//! effect at once or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::ArchiveError;
use super::health::Record;
use super::table::{Meta, Table};

/// The layout of the folder. A newer firemain counts it up when an older one could not read it.
const FORMAT: u32 = 1;
const NAME: &str = "archive.json";
const FIRST_WORD: &str = "firemain-archive";

/// What the folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The number of the next table.
    pub(super) next_id: u64,
    /// The journal position up to which every point is in a table.
    pub(super) upto: u64,
    /// Points before this moment are not kept any more; ms since 1970.
    pub(super) horizon_ms: i64,
    pub(super) tables: Vec<Meta>,
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

impl Manifest {
    /// Reads the list; where it is lost or damaged, makes it again from the files themselves.
    pub(super) fn load(folder: &Path, record: &Record) -> Result<Self, ArchiveError> {
        match fs::read(path(folder)) {
            Ok(bytes) => match Self::parse(&bytes, folder)? {
                Some(manifest) => Ok(manifest),
                None => {
                    record.damage(0, 0, || {
                        format!(
                            "{} is damaged: the list of files was made again from the files",
                            path(folder).display()
                        )
                    });
                    Self::from_files(folder, record)
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::from_files(folder, record)
            }
            Err(source) => Err(ArchiveError::Io {
                doing: "opened",
                source,
            }),
        }
    }

    /// `None`: damaged.
    fn parse(bytes: &[u8], folder: &Path) -> Result<Option<Self>, ArchiveError> {
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            return Ok(None);
        };
        let (line, body) = (&bytes[..end], &bytes[end + 1..]);
        let words: Vec<&str> = std::str::from_utf8(line)
            .map(|line| line.split(' ').collect())
            .unwrap_or_default();
        let [FIRST_WORD, format, sum] = words[..] else {
            return Ok(None);
        };
        match format.parse::<u32>() {
            Ok(FORMAT) => {}
            Ok(newer) if newer > FORMAT => {
                return Err(ArchiveError::Refused {
                    reason: format!(
                        "the archive in {} was written by a newer firemain (layout {newer}; this one knows {FORMAT}): start that version again, or choose another folder by [data] dir",
                        folder.display()
                    ),
                });
            }
            _ => return Ok(None),
        }
        if format!("{:08x}", crc32fast::hash(body)) != sum {
            return Ok(None);
        }
        Ok(serde_json::from_slice(body).ok())
    }

    fn from_files(folder: &Path, record: &Record) -> Result<Self, ArchiveError> {
        let mut manifest = Self {
            next_id: 1,
            ..Self::default()
        };
        for (id, path) in tables_in(folder)? {
            manifest.next_id = manifest.next_id.max(id + 1);
            match Table::read_meta(&path) {
                Ok(meta) if meta.id == id => {
                    manifest.upto = manifest.upto.max(meta.upto);
                    manifest.tables.push(meta);
                }
                Ok(_) => record.damage(id, 0, || format!("{}: not its name", path.display())),
                Err(error) => record.damage(id, 0, || format!("{}: {error}", path.display())),
            }
        }
        Ok(manifest)
    }

    /// Replaces the list on disk; the tables' own names are made durable with it.
    pub(super) fn store(&self, folder: &Path) -> io::Result<()> {
        let body = serde_json::to_vec(self).map_err(io::Error::other)?;
        let passing = folder.join("archive.json.tmp");
        let mut file = File::create(&passing)?;
        writeln!(file, "{FIRST_WORD} {FORMAT} {:08x}", crc32fast::hash(&body))?;
        file.write_all(&body)?;
        file.sync_all()?;
        fs::rename(&passing, path(folder))?;
        File::open(folder)?.sync_all()
    }
}

/// The tables in the folder, listed or not, by number.
pub(super) fn tables_in(folder: &Path) -> Result<Vec<(u64, PathBuf)>, ArchiveError> {
    let entries = fs::read_dir(folder).map_err(|source| ArchiveError::Io {
        doing: "opened",
        source,
    })?;
    let mut tables: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path
                .file_name()?
                .to_str()?
                .strip_suffix(".table")?
                .parse()
                .ok()?;
            Some((id, path))
        })
        .collect();
    tables.sort_unstable();
    Ok(tables)
}

/// Takes away what a crash left behind: files begun, and tables that are not listed (any more).
pub(super) fn sweep(folder: &Path, manifest: &Manifest) -> Result<(), ArchiveError> {
    let swept = |source| ArchiveError::Io {
        doing: "opened",
        source,
    };
    for (id, path) in tables_in(folder)? {
        if !manifest.tables.iter().any(|meta| meta.id == id) {
            match Table::read_meta(&path) {
                Ok(_) => fs::remove_file(&path).map_err(swept)?,
                // It may be all there is of its points: kept for people, under another name.
                Err(_) => fs::rename(&path, path.with_extension("damaged")).map_err(swept)?,
            }
        }
    }
    for entry in fs::read_dir(folder).map_err(swept)? {
        let path = entry.map_err(swept)?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            fs::remove_file(&path).map_err(swept)?;
        }
    }
    Ok(())
}
