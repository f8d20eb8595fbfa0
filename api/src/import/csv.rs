//! CSV: whatever separates its columns, whichever system wrote it.

use std::io::{BufRead, BufReader, Cursor, Read};

use super::bounded::{Bounded, Budget, OneLineEnd};
use super::column::{Cells, Column};
use super::plan::{Gathering, ImportPlan, Place};
use super::{ImportError, MOST_ROW_BYTES};

/// Reads a register.
pub fn read(reader: impl Read) -> Result<ImportPlan, ImportError> {
    let budget = Budget::new();
    let lines = OneLineEnd::new(Bounded::new(reader, budget.clone()));
    let mut input = BufReader::with_capacity(1 << 16, lines);
    let mut header_line = 1;
    let mut first = first_line(&mut input, &budget)?;
    // Excel's own hint of the separator.
    let hint = first
        .strip_prefix("sep=")
        .and_then(|rest| rest.bytes().next());
    if hint.is_some() {
        header_line = 2;
        first = first_line(&mut input, &budget)?;
    }
    let separator = hint.unwrap_or_else(|| separator_of(&first));
    let header = header(&first, separator)?;
    let mut gathering = Gathering::new(separator != b',');
    note_unknown(&header, &mut gathering);
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(input);
    let mut record = csv::ByteRecord::new();
    let mut place = Place::Line(header_line);
    loop {
        let more = rows
            .read_byte_record(&mut record)
            .map_err(|e| failed(e, &budget, place))?;
        if !more {
            return Ok(gathering.finish());
        }
        budget.renew_row();
        // Every line ends in one `\n`, so the row began so many lines before where reading stands.
        let inner: usize = record.iter().map(newlines).sum();
        let line = rows.position().line().saturating_sub(1 + inner as u64);
        place = Place::Line(header_line + line);
        if record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
            gathering.begin_row()?;
            take(&record, &header, place, &mut gathering);
        }
    }
}

fn take(
    record: &csv::ByteRecord,
    header: &[(String, Option<Column>)],
    place: Place,
    gathering: &mut Gathering,
) {
    let surplus = record.iter().skip(header.len());
    if surplus.clone().any(|cell| !cell.trim_ascii().is_empty()) {
        let (has, named) = (record.len(), header.len());
        let reason = format!(
            "has {has} cells where the first line names {named} columns: check separators and quotation marks"
        );
        return gathering.bad_row(place, None, reason);
    }
    if record.len() < header.len() {
        let (has, named) = (record.len(), header.len());
        gathering.doubtful_row(
            place,
            format!("has {has} cells where the first line names {named} columns: the rest was taken as empty"),
        );
    }
    let mut cells = Cells::new();
    for (bytes, (name, column)) in record.iter().zip(header) {
        let Some(column) = column else { continue };
        match std::str::from_utf8(bytes) {
            Ok(text) => cells.set(*column, text),
            Err(_) => {
                let reason = format!(
                    "{name} is not UTF-8: save the file as UTF-8 (in Excel: \"CSV UTF-8\")"
                );
                return gathering.bad_row(place, Some(*column), reason);
            }
        }
    }
    gathering.take(place, &cells);
}

/// One line, without its end and a byte order mark.
fn first_line(input: &mut impl BufRead, budget: &Budget) -> Result<String, ImportError> {
    let mut line = Vec::new();
    input
        .take(MOST_ROW_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(|e| budget.explain(e, "the beginning".into()))?;
    if line.starts_with(b"PK\x03\x04") {
        return Err(ImportError::Workbook);
    }
    if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::Utf16);
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
    let line = std::str::from_utf8(line).map_err(|_| ImportError::HeaderNotUtf8)?;
    if line.trim().is_empty() {
        return Err(ImportError::Empty);
    }
    Ok(line.trim_end_matches('\n').to_owned())
}

/// What stands most often in the header.
fn separator_of(header: &str) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|b| b == separator).count();
    // Of equals the last wins: the comma.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}

fn header(line: &str, separator: u8) -> Result<Vec<(String, Option<Column>)>, ImportError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .from_reader(Cursor::new(line));
    let mut names = csv::StringRecord::new();
    reader
        .read_record(&mut names)
        .map_err(|e| ImportError::Read(std::io::Error::other(e)))?;
    let header: Vec<(String, Option<Column>)> = names
        .iter()
        .map(|name| (name.to_owned(), Column::of(name)))
        .collect();
    for column in Column::ALL {
        if header.iter().filter(|(_, c)| *c == Some(column)).count() > 1 {
            return Err(ImportError::DoubledColumn(column.name()));
        }
    }
    let missing: Vec<&str> = Column::NEEDED
        .into_iter()
        .filter(|needed| !header.iter().any(|(_, c)| c == &Some(*needed)))
        .map(Column::name)
        .collect();
    if missing.is_empty() {
        return Ok(header);
    }
    Err(ImportError::MissingColumns {
        missing: missing.join(", "),
        separator: match separator {
            b'\t' => "tabs",
            b';' => "semicolons",
            b',' => "commas",
            _ => "what its first line says",
        },
        found: line.chars().filter(|c| !c.is_control()).take(200).collect(),
    })
}

fn note_unknown(header: &[(String, Option<Column>)], gathering: &mut Gathering) {
    for (name, column) in header {
        if column.is_none() && !name.trim().is_empty() {
            gathering.unknown_column(name);
        }
    }
}

fn newlines(cell: &[u8]) -> usize {
    cell.iter().filter(|byte| **byte == b'\n').count()
}

fn failed(error: csv::Error, budget: &Budget, after: Place) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => budget.explain(e, after.to_string()),
        other => ImportError::Read(std::io::Error::other(format!("{other:?}"))),
    }
}
