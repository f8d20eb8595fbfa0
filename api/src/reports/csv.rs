//! A report as CSV (RFC 4180): one figure a line, so that one table holds every section. With a byte
//! order mark, for spreadsheet programs take UTF-8 for something else without; numbers with a decimal
//! point. Text that a spreadsheet would take for a formula begins with an apostrophe.

use std::borrow::Cow;

use firemain_domain::local_time::rfc3339;

use super::Report;
use super::table::{Cell, Column, rounded};
use super::words::{Language, column_title, section_title, word};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// As CSV.
pub fn csv(report: &Report, language: Language) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(MARK.to_vec());
    let titles = match language {
        Language::Vi => ["mục", "định nghĩa", "dòng", "chỉ tiêu", "giá trị", "đơn vị"],
        Language::En => ["section", "definition", "row", "figure", "value", "unit"],
    };
    // Writing to memory cannot fail.
    let _ = csv.write_record(titles);
    for section in &report.sections {
        for row in &section.rows {
            let cells = || section.columns.iter().zip(row);
            let keys = cells().filter(|(column, _)| column.key);
            let keys: Vec<String> = keys.map(|(_, cell)| said(cell, language)).collect();
            let keys = keys.join(" / ");
            for (column, cell) in cells().filter(|(column, _)| !column.key) {
                let record = [
                    section_title(section.code, language),
                    section.code,
                    &guarded(&keys),
                    column_title(column.code, language),
                    &value(cell, language),
                    unit(column),
                ];
                let _ = csv.write_record(record);
            }
        }
    }
    csv.into_inner().unwrap_or_default()
}

const fn unit(column: &Column) -> &'static str {
    column.unit
}

/// Shares in per cent, as the unit says.
fn value(cell: &Cell, language: Language) -> String {
    match cell {
        Cell::Text(text) => guarded(text).into_owned(),
        cell => said(cell, language),
    }
}

fn said(cell: &Cell, language: Language) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Code(code) => word(code, language).to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => rounded(*number).to_string(),
        Cell::Share(share) => rounded(share * 100.0).to_string(),
        Cell::Moment(moment) => rfc3339(*moment),
    }
}

/// Text that begins like a formula, made plain.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_calculate_is_made_plain() {
        for evil in ["=1+1", "+84", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(guarded(evil), format!("'{evil}"));
        }
        assert_eq!(guarded("TR-0412"), "TR-0412");
    }
}
