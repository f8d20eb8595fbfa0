//! Flow tests: what a hydrant can give at a target residual pressure (NFPA 291).

use serde::{Deserialize, Serialize};

use crate::quantity::{KPA_PER_PSI, LPS_PER_GPM};
use crate::time::{DAY_MS, Timestamp};

/// The norm's free head of 10 m (QCVN 10:2025/BCA H.1.1.2), kPa.
pub const NORM_TARGET_KPA: f64 = 98.1;
/// NFPA 291's target residual of 20 psi, kPa.
pub const NFPA_TARGET_KPA: f64 = 20.0 * KPA_PER_PSI;

/// The exponent of the Hazen-Williams relation between flow and loss of head.
const EXPONENT: f64 = 0.54;
/// A smaller drop than this is not extrapolated from, kPa.
const LEAST_DROP_KPA: f64 = 25.0;
/// Nor one smaller than so many times the gauge's accuracy.
const LEAST_DROP_ACCURACIES: f64 = 3.0;
/// A test counts for five years (NFPA 291).
const VALID_MS: i64 = 5 * 365 * DAY_MS + DAY_MS;
/// While the pressure at rest stays within this share of the test's.
const VALID_STATIC_SHARE: f64 = 0.2;

/// What a flow test measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowTestPoint {
    /// Pressure before, kPa.
    pub static_kpa: f64,
    /// Pressure while flowing, kPa.
    pub residual_kpa: f64,
    /// Flow, L/s.
    pub flow_lps: f64,
    /// Half-width of the gauge's accuracy, kPa.
    pub accuracy_kpa: Option<f64>,
}

/// Flow that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Available {
    /// L/s.
    pub flow_lps: f64,
    /// Whether it was extrapolated to the target; if not, it is the measured point alone, for its
    /// drop was too small to extrapolate from.
    pub extrapolated: bool,
}

/// Why a flow test says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestRefusal {
    /// Not numbers, or below zero.
    #[error(
        "static, residual and flow must be numbers, the flow above 0 and the accuracy not below 0"
    )]
    NotNumbers,
    /// Pressure did not fall while water flowed.
    #[error(
        "the residual pressure must be below the static pressure: check the gauge, and that water flowed"
    )]
    NoDrop,
    /// The main stands no higher than the target.
    #[error(
        "the static pressure must be above the target residual: nothing can be drawn at that pressure"
    )]
    BelowTarget,
}

impl FlowTestPoint {
    /// Whether the measurements can be a flow test at all.
    ///
    /// # Errors
    /// Not numbers, or no drop of pressure.
    pub fn check(&self) -> Result<(), TestRefusal> {
        let numbers = [self.static_kpa, self.residual_kpa, self.flow_lps];
        let accuracy = self.accuracy_kpa.unwrap_or(0.0);
        if numbers.iter().any(|n| !n.is_finite())
            || self.flow_lps <= 0.0
            || accuracy.is_nan()
            || accuracy < 0.0
        {
            return Err(TestRefusal::NotNumbers);
        }
        if self.static_kpa <= self.residual_kpa {
            return Err(TestRefusal::NoDrop);
        }
        Ok(())
    }

    /// The flow to be had at `target_kpa`: `Q_F · ((Ps − Pt) / (Ps − Pr))^0.54` (NFPA 291). From a
    /// drop under max(25 kPa, 3 × accuracy) nothing is extrapolated: the measured point counts, or
    /// 0 where its residual was itself below the target.
    ///
    /// # Errors
    /// As [`Self::check`], and where the static pressure is not above the target.
    pub fn available_flow_lps(&self, target_kpa: f64) -> Result<Available, TestRefusal> {
        self.check()?;
        if self.static_kpa <= target_kpa {
            return Err(TestRefusal::BelowTarget);
        }
        let drop_kpa = self.static_kpa - self.residual_kpa;
        if drop_kpa < LEAST_DROP_KPA.max(LEAST_DROP_ACCURACIES * self.accuracy_kpa.unwrap_or(0.0)) {
            let flow_lps = if self.residual_kpa >= target_kpa {
                self.flow_lps
            } else {
                0.0
            };
            return Ok(Available {
                flow_lps,
                extrapolated: false,
            });
        }
        let share = (self.static_kpa - target_kpa) / drop_kpa;
        Ok(Available {
            flow_lps: self.flow_lps * share.powf(EXPONENT),
            extrapolated: true,
        })
    }

