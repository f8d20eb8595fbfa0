//! The tables on disk: which there are, and their exchange for others while people read.
//!
//! A reader of another process looks at the list of files before each answer, and again if a file
//! it wanted was merged away under its hands.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use super::super::ArchiveError;
use super::health::Record;
use super::manifest::{self, Manifest};
use super::table::{Gone, Meta, Role, Table};

/// How often a reader looks at the list again before it says that files are missing.
const TRIES: usize = 5;

/// The tables as they are at one moment.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// With points, in order of arrival.
    pub(super) points: Vec<Arc<Table>>,
    /// Roll-ups by week.
    pub(super) rollups: Vec<Arc<Table>>,
    pub(super) upto: u64,
    pub(super) horizon_ms: i64,
}

/// What a change of the tables is.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) add: Vec<Meta>,
    pub(super) remove: Vec<u64>,
    pub(super) upto: Option<u64>,
    pub(super) horizon_ms: Option<i64>,
}

/// Where the tables are.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) folder: PathBuf,
    pub(super) record: Arc<Record>,
    shared: bool,
    list: Mutex<Listed>,
    tables: RwLock<Arc<Tables>>,
}

#[derive(Debug, Default)]
struct Listed {
    manifest: Manifest,
    /// How the list looked from outside when it was read.
    seen: Option<(SystemTime, u64, u64)>,
}

impl Shelf {
    /// For the writer: reads the list and takes away what a crash left.
    pub(super) fn open(folder: &Path) -> Result<Self, ArchiveError> {
        let record = Arc::new(Record::default());
        let manifest = Manifest::load(folder, &record)?;
        manifest::sweep(folder, &manifest)?;
        manifest.store(folder).map_err(|source| ArchiveError::Io {
            doing: "opened",
            source,
        })?;
        let shelf = Self::empty(folder, record, false);
        shelf.publish(&manifest);
        shelf.list().manifest = manifest;
        Ok(shelf)
    }

    /// For a reader: nothing is read yet, nor need anything be there.
    pub(super) fn shared(folder: &Path) -> Self {
        Self::empty(folder, Arc::new(Record::default()), true)
    }

    fn empty(folder: &Path, record: Arc<Record>, shared: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            record,
            shared,
            list: Mutex::default(),
            tables: RwLock::default(),
        }
    }

    fn list(&self) -> MutexGuard<'_, Listed> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers from the tables as they are; a reader's are brought up to date first.
    pub(super) fn ask<T>(
        &self,
        mut ask: impl FnMut(Arc<Tables>) -> Result<T, Gone>,
    ) -> Result<T, ArchiveError> {
        for _ in 0..TRIES {
            self.refresh()?;
            if let Ok(answer) = ask(self.tables()) {
                return Ok(answer);
            }
            self.list().seen = None;
        }
        Err(ArchiveError::Damaged {
            place: self.folder.display().to_string(),
            reason: "files that its list names are missing".to_owned(),
        })
    }

    /// Reads the list again if it changed; only where another process writes it.
    pub(super) fn refresh(&self) -> Result<(), ArchiveError> {
        if !self.shared {
            return Ok(());
        }
        let mut list = self.list();
        let seen = look(&manifest::path(&self.folder));
        if seen.is_none() || seen == list.seen {
            // No list at all: the writer has not begun, or a damaged disk; what is known stays.
            return Ok(());
        }
        list.manifest = Manifest::load(&self.folder, &self.record)?;
        list.seen = seen;
        self.publish(&list.manifest);
        Ok(())
    }

    /// Numbers for new tables.
    pub(super) fn new_id(&self) -> u64 {
        let mut list = self.list();
        let id = list.manifest.next_id.max(1);
        list.manifest.next_id = id + 1;
        id
    }

    /// Makes the exchange durable, then visible; tables taken out are deleted when unread.
    pub(super) fn exchange(&self, exchange: Exchange) -> std::io::Result<()> {
        let mut list = self.list();
        let mut manifest = list.manifest.clone();
        manifest
            .tables
            .retain(|meta| !exchange.remove.contains(&meta.id));
        manifest.tables.extend(exchange.add);
        manifest.upto = manifest.upto.max(exchange.upto.unwrap_or(0));
        manifest.horizon_ms = manifest.horizon_ms.max(exchange.horizon_ms.unwrap_or(0));
        manifest.store(&self.folder)?;
        let before = self.tables();
        self.publish(&manifest);
        list.manifest = manifest;
        drop(list);
        for table in before.points.iter().chain(&before.rollups) {
            if exchange.remove.contains(&table.meta.id) {
                take_away(table);
            }
        }
        Ok(())
    }

    fn publish(&self, manifest: &Manifest) {
        let before = self.tables();
        let known = |meta: &Meta| {
            let tables = before.points.iter().chain(&before.rollups);
            tables
                .clone()
                .find(|table| table.meta.id == meta.id)
                .cloned()
        };
        let mut tables = Tables {
            upto: manifest.upto,
            horizon_ms: manifest.horizon_ms,
            ..Tables::default()
        };
        for meta in &manifest.tables {
            let table = known(meta).unwrap_or_else(|| {
                let record = Arc::clone(&self.record);
                Arc::new(Table::new(&self.folder, meta.clone(), record, self.shared))
            });
            match meta.role {
                Role::Rollup { .. } => tables.rollups.push(table),
                _ => tables.points.push(table),
            }
        }
        tables
            .points
            .sort_by_key(|table| (table.meta.order, table.meta.id));
        tables.rollups.sort_by_key(|table| table.meta.first_at);
        *self.tables.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tables);
    }
}

fn look(path: &Path) -> Option<(SystemTime, u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// A table that was damaged is set aside, for people to look at, instead of deleted.
fn take_away(table: &Table) {
    if table.is_damaged() {
        let aside = table.path().with_extension("damaged");
        if let Err(error) = std::fs::rename(table.path(), &aside) {
            tracing::warn!(%error, file = %aside.display(), "cannot set a damaged file aside");
        }
    } else {
        table.doom();
    }
}
