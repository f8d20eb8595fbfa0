//! Registers as files: read from CSV or GeoJSON, and written to them.
//!
//! In: a file of sources, with the columns of [`COLUMNS`] (`docs/register.md` tells of each). Out: an
//! [`ImportPlan`]: every source, or every reason why a row cannot be one; nothing is half-imported.
//!
//! A row's way: [`csv`] or [`geojson`] splits the file into [`mod@column`]s of text within [`bounded`]
//! space, [`row`] makes a source of them by [`cell`]s, and the [`plan`] gathers sources and faults.
//! The other way round goes [`mod@write`].

mod bounded;
mod error;

mod csv;
mod geojson;

mod cell;
mod column;
mod row;

mod plan;
mod write;

pub use column::COLUMNS;
pub use error::ImportError;
pub use plan::{ImportPlan, Place, Remark};
pub use write::{to_geojson, write_csv, write_geojson};

use std::io::Read;
use std::path::Path;

/// Sources in one file, at most.
pub const MOST_ROWS: u64 = 2_000_000;
/// Bytes of one file, at most: 1 GiB.
pub const MOST_BYTES: u64 = 1 << 30;
/// Bytes of one row or feature, at most.
pub const MOST_ROW_BYTES: u64 = 1 << 20;
/// Bytes of one cell, at most.
pub const MOST_CELL_BYTES: usize = 4_096;
/// Errors, and likewise warnings, that are told one by one; the others are counted.
pub const MOST_REMARKS: usize = 1_000;

/// How a register is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated (or by semicolons or tabs), with a header.
    Csv,
    /// A `FeatureCollection` of points.
    GeoJson,
}

impl Format {
    /// By the ending of a file's name: `.csv`, `.tsv`, `.txt`, `.geojson` or `.json`.
    pub fn of_file(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "geojson" | "json" => Some(Self::GeoJson),
            _ => None,
        }
    }
}

/// Reads a register written in `format`.
///
/// # Errors
/// When the file as a whole cannot be read; what is wrong with single rows is in the plan.
pub fn read(reader: impl Read, format: Format) -> Result<ImportPlan, ImportError> {
    match format {
        Format::Csv => read_csv(reader),
        Format::GeoJson => read_geojson(reader),
    }
}

/// Reads a register from CSV.
///
/// # Errors
/// As [`read`].
pub fn read_csv(reader: impl Read) -> Result<ImportPlan, ImportError> {
    csv::read(reader)
}

/// Reads a register from GeoJSON.
///
/// # Errors
/// As [`read`].
pub fn read_geojson(reader: impl Read) -> Result<ImportPlan, ImportError> {
    geojson::read(reader)
}
