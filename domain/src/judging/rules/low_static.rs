//! LOW_STATIC: pressure at the main below the requirement (QCVN 10:2025/BCA H.1.1.2 proposes 10 m).

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, clear_margin, ms};
use crate::judging::outcome::{Basis, RuleName, Severity};
use crate::judging::sample::Seen;
use crate::quantity::Quantity;

/// Pressure at rest below the requirement; hydrants whose sensor taps the main.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowStatic {
    /// At or below this the alert is critical, kPa.
    pub critical_kpa: f64,
    /// How long before it alerts, s.
    pub dwell_s: u32,
    /// Samples needed.
    pub min_samples: u8,
    /// How far above the requirement it must rise to clear, kPa.
    pub clear_margin_kpa: f64,
    /// For how long, s.
    pub clear_for_s: u32,
    /// Where the neighbours are calm it may be a closed valve or the sensor: its page then waits until
    /// it has been low for so long, s.
    pub unsure_s: u32,
    /// And by so many samples.
    pub unsure_samples: u8,
    /// Short by no more than its sensor's accuracy, where that is known: its page waits so long, s.
    pub within_accuracy_s: u32,
    /// An accuracy beyond this is not believed, kPa: 1 % of 16 bar and a little.
    pub within_accuracy_most_kpa: f64,
}

impl Default for LowStatic {
    fn default() -> Self {
        Self {
            critical_kpa: 30.0,
            dwell_s: 600,
            min_samples: 2,
            clear_margin_kpa: 15.0,
            clear_for_s: 1_800,
            unsure_s: 1_800,
            unsure_samples: 3,
            within_accuracy_s: 86_400,
            within_accuracy_most_kpa: 20.0,
        }
    }
}

impl Rule for LowStatic {
    fn name(&self) -> RuleName {
        RuleName::LowStatic
    }

    fn timing(&self, _: &Seen<'_>) -> Timing {
        Timing {
            dwell_ms: ms(self.dwell_s),
            min_samples: self.min_samples,
            clear_for_ms: ms(self.clear_for_s),
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let (Some(p), Some(required), true) = (
            seen.sample.pressure_kpa,
            seen.source.requirement.pressure_kpa,
            seen.source.taps_main(),
        ) else {
            return Assessment::Silent;
        };
        if p < required {
            let severity = if p <= self.critical_kpa {
                Severity::Critical
            } else {
                Severity::Major
            };
            let basis = if seen.drawing {
                Basis::InUse
            } else {
                Basis::StaticPressure
            };
            let measured = seen.at_least(basis, Quantity::PressureKpa, p, required);
            Assessment::Holds { severity, measured }
        } else if p >= required + clear_margin(self.clear_margin_kpa, seen.normal, required) {
            Assessment::Clears
        } else {
            Assessment::Between
        }
    }
}
