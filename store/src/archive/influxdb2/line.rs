//! Line protocol: points as text.
//!
//! Consecutive points of one source, time and mark share a line, for a line costs InfluxDB far more
//! than a field. Backslashes cannot be escaped in a tag: a code in which one stands before a
//! separator, or at the end, cannot be written at all.

use std::fmt::Write as _;

use super::super::Point;

/// InfluxDB's earliest and latest time, ns since 1970 (models.MinNanoTime, MaxNanoTime).
pub(super) const MIN_NS: i64 = i64::MIN + 2;
/// See [`MIN_NS`].
pub(super) const MAX_NS: i64 = i64::MAX - 1;
const NS_PER_MS: i64 = 1_000_000;

/// The time of a point in InfluxDB, ns; `None` outside what it can hold (1677 to 2262).
pub(super) fn nanos(point: &Point) -> Option<i64> {
    point
        .at
        .ms()
        .checked_mul(NS_PER_MS)
        .and_then(|ns| ns.checked_add(i64::from(point.mark)))
        .filter(|ns| (MIN_NS..=MAX_NS).contains(ns))
}

/// Why a point can never be written; `None` if it can.
pub(super) fn unwritable(point: &Point) -> Option<&'static str> {
    if !point.value.is_finite() {
        Some("InfluxDB keeps no NaN and no infinity")
    } else if nanos(point).is_none() {
        Some("its time is outside what InfluxDB can keep (1677 to 2262)")
    } else {
        unwritable_tag(&point.source)
    }
}

/// Why a text can never be a tag's value.
pub(in crate::archive) fn unwritable_tag(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("InfluxDB keeps no empty tag");
    }
    if text.chars().any(char::is_control) {
        return Some("the code holds a control character, which InfluxDB cannot keep");
    }
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\\'
            && matches!(
                rest.clone().next(),
                None | Some(',' | '=' | ' ' | '"' | '\\')
            )
        {
            return Some("the code holds a backslash where InfluxDB would take it for an escape");
        }
    }
    None
}

/// A batch as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::archive) struct Lines {
    pub(in crate::archive) text: String,
    pub(in crate::archive) count: usize,
}

/// How many lines these points make, at most `most`; and how many points those lines take.
pub(in crate::archive) fn first_lines(points: &[&Point], most: usize) -> usize {
    let mut lines = Grouping::default();
    let mut count = 0;
    for (i, point) in points.iter().enumerate() {
        if lines.begins(point) {
            count += 1;
            if count > most {
                return i;
            }
        }
    }
    points.len()
}

/// The points as lines, each ended by LF alone: InfluxDB refuses CRLF.
pub(super) fn render(points: &[&Point]) -> Lines {
    render_at(points, nanos)
}

/// The points as lines, their times as `time` tells them: other databases count in other units.
pub(in crate::archive) fn render_at(
    points: &[&Point],
    time: impl Fn(&Point) -> Option<i64>,
) -> Lines {
    let mut lines = Lines {
        text: String::with_capacity(points.len() * 64),
        count: 0,
    };
    let mut grouping = Grouping::default();
    let mut open: Option<i64> = None;
    for point in points {
        if grouping.begins(point) {
            close(&mut lines, open);
            lines.text.push_str("reading,kind=");
            lines.text.push_str(point.kind.name());
            lines.text.push_str(",source=");
            push_tag(&mut lines.text, &point.source);
            lines.text.push(' ');
            open = time(point);
        } else {
            lines.text.push(',');
        }
        lines.text.push_str(point.quantity.name());
        // `{:?}` keeps every digit and writes large numbers with an exponent; no ending: a float.
        let _ = write!(lines.text, "={:?}", point.value);
    }
    close(&mut lines, open);
    lines
}

fn close(lines: &mut Lines, open: Option<i64>) {
    if let Some(time) = open {
        let _ = writeln!(lines.text, " {time}");
        lines.count += 1;
    }
}

/// Which points share a line.
#[derive(Default)]
struct Grouping<'p> {
    first: Option<&'p Point>,
    quantities: u32,
}

impl<'p> Grouping<'p> {
    fn begins(&mut self, point: &'p Point) -> bool {
        let bit = 1_u32 << point.quantity.number();
        let same = self.first.is_some_and(|first| {
            first.at == point.at
                && first.mark == point.mark
                && first.kind == point.kind
                && first.source == point.source
                && self.quantities & bit == 0
        });
        if same {
            self.quantities |= bit;
        } else {
            self.first = Some(point);
            self.quantities = bit;
        }
        !same
    }
}

/// A tag's value, its separators escaped.
pub(in crate::archive) fn push_tag(text: &mut String, value: &str) {
    for c in value.chars() {
        if matches!(c, ',' | '=' | ' ') {
            text.push('\\');
        }
        text.push(c);
    }
}

/// A text field: quoted, without control characters, at most 256 characters.
pub(super) fn push_text(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars().take(256) {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use firemain_domain::source::KindName;
    use firemain_domain::{Quantity, Timestamp};

    use super::*;

    fn point(source: &str, quantity: Quantity, ms: i64, mark: u32, value: f64) -> Point {
        let (kind, at) = (KindName::Hydrant, Timestamp::from_ms(ms));
        Point {
            source: source.into(),
            kind,
            quantity,
            at,
            mark,
            value,
        }
    }

    #[test]
    fn values_of_one_moment_share_a_line() {
        let points = [
            point("TR 1", Quantity::PressureKpa, 1_764_000_000_000, 7, 215.0),
            point("TR 1", Quantity::CapOpen, 1_764_000_000_000, 7, 1.0),
            point("TR 1", Quantity::PressureKpa, 1_764_000_000_000, 8, 1e300),
            point("TR 1", Quantity::PressureKpa, 1_764_000_000_000, 8, 0.1),
        ];
        let points: Vec<_> = points.iter().collect();
        let lines = render(&points);
        assert_eq!(
            lines.text,
            "reading,kind=hydrant,source=TR\\ 1 pressure_kpa=215.0,cap_open=1.0 1764000000000000007\n\
             reading,kind=hydrant,source=TR\\ 1 pressure_kpa=1e300 1764000000000000008\n\
             reading,kind=hydrant,source=TR\\ 1 pressure_kpa=0.1 1764000000000000008\n"
        );
        assert_eq!(lines.count, 3);
        assert_eq!(first_lines(&points, 1), 2);
        assert_eq!(first_lines(&points, 3), 4);
        assert_eq!(render(&[]), Lines::default());
    }

    #[test]
    fn what_can_never_be_written_is_known_before() {
        let why = |source: &str, ms, value| {
            unwritable(&point(source, Quantity::LevelM, ms, 0, value)).unwrap_or_default()
        };
        assert_eq!(why("BN-1, \"a=b\" \\c", 0, 1.0), "");
        assert!(why("a", 0, f64::NAN).contains("NaN"));
        assert!(why("a", 0, f64::INFINITY).contains("NaN"));
        assert!(why("a", Timestamp::MAX.ms(), 1.0).contains("time"));
        assert!(why("a", Timestamp::MIN.ms(), 1.0).contains("time"));
        assert!(why("a\\", 0, 1.0).contains("backslash"));
        assert!(why("a\\,b", 0, 1.0).contains("backslash"));
        assert!(why("a\nb", 0, 1.0).contains("control"));
        assert!(why("", 0, 1.0).contains("empty"));
    }

    #[test]
    fn texts_are_quoted() {
        let mut text = String::new();
        push_text(&mut text, "12 \"Hàng\" \\ Bạc\n");
        assert_eq!(text, r#""12 \"Hàng\" \\ Bạc ""#);
    }
}
