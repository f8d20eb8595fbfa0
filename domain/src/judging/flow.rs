//! Which flow can be had from a hydrant at the target residual, and whether anything proves it.

use super::outcome::{Basis, Measured};
use super::rules::Rules;
use super::settings::Settings;
use super::state::State;
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// What is known of a hydrant's flow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowKnown {
    /// The flow that can be had, and what says so.
    pub rated: Option<Measured>,
    /// A test or a use in date that proves at least the required flow.
    pub proven: Option<Measured>,
}

/// What is known of the flow of a source at `now`.
///
/// A test counts for five years while the pressure at rest stays within ± 20 % of the test's
/// (NFPA 291); within that, today's pressure at rest gives an estimate. A use counts as long.
pub fn known_flow(settings: &Settings, state: &State, rules: &Rules, now: Timestamp) -> FlowKnown {
    let source = &settings.source;
    let target_kpa = source
        .requirement
        .pressure_kpa
        .unwrap_or(rules.common.target_residual_kpa);
    let required = source.requirement.flow_lps;
    let static_kpa = state
        .at_rest_kpa
        .filter(|_| source.taps_main() && !state.silent);
    let measured = |basis, value: f64, at| Measured {
        basis,
        quantity: Quantity::AvailableFlowLps,
        value,
        limit: required,
        margin: required.map(|required| value - required),
        at,
    };

    let tested = settings
        .newest_test()
        .filter(|(test, point)| point.still_valid(test.at, now, static_kpa))
        .and_then(|(test, point)| {
            let available = point.available_flow_lps(target_kpa).ok()?;
            let live = static_kpa
                .filter(|_| available.extrapolated)
                .filter(|_| state.newest_at.is_some_and(|at| at > test.at))
                .and_then(|kpa| point.live_estimate_lps(kpa, target_kpa));
            Some(match live {
                Some(flow_lps) => measured(Basis::Estimated, flow_lps, state.last.at),
                None => measured(Basis::FlowTest, available.flow_lps, test.at),
            })
        });
    let used = state
        .use_proof
        .filter(|proof| proof.met)
        .filter(|proof| {
            let point = crate::hydraulics::FlowTestPoint {
                static_kpa: proof.static_kpa.unwrap_or(proof.pressure_kpa),
                residual_kpa: proof.pressure_kpa,
                flow_lps: proof.flow_lps,
                accuracy_kpa: None,
            };
            point.still_valid(
                proof.at,
                now,
                static_kpa.filter(|_| proof.static_kpa.is_some()),
            )
        })
        .map(|proof| measured(Basis::InUse, proof.flow_lps, proof.at));
    let by_device = state
        .last
        .available_flow_lps
        .map(|q| measured(Basis::DeviceEstimate, q, state.last.at));

    let enough = |m: &Measured| required.is_none_or(|required| m.value >= required);
    FlowKnown {
        rated: by_device.or(tested).or(used),
        proven: tested.or(used).filter(enough),
    }
}
