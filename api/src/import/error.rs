//! Why a file as a whole is no register.

use super::{MOST_BYTES, MOST_ROW_BYTES, MOST_ROWS};

/// Why a file cannot be imported at all; said for people.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(std::io::Error),
    /// Too many bytes.
    #[error("the file is larger than {} MiB: split it", MOST_BYTES >> 20)]
    TooLarge,
    /// Too many rows.
    #[error("the file has more than {MOST_ROWS} sources: split it")]
    TooManyRows,
    /// A row without an end.
    #[error(
        "the row (or feature) after {after} is longer than {} KiB: is a quotation mark not closed?",
        MOST_ROW_BYTES >> 10
    )]
    RowTooLong {
        /// The place before it, such as `line 12`.
        after: String,
    },
    /// Nothing in it.
    #[error(
        "the file is empty: its first line must name the columns, as in `code,kind,name,lat,lon`"
    )]
    Empty,
    /// A workbook, not CSV.
    #[error("this is an Excel workbook: save it as \"CSV UTF-8\" and import that")]
    Workbook,
    /// Another encoding.
    #[error("the file is in UTF-16: save it as UTF-8 (in Excel: \"CSV UTF-8\")")]
    Utf16,
    /// The header is in another encoding.
    #[error("the first line is not UTF-8: save the file as UTF-8 (in Excel: \"CSV UTF-8\")")]
    HeaderNotUtf8,
    /// Columns without which there is no source.
    #[error(
        "the first line must name the columns code, kind, lat and lon; missing: {missing}. Found, separated by {separator}: {found}"
    )]
    MissingColumns {
        /// Which, with commas.
        missing: String,
        /// What the columns seem to be separated by.
        separator: &'static str,
        /// The columns that are there, shortened.
        found: String,
    },
    /// The same column twice.
    #[error("the column {0} stands twice in the first line: remove one of them")]
    DoubledColumn(&'static str),
    /// Not JSON.
    #[error("the file is not GeoJSON: line {line}, character {character}: {reason}")]
    Json {
        /// Where.
        line: usize,
        /// Where in the line.
        character: usize,
        /// What the reader says.
        reason: String,
    },
    /// Some other JSON.
    #[error(
        "the file is no GeoJSON FeatureCollection: expected {{\"type\":\"FeatureCollection\",\"features\":[…]}}"
    )]
    NoCollection,
}