    /// The flow to be had at `target_kpa` with today's static pressure:
    /// `K = (Ps₀ − Pr₀) / Q₀^(1/0.54)`, `Q = ((Ps − Pt) / K)^0.54`; 0 where it is not above the
    /// target. `None` where the test refuses.
    pub fn live_estimate_lps(&self, static_now_kpa: f64, target_kpa: f64) -> Option<f64> {
        self.check().ok()?;
        if static_now_kpa <= target_kpa {
            return Some(0.0);
        }
        let k = (self.static_kpa - self.residual_kpa) / self.flow_lps.powf(1.0 / EXPONENT);
        Some(((static_now_kpa - target_kpa) / k).powf(EXPONENT))
    }

    /// Whether a test of `tested_at` still counts: for five years, while the pressure at rest (where
    /// it is known) stays within ± 20 % of the test's.
    pub fn still_valid(
        &self,
        tested_at: Timestamp,
        now: Timestamp,
        static_now_kpa: Option<f64>,
    ) -> bool {
        let in_date = now.since_ms(tested_at) <= VALID_MS;
        let same_main = static_now_kpa
            .is_none_or(|p| (p - self.static_kpa).abs() <= VALID_STATIC_SHARE * self.static_kpa);
        in_date && same_main
    }

    /// The moment after which a test of `tested_at` does not count any more.
    pub fn valid_until(tested_at: Timestamp) -> Timestamp {
        tested_at.plus_ms(VALID_MS)
    }
}

/// NFPA 291's colours, by the flow at 20 psi.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColourClass {
    /// Blue: 1,500 gpm (94.6 L/s) and more.
    #[serde(rename = "AA")]
    Blue,
    /// Green: 1,000 gpm (63.1 L/s) and more.
    #[serde(rename = "A")]
    Green,
    /// Orange: 500 gpm (31.5 L/s) and more.
    #[serde(rename = "B")]
    Orange,
    /// Red: less.
    #[serde(rename = "C")]
    Red,
}

impl ColourClass {
    /// The class of a flow at 20 psi, L/s.
    pub fn of(flow_lps: f64) -> Self {
        let gpm = flow_lps / LPS_PER_GPM;
        if gpm >= 1_500.0 {
            Self::Blue
        } else if gpm >= 1_000.0 {
            Self::Green
        } else if gpm >= 500.0 {
            Self::Orange
        } else {
            Self::Red
        }
    }
}

