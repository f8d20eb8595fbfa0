//! FLOW_DEFICIT: the flow to be had at the target residual is less than required, by a test
//! (NFPA 291), by an estimate from today's static pressure, or by the device's own estimate.

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, clear_margin, ms};
use crate::judging::outcome::{Basis, Measured, RuleName, Severity};
use crate::judging::sample::Seen;

/// Available flow below the requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowDeficit {
    /// How long an estimate must say so before it alerts, s. A test alerts at once.
    pub dwell_s: u32,
    /// How far above the requirement it must rise to clear, % of the requirement.
    pub clear_margin_pct: f64,
    /// Short by no more than the accuracy of the sensor on which an estimate rests, where that is
    /// known: its page waits so long, s.
    pub within_accuracy_s: u32,
    /// An accuracy beyond this is not believed, kPa.
    pub within_accuracy_most_kpa: f64,
}

impl Default for FlowDeficit {
    fn default() -> Self {
        Self {
            dwell_s: 1_800,
            clear_margin_pct: 10.0,
            within_accuracy_s: 86_400,
            within_accuracy_most_kpa: 20.0,
        }
    }
}

impl FlowDeficit {
    /// How far above the requirement it clears: half of the normal distance where that is less.
    fn margin_lps(&self, required_lps: f64, normal_lps: Option<f64>) -> f64 {
        let stated = required_lps * self.clear_margin_pct / 100.0;
        clear_margin(stated, normal_lps, required_lps)
    }
}

impl Rule for FlowDeficit {
    fn name(&self) -> RuleName {
        RuleName::FlowDeficit
    }

    fn timing(&self, seen: &Seen<'_>) -> Timing {
        let tested = seen.rated_flow.is_some_and(|m| m.basis == Basis::FlowTest);
        let dwell_ms = if tested { 0 } else { ms(self.dwell_s) };
        Timing {
            dwell_ms,
            min_samples: 1,
            clear_for_ms: 0,
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let (Some(rated), Some(required), true) = (
            seen.rated_flow,
            seen.source.requirement.flow_lps,
            seen.is_hydrant(),
        ) else {
            return Assessment::Silent;
        };
        if rated.value < required {
            let measured = Measured {
                limit: Some(required),
                margin: Some(rated.value - required),
                ..rated
            };
            Assessment::Holds {
                severity: Severity::Major,
                measured,
            }
        } else if rated.value >= required + self.margin_lps(required, seen.normal_flow_lps) {
            Assessment::Clears
        } else {
            Assessment::Between
        }
    }
}
