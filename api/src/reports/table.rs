//! What reports are made of: sections with columns and rows. Codes stay codes; words come last.

use firemain_domain::Timestamp;

/// One question and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its code, by which its figures are defined.
    pub code: &'static str,
    /// Its columns: those that name a row first, then its figures.
    pub columns: &'static [Column],
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its code, in the JSON too.
    pub code: &'static str,
    /// The unit of its figures; empty: a count, a code, a name or a date.
    pub unit: &'static str,
    /// Whether it names the row.
    pub key: bool,
}

/// A column that names the row.
pub const fn key(code: &'static str) -> Column {
    Column {
        code,
        unit: "",
        key: true,
    }
}

/// A column of figures.
pub const fn figure(code: &'static str, unit: &'static str) -> Column {
    Column {
        code,
        unit,
        key: false,
    }
}

/// What stands in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing to tell.
    Nothing,
    /// A code of ours: shown in words.
    Code(&'static str),
    /// What people entered.
    Text(String),
    /// How many.
    Count(u64),
    /// A measure, in the column's unit.
    Number(f64),
    /// A share, 0 to 1.
    Share(f64),
    /// A moment.
    Moment(Timestamp),
}

impl Cell {
    /// A count.
    pub fn count(n: usize) -> Self {
        Self::Count(n as u64)
    }

    /// A number, if there is one.
    pub fn number(value: Option<f64>) -> Self {
        value
            .filter(|v| v.is_finite())
            .map_or(Self::Nothing, Self::Number)
    }

    /// A part of a whole, if that is anything.
    pub fn share(part: f64, whole: f64) -> Self {
        if whole > 0.0 {
            Self::Share(part / whole)
        } else {
            Self::Nothing
        }
    }
}

/// A number as it is worth telling: six digits behind the point.
pub fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
