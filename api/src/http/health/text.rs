//! Prometheus' text format.

use std::fmt::Write;

/// Metrics in Prometheus' text format.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// What a metric is, before its values.
    pub(super) fn head(&mut self, name: &str, help: &str) {
        let kind = if name.ends_with("_total") {
            "counter"
        } else {
            "gauge"
        };
        let _ = writeln!(
            self.0,
            "# HELP firemain_{name} {help}\n# TYPE firemain_{name} {kind}"
        );
    }

    /// One value; `labels` in their braces.
    pub(super) fn value(&mut self, name: &str, labels: &str, value: f64) {
        let _ = writeln!(self.0, "firemain_{name}{labels} {value}");
    }

    /// A metric of one value.
    pub(super) fn number(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, help);
        self.value(name, "", value);
    }
}

/// Only what a metric's name may have.
pub(super) fn plain(name: &str) -> String {
    let may = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().map(|c| if may(c) { c } else { '_' }).collect()
}

/// What people entered, as it may stand in a label's value.
pub(super) fn quoted(value: &str) -> String {
    let mut all = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => all.push_str("\\\\"),
            '"' => all.push_str("\\\""),
            '\n' => all.push_str("\\n"),
            c if c.is_control() => all.push(' '),
            c => all.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_ends_where_it_should() {
        assert_eq!(
            quoted("doi-1/\"a\" \\ b\nfiremain_x 1\u{7}"),
            "doi-1/\\\"a\\\" \\\\ b\\nfiremain_x 1 "
        );
    }

    #[test]
    fn a_name_is_of_letters_and_digits() {
        assert_eq!(plain("tell channel-1"), "tell_channel_1");
    }
}
