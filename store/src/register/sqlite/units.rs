//! Maps of administrative units, and targets.

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::source::KindName;
use firemain_domain::units::{Target, UnitKind};
use rusqlite::{Connection, Row};

use super::SqliteRegister;
use super::people;
use super::rows::{all, column, one, run};
use crate::register::RegisterError;
use crate::register::checks::shown;
use crate::register::units::{
    MOST_TARGETS, MOST_UNITS, MOST_VERSIONS, NewUnits, Unit, UnitRegister, UnitVersion,
};

const VERSIONS: &str = "SELECT id, valid_from_ms, units, entered_at_ms, by, withdrawn_at_ms
     FROM unit_version ORDER BY valid_from_ms DESC, entered_at_ms DESC, id";
const VERSION: &str = "SELECT id, valid_from_ms, units, entered_at_ms, by, withdrawn_at_ms
     FROM unit_version WHERE id = ?1";
const VERSION_FROM: &str =
    "SELECT id FROM unit_version WHERE valid_from_ms = ?1 AND withdrawn_at_ms IS NULL";
const VERSION_COUNT: &str = "SELECT count(*) FROM unit_version";
const ADD_VERSION: &str = "INSERT INTO unit_version (id, valid_from_ms, units, entered_at_ms, by)
     VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (id) DO UPDATE SET entered_at_ms = ?4, by = ?5, withdrawn_at_ms = NULL";
const WITHDRAW_VERSION: &str = "UPDATE unit_version SET withdrawn_at_ms = ?2 WHERE id = ?1";
const FORGET_UNITS: &str = "DELETE FROM unit WHERE version = ?1";
const ADD_UNIT: &str =
    "INSERT INTO unit (version, code, name, kind, geometry) VALUES (?1, ?2, ?3, ?4, ?5)";
const UNITS: &str = "SELECT code, name, kind, geometry FROM unit WHERE version = ?1 ORDER BY code";
const UNIT_COUNT: &str = "SELECT count(*) FROM unit WHERE version = ?1";
const TARGETS: &str = "SELECT unit, kind, year, sources FROM target ORDER BY unit, kind, year";
const TARGET_COUNT: &str = "SELECT count(*) FROM target";
const SET_TARGET: &str = "INSERT INTO target (unit, kind, year, sources) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (unit, kind, year) DO UPDATE SET sources = ?4";
const UNSET_TARGET: &str = "DELETE FROM target WHERE unit = ?1 AND kind = ?2 AND year = ?3";

/// A map's row, once its units are there.
pub fn enter(
    tx: &Connection,
    at: Timestamp,
    version: &str,
    valid_from: Timestamp,
    units: u32,
    by: &str,
) -> Result<(), RegisterError> {
    let count = one(tx, UNIT_COUNT, [version], |row| column::<i64>(row, 0))?;
    if units == 0 || count != Some(i64::from(units)) {
        return Err(RegisterError::NotFound(format!(
            "the units of the map {} are not here: import it as a file",
            shown(version)
        )));
    }
    let there = one(tx, VERSION_FROM, [valid_from.ms()], |row| {
        column::<String>(row, 0)
    })?;
    if let Some(there) = there {
        return Err(RegisterError::Conflict(format!(
            "the map {} begins at the same moment: withdraw it first, or choose another date",
            shown(&there)
        )));
    }
    let versions = one(tx, VERSION_COUNT, [], |row| column::<i64>(row, 0))?;
    if versions.unwrap_or_default() >= MOST_VERSIONS as i64 {
        return Err(RegisterError::Conflict(format!(
            "there are {MOST_VERSIONS} maps of units already, and no more are kept"
        )));
    }
    let row = (version, valid_from.ms(), units, at.ms(), by);
    run(tx, ADD_VERSION, row).map(drop)
}

/// A map is struck out; it stays to be seen.
pub fn withdraw(tx: &Connection, at: Timestamp, id: &str) -> Result<(), RegisterError> {
    let Some(version) = one(tx, VERSION, [id], read_version)? else {
        return Err(RegisterError::NotFound(format!(
            "there is no map of units {}",
            shown(id)
        )));
    };
    if let Some(when) = version.withdrawn_at {
        return Err(RegisterError::Conflict(format!(
            "the map {} was already withdrawn at {when}",
            shown(id)
        )));
    }
    run(tx, WITHDRAW_VERSION, (id, at.ms())).map(drop)
}

