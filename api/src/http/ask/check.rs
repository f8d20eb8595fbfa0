//! Bounds on what is given, all looked at before the first is complained of.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::http::problem::{Fault, Problem, ProblemKind};

/// Faults found so far.
#[derive(Debug, Default)]
pub struct Checks {
    faults: Vec<Fault>,
}

impl Checks {
    /// Notes a fault.
    pub fn fault(&mut self, field: &str, message: impl Into<String>) {
        self.faults.push(Fault::new(field, message));
    }

    /// Notes a fault unless `good`.
    pub fn that(&mut self, good: bool, field: &str, message: impl Into<String>) {
        if !good {
            self.fault(field, message);
        }
    }

    /// A number within bounds (NaN is not).
    pub fn within<T: PartialOrd + Display + Copy>(
        &mut self,
        field: &str,
        value: T,
        bounds: RangeInclusive<T>,
    ) {
        if !bounds.contains(&value) {
            let (low, high) = (bounds.start(), bounds.end());
            self.fault(field, format!("must be between {low} and {high}"));
        }
    }

    /// A number, if given, within bounds.
    pub fn within_if<T: PartialOrd + Display + Copy>(
        &mut self,
        field: &str,
        value: Option<T>,
        bounds: RangeInclusive<T>,
    ) {
        if let Some(value) = value {
            self.within(field, value, bounds);
        }
    }

    /// Text of 1 to `longest` characters without control characters.
    pub fn text(&mut self, field: &str, text: &str, longest: usize) {
        let good = text_fits(text, longest);
        self.that(
            good,
            field,
            format!("must have 1 to {longest} characters, none of them a control character"),
        );
    }

    /// Text of at most `longest` characters, of several lines or none.
    pub fn lines(&mut self, field: &str, text: &str, longest: usize) {
        let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        self.that(
            text.chars().count() <= longest && !text.chars().any(odd),
            field,
            format!("must have at most {longest} characters, none of them a control character"),
        );
    }

    /// Such text, if given.
    pub fn text_if(&mut self, field: &str, text: Option<&str>, longest: usize) {
        if let Some(text) = text {
            self.text(field, text, longest);
        }
    }

    /// Refuses query parameters with faults.
    pub fn of_params(self) -> Result<(), Problem> {
        self.end(ProblemKind::InvalidParameter)
    }

    /// Refuses a body with faults.
    pub fn of_body(self) -> Result<(), Problem> {
        self.end(ProblemKind::InvalidBody)
    }

    fn end(self, kind: ProblemKind) -> Result<(), Problem> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::of_faults(kind, self.faults))
        }
    }
}

/// Whether text has 1 to `longest` characters and no control character.
fn text_fits(text: &str, longest: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= longest
        && !text.chars().any(char::is_control)
}
