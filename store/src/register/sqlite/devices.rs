//! What devices tell of themselves, what follows from their answers, and which device was where.

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, Settings};
use firemain_domain::source::Source;
use rusqlite::{Connection, Row, Transaction};

use super::queries as sql;
use super::rows::{all, column, json, limit, one, run, signed, to_json, unsigned};
use super::{SqliteRegister, endpoint, people};
use crate::register::RegisterError;
use crate::register::devices::{
    DeviceFacts, DeviceNews, DeviceRegister, DeviceTerm, MOST_CONFIG_BYTES, MOST_FIRMWARE_CHARS,
};
use crate::register::endpoint::{Command, CommandAnswer, NewCommand};

/// A person asks a device to set itself otherwise.
pub fn configure(
    tx: &Connection,
    by: &str,
    command: &NewCommand,
    source: &str,
) -> Result<(), RegisterError> {
    let holder = one(tx, sql::HOLDER_OF_DEVICE, [&*command.device], |row| {
        column::<String>(row, 0)
    })?;
    if let Some(holder) = holder.filter(|holder| holder != source) {
        return Err(RegisterError::Conflict(format!(
            "device {} reports for source {holder} by now, not for {source}: ask again",
            command.device
        )));
    }
    let number = endpoint::enqueue(tx, command)?;
    run(tx, sql::COMMAND_ASKED_BY, (signed(number), by)).map(drop)
}

/// The command that brings settings to a device.
pub fn command_of(
    device: &str,
    id: &str,
    set: &Settings,
    created_at: Timestamp,
    expires_at: Timestamp,
) -> NewCommand {
    let body = serde_json::json!({ "id": id, "set": set, "expires_at": expires_at.to_string() });
    NewCommand {
        device: device.into(),
        id: id.to_owned(),
        body: body.to_string(),
        created_at,
        expires_at,
    }
}

/// What follows from the answer to what a person asked for.
pub fn answered(
    tx: &Transaction<'_>,
    command: &Command,
    answer: &CommandAnswer,
) -> Result<(), RegisterError> {
    let device = &*command.device;
    let body: serde_json::Value = serde_json::from_str(&command.body).unwrap_or_default();
    let Some(set) = body.get("set").and_then(serde_json::Value::as_object) else {
        return Ok(());
    };
    let source = one(tx, sql::SOURCE_OF_DEVICE, [device], |row| {
        let code: String = column(row, 0)?;
        json::<Source>(row, 1, "source", &code)
    })?;
    let (Some(mut source), Some(_)) = (source, &command.asked_by) else {
        return Ok(());
    };
    let mut changes = vec![Change::DeviceAnswered {
        device: device.to_owned(),
        source: source.code.clone(),
        id: command.id.clone(),
        ok: answer.ok,
        error: answer.error.clone(),
        set: set.clone(),
    }];
    if answer.ok {
        let mut config = facts(tx, device)?.unwrap_or_default().config;
        config.extend(set.clone());
        note(tx, device, answer.at, None, None, Some(&config))?;
        let interval = set
            .get("report_interval_s")
            .and_then(serde_json::Value::as_u64);
        let interval = interval.and_then(|seconds| u32::try_from(seconds).ok());
        if interval.is_some() && source.reporting.interval_s != interval {
            source.reporting.interval_s = interval;
            changes.push(Change::SourceSet {
                source: Box::new(source),
            });
        }
    }
    people::change(tx, &format!("device {device}"), answer.at, &changes).map(drop)
}

/// A source's device is about to go: it is kept that it was there.
pub fn end_term(
    tx: &Connection,
    by: &str,
    at: Timestamp,
    source: &Source,
    changes: &[Change],
) -> Result<(), RegisterError> {
    let key = (&*source.code, source.device.as_deref());
    let Some(device) = one(tx, sql::DEVICE_TO_FREE, key, |row| column::<String>(row, 0))? else {
        return Ok(());
    };
    let said = changes.iter().find_map(|change| match change {
        Change::DeviceReplaced {
            source: code,
            old,
            new,
            at,
            reason,
        } if *code == source.code
            && *old == device
            && source.device.as_deref() == Some(new.as_str()) =>
        {
            Some((*at, reason.as_str()))
        }
        _ => None,
    });
    let (until, reason) = said.map_or((at, None), |(at, reason)| (at, Some(reason)));
    let row = (
        &*source.code,
        device,
        until.ms(),
        source.device.as_deref(),
        said.is_some(),
        reason,
        by,
    );
    run(tx, sql::END_TERM, row)?;
    run(tx, sql::FREE_DEVICE, key).map(drop)
}

