//! Reports of a period and a unit, as data: what the city plan asks for every half-year, year and
//! five years, and whenever somebody wants to know.
//!
//! In: a period, a unit or the whole city. Out: sections of rows ([`make()`]), as JSON, CSV or XLSX.
//! Each section is one question, and its code is where docs/reports.md defines its figures, their
//! clause and their error. Everything is read from histories row by row: memory grows with the number
//! of sources, not with the length of the period. Blocks; takes seconds.

mod alerts;
mod availability;
mod built;
mod coverage;
mod csv;
mod json;
mod people;
mod period;
mod sources;
mod spacing;
mod table;
mod words;
mod xlsx;

pub use coverage::{Gap, Gaps, Vehicle, gaps};
pub use csv::csv;
pub use json::{ReportView, SectionView, view};
pub use period::{Period, PeriodError};
pub use table::{Cell, Column, Section};
pub use words::Language;
pub use xlsx::xlsx;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::source::KindName;
use firemain_store::register::{Register, RegisterError};

use crate::board::Board;
use crate::units::UnitMap;
use sources::Sources;

/// What a report is asked of.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The period.
    pub period: Period,
    /// The unit's code or name; `None`: the whole city.
    pub unit: Option<String>,
    /// The moment.
    pub now: Timestamp,
    /// Days between two inspections, by kind.
    pub inspection_days: InspectionDays,
}

/// Days between two inspections of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectionDays {
    /// Of a hydrant.
    pub hydrant: u32,
    /// Of a tank.
    pub tank: u32,
    /// Of a draw point.
    pub draw_point: u32,
}

impl InspectionDays {
    const fn of_kind(self, kind: KindName) -> u32 {
        match kind {
            KindName::Hydrant => self.hydrant,
            KindName::Tank => self.tank,
            KindName::DrawPoint => self.draw_point,
        }
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its period.
    pub period: Period,
    /// Up to when there was something to tell: the period's end, or now if that is before.
    pub until: Timestamp,
    /// The unit asked for, by code and name.
    pub unit: Option<(Option<String>, String)>,
    /// The map of units by which sources belong: the one valid at the end.
    pub map: Option<String>,
    /// Maps that took effect within the period.
    pub reorganised: Vec<Timestamp>,
    /// What it tells.
    pub sections: Vec<Section>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The register cannot be read.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// No such unit.
    #[error("no unit `{0}` at the end of the period: GET /api/v1/units?at=… lists those that were")]
    NoUnit(String),
    /// The period lies ahead.
    #[error("the period begins at {0}, which is still to come")]
    Ahead(Timestamp),
}

/// What sections are made from.
struct Ground<'a> {
    register: &'a dyn Register,
    board: &'a Board,
    asked: &'a Asked,
    from: Timestamp,
    until: Timestamp,
    map: Option<Arc<UnitMap>>,
    sources: Sources,
}

/// Makes a report.
///
/// # Errors
/// When the unit or the period is none, or the register cannot be read.
pub fn make(register: &dyn Register, board: &Board, asked: &Asked) -> Result<Report, ReportError> {
    let (from, until) = (asked.period.from, asked.period.until.min(asked.now));
    if until <= from {
        return Err(ReportError::Ahead(from));
    }
    let last = until.plus_ms(-1);
    let map = board.units().map_at(last);
    let sources = Sources::read(register, until, map.as_deref(), asked.unit.as_deref())?;
    let unit = match &asked.unit {
        None => None,
        Some(wanted) => Some(named(wanted, map.as_deref(), &sources)?),
    };
    let ground = Ground {
        register,
        board,
        asked,
        from,
        until,
        map,
        sources,
    };
    let mut sections = Vec::new();
    let stands = availability::read(&ground)?;
    sections.push(sources::section(&ground, &stands));
    sections.push(availability::section(&stands));
    sections.extend(alerts::sections(&ground)?);
    sections.extend(people::sections(&ground)?);
    sections.push(built::section(&ground)?);
    sections.push(coverage::section(&ground, &stands));
    sections.extend(spacing::sections(&ground));
    let versions = board.units().versions().into_iter();
    let reorganised = versions
        .map(|version| version.valid_from)
        .filter(|at| (from..until).contains(at));
    Ok(Report {
        period: asked.period.clone(),
        until,
        unit,
        map: ground.map.as_ref().map(|map| map.version.id.clone()),
        reorganised: reorganised.collect(),
        sections,
    })
}

fn named(
    wanted: &str,
    map: Option<&UnitMap>,
    sources: &Sources,
) -> Result<(Option<String>, String), ReportError> {
    if let Some(unit) = map.and_then(|map| map.named(wanted)) {
        return Ok((Some(unit.code.to_string()), unit.name.to_string()));
    }
    if sources.of_unit().next().is_some() {
        return Ok((None, wanted.to_owned()));
    }
    Err(ReportError::NoUnit(wanted.chars().take(100).collect()))
}
