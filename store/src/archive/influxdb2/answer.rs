//! Flux's CSV: blocks of rows, each block with a header of its own.
//!
//! A block follows an empty line and begins with annotations (`#…`), where there are any, and a row
//! of names. A null is an empty cell. Lines end in CRLF. An error that comes after the first rows
//! is a block too, with the columns `error` and `reference`.

use csv::{ReaderBuilder, StringRecord};
use firemain_domain::Timestamp;

/// One row and what its columns are called.
pub(super) struct Row<'a> {
    names: &'a StringRecord,
    cells: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// A cell; `None` where it is null, or there is no such column.
    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        let place = self.names.iter().position(|name| name == column)?;
        self.cells.get(place).filter(|cell| !cell.is_empty())
    }

    /// A cell that must be a number where it is not null.
    pub(super) fn number(&self, column: &str) -> Result<Option<f64>, String> {
        self.text(column)
            .map(|cell| {
                cell.parse()
                    .map_err(|_| format!("`{column}` is {cell:?}, no number"))
            })
            .transpose()
    }

    /// A cell that must be a time: milliseconds, and the nanoseconds beyond.
    pub(super) fn time(&self, column: &str) -> Result<(Timestamp, u32), String> {
        let cell = self
            .text(column)
            .ok_or_else(|| format!("`{column}` is missing"))?;
        let time: jiff::Timestamp = cell
            .parse()
            .map_err(|_| format!("`{column}` is {cell:?}, no time"))?;
        let ns = time.as_nanosecond();
        let ms = i64::try_from(ns.div_euclid(1_000_000)).map_err(|e| e.to_string())?;
        Ok((Timestamp::from_ms(ms), ns.rem_euclid(1_000_000) as u32))
    }
}

/// What is wrong with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is not what was asked for.
    Unreadable(String),
    /// The server broke off, and says why.
    BrokenOff(String),
}

/// Hands each row to `each`.
pub(super) fn rows(
    body: &[u8],
    mut each: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), Wrong> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(body);
    let mut names = StringRecord::new();
    let mut cells = StringRecord::new();
    while reader
        .read_record(&mut cells)
        .map_err(|e| Wrong::Unreadable(e.to_string()))?
    {
        let first = cells.get(0).unwrap_or_default();
        let header = cells.get(1) == Some("result") && cells.get(2) == Some("table")
            || cells.iter().any(|c| c == "error") && cells.iter().any(|c| c == "reference");
        if first.starts_with('#') {
            continue;
        }
        if header {
            names = std::mem::take(&mut cells);
            continue;
        }
        if names.is_empty() {
            return Err(Wrong::Unreadable(
                "a row comes before any names of columns".to_owned(),
            ));
        }
        let row = Row {
            names: &names,
            cells: &cells,
        };
        if let Some(error) = row.text("error") {
            return Err(Wrong::BrokenOff(error.to_owned()));
        }
        each(&row).map_err(Wrong::Unreadable)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Option<String>, Option<f64>);

    fn read(body: &str) -> Result<Vec<Read>, Wrong> {
        let mut found = Vec::new();
        rows(body.as_bytes(), |row| {
            found.push((row.text("_field").map(str::to_owned), row.number("_value")?));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn blocks_nulls_and_annotations_are_read() {
        let body = "#datatype,string,long,string,double\r\n#default,_result,,,\r\n\
                    ,result,table,_field,_value\r\n,,0,pressure_kpa,2.15e+02\r\n,,0,flow_lps,\r\n\r\n\
                    ,result,table,_value,_field\r\n,_result,1,1.5,\"level, m\"\r\n\r\n";
        let expected = [
            (Some("pressure_kpa".to_owned()), Some(215.0)),
            (Some("flow_lps".to_owned()), None),
            (Some("level, m".to_owned()), Some(1.5)),
        ];
        assert_eq!(read(body).unwrap(), expected);
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("\r\n").unwrap(), []);
    }

    #[test]
    fn an_answer_that_breaks_off_is_no_answer() {
        let body = ",result,table,_field,_value\r\n,,0,flow_lps,1\r\n\r\nerror,reference\r\nout of memory,897\r\n";
        assert_eq!(
            read(body),
            Err(Wrong::BrokenOff("out of memory".to_owned()))
        );
        assert!(matches!(read("what,is\r\n"), Err(Wrong::Unreadable(_))));
        assert!(matches!(
            read(",result,table,_value\r\n,,0,x\r\n"),
            Err(Wrong::Unreadable(_))
        ));
    }

    #[test]
    fn a_time_is_milliseconds_and_a_mark() {
        rows(
            b",result,table,_time\r\n,,0,2025-11-24T16:00:00.001000042Z\r\n",
            |row| {
                assert_eq!(
                    row.time("_time")?,
                    (Timestamp::from_ms(1_764_000_000_001), 42)
                );
                Ok(())
            },
        )
        .unwrap();
    }
}
