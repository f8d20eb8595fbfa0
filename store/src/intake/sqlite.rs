//! The embedded intake: one SQLite file.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{
    Intake, IntakeError, IntakePolicy, IntakeTotals, Quarantined, Stranger, Unregistered, Why,
    kept, quarantine, schema,
};
use crate::database::{self, Desk, Trouble};
use crate::journal::Position;

/// Messages written in one transaction, so that readers and other writers come in between.
const AT_ONCE: usize = 1_000;

/// The embedded intake; any number of threads may share it.
pub struct SqliteIntake {
    /// `None`: this handle only reads.
    policy: Option<IntakePolicy>,
    desk: Desk,
}

impl SqliteIntake {
    /// Opens the intake for its one writer, making it if need be.
    pub fn open(path: &Path, policy: IntakePolicy) -> Result<Self, IntakeError> {
        Ok(Self {
            policy: Some(policy),
            desk: Desk::open(path.to_owned(), &schema::FORMAT)?,
        })
    }

    /// Opens the intake for a process that only shows what is in it. The writer may come before or
    /// after.
    pub fn open_reader(path: &Path) -> Result<Self, IntakeError> {
        Ok(Self {
            policy: None,
            desk: Desk::open(path.to_owned(), &schema::FORMAT)?,
        })
    }

    /// One change, whole or not at all.
    fn change(
        &self,
        doing: &'static str,
        change: impl FnOnce(&Transaction<'_>, IntakePolicy) -> Result<(), rusqlite::Error>,
    ) -> Result<(), IntakeError> {
        let policy = self.policy.ok_or(IntakeError::OnlyReads { doing })?;
        self.desk.with(doing, |connection| {
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            change(&step, policy)?;
            Ok(step.commit()?)
        })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, IntakeError> {
        self.desk.with("read", |connection| {
            let step = connection.transaction()?;
            Ok(read(&step)?)
        })
    }
}

pub(super) fn add_to_total(
    step: &Transaction<'_>,
    name: &str,
    by: i64,
) -> Result<(), rusqlite::Error> {
    if by != 0 {
        step.prepare_cached(schema::ADD_TO_TOTAL)?
            .execute(params![name, by])?;
    }
    Ok(())
}

pub(super) fn total(connection: &Connection, name: &str) -> Result<u64, rusqlite::Error> {
    connection
        .prepare_cached(schema::TOTAL)?
        .query_row([name], |row| row.get(0))
}

fn signed(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

impl From<Trouble> for IntakeError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::DiskFull => Self::DiskFull,
            Trouble::Newer { found, known } => Self::Newer { found, known },
            Trouble::Damaged {
                path,
                doing,
                source,
            } => Self::Damaged {
                path,
                doing,
                source,
            },
            Trouble::Unopenable { path, source } => Self::Unopenable { path, source },
            Trouble::Other { doing, source } => Self::Database { doing, source },
        }
    }
}

impl Intake for SqliteIntake {
    fn quarantine(&self, messages: &[Quarantined]) -> Result<(), IntakeError> {
        for some in messages.chunks(AT_ONCE) {
            self.change("added to", |step, policy| {
                quarantine::put(step, some, policy)
            })?;
        }
        Ok(())
    }

    fn keep(&self, messages: &[Unregistered]) -> Result<(), IntakeError> {
        for some in messages.chunks(AT_ONCE) {
            self.change("added to", |step, policy| {
                some.iter().try_for_each(|m| kept::keep(step, m, policy))
            })?;
        }
        Ok(())
    }

    fn quarantined(
        &self,
        why: Option<Why>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Quarantined>, IntakeError> {
        self.read(|connection| quarantine::list(connection, why, before, limit))
    }

    fn strangers(&self, after: Option<&str>, limit: usize) -> Result<Vec<Stranger>, IntakeError> {
        self.read(|connection| kept::strangers(connection, after, limit))
    }

    fn stranger(&self, device: &str) -> Result<Option<Stranger>, IntakeError> {
        self.read(|connection| kept::stranger(connection, device))
    }

    fn kept(
        &self,
        device: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Unregistered>, IntakeError> {
        self.read(|connection| kept::list(connection, device, signed(after), limit))
    }

    fn adopted(&self, device: &str, upto: Position) -> Result<(), IntakeError> {
        self.change("rid of what was adopted", |step, _| {
            kept::adopted(step, device, signed(upto))
        })?;
        let more = |connection: &mut Connection| Ok(database::shrink(connection)?);
        while self.desk.with::<_, IntakeError>("made smaller", more)? {}
        Ok(())
    }

    fn totals(&self) -> Result<IntakeTotals, IntakeError> {
        self.read(|connection| {
            Ok(IntakeTotals {
                quarantined: total(connection, "quarantined")?,
                quarantine_dropped: total(connection, "quarantine_dropped")?,
                strangers: total(connection, "strangers")?,
                kept: total(connection, "kept")?,
                kept_dropped: total(connection, "kept_dropped")?,
            })
        })
    }
}
