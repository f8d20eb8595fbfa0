//! What reading a file led to.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use firemain_domain::change::Change;
use firemain_domain::source::{KindName, Source, Status};
use firemain_store::register::limits::Fault;
use serde::Serialize;

use super::cell::{Numbers, shown};
use super::column::{Cells, Column};
use super::row::{self, ReadSource};
use super::{ImportError, MOST_REMARKS, MOST_ROWS};

/// Unknown columns told by name.
const MOST_UNKNOWN: usize = 100;
/// Below this a required pressure was probably meant in another unit (half the norm's 98.1 kPa).
const DOUBTFUL_KPA: f64 = 49.0;

/// A register as read from a file: its sources, or why it is not imported.
#[derive(Debug, Default, Serialize)]
pub struct ImportPlan {
    /// Rows (features) read.
    pub rows: u64,
    /// The sources, in the file's order. Empty as soon as there is one error: nothing is
    /// half-imported.
    #[serde(skip)]
    pub sources: Vec<Source>,
    /// Columns (properties) that nobody here knows; they were passed over.
    pub unknown_columns: Vec<String>,
    /// What is wrong, row by row: the first thousand.
    pub errors: Vec<Remark>,
    /// How many more errors there are.
    pub more_errors: u64,
    /// What is allowed, but looks wrong: the first thousand.
    pub warnings: Vec<Remark>,
    /// How many more warnings there are.
    pub more_warnings: u64,
}

