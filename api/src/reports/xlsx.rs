//! A report as a workbook: a sheet for each section, headings in the language with the units, numbers
//! as numbers. The reader's own settings show the decimal comma; dates are shown day first.

use firemain_domain::local_time::{AHEAD_MS, LocalDate};
use firemain_domain::time::DAY_MS;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::Report;
use super::table::{Cell, Column, Section};
use super::words::{Language, column_title, section_title, sheet_title, text, word};

/// Days from the workbook's first to 1970.
const DAYS_BEFORE_1970: f64 = 25_569.0;

struct Formats {
    title: Format,
    heading: Format,
    count: Format,
    number: Format,
    share: Format,
    moment: Format,
}

/// As a workbook.
///
/// # Errors
/// When a sheet cannot be made: too many rows for a sheet, say.
pub fn xlsx(report: &Report, language: Language) -> Result<Vec<u8>, XlsxError> {
    let formats = Formats {
        title: Format::new().set_bold().set_font_size(14),
        heading: Format::new().set_bold().set_text_wrap(),
        count: Format::new().set_num_format("#,##0"),
        number: Format::new().set_num_format("#,##0.0##"),
        share: Format::new().set_num_format("0.0%"),
        moment: Format::new().set_num_format("dd/mm/yyyy hh:mm"),
    };
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_title(text("title", language)));
    cover(workbook.add_worksheet(), report, language, &formats)?;
    for section in &report.sections {
        sheet(workbook.add_worksheet(), section, language, &formats)?;
    }
    workbook.save_to_buffer()
}

fn cover(
    sheet: &mut Worksheet,
    report: &Report,
    language: Language,
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.set_name(text("cover", language))?;
    sheet.set_column_width(0, 34)?.set_column_width(1, 44)?;
    sheet.write_string_with_format(0, 0, text("title", language), &formats.title)?;
    let day = |moment| {
        let LocalDate { year, month, day } = LocalDate::at(moment);
        format!("{day:02}/{month:02}/{year}")
    };
    let unit = match &report.unit {
        None => text("city", language).to_owned(),
        Some((Some(code), name)) => format!("{name} ({code})"),
        Some((None, name)) => name.clone(),
    };
    let reorganised: Vec<String> = report.reorganised.iter().map(|at| day(*at)).collect();
    let lines = [
        ("period", report.period.name.clone().unwrap_or_default()),
        ("from", day(report.period.from)),
        ("until", day(report.period.until.plus_ms(-1))),
        ("told_until", day(report.until.plus_ms(-1))),
        ("unit", unit),
        ("unit_version", report.map.clone().unwrap_or_default()),
        ("reorganised", reorganised.join(", ")),
    ];
    for (n, (name, value)) in lines.into_iter().enumerate() {
        let row = n as u32 + 2;
        sheet.write_string_with_format(row, 0, text(name, language), &formats.heading)?;
        sheet.write_string(row, 1, value)?;
    }
    sheet.write_string(11, 0, text("definitions", language))?;
    Ok(())
}

fn sheet(
    sheet: &mut Worksheet,
    section: &Section,
    language: Language,
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.set_name(sheet_title(section.code, language))?;
    let title = format!(
        "{} [{}]",
        section_title(section.code, language),
        section.code
    );
    sheet.write_string_with_format(0, 0, title, &formats.title)?;
    for (n, column) in section.columns.iter().enumerate() {
        let at = n as u16;
        sheet.set_column_width(at, if column.key { 24 } else { 16 })?;
        sheet.write_string_with_format(2, at, heading(column, language), &formats.heading)?;
    }
    sheet.set_freeze_panes(3, 0)?;
    for (n, row) in section.rows.iter().enumerate() {
        for (m, cell) in row.iter().enumerate() {
            write(sheet, n as u32 + 3, m as u16, cell, language, formats)?;
        }
    }
    Ok(())
}

fn heading(column: &Column, language: Language) -> String {
    let title = column_title(column.code, language);
    if column.unit.is_empty() {
        title.to_owned()
    } else {
        format!("{title} ({})", column.unit)
    }
}

/// Text is written as text: a workbook calculates only what is written as a formula.
fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    language: Language,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Code(code) => {
            sheet.write_string(row, column, word(code, language))?;
        }
        Cell::Text(text) => {
            sheet.write_string(row, column, text.as_str())?;
        }
        Cell::Count(count) => {
            sheet.write_number_with_format(row, column, *count as f64, &formats.count)?;
        }
        Cell::Number(number) => {
            sheet.write_number_with_format(row, column, *number, &formats.number)?;
        }
        Cell::Share(share) => {
            sheet.write_number_with_format(row, column, *share, &formats.share)?;
        }
        Cell::Moment(moment) => {
            let days = (moment.ms() + AHEAD_MS) as f64 / DAY_MS as f64 + DAYS_BEFORE_1970;
            sheet.write_number_with_format(row, column, days, &formats.moment)?;
        }
    }
    Ok(())
}
