//! What can change about a source, for dashboards to join to its readings.
//!
//! Texts are labels here, for a text field would be stored as 0: `source_info{…} 1`, joined by
//! `* on (source) group_left (name, zone, unit) last_over_time(source_info[2d])`.

use std::fmt::Write as _;

use firemain_domain::Timestamp;
use firemain_domain::source::Source;

use super::super::influxdb2::line;

/// The sources as lines, two each, at `at`; a code that no tag can hold has no readings either.
pub(super) fn lines(sources: &[Source], at: Timestamp) -> String {
    let mut text = String::with_capacity(sources.len() * 240);
    sources
        .iter()
        .filter(|source| line::unwritable_tag(&source.code).is_none())
        .for_each(|source| push(&mut text, source, at.ms()));
    text
}

fn push(text: &mut String, source: &Source, ms: i64) {
    let tags = |text: &mut String, measurement: &str| {
        text.push_str(measurement);
        text.push_str(",kind=");
        text.push_str(source.kind_name().name());
        text.push_str(",source=");
        line::push_tag(text, &source.code);
    };
    tags(text, "source");
    let labels = [
        (",name=", Some(source.name.as_str())),
        (",status=", Some(source.status.name())),
        (",unit=", source.unit.as_deref()),
        (",zone=", source.zone.as_deref()),
    ];
    for (label, value) in labels {
        let value = harmless(value.unwrap_or_default());
        // An empty label is no label.
        if !value.is_empty() {
            text.push_str(label);
            line::push_tag(text, &value);
        }
    }
    // Writing to memory cannot fail.
    let _ = writeln!(text, " info=1 {ms}");
    tags(text, "source_info");
    let _ = write!(
        text,
        " lat={:?},lon={:?}",
        source.position.lat, source.position.lon
    );
    let requirement = &source.requirement;
    let numbers = [
        ("required_pressure_kpa", requirement.pressure_kpa),
        ("required_flow_lps", requirement.flow_lps),
        ("required_volume_m3", requirement.volume_m3),
    ];
    for (name, value) in numbers {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            let _ = write!(text, ",{name}={value:?}");
        }
    }
    let _ = writeln!(text, " {ms}");
}

/// A text without what line protocol cannot carry in a tag.
fn harmless(text: &str) -> String {
    let kept = text.trim().chars().take(256).map(|c| match c {
        '\\' => '/',
        c if c.is_control() => ' ',
        c => c,
    });
    kept.collect()
}
