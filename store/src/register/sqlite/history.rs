//! How sources lived and stood over time.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::judging::{Severity, Verdict};
use firemain_domain::source::{KindName, Position, Source, SourceCode, Status};
use rusqlite::{Connection, Params, Row};

use super::SqliteRegister;
use super::connection::during;
use super::lists::{FLOW_TEST, INSPECTION};
use super::rows::{all, column, one, ready, run};
use crate::register::RegisterError;
use crate::register::history::{
    AlertRow, HistoryRegister, LifeRow, Reasons, VerdictRow, Visit, Was,
};

/// Nothing is written where nothing changed.
const ADD_LIFE: &str =
    "INSERT INTO source_life (source, at_ms, kind, status, lat, lon, unit, flow_lps)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM
         (SELECT * FROM source_life WHERE source = ?1 ORDER BY at_ms DESC LIMIT 1) AS last
         WHERE last.kind IS ?3 AND last.status IS ?4 AND last.lat IS ?5 AND last.lon IS ?6
           AND last.unit IS ?7 AND last.flow_lps IS ?8)
     ON CONFLICT (source, at_ms) DO UPDATE
         SET kind = ?3, status = ?4, lat = ?5, lon = ?6, unit = ?7, flow_lps = ?8";
const LIVES: &str = "SELECT source, at_ms, kind, status, lat, lon, unit, flow_lps
     FROM source_life WHERE at_ms < ?1 ORDER BY source, at_ms";
const ADD_VERDICT: &str = "INSERT INTO verdict_change (source, at_ms, verdict, reasons)
     VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (source, at_ms) DO UPDATE SET verdict = ?3, reasons = ?4";
const VERDICT_AT: &str = "SELECT at_ms, verdict, reasons FROM verdict_change
     WHERE source = ?1 AND at_ms <= ?2 ORDER BY at_ms DESC LIMIT 1";
const VERDICTS: &str = "SELECT at_ms, verdict, reasons FROM verdict_change
     WHERE source = ?1 AND at_ms > ?2 AND at_ms < ?3 ORDER BY at_ms";
const ALERTS: &str = "SELECT source, rule, json_extract(body, '$.highest'),
         json_extract(body, '$.pages'), raised_at_ms, cleared_at_ms,
         CAST(round(unixepoch(json_extract(handling, '$.acknowledged.at'), 'subsec') * 1000) AS INTEGER)
     FROM episode WHERE raised_at_ms < ?2
       AND (raised_at_ms >= ?1 OR cleared_at_ms IS NULL OR cleared_at_ms >= ?1)
     ORDER BY raised_at_ms, id";
const VISITS: &str = "SELECT source, at_ms FROM entry
     WHERE kind = ?1 AND at_ms < ?2 AND ended_at_ms IS NULL AND source IS NOT NULL
     ORDER BY at_ms, id";
const WORK: &str =
    "SELECT source, found_at_ms, done_at_ms FROM work WHERE found_at_ms < ?1 ORDER BY found_at_ms";
/// A row goes once a later one held at ?1 already.
const PRUNE_VERDICTS: &str = "DELETE FROM verdict_change AS old WHERE at_ms < ?1
     AND EXISTS (SELECT 1 FROM verdict_change AS later
                 WHERE later.source = old.source AND later.at_ms > old.at_ms AND later.at_ms <= ?1)";
const PRUNE_BULLETINS: &str = "DELETE FROM bulletin WHERE sent_at_ms < ?1";

/// A source was entered or altered.
pub fn note_life(tx: &Connection, at: Timestamp, source: &Source) -> Result<(), RegisterError> {
    let row = (
        &*source.code,
        at.ms(),
        source.kind_name().name(),
        source.status.name(),
        source.position.lat,
        source.position.lon,
        source.unit.as_deref(),
        source.requirement.flow_lps,
    );
    run(tx, ADD_LIFE, row).map(drop)
}

/// A source was struck from the register.
pub fn note_end(tx: &Connection, at: Timestamp, code: &str) -> Result<(), RegisterError> {
    let nothing: Option<&str> = None;
    let row = (
        code,
        at.ms(),
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
    );
    run(tx, ADD_LIFE, row).map(drop)
}

/// How sources stand now: a row where verdict or reasons are new.
pub fn note_verdicts(
    tx: &Connection,
    verdicts: &[(SourceCode, VerdictRow)],
) -> Result<(), RegisterError> {
    for (source, row) in verdicts {
        let reasons = i64::from(row.reasons.bits());
        let row = (&**source, row.at.ms(), verdict_number(row.verdict), reasons);
        run(tx, ADD_VERDICT, row)?;
    }
    Ok(())
}

const VERDICTS_BY_NUMBER: [Verdict; 4] = [
    Verdict::Usable,
    Verdict::Degraded,
    Verdict::Unknown,
    Verdict::Unusable,
];

const fn verdict_number(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Usable => 0,
        Verdict::Degraded => 1,
        Verdict::Unknown => 2,
        Verdict::Unusable => 3,
    }
}

fn unreadable(what: &'static str, reason: impl Into<String>) -> RegisterError {
    let reason = reason.into();
    RegisterError::Unreadable { what, reason }
}

fn read_life(row: &Row<'_>) -> Result<LifeRow, RegisterError> {
    let status: Option<String> = column(row, 3)?;
    let was = match status {
        None => None,
        Some(status) => Some(read_was(row, &status)?),
    };
    Ok(LifeRow {
        source: Arc::from(column::<String>(row, 0)?),
        at: Timestamp::from_ms(column(row, 1)?),
        was,
    })
}