/// Something to be said of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The source's code, if it can be told.
    pub code: Option<String>,
    /// The column, if it is about one.
    pub column: Option<&'static str>,
    /// What is wrong, and what is expected.
    pub reason: String,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The line at which a row begins, from 1.
    Line(u64),
    /// The how-many-th feature, from 1.
    Feature(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(n) => write!(f, "line {n}"),
            Self::Feature(n) => write!(f, "feature {n}"),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(code) = &self.code {
            write!(f, ", {code}")?;
        }
        if let Some(column) = self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl ImportPlan {
    /// Whether the file can be imported.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// All errors, told or counted.
    pub fn error_count(&self) -> u64 {
        self.errors.len() as u64 + self.more_errors
    }

    /// The changes that make the register hold these sources: only of those that differ from what
    /// `existing` says is there. Sources that the file does not name stay as they are. No changes
    /// at all where there are errors.
    pub fn into_changes(self, existing: &dyn Fn(&str) -> Option<Source>) -> Vec<Change> {
        let differs = |source: &Source| existing(&source.code).as_ref() != Some(source);
        self.sources
            .into_iter()
            .filter(differs)
            .map(|source| Change::SourceSet {
                source: Box::new(source),
            })
            .collect()
    }

    fn error(&mut self, remark: Remark) {
        self.sources = Vec::new();
        push(&mut self.errors, &mut self.more_errors, remark);
    }

    fn warning(&mut self, remark: Remark) {
        push(&mut self.warnings, &mut self.more_warnings, remark);
    }
}

fn push(remarks: &mut Vec<Remark>, more: &mut u64, remark: Remark) {
    if remarks.len() < MOST_REMARKS {
        remarks.push(remark);
    } else {
        *more += 1;
    }
}

/// Gathers a plan, row by row.
#[derive(Debug)]
pub struct Gathering {
    plan: ImportPlan,
    numbers: Numbers,
    codes: HashMap<Arc<str>, Place>,
    devices: HashMap<Arc<str>, Place>,
    owing_nothing: u64,
    first_owing_nothing: Option<Place>,
}

impl Gathering {
    /// Of a file in which a comma may be a decimal mark or not.
    pub fn new(decimal_comma: bool) -> Self {
        Self {
            plan: ImportPlan::default(),
            numbers: Numbers::new(decimal_comma),
            codes: HashMap::new(),
            devices: HashMap::new(),
            owing_nothing: 0,
            first_owing_nothing: None,
        }
    }

    /// Notes a column that nobody knows.
    pub fn unknown_column(&mut self, name: &str) {
        let name: String = name.trim().chars().take(64).collect();
        let known = &mut self.plan.unknown_columns;
        if known.len() < MOST_UNKNOWN && !known.contains(&name) {
            known.push(name);
        }
    }

    /// Counts a row.
    pub fn begin_row(&mut self) -> Result<(), ImportError> {
        if self.plan.rows == MOST_ROWS {
            return Err(ImportError::TooManyRows);
        }
        self.plan.rows += 1;
        Ok(())
    }

    /// A row that is none: it cannot even be split into cells.
    pub fn bad_row(&mut self, place: Place, column: Option<Column>, reason: String) {
        self.plan.error(Remark {
            place,
            code: None,
            column: column.map(Column::name),
            reason,
        });
    }

    /// A row that was split, but is doubtful as a whole.
    pub fn doubtful_row(&mut self, place: Place, reason: String) {
        self.plan.warning(Remark {
            place,
            code: None,
            column: None,
            reason,
        });
    }

    /// Takes a row: makes a source of it, or notes why not.
    pub fn take(&mut self, place: Place, cells: &Cells<'_>) {
        let ReadSource { source, mut faults } = row::read(cells, &mut self.numbers, place);
        self.see_doubles(place, cells, &mut faults);
        let code = cells.get(Column::Code).map(short);
        if faults.is_empty()
            && let Some(source) = source
        {
            self.look_twice(place, &source);
            if self.plan.is_good() {
                self.plan.sources.push(source);
            }
        }
        for fault in faults {
            self.plan.error(Remark {
                place,
                code: code.clone(),
                column: Some(fault.column),
                reason: fault.reason,
            });
        }
    }

    /// The plan, when the file is over.
    pub fn finish(mut self) -> ImportPlan {
        if let Some((place, reason)) = self.numbers.contradiction() {
            self.bad_row(place, None, reason);
        }
        if let Some(place) = self.first_owing_nothing {
            let n = self.owing_nothing;
            self.doubtful_row(place, format!(
                "{n} source(s) in service, here the first, owe nothing: without a requirement (or, at a draw point, a level of apron or bed) they are never judged and stay `unknown`"
            ));
        }
        self.plan
    }

    fn see_doubles(&mut self, place: Place, cells: &Cells<'_>, faults: &mut Vec<Fault>) {
        for (column, seen) in [
            (Column::Code, &mut self.codes),
            (Column::Device, &mut self.devices),
        ] {
            let Some(text) = cells.get(column) else {
                continue;
            };
            if let Some(before) = seen.get(text) {
                faults.push(Fault {
                    column: column.name(),
                    reason: format!(
                        "{} stands already in {before}: each {} only once",
                        shown(text),
                        column.name()
                    ),
                });
            } else {
                seen.insert(text.into(), place);
            }
        }
    }

    /// What is allowed, but is seldom meant.
    fn look_twice(&mut self, place: Place, source: &Source) {
        let required = *source.requirement;
        let owes = required.pressure_kpa.is_some()
            || required.flow_lps.is_some()
            || required.volume_m3.is_some()
            || row::has_levels(source);
        if !owes && source.status == Status::InService {
            self.owing_nothing += 1;
            self.first_owing_nothing.get_or_insert(place);
        }
        let kind = source.kind_name();
        let mut warn = |column: Column, reason: String| {
            self.plan.warning(Remark {
                place,
                code: Some(source.code.to_string()),
                column: Some(column.name()),
                reason,
            });
        };
        if let Some(kpa) = required.pressure_kpa.filter(|kpa| *kpa < DOUBTFUL_KPA) {
            warn(
                Column::RequiredPressure,
                format!(
                    "{kpa} kPa is very little; the norm asks for 98.1 kPa (10 m, 0.981 bar): was another unit meant?"
                ),
            );
        }
        if kind != KindName::Hydrant && required.pressure_kpa.is_some() {
            warn(Column::RequiredPressure, not_judged(kind));
        }
        if kind != KindName::Tank && required.volume_m3.is_some() {
            warn(Column::RequiredVolume, not_judged(kind));
        }
        if source.position.lat == 0.0 && source.position.lon == 0.0 {
            warn(
                Column::Lat,
                "0, 0 lies in the Gulf of Guinea: was the position not known?".into(),
            );
        }
    }
}

fn not_judged(kind: KindName) -> String {
    format!(
        "is not judged at a {}: no sensor there measures it",
        kind.name()
    )
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
