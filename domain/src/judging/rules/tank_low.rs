//! TANK_LOW: less usable water than the tank owes (QCVN 10:2025/BCA H.1.5).

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, clear_margin, ms};
use crate::judging::outcome::{Basis, RuleName, Severity};
use crate::judging::sample::Seen;
use crate::quantity::Quantity;
use crate::source::Kind;

/// Stored water below the requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TankLow {
    /// Below this share of the requirement it is critical, %.
    pub critical_pct: f64,
    /// How long before it alerts, s.
    pub dwell_s: u32,
    /// How far above the requirement it must rise to clear, % of the requirement.
    pub clear_margin_pct: f64,
}

impl Default for TankLow {
    fn default() -> Self {
        Self {
            critical_pct: 50.0,
            dwell_s: 1_800,
            clear_margin_pct: 5.0,
        }
    }
}

impl Rule for TankLow {
    fn name(&self) -> RuleName {
        RuleName::TankLow
    }

    fn timing(&self, _: &Seen<'_>) -> Timing {
        Timing {
            dwell_ms: ms(self.dwell_s),
            min_samples: 1,
            clear_for_ms: 0,
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let (Kind::Tank(tank), Some(level), Some(required)) = (
            &seen.source.kind,
            seen.sample.level_m,
            seen.source.requirement.volume_m3,
        ) else {
            return Assessment::Silent;
        };
        let Some(volume) = tank.volume_m3(level) else {
            return Assessment::Silent;
        };
        let normal = seen.normal.and_then(|level| tank.volume_m3(level));
        let margin = clear_margin(required * self.clear_margin_pct / 100.0, normal, required);
        if volume < required {
            let critical = volume < required * self.critical_pct / 100.0;
            let severity = if critical {
                Severity::Critical
            } else {
                Severity::Major
            };
            let measured = seen.at_least(Basis::Level, Quantity::VolumeTotalM3, volume, required);
            Assessment::Holds { severity, measured }
        } else if volume >= required + margin {
            Assessment::Clears
        } else {
            Assessment::Between
        }
    }
}
