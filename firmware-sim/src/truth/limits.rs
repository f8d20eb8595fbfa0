//! What each hydrant owes.

use firemain_domain::hydraulics::{FlowTestPoint, NORM_TARGET_KPA};
use firemain_domain::source::Source;

/// A flow test counts while the pressure at rest stays within this share of the test's (NFPA 291).
const TEST_STATIC_SHARE: f64 = 0.2;
/// Exponent of the Hazen-Williams relation (NFPA 291).
const EXPONENT: f64 = 0.54;

/// What one hydrant owes, in pressures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Required at rest; `NaN`: not owed, or the sensor taps the barrel.
    pub(super) static_kpa: f32,
    /// Required in use; `NaN`: not owed.
    pub(super) residual_kpa: f32,
    /// Below this at rest it cannot give the required flow at the norm's residual; `NaN`: unknown.
    pub(super) deficit_kpa: f32,
    /// Below this at rest the flow test counts no more, and nobody can tell the flow; infinite: it
    /// never tells.
    pub(super) tested_kpa: f32,
    /// What its sensor cannot tell apart.
    pub(super) accuracy_kpa: f32,
}

impl Limits {
    /// Of a hydrant, with what a flow test measured there.
    pub(crate) fn of(source: &Source, test: Option<&FlowTestPoint>) -> Self {
        let required = source.requirement.pressure_kpa.unwrap_or(f64::NAN);
        let deficit = source
            .requirement
            .flow_lps
            .zip(test)
            .map_or(f64::NAN, |(flow_lps, test)| {
                let drop = test.static_kpa - test.residual_kpa;
                // Q = ((Ps − Pt) / K)^0.54 with K = drop / Q₀^(1/0.54), turned round for Ps.
                NORM_TARGET_KPA + drop * (flow_lps / test.flow_lps).powf(1.0 / EXPONENT)
            });
        // What a judge with the test at hand can tell: the main's rest pressure must be measured, the
        // test's drop must bear extrapolation, and the pressure must be near the test's (NFPA 291).
        let tested = test.filter(|test| {
            source.taps_main()
                && test
                    .available_flow_lps(NORM_TARGET_KPA)
                    .is_ok_and(|available| available.extrapolated)
        });
        Self {
            tested_kpa: tested.map_or(f32::INFINITY, |test| {
                (test.static_kpa * (1.0 - TEST_STATIC_SHARE)) as f32
            }),
            static_kpa: if source.taps_main() {
                required as f32
            } else {
                f32::NAN
            },
            residual_kpa: required as f32,
            deficit_kpa: deficit as f32,
            accuracy_kpa: source.sensor.accuracy.unwrap_or(8.0) as f32,
        }
    }
}