/// A target is set, or taken back.
pub fn set_target(tx: &Connection, target: &Target) -> Result<(), RegisterError> {
    let unit = target.unit.as_deref().unwrap_or_default();
    let (kind, year) = (target.kind.name(), target.year);
    let Some(sources) = target.sources else {
        return run(tx, UNSET_TARGET, (unit, kind, year)).map(drop);
    };
    let count = one(tx, TARGET_COUNT, [], |row| column::<i64>(row, 0))?;
    if count.unwrap_or_default() >= MOST_TARGETS as i64 {
        return Err(RegisterError::Conflict(format!(
            "there are {MOST_TARGETS} targets already, and no more are kept: take some back"
        )));
    }
    run(tx, SET_TARGET, (unit, kind, year, sources)).map(drop)
}

fn read_version(row: &Row<'_>) -> Result<UnitVersion, RegisterError> {
    let moment = |at| column(row, at).map(Timestamp::from_ms);
    Ok(UnitVersion {
        id: column(row, 0)?,
        valid_from: moment(1)?,
        units: column(row, 2)?,
        entered_at: moment(3)?,
        by: column(row, 4)?,
        withdrawn_at: column::<Option<i64>>(row, 5)?.map(Timestamp::from_ms),
    })
}

fn unknown_kind(what: &'static str, kind: &str) -> RegisterError {
    RegisterError::Unreadable {
        what,
        reason: format!("nobody here knows the kind {}", shown(kind)),
    }
}

fn read_unit(row: &Row<'_>) -> Result<Unit, RegisterError> {
    let kind: String = column(row, 2)?;
    Ok(Unit {
        code: column(row, 0)?,
        name: column(row, 1)?,
        kind: UnitKind::of_name(&kind).ok_or_else(|| unknown_kind("unit", &kind))?,
        geometry: column(row, 3)?,
    })
}

fn read_target(row: &Row<'_>) -> Result<Target, RegisterError> {
    let (unit, kind): (String, String) = (column(row, 0)?, column(row, 1)?);
    let known = KindName::ALL.into_iter().find(|known| known.name() == kind);
    Ok(Target {
        unit: (!unit.is_empty()).then_some(unit),
        kind: known.ok_or_else(|| unknown_kind("target", &kind))?,
        year: column(row, 2)?,
        sources: Some(column(row, 3)?),
    })
}

impl UnitRegister for SqliteRegister {
    fn import_units(
        &self,
        by: &str,
        at: Timestamp,
        map: &NewUnits,
    ) -> Result<ChangeNumber, RegisterError> {
        if !(1..=MOST_UNITS).contains(&map.units.len()) {
            return Err(RegisterError::Conflict(format!(
                "a map of units has 1 to {MOST_UNITS} units, and this has {}",
                map.units.len()
            )));
        }
        let change = Change::UnitsImported {
            version: map.id.clone(),
            valid_from: map.valid_from,
            units: map.units.len() as u32,
            by: by.to_owned(),
        };
        let changes = [change];
        people::check(by, &changes)?;
        self.write("changed", |tx| {
            run(tx, FORGET_UNITS, [&map.id])?;
            for unit in &map.units {
                let (name, geometry) = (&unit.name, &unit.geometry);
                run(
                    tx,
                    ADD_UNIT,
                    (&map.id, &unit.code, name, unit.kind.name(), geometry),
                )?;
            }
            people::change(tx, by, at, &changes)
        })
    }

    fn unit_versions(&self) -> Result<Vec<UnitVersion>, RegisterError> {
        self.readers.read(|db| all(db, VERSIONS, [], read_version))
    }

    fn units_of(&self, version: &str) -> Result<Vec<Unit>, RegisterError> {
        self.readers.read(|db| all(db, UNITS, [version], read_unit))
    }

    fn targets(&self) -> Result<Vec<Target>, RegisterError> {
        self.readers.read(|db| all(db, TARGETS, [], read_target))
    }
}