/// The device that is said to be replaced must be there.
pub fn check_replaced(tx: &Connection, code: &str, new: &str) -> Result<(), RegisterError> {
    let holder = one(tx, sql::HOLDER_OF_DEVICE, [new], |row| {
        column::<String>(row, 0)
    })?;
    match holder {
        Some(holder) if holder != code => Err(RegisterError::Conflict(format!(
            "device {new} is mounted at source {holder}: take it from there before giving it to {code}"
        ))),
        _ => Ok(()),
    }
}

fn note(
    tx: &Connection,
    device: &str,
    at: Timestamp,
    firmware: Option<&str>,
    boot_at: Option<Timestamp>,
    config: Option<&Settings>,
) -> Result<(), RegisterError> {
    let firmware: Option<String> =
        firmware.map(|version| version.chars().take(MOST_FIRMWARE_CHARS).collect());
    let config = config.map(to_json).transpose()?;
    let config = config.filter(|config| config.len() <= MOST_CONFIG_BYTES);
    let row = (
        device,
        firmware,
        boot_at.map(Timestamp::ms),
        config,
        at.ms(),
    );
    run(tx, sql::NOTE_DEVICE, row).map(drop)
}

fn facts(db: &Connection, device: &str) -> Result<Option<DeviceFacts>, RegisterError> {
    one(db, sql::DEVICE_FACTS, [device], |row| {
        let config: Option<String> = column(row, 2)?;
        Ok(DeviceFacts {
            firmware: column(row, 0)?,
            boot_at: column::<Option<i64>>(row, 1)?.map(Timestamp::from_ms),
            config: match config {
                Some(_) => json(row, 2, "configuration of device", &device)?,
                None => Settings::new(),
            },
            at: Some(Timestamp::from_ms(column(row, 3)?)),
        })
    })
}

fn term(row: &Row<'_>) -> Result<DeviceTerm, RegisterError> {
    Ok(DeviceTerm {
        number: unsigned(column(row, 0)?),
        device: column(row, 1)?,
        until: Timestamp::from_ms(column(row, 2)?),
        next: column(row, 3)?,
        replaced: column(row, 4)?,
        reason: column(row, 5)?,
        by: column(row, 6)?,
    })
}

impl DeviceRegister for SqliteRegister {
    fn note_devices(&self, news: &[DeviceNews]) -> Result<(), RegisterError> {
        if news.is_empty() {
            return Ok(());
        }
        self.write("written to", |tx| {
            news.iter().try_for_each(|news| {
                note(
                    tx,
                    &news.device,
                    news.at,
                    news.firmware.as_deref(),
                    news.boot_at,
                    news.config.as_ref(),
                )
            })
        })
    }

    fn source_of_device(&self, device: &str) -> Result<Option<String>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::HOLDER_OF_DEVICE, [device], |row| column(row, 0)))
    }

    fn device_facts(&self, device: &str) -> Result<Option<DeviceFacts>, RegisterError> {
        self.readers.read(|db| facts(db, device))
    }

    fn device_terms(
        &self,
        source: &str,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<DeviceTerm>, RegisterError> {
        let key = (source, signed(before.unwrap_or(u64::MAX)), limit(most));
        self.readers
            .read(|db| all(db, sql::TERMS_OF_SOURCE, key, term))
    }

    fn replaced_at(&self, device: &str) -> Result<Option<Timestamp>, RegisterError> {
        self.readers.read(|db| {
            let at = one(db, sql::REPLACED_AT, [device], |row| column::<i64>(row, 0))?;
            Ok(at.map(Timestamp::from_ms))
        })
    }
}