/// Flow from a pitot gauge: `gpm = 29.84 · c · d² · √p` with the outlet's coefficient `c`, its
/// diameter in inches and the pitot pressure in psi (NFPA 291). Given here in mm and kPa, L/s.
/// `None` where an input is not a positive number.
pub fn pitot_flow_lps(coefficient: f64, diameter_mm: f64, pitot_kpa: f64) -> Option<f64> {
    let good = [coefficient, diameter_mm, pitot_kpa]
        .iter()
        .all(|n| n.is_finite() && *n > 0.0);
    let gpm = 29.84 * coefficient * (diameter_mm / 25.4).powi(2) * (pitot_kpa / KPA_PER_PSI).sqrt();
    good.then_some(gpm * LPS_PER_GPM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(flow_lps: f64, static_bar: f64, residual_bar: f64) -> FlowTestPoint {
        FlowTestPoint {
            static_kpa: static_bar * 100.0,
            residual_kpa: residual_bar * 100.0,
            flow_lps,
            accuracy_kpa: None,
        }
    }

    #[test]
    fn available_flow_agrees_with_the_vectors_of_nfpa_291() {
        for (q, ps, pr, pt, expected) in [
            (15.0, 3.0, 2.2, 1.0, 24.60),
            (15.0, 2.0, 1.2, 1.0, 16.92),
            (10.0, 1.4, 1.1, 1.0, 11.68),
            (15.0, 3.0, 2.2, 0.981, 24.73),
        ] {
            let got = bar(q, ps, pr).available_flow_lps(pt * 100.0).unwrap();
            assert!(
                (got.flow_lps - expected).abs() < 0.005,
                "{got:?} instead of {expected}"
            );
            assert!(got.extrapolated);
        }
        let psi = FlowTestPoint {
            static_kpa: 65.0 * KPA_PER_PSI,
            residual_kpa: 50.0 * KPA_PER_PSI,
            flow_lps: 800.0 * LPS_PER_GPM,
            accuracy_kpa: None,
        };
        let gpm = psi.available_flow_lps(NFPA_TARGET_KPA).unwrap().flow_lps / LPS_PER_GPM;
        assert!((gpm - 1_447.9).abs() < 0.1, "{gpm}");
    }

    #[test]
    fn a_test_without_a_drop_or_below_its_target_is_refused() {
        assert_eq!(bar(15.0, 2.0, 2.0).check(), Err(TestRefusal::NoDrop));
        assert_eq!(
            bar(15.0, 2.0, f64::NAN).check(),
            Err(TestRefusal::NotNumbers)
        );
        assert_eq!(bar(0.0, 2.0, 1.0).check(), Err(TestRefusal::NotNumbers));
        assert_eq!(
            bar(15.0, 1.0, 0.5).available_flow_lps(100.0),
            Err(TestRefusal::BelowTarget)
        );
    }

    #[test]
    fn a_drop_within_the_gauges_doubt_counts_as_measured_only() {
        let mut test = bar(15.0, 3.0, 2.77);
        assert_eq!(
            test.available_flow_lps(98.1),
            Ok(Available {
                flow_lps: 15.0,
                extrapolated: false
            })
        );
        test = FlowTestPoint {
            accuracy_kpa: Some(30.0),
            ..bar(15.0, 3.0, 2.2)
        };
        assert!(!test.available_flow_lps(98.1).unwrap().extrapolated);
    }

    #[test]
    fn todays_static_pressure_gives_a_live_estimate() {
        let test = bar(15.0, 3.0, 2.2);
        let same = test.live_estimate_lps(300.0, 100.0).unwrap();
        assert!(
            (same - 24.60).abs() < 0.005,
            "the test's own pressure gives the test's flow: {same}"
        );
        assert!(test.live_estimate_lps(260.0, 100.0).unwrap() < same);
        assert_eq!(test.live_estimate_lps(90.0, 100.0), Some(0.0));
    }

    #[test]
    fn a_test_counts_for_five_years_on_the_same_main() {
        let test = bar(15.0, 3.0, 2.2);
        let day = |n| Timestamp::from_ms(n * DAY_MS);
        assert!(test.still_valid(day(0), day(5 * 365), Some(250.0)));
        assert!(!test.still_valid(day(0), day(5 * 365 + 2), None));
        assert!(!test.still_valid(day(0), day(1), Some(230.0)));
        assert!(!test.still_valid(day(0), day(1), Some(370.0)));
    }

    #[test]
    fn a_pitot_reading_becomes_a_flow_and_a_flow_a_colour() {
        let flow = pitot_flow_lps(0.9, 2.5 * 25.4, 25.0 * KPA_PER_PSI).unwrap();
        assert!((flow - 52.95).abs() < 0.01, "{flow}");
        assert_eq!(pitot_flow_lps(0.9, -1.0, 10.0), None);
        assert_eq!(ColourClass::of(94.7), ColourClass::Blue);
        assert_eq!(ColourClass::of(63.2), ColourClass::Green);
        assert_eq!(ColourClass::of(31.6), ColourClass::Orange);
        assert_eq!(ColourClass::of(15.0), ColourClass::Red);
    }
}
