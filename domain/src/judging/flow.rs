//! Which flow can be had from a hydrant at the target residual, and whether anything proves it.

use super::outcome::{Basis, Measured};
use super::rules::Rules;
use super::settings::Settings;
use super::state::{State, UseProof};
use crate::hydraulics::FlowTestPoint;
use crate::quantity::Quantity;
use crate::time::{DAY_MS, Timestamp};

/// What is known of a hydrant's flow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowKnown {
    /// The flow that it can be counted on for, and what says so.
    pub rated: Option<Measured>,
    /// The least that a test, today's estimate from it or the device's own says.
    pub least: Option<Measured>,
    /// The flow that a valid test promises at the source's normal pressure, L/s.
    pub normal_lps: Option<f64>,
    /// A test or a use in date that proves at least the required flow.
    pub proven: Option<Measured>,
}

/// What is known of the flow of a source at `now`.
///
/// A test counts for five years while the pressure at rest stays within ± 20 % of the test's
/// (NFPA 291); within that, today's pressure at rest gives an estimate. A use counts as long. An
/// estimate proves nothing.
pub fn known_flow(settings: &Settings, state: &State, rules: &Rules, now: Timestamp) -> FlowKnown {
    let source = &settings.source;
    let target_kpa = source
        .requirement
        .pressure_kpa
        .unwrap_or(rules.common.target_residual_kpa);
    let required = source.requirement.flow_lps;
    let static_kpa = static_now_kpa(settings, state);
    let measured = |basis, value: f64, at| Measured {
        basis,
        quantity: Quantity::AvailableFlowLps,
        value,
        limit: required,
        margin: required.map(|required| value - required),
        at,
    };

    let valid = settings
        .newest_test()
        .filter(|(test, point)| point.still_valid(test.at, now, static_kpa))
        .and_then(|(test, point)| Some((test, point, point.available_flow_lps(target_kpa).ok()?)));
    let tested =
        valid.map(|(test, _, available)| measured(Basis::FlowTest, available.flow_lps, test.at));
    let live = valid
        .filter(|(test, _, available)| {
            available.extrapolated && state.newest_at.is_some_and(|at| at >= test.at)
        })
        .and_then(|(_, point, _)| point.live_estimate_lps(static_kpa?, target_kpa))
        .map(|flow_lps| measured(Basis::Estimated, flow_lps, state.last().at));
    let used = state
        .use_proof
        .as_deref()
        .filter(|proof| proof.met && use_counts(settings, state, proof, now))
        .map(|proof| measured(Basis::InUse, proof.flow_lps, proof.at));
    let by_device = state
        .last()
        .available_flow_lps
        .zip(state.estimate_at().filter(|at| {
            let keeps_ms = DAY_MS.max(3 * source.interval_ms());
            now.since_ms(*at) <= keeps_ms
        }))
        .map(|(q, at)| measured(Basis::DeviceEstimate, q, at));
    let normal_lps = valid.map(|(_, point, available)| {
        let normal_kpa = state.normal.map(f64::from).filter(|_| source.taps_main());
        let at_normal = normal_kpa
            .filter(|_| available.extrapolated)
            .and_then(|kpa| point.live_estimate_lps(kpa, target_kpa));
        at_normal.unwrap_or(available.flow_lps)
    });

    let enough = |m: &Measured| required.is_none_or(|required| m.value >= required);
    FlowKnown {
        rated: least([live.or(tested), by_device]).or(used),
        least: least([tested, live, by_device]),
        normal_lps,
        proven: tested.filter(enough).or(used.filter(enough)),
    }
}

/// Whether today's estimate would reach the required flow if the main stood `accuracy_kpa` higher, and
/// the test's drop were less by the accuracy of its gauge: neither can tell that apart.
pub fn may_reach(
    settings: &Settings,
    state: &State,
    rules: &Rules,
    now: Timestamp,
    accuracy_kpa: f64,
    accuracy_most_kpa: f64,
) -> bool {
    let requirement = &settings.source.requirement;
    let target_kpa = requirement
        .pressure_kpa
        .unwrap_or(rules.common.target_residual_kpa);
    let static_kpa = static_now_kpa(settings, state);
    let estimate_lps = settings
        .newest_test()
        .filter(|(test, point)| point.still_valid(test.at, now, static_kpa))
        .zip(static_kpa)
        .and_then(|((_, point), kpa)| {
            let gauge_kpa = point.accuracy_kpa.unwrap_or(0.0).min(accuracy_most_kpa);
            let steadier = FlowTestPoint {
                residual_kpa: point.residual_kpa + gauge_kpa,
                ..point
            };
            steadier.live_estimate_lps(kpa + accuracy_kpa, target_kpa)
        });
    estimate_lps
        .zip(requirement.flow_lps)
        .is_some_and(|(estimate, required)| estimate >= required)
}

/// Whether a use still says something of the main: as long as a test would.
pub fn use_counts(settings: &Settings, state: &State, proof: &UseProof, now: Timestamp) -> bool {
    let point = FlowTestPoint {
        static_kpa: proof.static_kpa.unwrap_or(proof.pressure_kpa),
        residual_kpa: proof.pressure_kpa,
        flow_lps: proof.flow_lps,
        accuracy_kpa: None,
    };
    let static_kpa = static_now_kpa(settings, state).filter(|_| proof.static_kpa.is_some());
    point.still_valid(proof.at, now, static_kpa)
}

/// The pressure at rest by the newest readings, where it means something.
fn static_now_kpa(settings: &Settings, state: &State) -> Option<f64> {
    state
        .at_rest_kpa
        .filter(|_| settings.source.taps_main() && !state.silent)
}

fn least<const N: usize>(of: [Option<Measured>; N]) -> Option<Measured> {
    of.into_iter()
        .flatten()
        .min_by(|a, b| a.value.total_cmp(&b.value))
}
