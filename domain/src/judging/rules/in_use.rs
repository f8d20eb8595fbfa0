//! IN_USE: water is being drawn. A state, no fault; other rules ask for it.

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, ms};
use crate::judging::outcome::{Basis, RuleName, Severity};
use crate::judging::sample::Seen;
use crate::quantity::Quantity;
use crate::source::{Kind, TapPoint};

/// Water is being drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InUse {
    /// Above this flow water is being drawn, L/s.
    pub flow_lps: f64,
    /// With a cap off, a change of pressure from this on says the same, kPa.
    pub cap_change_kpa: f64,
    /// How long before the state is confirmed, s.
    pub dwell_s: u32,
    /// Below this flow it is over, L/s.
    pub end_flow_lps: f64,
    /// A barrel below this is empty, kPa.
    pub end_barrel_kpa: f64,
    /// A main this close to its pressure before is at rest again, kPa.
    pub end_main_kpa: f64,
    /// For how long, s.
    pub end_for_s: u32,
    /// Not confirmed by any sample for so many intervals, it ends.
    pub unconfirmed_intervals: u8,
}

impl Default for InUse {
    fn default() -> Self {
        Self {
            flow_lps: 1.0,
            cap_change_kpa: 10.0,
            dwell_s: 30,
            end_flow_lps: 0.3,
            end_barrel_kpa: 10.0,
            end_main_kpa: 5.0,
            end_for_s: 300,
            unconfirmed_intervals: 3,
        }
    }
}

impl Rule for InUse {
    fn name(&self) -> RuleName {
        RuleName::InUse
    }

    fn timing(&self, seen: &Seen<'_>) -> Timing {
        // A cap that is back on ends it without waiting.
        let clear_for_ms = if seen.sample.flow_lps.is_none() && seen.cap_open == Some(false) {
            0
        } else {
            ms(self.end_for_s)
        };
        Timing {
            dwell_ms: ms(self.dwell_s),
            min_samples: 1,
            clear_for_ms,
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let Kind::Hydrant { tap_point } = &seen.source.kind else {
            return Assessment::Silent;
        };
        if let Some(q) = seen.sample.flow_lps {
            return if q > self.flow_lps {
                let measured = seen.at_most(Basis::InUse, Quantity::FlowLps, q, self.flow_lps);
                Assessment::Holds {
                    severity: Severity::Info,
                    measured,
                }
            } else if q < self.end_flow_lps {
                Assessment::Clears
            } else {
                Assessment::Between
            };
        }
        match self.without_a_meter(seen, *tap_point) {
            // A meter's own word ends what it saw, not a message that left it out.
            Assessment::Clears | Assessment::Between if seen.has_meter => Assessment::Silent,
            said => said,
        }
    }
}

impl InUse {
    fn without_a_meter(&self, seen: &Seen<'_>, tap_point: TapPoint) -> Assessment {
        if seen.cap_open == Some(false) {
            return Assessment::Clears;
        }
        let Some(p) = seen.sample.pressure_kpa else {
            return Assessment::Silent;
        };
        let before = seen.at_rest_kpa;
        let changed = before.is_some_and(|before| (p - before).abs() >= self.cap_change_kpa);
        let at_rest = match tap_point {
            TapPoint::Barrel => p < self.end_barrel_kpa,
            TapPoint::Main => before.is_some_and(|b| (p - b).abs() <= self.end_main_kpa),
        };
        if at_rest {
            Assessment::Clears
        } else if seen.cap_open == Some(true) && changed {
            let before = before.unwrap_or_default();
            let measured = seen.at_most(Basis::InUse, Quantity::PressureKpa, p, before);
            Assessment::Holds {
                severity: Severity::Info,
                measured,
            }
        } else {
            Assessment::Between
        }
    }
}
