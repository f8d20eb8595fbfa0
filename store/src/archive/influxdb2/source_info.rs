//! What can change about a source, for dashboards to join to its readings.

use std::fmt::Write as _;

use firemain_domain::source::{KindName, Position, Requirement, Source, SourceCode, Status};

use super::line;

/// A row of `source_info`: tags `kind` and `source`; text fields `name`, `status`, `unit`, `zone`
/// (empty where there is none); float fields `lat`, `lon` and, where something is required,
/// `required_pressure_kpa`, `required_flow_lps`, `required_volume_m3`. A row is complete: take all
/// fields of the newest time (`pivot`, then `last`), never the last of each field.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceInfo {
    /// Which source.
    pub source: SourceCode,
    /// What it is.
    pub kind: KindName,
    /// Street and number.
    pub name: String,
    /// Where it is in its life.
    pub status: Status,
    /// Its administrative unit.
    pub unit: Option<String>,
    /// Its pressure zone.
    pub zone: Option<String>,
    /// Where it stands.
    pub position: Position,
    /// What it owes.
    pub requirement: Requirement,
}

impl From<&Source> for SourceInfo {
    fn from(source: &Source) -> Self {
        Self {
            source: source.code.clone(),
            kind: source.kind_name(),
            name: source.name.clone(),
            status: source.status,
            unit: source.unit.as_deref().map(str::to_owned),
            zone: source.zone.as_deref().map(str::to_owned),
            position: source.position,
            requirement: *source.requirement,
        }
    }
}

impl SourceInfo {
    /// The row as a line of line protocol, ended by LF.
    pub(super) fn push_line(&self, text: &mut String, ns: i64) {
        text.push_str("source_info,kind=");
        text.push_str(self.kind.name());
        text.push_str(",source=");
        line::push_tag(text, &self.source);
        let texts = [
            (" name=", Some(self.name.as_str())),
            (",status=", Some(self.status.name())),
            (",unit=", self.unit.as_deref()),
            (",zone=", self.zone.as_deref()),
        ];
        for (name, value) in texts {
            text.push_str(name);
            line::push_text(text, value.unwrap_or_default());
        }
        let numbers = [
            ("lat", Some(self.position.lat)),
            ("lon", Some(self.position.lon)),
            ("required_pressure_kpa", self.requirement.pressure_kpa),
            ("required_flow_lps", self.requirement.flow_lps),
            ("required_volume_m3", self.requirement.volume_m3),
        ];
        for (name, value) in numbers {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                // Writing to memory cannot fail.
                let _ = write!(text, ",{name}={value:?}");
            }
        }
        let _ = writeln!(text, " {ns}");
    }
}
