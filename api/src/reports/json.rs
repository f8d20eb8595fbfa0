//! A report as JSON: codes and numbers, for programs.

use firemain_domain::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Report;
use super::table::{Cell, Section, rounded};

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReportView {
    /// The period's name; `null`: nobody named it.
    #[schema(example = "2026-H1")]
    pub period: Option<String>,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; that moment is no part of it.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Up to when there was something to tell: now, where the period is not over.
    #[schema(value_type = String, format = DateTime)]
    pub told_until: Timestamp,
    /// The unit's code; `null`: the whole city, or a unit that is on no map.
    pub unit: Option<String>,
    /// The unit's name; `null`: the whole city.
    pub unit_name: Option<String>,
    /// The map of units by which sources belong, by id: the one valid at the end; `null`: none was.
    pub unit_version: Option<String>,
    /// When maps of units took effect within the period.
    #[schema(value_type = Vec<String>)]
    pub reorganised_at: Vec<Timestamp>,
    /// What it tells.
    pub sections: Vec<SectionView>,
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SectionView {
    /// Its code: docs/reports.md defines its figures.
    #[schema(example = "sources_at_end")]
    pub definition: &'static str,
    /// The units of those columns that have one; shares are from 0 to 1.
    #[schema(value_type = Object)]
    pub units: Map<String, Value>,
    /// Its rows: an object each, by the codes of the columns.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<Map<String, Value>>,
}

/// As JSON shows it.
pub fn view(report: &Report) -> ReportView {
    let (unit, unit_name) = match &report.unit {
        None => (None, None),
        Some((code, name)) => (code.clone(), Some(name.clone())),
    };
    ReportView {
        period: report.period.name.clone(),
        from: report.period.from,
        until: report.period.until,
        told_until: report.until,
        unit,
        unit_name,
        unit_version: report.map.clone(),
        reorganised_at: report.reorganised.clone(),
        sections: report.sections.iter().map(section).collect(),
    }
}

fn section(section: &Section) -> SectionView {
    let measured = section.columns.iter().filter(|c| !c.unit.is_empty());
    let unit = |unit: &str| if unit == "%" { "1" } else { unit }.to_owned();
    let row = |row: &Vec<Cell>| {
        let cells = section.columns.iter().zip(row);
        cells
            .map(|(column, cell)| (column.code.to_owned(), value(cell)))
            .collect()
    };
    SectionView {
        definition: section.code,
        units: measured
            .map(|column| (column.code.to_owned(), Value::String(unit(column.unit))))
            .collect(),
        rows: section.rows.iter().map(row).collect(),
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Nothing => Value::Null,
        Cell::Code(code) => Value::from(*code),
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Count(count) => Value::from(*count),
        Cell::Number(number) | Cell::Share(number) => Value::from(rounded(*number)),
        Cell::Moment(moment) => Value::from(moment.to_string()),
    }
}
