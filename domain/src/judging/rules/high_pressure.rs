//! HIGH_PRESSURE: above what a combined main may have (QCVN 10:2025/BCA H.1.1.2: 60 m), critical
//! above what a hydrant bears (TCVN 6379:2024: 1.0 MPa).

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, clear_margin, ms};
use crate::judging::outcome::{Basis, RuleName, Severity};
use crate::judging::sample::Seen;
use crate::quantity::Quantity;

/// Pressure above its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HighPressure {
    /// Above this it holds, kPa.
    pub limit_kpa: f64,
    /// Above this it is critical, kPa.
    pub critical_kpa: f64,
    /// How long before it alerts, s.
    pub dwell_s: u32,
    /// Below this it clears, kPa.
    pub clear_kpa: f64,
}

impl Default for HighPressure {
    fn default() -> Self {
        Self {
            limit_kpa: 590.0,
            critical_kpa: 1_000.0,
            dwell_s: 1_800,
            clear_kpa: 570.0,
        }
    }
}

impl Rule for HighPressure {
    fn name(&self) -> RuleName {
        RuleName::HighPressure
    }

    fn timing(&self, _: &Seen<'_>) -> Timing {
        Timing {
            dwell_ms: ms(self.dwell_s),
            min_samples: 1,
            clear_for_ms: 0,
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let (Some(p), true) = (seen.sample.pressure_kpa, seen.is_hydrant()) else {
            return Assessment::Silent;
        };
        if p > self.limit_kpa {
            let severity = if p > self.critical_kpa {
                Severity::Critical
            } else {
                Severity::Minor
            };
            let basis = if seen.drawing {
                Basis::InUse
            } else {
                Basis::StaticPressure
            };
            let measured = seen.at_most(basis, Quantity::PressureKpa, p, self.limit_kpa);
            Assessment::Holds { severity, measured }
        } else if p < self.limit_kpa - self.clear_margin_kpa(seen.normal) {
            Assessment::Clears
        } else {
            Assessment::Between
        }
    }
}

impl HighPressure {
    /// How far below the limit it clears: half of the normal distance where that is less.
    fn clear_margin_kpa(&self, normal_kpa: Option<f64>) -> f64 {
        let stated = self.limit_kpa - self.clear_kpa;
        clear_margin(stated, normal_kpa.map(|normal| -normal), -self.limit_kpa)
    }
}
