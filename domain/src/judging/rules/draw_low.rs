//! DRAW_LOW: open water too far below the apron (QCVN 10:2025/BCA Fig. H.1, H.2: 5 m) or too
//! shallow over the bed (QCVN 01:2021/BXD 2.10.5: 0.5 m).

use serde::{Deserialize, Serialize};

use super::{Assessment, Rule, Timing, clear_margin, ms};
use crate::judging::outcome::{Basis, Measured, RuleName, Severity};
use crate::judging::sample::Seen;
use crate::quantity::Quantity;
use crate::source::Kind;

/// Open water too low to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrawLow {
    /// The water may lie this far below the apron, m.
    pub below_apron_m: f64,
    /// The water must stand this deep over the bed, m.
    pub layer_m: f64,
    /// How long before it alerts, s: tides come back.
    pub dwell_s: u32,
    /// How far beyond both limits it must rise to clear, m.
    pub clear_margin_m: f64,
}

impl Default for DrawLow {
    fn default() -> Self {
        Self {
            below_apron_m: 5.0,
            layer_m: 0.5,
            dwell_s: 21_600,
            clear_margin_m: 0.1,
        }
    }
}

impl DrawLow {
    /// The lowest levels at which the point can be drawn from, in its own datum: by the apron and
    /// by the bed.
    fn limits(&self, kind: &Kind) -> [Option<f64>; 2] {
        match kind {
            Kind::DrawPoint(point) => [
                point.apron_level_m.map(|apron| apron - self.below_apron_m),
                point.bed_level_m.map(|bed| bed + self.layer_m),
            ],
            _ => [None, None],
        }
    }

    /// The level beside each limit that applies.
    pub fn measured(&self, seen: &Seen<'_>) -> Vec<Measured> {
        let Some(level) = seen.sample.level_m else {
            return Vec::new();
        };
        let limits = self.limits(&seen.source.kind).into_iter().flatten();
        limits
            .map(|limit| seen.at_least(Basis::Level, Quantity::LevelM, level, limit))
            .collect()
    }
}

impl Rule for DrawLow {
    fn name(&self) -> RuleName {
        RuleName::DrawLow
    }

    fn timing(&self, _: &Seen<'_>) -> Timing {
        Timing {
            dwell_ms: ms(self.dwell_s),
            min_samples: 1,
            clear_for_ms: 0,
        }
    }

    fn assess(&self, seen: &Seen<'_>) -> Assessment {
        let worst = self
            .measured(seen)
            .into_iter()
            .min_by(|a, b| a.margin.unwrap_or(0.0).total_cmp(&b.margin.unwrap_or(0.0)));
        let Some(measured) = worst else {
            return Assessment::Silent;
        };
        let margin = measured.margin.unwrap_or(0.0);
        if margin < 0.0 {
            Assessment::Holds {
                severity: Severity::Major,
                measured,
            }
        } else if margin
            >= clear_margin(
                self.clear_margin_m,
                seen.normal,
                measured.limit.unwrap_or(0.0),
            )
        {
            Assessment::Clears
        } else {
            Assessment::Between
        }
    }
}
