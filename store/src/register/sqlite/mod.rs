//! The register in SQLite: one file, write-ahead, every commit on disk before it returns.
//!
//! In one process one connection writes and several read; a second process may have the same file
//! open and do the same. The fold's own state, large and written each minute, lies in a file of its
//! own beside it ([`folded`]), so that nobody waits for it. Statements: [`queries`]. A call's way: checked for what it says by itself
//! ([`super::checks`]), then, in one transaction, for what it says of others ([`people`]); what
//! judging commits goes by [`watch`], what is asked for by [`lists`] and [`said`].

mod connection;
mod folded;
mod migrate;
mod queries;

mod access;
mod alerts;
mod bulletins;
mod devices;
mod endpoint;
mod history;
mod inspections;
mod people;
mod telling;
mod telling_queries;
mod units;
mod watch;

mod lists;
mod notice;
mod parts;
mod rows;
mod said;

use std::path::Path;
use std::sync::Mutex;

use firemain_domain::Timestamp;
use firemain_domain::change::{
    Change, ChangeNumber, FlowTest, Incident, Inspection, MaintenanceWindow, Permit,
};
use firemain_domain::judging::{Parameters, RuleScope, Standing};
use firemain_domain::source::{KindName, Source, SourceCode};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tracing::warn;

use self::connection::{Readers, during, lock};
use self::folded::Folded;
use self::notice::Notices;
use super::{
    Checkpoint, Ended, EpisodeFilter, EpisodeRow, Login, NumberedChange, PartStatus, Register,
    RegisterError, SourceCheckpoints, StreamEvent, WatchCommit, checks,
};
use crate::journal::Position;

/// The register in a SQLite file.
#[derive(Debug)]
pub struct SqliteRegister {
    writer: Mutex<Connection>,
    readers: Readers,
    folded: Folded,
    notices: Notices,
}

impl SqliteRegister {
    /// Opens the register at `path`, making it if need be and bringing its schema up to date; an
    /// existing file is copied beside itself before that. Several processes may do so at once.
    ///
    /// # Errors
    /// When the file is of a newer version, is not a register, or cannot be used.
    pub fn open(path: &Path) -> Result<Self, RegisterError> {
        let mut writer = connection::open_for_writing(path)?;
        migrate::migrate(&mut writer, path, migrate::MIGRATIONS)?;
        let notices = Notices::beside(path);
        if let Err(error) = notices.make() {
            warn!(register.error = %error, "no room can be kept for telling how firemain is on a full disk");
        }
        Ok(Self {
            writer: Mutex::new(writer),
            readers: Readers::new(path.to_owned()),
            folded: Folded::open(path)?,
            notices,
        })
    }

    /// Writes in one transaction: all of it is on disk when this returns, or nothing.
    fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, RegisterError>,
    ) -> Result<T, RegisterError> {
        let mut writer = lock(&self.writer);
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| during(doing, e))?;
        let done = work(&transaction)?;
        transaction.commit().map_err(|e| during(doing, e))?;
        Ok(done)
    }
}

impl Register for SqliteRegister {
    fn change(
        &self,
        by: &str,
        at: Timestamp,
        changes: &[Change],
    ) -> Result<ChangeNumber, RegisterError> {
        people::check(by, changes)?;
        self.write("changed", |tx| people::change(tx, by, at, changes))
    }

    fn changes_after(
        &self,
        after: ChangeNumber,
        limit: usize,
    ) -> Result<Vec<NumberedChange>, RegisterError> {
        self.readers
            .read(|db| lists::changes_after(db, after, limit))
    }

    fn changes_before(
        &self,
        before: Option<ChangeNumber>,
        limit: usize,
    ) -> Result<Vec<NumberedChange>, RegisterError> {
        self.readers
            .read(|db| lists::changes_before(db, before, limit))
    }

    fn newest_change(&self) -> Result<ChangeNumber, RegisterError> {
        self.readers.read(lists::newest_change)
    }

    fn sources(&self, after: Option<&str>, limit: usize) -> Result<Vec<Source>, RegisterError> {
        self.readers.read(|db| lists::sources(db, after, limit))
    }

    fn source(&self, code: &str) -> Result<Option<Source>, RegisterError> {
        self.readers.read(|db| lists::source(db, code))
    }

    fn visit_devices(
        &self,
        visit: &mut dyn FnMut(&str, &str, KindName),
    ) -> Result<(), RegisterError> {
        self.readers.read(|db| lists::visit_devices(db, visit))
    }

