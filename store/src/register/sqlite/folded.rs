//! The fold's state, in a SQLite file of its own beside the register.
//!
//! A million sources that report once a minute make a transaction of some seconds out of it, each
//! minute: in the register's own file every commit of judging would wait for that. It can be made
//! anew from the journal, and is when it is lost; it never stands further on than the register does.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, TransactionBehavior};

use super::connection::{self, during, lock, open_for_reading};
use super::migrate;
use super::queries as sql;
use super::rows::{column, one, ready, run, signed, unsigned};
use crate::journal::Position;
use crate::register::{Checkpoint, RegisterError, SourceCheckpoint, SourceCheckpoints};

const MIGRATIONS: &[&str] = &[include_str!("migrations/folded_0001.sql")];

/// The file.
#[derive(Debug)]
pub struct Folded {
    path: PathBuf,
    writer: Mutex<Connection>,
}

impl Folded {
    /// Opens the file beside the register, `register.db` → `register.judging.db`, making it if need be.
    pub fn open(register: &Path) -> Result<Self, RegisterError> {
        let path = register.with_extension("judging.db");
        let mut writer = connection::open_for_writing(&path)?;
        migrate::migrate(&mut writer, &path, MIGRATIONS)?;
        Ok(Self {
            path,
            writer: Mutex::new(writer),
        })
    }

    /// Writes what is dirty, in one transaction.
    pub fn save(
        &self,
        head: &Checkpoint,
        more: SourceCheckpoints<'_>,
    ) -> Result<(), RegisterError> {
        let mut writer = lock(&self.writer);
        let tx = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| during("written to", e))?;
        for source in &head.sources {
            save_source(&tx, source)?;
        }
        for source in more {
            save_source(&tx, &source?)?;
        }
        let (upto, change) = (signed(head.upto.0), signed(head.change));
        run(&tx, sql::SET_CHECKPOINT, (upto, change, &head.global))?;
        tx.commit().map_err(|e| during("written to", e))
    }

    /// Reads all of it, in one transaction, so that its parts belong together.
    pub fn read(
        &self,
        read: &mut dyn FnMut(Checkpoint, SourceCheckpoints<'_>) -> Result<(), RegisterError>,
    ) -> Result<bool, RegisterError> {
        let db = open_for_reading(&self.path)?;
        let snapshot = db.unchecked_transaction().map_err(|e| during("read", e))?;
        let head = one(&snapshot, sql::CHECKPOINT, [], |row| {
            Ok(Checkpoint {
                upto: Position(unsigned(column(row, 0)?)),
                change: unsigned(column(row, 1)?),
                global: column(row, 2)?,
                sources: Vec::new(),
            })
        })?;
        let Some(head) = head else { return Ok(false) };
        let mut statement = ready(&snapshot, sql::CHECKPOINT_SOURCES)?;
        let rows = statement.query_map([], |row| {
            Ok(SourceCheckpoint {
                code: Arc::from(row.get_ref(0)?.as_str()?),
                settings: row.get(1)?,
                state: Some(row.get(2)?),
            })
        });
        let rows = rows.map_err(|e| during("read", e))?;
        let mut sources = rows.map(|row| row.map_err(|e| during("read", e)));
        read(head, &mut sources)?;
        Ok(true)
    }
}

fn save_source(tx: &Connection, source: &SourceCheckpoint) -> Result<(), RegisterError> {
    let code = &*source.code;
    let Some(state) = &source.state else {
        run(tx, sql::REMOVE_CHECKPOINT_SETTINGS, [code])?;
        return run(tx, sql::REMOVE_CHECKPOINT_STATE, [code]).map(drop);
    };
    if let Some(settings) = &source.settings {
        run(tx, sql::SET_CHECKPOINT_SETTINGS, (code, settings))?;
    }
    run(tx, sql::SET_CHECKPOINT_STATE, (code, state)).map(drop)
}
