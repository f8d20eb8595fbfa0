//! Commands to devices, and the endpoint's sessions.

use std::collections::HashMap;
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::report::DeviceId;
use rusqlite::{Connection, Row, Transaction};

use super::SqliteRegister;
use super::devices;
use super::queries as sql;
use super::rows::{all, column, limit, one, run, signed, unsigned};
use crate::register::endpoint::{
    Command, CommandAnswer, CommandStep, EndpointEdit, EndpointRegister, KeptSession,
    MOST_ERROR_CHARS, MOST_OF_DEVICE, MOST_STATUSES, MOST_WAITING, NewCommand, REPEAT_MS, Step,
};
use crate::register::{RegisterError, checks};

/// Gives a command to a device.
pub fn enqueue(tx: &Connection, command: &NewCommand) -> Result<u64, RegisterError> {
    let device = &*command.device;
    if one(tx, sql::HOLDER_OF_DEVICE, [device], |_| Ok(()))?.is_none() {
        return Err(RegisterError::NotFound(format!(
            "no source has the device {device}: enter it in the register first"
        )));
    }
    let known = one(tx, sql::COMMAND_BY_ID, (device, &*command.id), |_| Ok(()))?;
    if known.is_some() {
        return Err(RegisterError::Conflict(format!(
            "device {device} was given a command {} before: each needs an id of its own",
            command.id
        )));
    }
    let asked = (device, command.created_at.ms());
    let waiting = one(tx, sql::COMMANDS_WAITING, asked, |row| {
        column::<i64>(row, 0)
    })?;
    if unsigned(waiting.unwrap_or_default()) >= MOST_WAITING as u64 {
        return Err(RegisterError::Conflict(format!(
            "{MOST_WAITING} commands wait for device {device} already: wait until it has taken some, or until they expire"
        )));
    }
    let row = (
        device,
        &*command.id,
        &*command.body,
        command.created_at.ms(),
        command.expires_at.ms(),
    );
    run(tx, sql::ADD_COMMAND, row)?;
    let number = unsigned(tx.last_insert_rowid());
    run(tx, sql::PRUNE_COMMANDS, (device, limit(MOST_OF_DEVICE)))?;
    Ok(number)
}

