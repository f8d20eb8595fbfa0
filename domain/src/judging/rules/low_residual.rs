//! LOW_RESIDUAL: pressure below the requirement while water is drawn (QCVN 10:2025/BCA H.1.1.2:
//! the free head is owed *while fighting fire*). Never suppressed.

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, ms};
use crate::judging::outcome::{Basis, RuleName, Severity};
use crate::judging::sample::Seen;
use crate::quantity::Quantity;

/// Pressure in use below the requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowResidual {
    /// The flow from which a reading counts as one in use, L/s.
    pub min_flow_lps: f64,
    /// How long before it alerts, s.
    pub dwell_s: u32,
    /// How far above the requirement it must rise to clear while still in use, kPa.
    pub clear_margin_kpa: f64,
    /// For how long, s.
    pub clear_for_s: u32,
}

impl Default for LowResidual {
    fn default() -> Self {
        Self {
            min_flow_lps: 5.0,
            dwell_s: 120,
            clear_margin_kpa: 5.0,
            clear_for_s: 120,
        }
    }
}

impl Rule for LowResidual {
    fn name(&self) -> RuleName {
        RuleName::LowResidual
    }

    fn timing(&self, seen: &Seen<'_>) -> Timing {
        let clear_for_ms = if self.in_use(seen) {
            ms(self.clear_for_s)
        } else {
            0
        };
        Timing {
            dwell_ms: ms(self.dwell_s),
            min_samples: 1,
            clear_for_ms,
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let (Some(p), Some(required), true) = (
            seen.sample.pressure_kpa,
            seen.source.requirement.pressure_kpa,
            seen.is_hydrant(),
        ) else {
            return Assessment::Silent;
        };
        if !self.in_use(seen) {
            return Assessment::Clears;
        }
        if p < required {
            let measured = seen.at_least(Basis::InUse, Quantity::PressureKpa, p, required);
            Assessment::Holds {
                severity: Severity::Critical,
                measured,
            }
        } else if p >= required + self.clear_margin_kpa {
            Assessment::Clears
        } else {
            Assessment::Between
        }
    }
}

impl LowResidual {
    fn in_use(&self, seen: &Seen<'_>) -> bool {
        match seen.sample.flow_lps {
            // With a meter that reads no water, a use confirmed earlier is at its end.
            Some(flow) => flow >= self.min_flow_lps || (seen.confirmed_use && flow > 1.0),
            None => seen.confirmed_use,
        }
    }
}