    fn flow_tests(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<FlowTest>, RegisterError> {
        let page = lists::Page {
            kind: lists::FLOW_TEST,
            standing_only: true,
            source,
            after,
            limit,
        };
        let tests = self.readers.read(|db| lists::entries(db, &page))?;
        Ok(tests.into_iter().map(|test| test.what).collect())
    }

    fn windows(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<MaintenanceWindow>>, RegisterError> {
        let page = lists::Page {
            kind: lists::WINDOW,
            standing_only: false,
            source,
            after,
            limit,
        };
        self.readers.read(|db| lists::entries(db, &page))
    }

    fn incidents(
        &self,
        open_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Incident>>, RegisterError> {
        let page = lists::Page {
            kind: lists::INCIDENT,
            standing_only: open_only,
            source: None,
            after,
            limit,
        };
        self.readers.read(|db| lists::entries(db, &page))
    }

    fn permits(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Permit>>, RegisterError> {
        let page = lists::Page {
            kind: lists::PERMIT,
            standing_only: false,
            source,
            after,
            limit,
        };
        self.readers.read(|db| lists::entries(db, &page))
    }

    fn inspections(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Inspection>>, RegisterError> {
        let page = lists::Page {
            kind: lists::INSPECTION,
            standing_only: true,
            source,
            after,
            limit,
        };
        self.readers.read(|db| lists::entries(db, &page))
    }

    fn rule_sets(&self) -> Result<Vec<(RuleScope, Parameters)>, RegisterError> {
        self.readers.read(lists::rule_sets)
    }

    fn set_login(&self, login: &Login) -> Result<(), RegisterError> {
        checks::login(login)?;
        self.write("changed", |tx| parts::set_login(tx, login))
    }

    fn remove_login(&self, name: &str) -> Result<bool, RegisterError> {
        self.write("changed", |tx| parts::remove_login(tx, name))
    }

    fn login(&self, name: &str) -> Result<Option<Login>, RegisterError> {
        self.readers.read(|db| parts::login(db, name))
    }

    fn logins(&self, after: Option<&str>, limit: usize) -> Result<Vec<Login>, RegisterError> {
        self.readers.read(|db| parts::logins(db, after, limit))
    }

    fn commit(&self, commit: &WatchCommit) -> Result<(), RegisterError> {
        let written = watch::Written::of(commit)?;
        self.write("committed to", |tx| watch::commit(tx, &written))
    }

    fn committed(&self) -> Result<(Position, ChangeNumber), RegisterError> {
        self.readers.read(watch::committed)
    }

    fn taken_changes(
        &self,
        after: ChangeNumber,
    ) -> Result<Vec<(ChangeNumber, Position)>, RegisterError> {
        self.readers.read(|db| watch::taken_changes(db, after))
    }

    fn save_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        more: SourceCheckpoints<'_>,
    ) -> Result<(), RegisterError> {
        self.folded.save(checkpoint, more)
    }

    fn read_checkpoint(
        &self,
        read: &mut dyn FnMut(Checkpoint, SourceCheckpoints<'_>) -> Result<(), RegisterError>,
    ) -> Result<bool, RegisterError> {
        self.folded.read(read)
    }

    fn standings(&self) -> Result<Vec<(SourceCode, Standing)>, RegisterError> {
        self.readers.read(said::standings)
    }

    fn episodes(
        &self,
        filter: &EpisodeFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<EpisodeRow>, RegisterError> {
        self.readers
            .read(|db| said::episodes(db, filter, after, limit))
    }

    fn episode(&self, id: &str) -> Result<Option<EpisodeRow>, RegisterError> {
        self.readers.read(|db| said::episode(db, id))
    }

    fn stream_after(&self, after: u64, limit: usize) -> Result<Vec<StreamEvent>, RegisterError> {
        self.readers.read(|db| said::stream_after(db, after, limit))
    }

    fn stream_extent(&self) -> Result<(u64, u64), RegisterError> {
        self.readers.read(said::stream_extent)
    }

    fn prune_stream(&self, keep: u64) -> Result<(), RegisterError> {
        self.write("pruned", |tx| said::prune_stream(tx, keep))
    }

    fn cursor(&self, consumer: &str) -> Result<Option<(Position, Vec<u8>)>, RegisterError> {
        self.readers.read(|db| parts::cursor(db, consumer))
    }

    fn set_cursor(
        &self,
        consumer: &str,
        position: Position,
        state: &[u8],
    ) -> Result<(), RegisterError> {
        self.write("written to", |tx| {
            parts::set_cursor(tx, consumer, position, state)
        })
    }

    fn tell_status(&self, status: &PartStatus) -> Result<(), RegisterError> {
        match self.write("written to", |tx| parts::tell_status(tx, status)) {
            Err(RegisterError::DiskFull) if self.notices.leave(status).unwrap_or(false) => Ok(()),
            told => told,
        }
    }

    fn statuses(&self) -> Result<Vec<PartStatus>, RegisterError> {
        let mut statuses = self.readers.read(parts::statuses)?;
        for notice in self.notices.read() {
            match statuses.iter_mut().find(|row| row.part == notice.part) {
                Some(row) if row.at >= notice.at => {}
                Some(row) => *row = notice,
                None => statuses.push(notice),
            }
        }
        Ok(statuses)
    }
}