/// Commands that wait for their device.
pub fn pending(
    db: &Connection,
    after: u64,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Command>, RegisterError> {
    let asked = (signed(after), now.ms(), limit(most));
    all(db, sql::COMMANDS_PENDING, asked, read)
}

/// Commands that wait for the broker.
pub fn unpublished(
    db: &Connection,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Command>, RegisterError> {
    let repeated = now.plus_ms(-REPEAT_MS).ms();
    let asked = (now.ms(), limit(most), repeated);
    all(db, sql::COMMANDS_UNPUBLISHED, asked, read)
}

/// One command.
pub fn command(db: &Connection, number: u64) -> Result<Option<Command>, RegisterError> {
    one(db, sql::COMMAND, [signed(number)], read)
}

/// A device's commands, the newest first.
pub fn commands(
    db: &Connection,
    device: &str,
    before: Option<u64>,
    most: usize,
) -> Result<Vec<Command>, RegisterError> {
    let asked = (device, signed(before.unwrap_or(u64::MAX)), limit(most));
    all(db, sql::COMMANDS_OF_DEVICE, asked, read)
}

fn read(row: &Row<'_>) -> Result<Command, RegisterError> {
    let moment = |at| -> Result<Option<Timestamp>, RegisterError> {
        Ok(column::<Option<i64>>(row, at)?.map(Timestamp::from_ms))
    };
    Ok(Command {
        number: unsigned(column(row, 0)?),
        device: Arc::from(column::<String>(row, 1)?),
        id: column(row, 2)?,
        body: column(row, 3)?,
        created_at: Timestamp::from_ms(column(row, 4)?),
        expires_at: Timestamp::from_ms(column(row, 5)?),
        sent_at: moment(6)?,
        published_at: moment(7)?,
        delivered_at: moment(8)?,
        answered_at: moment(9)?,
        ok: column(row, 10)?,
        error: column(row, 11)?,
        asked_by: column(row, 12)?,
    })
}

/// Notes how far commands have come.
pub fn note_delivery(tx: &Connection, steps: &[CommandStep]) -> Result<(), RegisterError> {
    for step in steps {
        let statement = match step.step {
            Step::Sent => sql::COMMAND_SENT,
            Step::Published => sql::COMMAND_PUBLISHED,
            Step::Delivered => sql::COMMAND_DELIVERED,
        };
        run(tx, statement, (signed(step.number), step.at.ms()))?;
    }
    Ok(())
}

/// Notes what devices answered.
pub fn note_answer(
    tx: &Transaction<'_>,
    answers: &[CommandAnswer],
) -> Result<usize, RegisterError> {
    let mut settled = 0;
    for answer in answers {
        let error: Option<String> = answer
            .error
            .as_deref()
            .map(|error| error.chars().take(MOST_ERROR_CHARS).collect());
        let row = (
            &*answer.device,
            &*answer.id,
            answer.at.ms(),
            answer.ok,
            error,
        );
        if run(tx, sql::COMMAND_ANSWERED, row)? > 0 {
            settled += 1;
            let known = (&*answer.device, &*answer.id);
            if let Some(command) = one(tx, sql::COMMAND_OF_ID, known, read)? {
                devices::answered(tx, &command, answer)?;
            }
        }
    }
    Ok(settled)
}

/// A number that moves with every change of a login.
pub fn logins_version(db: &Connection) -> Result<u64, RegisterError> {
    let found = one(db, sql::LOGINS_VERSION, [], |row| column(row, 0))?;
    Ok(unsigned(found.unwrap_or_default()))
}

/// Every session that is kept.
pub fn sessions(db: &Connection) -> Result<Vec<KeptSession>, RegisterError> {
    let snapshot = db
        .unchecked_transaction()
        .map_err(|e| super::during("read", e))?;
    let mut sessions = all(&snapshot, sql::ENDPOINT_SESSIONS, [], |row| {
        Ok(KeptSession {
            login: column(row, 0)?,
            client_id: column(row, 1)?,
            keep_s: column(row, 2)?,
            away_since: column::<Option<i64>>(row, 3)?.map(Timestamp::from_ms),
            filters: Vec::new(),
        })
    })?;
    let mut filters: HashMap<(String, String), Vec<String>> = HashMap::new();
    let rows = all(&snapshot, sql::ENDPOINT_SUBSCRIPTIONS, [], |row| {
        let key: (String, String) = (column(row, 0)?, column(row, 1)?);
        Ok((key, column::<String>(row, 2)?))
    })?;
    for (key, filter) in rows {
        filters.entry(key).or_default().push(filter);
    }
    for session in &mut sessions {
        let key = (session.login.clone(), session.client_id.clone());
        session.filters = filters.remove(&key).unwrap_or_default();
    }
    Ok(sessions)
}

/// The retained status of every device.
pub fn statuses(db: &Connection) -> Result<Vec<(DeviceId, Vec<u8>)>, RegisterError> {
    all(db, sql::DEVICE_STATUSES, [], |row| {
        Ok((Arc::from(column::<String>(row, 0)?), column(row, 1)?))
    })
}

/// Writes what the endpoint has to remember.
pub fn edit(tx: &Connection, edits: &[EndpointEdit]) -> Result<(), RegisterError> {
    for edit in edits {
        write(tx, edit)?;
    }
    Ok(())
}

fn write(tx: &Connection, edit: &EndpointEdit) -> Result<(), RegisterError> {
    match edit {
        EndpointEdit::Keep {
            login,
            client_id,
            keep_s,
            away_since,
        } => {
            let away_since = away_since.map(Timestamp::ms);
            run(
                tx,
                sql::KEEP_SESSION,
                (login, client_id, keep_s, away_since),
            )?;
        }
        EndpointEdit::Forget { login, client_id } => {
            run(tx, sql::FORGET_SUBSCRIPTIONS, (login, client_id))?;
            run(tx, sql::FORGET_SESSION, (login, client_id))?;
        }
        EndpointEdit::Subscribe {
            login,
            client_id,
            filter,
        } => {
            run(tx, sql::SUBSCRIBE, (login, client_id, filter))?;
        }
        EndpointEdit::Unsubscribe {
            login,
            client_id,
            filter,
        } => {
            run(tx, sql::UNSUBSCRIBE, (login, client_id, filter))?;
        }
        EndpointEdit::Status {
            device, payload, ..
        } if payload.is_empty() => {
            run(tx, sql::FORGET_DEVICE_STATUS, [&**device])?;
        }
        EndpointEdit::Status {
            device,
            payload,
            at,
        } => {
            let row = (&**device, payload, at.ms(), limit(MOST_STATUSES));
            run(tx, sql::SET_DEVICE_STATUS, row)?;
        }
    }
    Ok(())
}

impl EndpointRegister for SqliteRegister {
    fn enqueue_command(&self, command: &NewCommand) -> Result<u64, RegisterError> {
        checks::command(command)?;
        self.write("changed", |tx| enqueue(tx, command))
    }

    fn pending_commands(
        &self,
        after: u64,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Command>, RegisterError> {
        self.readers.read(|db| pending(db, after, now, limit))
    }

    fn unpublished_commands(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Command>, RegisterError> {
        self.readers.read(|db| unpublished(db, now, limit))
    }

    fn command(&self, number: u64) -> Result<Option<Command>, RegisterError> {
        self.readers.read(|db| command(db, number))
    }

    fn commands(
        &self,
        device: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Command>, RegisterError> {
        self.readers.read(|db| commands(db, device, before, limit))
    }

    fn note_delivery(&self, steps: &[CommandStep]) -> Result<(), RegisterError> {
        if steps.is_empty() {
            return Ok(());
        }
        self.write("written to", |tx| note_delivery(tx, steps))
    }

    fn note_answer(&self, answers: &[CommandAnswer]) -> Result<usize, RegisterError> {
        if answers.is_empty() {
            return Ok(0);
        }
        self.write("written to", |tx| note_answer(tx, answers))
    }

    fn logins_version(&self) -> Result<u64, RegisterError> {
        self.readers.read(logins_version)
    }

    fn endpoint_sessions(&self) -> Result<Vec<KeptSession>, RegisterError> {
        self.readers.read(sessions)
    }

    fn device_statuses(&self) -> Result<Vec<(DeviceId, Vec<u8>)>, RegisterError> {
        self.readers.read(statuses)
    }

    fn edit_endpoint(&self, edits: &[EndpointEdit]) -> Result<(), RegisterError> {
        if edits.is_empty() {
            return Ok(());
        }
        self.write("written to", |tx| edit(tx, edits))
    }
}