fn read_was(row: &Row<'_>, status: &str) -> Result<Was, RegisterError> {
    const STATUSES: [Status; 4] = [
        Status::Planned,
        Status::InService,
        Status::OutOfService,
        Status::Removed,
    ];
    let kind: String = column(row, 2)?;
    let known_kind = KindName::ALL.into_iter().find(|known| known.name() == kind);
    let known_status = STATUSES.into_iter().find(|known| known.name() == status);
    let (Some(kind), Some(status)) = (known_kind, known_status) else {
        return Err(unreadable("life of a source", format!("{kind}, {status}")));
    };
    let unit: Option<String> = column(row, 6)?;
    Ok(Was {
        kind,
        status,
        position: Position {
            lat: column(row, 4)?,
            lon: column(row, 5)?,
        },
        unit: unit.map(Arc::from),
        flow_lps: column(row, 7)?,
    })
}

fn read_verdict(row: &Row<'_>) -> Result<VerdictRow, RegisterError> {
    let (verdict, reasons): (usize, u32) = (column(row, 1)?, column(row, 2)?);
    let verdict = VERDICTS_BY_NUMBER.get(verdict);
    Ok(VerdictRow {
        at: Timestamp::from_ms(column(row, 0)?),
        verdict: *verdict.ok_or_else(|| unreadable("verdict", "its number is none of ours"))?,
        reasons: Reasons::from_bits(reasons),
    })
}

fn read_alert(row: &Row<'_>) -> Result<AlertRow, RegisterError> {
    let highest: String = column(row, 2)?;
    let moment =
        |at| Ok::<_, RegisterError>(column::<Option<i64>>(row, at)?.map(Timestamp::from_ms));
    Ok(AlertRow {
        subject: column(row, 0)?,
        rule: column(row, 1)?,
        highest: match highest.as_str() {
            "info" => Severity::Info,
            "minor" => Severity::Minor,
            "major" => Severity::Major,
            "critical" => Severity::Critical,
            _ => return Err(unreadable("alert", format!("severity {highest}"))),
        },
        pages: column(row, 3)?,
        raised_at: Timestamp::from_ms(column(row, 4)?),
        cleared_at: moment(5)?,
        acknowledged_at: moment(6)?,
    })
}

/// Row by row.
fn each(
    db: &Connection,
    query: &'static str,
    params: impl Params,
    mut take: impl FnMut(&Row<'_>) -> Result<(), RegisterError>,
) -> Result<(), RegisterError> {
    let reading = |e| during("read", e);
    let mut statement = ready(db, query)?;
    let mut rows = statement.query(params).map_err(reading)?;
    while let Some(row) = rows.next().map_err(reading)? {
        take(row)?;
    }
    Ok(())
}

impl HistoryRegister for SqliteRegister {
    fn lives(&self, until: Timestamp, row: &mut dyn FnMut(LifeRow)) -> Result<(), RegisterError> {
        self.readers.read(|db| {
            each(db, LIVES, [until.ms()], |found| {
                row(read_life(found)?);
                Ok(())
            })
        })
    }

    fn verdicts(
        &self,
        sources: &[SourceCode],
        from: Timestamp,
        until: Timestamp,
        of: &mut dyn FnMut(usize, &[VerdictRow]),
    ) -> Result<(), RegisterError> {
        self.readers.read(|db| {
            for (index, source) in sources.iter().enumerate() {
                let held = one(db, VERDICT_AT, (&**source, from.ms()), read_verdict)?;
                let within = (&**source, from.ms(), until.ms());
                let mut rows = Vec::from_iter(held);
                rows.extend(all(db, VERDICTS, within, read_verdict)?);
                of(index, &rows);
            }
            Ok(())
        })
    }

    fn alerts_within(
        &self,
        from: Timestamp,
        until: Timestamp,
        row: &mut dyn FnMut(AlertRow),
    ) -> Result<(), RegisterError> {
        self.readers.read(|db| {
            each(db, ALERTS, (from.ms(), until.ms()), |found| {
                row(read_alert(found)?);
                Ok(())
            })
        })
    }

    fn visits(
        &self,
        what: Visit,
        until: Timestamp,
        row: &mut dyn FnMut(&str, Timestamp),
    ) -> Result<(), RegisterError> {
        let kind = match what {
            Visit::FlowTest => FLOW_TEST,
            Visit::Inspection => INSPECTION,
        };
        self.readers.read(|db| {
            each(db, VISITS, (kind, until.ms()), |found| {
                let source: String = column(found, 0)?;
                row(&source, Timestamp::from_ms(column(found, 1)?));
                Ok(())
            })
        })
    }

    fn work_until(
        &self,
        until: Timestamp,
        row: &mut dyn FnMut(&str, Timestamp, Option<Timestamp>),
    ) -> Result<(), RegisterError> {
        self.readers.read(|db| {
            each(db, WORK, [until.ms()], |found| {
                let source: String = column(found, 0)?;
                let done: Option<i64> = column(found, 2)?;
                let found_at = Timestamp::from_ms(column(found, 1)?);
                row(&source, found_at, done.map(Timestamp::from_ms));
                Ok(())
            })
        })
    }

    fn prune_history(&self, before: Timestamp) -> Result<(), RegisterError> {
        self.write("pruned", |tx| {
            run(tx, PRUNE_VERDICTS, [before.ms()])?;
            run(tx, PRUNE_BULLETINS, [before.ms()]).map(drop)
        })
    }
}
