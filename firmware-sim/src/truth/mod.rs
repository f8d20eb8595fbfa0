//! What really happened: the water against what its sources owe, and what was wrong with sensors.
//!
//! In: stretches of true water, ticks of true levels, faults, silences. Out: [`Truth`]s, a line
//! each. Nothing is taken from what the scenario meant to happen: a burst that lowered nobody below
//! the requirement leaves no `low_static`.

mod causes;
mod drops;
mod faults;
mod keeper;
mod limits;
mod telling;
mod water;

pub(crate) use causes::{Cause, Causes, Why};
pub(crate) use drops::Calm;
pub(crate) use keeper::{Keeper, What};
pub(crate) use limits::Limits;
pub(crate) use telling::{Happened, Teller};
pub(crate) use water::{Seen, TankEye, TankSight};

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::judging::Severity;
use firemain_domain::source::SourceCode;
use serde::{Deserialize, Serialize};

/// One thing that really happened: a line of the truth file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// At which source.
    pub source: SourceCode,
    /// What, by the rule that must find it: `low_static`, `tank_low` …
    pub what: Cow<'static, str>,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None`: it lasts.
    pub until: Option<Timestamp>,
    /// How bad it was; `None` where nobody could know it from what the devices say.
    pub severity: Option<Severity>,
    /// What caused it: the scenario's kind of event, `demand`, `weather` …
    #[serde(default)]
    pub cause: Cow<'static, str>,
    /// What it is about.
    #[serde(default)]
    pub about: About,
    /// The happening behind it; lines of one happening share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Rules of which a perfect engineer would expect any one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expects: Vec<Cow<'static, str>>,
    /// Whether somebody must be woken for it.
    #[serde(default)]
    pub page: bool,
    /// First moment beyond the critical limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_from: Option<Timestamp>,
    /// Last moment beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_until: Option<Timestamp>,
    /// The worst true value, in the quantity's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<f64>,
    /// The pressure zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Arc<str>>,
    /// The sources of a zone's drop, behind a gateway, or befallen by a happening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<SourceCode>,
    /// How big the fault or happening was, in its kind's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
}

impl Truth {
    /// That it was so at `source` in that span; nothing more is known of it.
    pub(crate) fn of(what: &'static str, from: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            source: SourceCode::from(""),
            what: Cow::Borrowed(what),
            from,
            until,
            severity: None,
            cause: Cow::Borrowed(""),
            about: About::Water,
            event: None,
            expects: Vec::new(),
            page: false,
            critical_from: None,
            critical_until: None,
            worst: None,
            zone: None,
            members: Vec::new(),
            size: None,
        }
    }
}

/// What a truth is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// What the water at a source did.
    #[default]
    Water,
    /// What was wrong with a source's device.
    Device,
    /// It was not heard.
    Silence,
    /// What the water of a whole zone did.
    Zone,
    /// A gateway without network.
    Gateway,
    /// An event of the scenario, with all that came of it.
    Happening,
}

/// Writes truths as JSON lines.
///
/// # Errors
/// Those of the writer.
pub fn write<'a>(
    truths: impl IntoIterator<Item = &'a Truth>,
    mut to: impl Write,
) -> io::Result<()> {
    for truth in truths {
        serde_json::to_writer(&mut to, truth)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}
