//! What really happened: the water against what its sources owe, and what was wrong with sensors.
//!
//! In: stretches of true water, ticks of true levels, faults, silences. Out: [`Truth`]s, a line
//! each. Nothing is taken from what the scenario meant to happen: a burst that lowered nobody below
//! the requirement leaves no `low_static`.

mod causes;
mod keeper;
mod water;

pub(crate) use causes::{Cause, Causes};
pub(crate) use keeper::{Keeper, What};
pub(crate) use water::{Limits, Seen, TankEye, TankSight};

use std::borrow::Cow;
use std::io::{self, Write};

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
