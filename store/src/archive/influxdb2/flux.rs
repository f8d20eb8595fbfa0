//! Questions in Flux.
//!
//! Each reads one bucket, one measurement and, where it can, one source, and aggregates right behind
//! the filter, where InfluxDB does it in its storage. Texts are escaped; times are numbers.

use std::fmt::Write as _;

use firemain_domain::source::SourceCode;
use firemain_domain::{Quantity, Timestamp};

use super::super::Query;
use super::line::{MAX_NS, MIN_NS};

/// The aggregates of a bucket, by the name of their result.
pub(super) const AGGREGATES: [&str; 5] = ["min", "mean", "max", "last", "count"];

/// A moment as Flux takes it, held within what InfluxDB knows.
fn time(at: Timestamp) -> String {
    format!(
        "time(v: {})",
        at.ms().saturating_mul(1_000_000).clamp(MIN_NS, MAX_NS)
    )
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // `${` would be filled in.
            '$' => quoted.push_str("\\x24"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Readings of a span, of one source or all, of some quantities or all.
fn readings(
    bucket: &str,
    source: Option<&SourceCode>,
    quantities: &[Quantity],
    from: Timestamp,
    until: Timestamp,
) -> String {
    let mut flux = format!(
        "from(bucket: {}) |> range(start: {}, stop: {}) |> filter(fn: (r) => r._measurement == \"reading\"",
        quoted(bucket),
        time(from),
        time(until)
    );
    if let Some(source) = source {
        let _ = write!(flux, " and r.source == {}", quoted(source));
    }
    if !quantities.is_empty() {
        let fields: Vec<_> = quantities
            .iter()
            .map(|q| format!("r._field == \"{}\"", q.name()))
            .collect();
        let _ = write!(flux, " and ({})", fields.join(" or "));
    }
    flux.push(')');
    flux
}

fn of(bucket: &str, query: &Query) -> String {
    readings(
        bucket,
        Some(&query.source),
        &query.quantities,
        query.from,
        query.until,
    )
}

/// Points in order of time, at most `limit` of each series.
pub(super) fn range(bucket: &str, query: &Query, limit: usize) -> String {
    // Of one series InfluxDB reads in order of time, and stops at the limit.
    format!(
        "{} |> limit(n: {limit}) |> keep(columns: [\"_time\", \"_field\", \"_value\"])",
        of(bucket, query)
    )
}

/// The five aggregates of each window, each a result of its own.
pub(super) fn buckets(bucket: &str, query: &Query, width_ms: i64) -> String {
    let readings = of(bucket, query);
    let mut flux = String::new();
    for name in AGGREGATES {
        // Writing to memory cannot fail.
        let _ = writeln!(
            flux,
            "{readings} |> aggregateWindow(every: {width_ms}ms, fn: {name}, createEmpty: false, \
             timeSrc: \"_start\") |> keep(columns: [\"_time\", \"_field\", \"_value\", \"kind\"]) \
             |> yield(name: \"{name}\")"
        );
    }
    flux
}

/// The newest point of each series of a source, whenever it was.
pub(super) fn latest(bucket: &str, source: &SourceCode) -> String {
    format!(
        "{} |> last() |> keep(columns: [\"_time\", \"_field\", \"_value\"])",
        readings(bucket, Some(source), &[], Timestamp::MIN, Timestamp::MAX)
    )
}

/// How many points there are.
pub(super) fn count(
    bucket: &str,
    source: Option<&SourceCode>,
    from: Timestamp,
    until: Timestamp,
) -> String {
    format!(
        "{} |> count() |> group() |> sum() |> keep(columns: [\"_value\"])",
        readings(bucket, source, &[], from, until)
    )
}

/// Whether the bucket may be read.
pub(super) fn anything(bucket: &str) -> String {
    format!(
        "from(bucket: {}) |> range(start: -1s) |> limit(n: 1)",
        quoted(bucket)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_quotes() {
        assert_eq!(quoted("a\"b\\c${d}\n"), r#""a\"b\\c\x24{d}\n""#);
    }

    #[test]
    fn a_time_beyond_the_calendar_is_held() {
        assert_eq!(time(Timestamp::from_ms(1)), "time(v: 1000000)");
        assert_eq!(time(Timestamp::MAX), format!("time(v: {MAX_NS})"));
    }
}
