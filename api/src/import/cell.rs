//! One cell: text that becomes a number, a yes or no, or a word; or says what is expected.

use firemain_store::register::limits::{Fault, Range};

use super::column::Column;
use super::plan::Place;

/// How numbers are written in the file.
#[derive(Debug)]
pub struct Numbers {
    /// A comma may be the decimal mark: it does not separate columns.
    comma_allowed: bool,
    /// Where a decimal comma was seen first.
    comma: Option<Place>,
    /// Where a decimal point was seen first.
    point: Option<Place>,
}

impl Numbers {
    pub const fn new(comma_allowed: bool) -> Self {
        Self {
            comma_allowed,
            comma: None,
            point: None,
        }
    }

    /// A number within its range.
    pub fn read(&mut self, text: &str, range: &Range, place: Place) -> Result<f64, Fault> {
        let fault = || range.fault(&shown(text));
        let has_comma = text.contains(',');
        if has_comma && !self.comma_allowed {
            let mut fault = fault();
            fault
                .reason
                .push_str(": write a decimal point, or separate columns by semicolons");
            return Err(fault);
        }
        if has_comma {
            self.comma.get_or_insert(place);
        } else if text.contains('.') {
            self.point.get_or_insert(place);
        }
        let in_point = text.replacen(',', ".", 1);
        let value: f64 = in_point.parse().map_err(|_| fault())?;
        range.check(value).map_err(|_| fault())?;
        Ok(value)
    }

    /// Where the file contradicts itself: `1.500` may be 1500 where elsewhere a comma is the
    /// decimal mark.
    pub fn contradiction(&self) -> Option<(Place, String)> {
        let (comma, point) = (self.comma?, self.point?);
        let reason = format!(
            "decimal commas (first in {comma}) and decimal points (first in {point}) in one file: 1.500 may mean 1500 or 1.5; write one of them throughout"
        );
        Some((comma.max(point), reason))
    }
}

/// Yes or no.
pub fn yes_no(column: Column, text: &str) -> Result<bool, Fault> {
    // "có" also where its accent is a character of its own.
    match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "có" | "co\u{301}" => Ok(true),
        "false" | "0" | "no" | "không" | "kho\u{302}ng" => Ok(false),
        _ => Err(Fault {
            column: column.name(),
            reason: format!(
                "expected true or false (also 1 or 0, yes or no, có or không), found {}",
                shown(text)
            ),
        }),
    }
}

/// One of some words.
pub fn word<T: Copy>(column: Column, text: &str, words: &[(&'static str, T)]) -> Result<T, Fault> {
    let found = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let expected: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Fault {
            column: column.name(),
            reason: format!("expected {}, found {}", expected.join(", "), shown(text)),
        }
    })
}

/// A cell's text as it may be shown in a message.
pub fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(MOST)
        .collect();
    if text.chars().count() > MOST {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use firemain_store::register::limits::REQUIRED_PRESSURE;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let read = |text, comma| Numbers::new(comma).read(text, &REQUIRED_PRESSURE, Place::Line(2));
        assert_eq!(read("98.1", false), Ok(98.1));
        assert_eq!(read("98,1", true), Ok(98.1));
        for wrong in [
            "98,1", "98.1.2", "abc", "1 500", "NaN", "inf", "-5", "2001", "0", "98kPa",
        ] {
            let fault = read(wrong, false).unwrap_err();
            assert!(fault.reason.contains("1 to 2000 kPa"), "{fault}");
        }
        assert!(read("1,500,0", true).is_err());
        assert!(read("1.500,0", true).is_err());
    }

    #[test]
    fn a_file_with_both_decimal_marks_is_not_guessed_at() {
        let mut numbers = Numbers::new(true);
        for (text, line) in [("98", 2), ("98,1", 3), ("1.500", 4)] {
            numbers
                .read(text, &REQUIRED_PRESSURE, Place::Line(line))
                .unwrap();
        }
        let (place, reason) = numbers.contradiction().unwrap();
        assert_eq!(place, Place::Line(4));
        assert!(reason.contains("line 3"), "{reason}");
    }

    #[test]
    fn yes_and_no_come_in_two_languages() {
        for yes in ["true", "TRUE", "1", "Yes", "có", "Có", "CÓ", "co\u{301}"] {
            assert_eq!(yes_no(Column::TankOpen, yes), Ok(true), "{yes}");
        }
        for no in ["false", "0", "NO", "không", "KHÔNG"] {
            assert_eq!(yes_no(Column::TankOpen, no), Ok(false), "{no}");
        }
        assert!(yes_no(Column::TankOpen, "maybe").is_err());
    }
}
