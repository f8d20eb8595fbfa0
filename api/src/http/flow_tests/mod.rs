//! `/flow-tests`: what hydrants gave when somebody measured (NFPA 291).

mod curve;
mod drawing;
mod enter;
mod list;
mod withdraw;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::FlowTest;
use firemain_domain::hydraulics::{ColourClass, FlowTestPoint, NFPA_TARGET_KPA, NORM_TARGET_KPA};
use firemain_domain::judging::{Basis, Verdict};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_flow_tests, enter::enter_flow_test))
        .routes(routes!(curve::get_flow))
        .routes(routes!(curve::get_curve))
        .routes(routes!(withdraw::withdraw_flow_test))
}

/// A flow test and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FlowTestView {
    /// Its id.
    pub id: String,
    /// The source tested.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Static pressure before, kPa.
    pub static_kpa: f64,
    /// Residual pressure while flowing, kPa.
    pub residual_kpa: f64,
    /// The flow measured, L/s.
    pub flow_lps: f64,
    /// Half-width of the gauge's accuracy, kPa.
    pub gauge_accuracy_kpa: Option<f64>,
    /// Who tested.
    pub by: String,
    /// Anything else.
    pub note: Option<String>,
    /// The residual pressure that `rated_flow_lps` is for, kPa: what the source owes, or the norm's
    /// 10 m (QCVN 10:2025/BCA H.1.1.2).
    pub target_residual_kpa: f64,
    /// The flow to be had at that residual, L/s (NFPA 291); `null` where the static pressure is not
    /// above it.
    #[schema(example = 24.73)]
    pub rated_flow_lps: Option<f64>,
    /// Whether it was extrapolated; if not, the drop was too small and the measured point counts.
    pub extrapolated: bool,
    /// The flow at NFPA 291's 20 psi, L/s; `null` where the static pressure is not above it.
    pub flow_at_20_psi_lps: Option<f64>,
    /// NFPA 291's class by that flow: AA blue, A green, B orange, C red. Show the margin against what
    /// is owed first: 10 to 25 L/s are mostly class C.
    #[schema(value_type = Option<String>, example = "C")]
    pub colour_class: Option<ColourClass>,
    /// The source's pressure at rest today, kPa; `null` where it is not known.
    pub static_today_kpa: Option<f64>,
    /// The flow at the target residual by today's pressure at rest: an estimate, L/s.
    pub estimated_flow_lps: Option<f64>,
    /// Whether it counts: in date, and today's pressure at rest within ± 20 % of the test's.
    pub valid: bool,
    /// Until when it counts, while the main is unchanged (five years, NFPA 291).
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
}

impl FlowTestView {
    /// `test` against what its source owes.
    fn new(app: &App, test: FlowTest) -> Self {
        let target_residual_kpa = target_kpa(app, &test.source);
        let point = point(&test);
        let available = point.available_flow_lps(target_residual_kpa).ok();
        let at_20_psi = point.available_flow_lps(NFPA_TARGET_KPA).ok();
        let static_today_kpa = static_today_kpa(app, &test.source);
        let extrapolated = available.is_some_and(|a| a.extrapolated);
        let valid = point.still_valid(test.at, app.now(), static_today_kpa);
        Self {
            target_residual_kpa,
            rated_flow_lps: available.map(|a| a.flow_lps),
            extrapolated,
            flow_at_20_psi_lps: at_20_psi.map(|a| a.flow_lps),
            colour_class: at_20_psi.map(|a| ColourClass::of(a.flow_lps)),
            static_today_kpa,
            estimated_flow_lps: static_today_kpa
                .filter(|_| extrapolated && valid)
                .and_then(|now_kpa| point.live_estimate_lps(now_kpa, target_residual_kpa)),
            valid,
            valid_until: FlowTestPoint::valid_until(test.at),
            id: test.id,
            source: test.source.to_string(),
            at: test.at,
            static_kpa: test.static_kpa,
            residual_kpa: test.residual_kpa,
            flow_lps: test.flow_lps,
            gauge_accuracy_kpa: test.gauge_accuracy_kpa,
            by: test.by,
            note: test.note,
        }
    }
}

fn target_kpa(app: &App, source: &str) -> f64 {
    let owes = app
        .board
        .get(source)
        .and_then(|entry| entry.source.requirement.pressure_kpa);
    owes.unwrap_or(NORM_TARGET_KPA)
}

/// The pressure at rest that the verdict rests on, kPa.
fn static_today_kpa(app: &App, source: &str) -> Option<f64> {
    let entry = app.board.get(source)?;
    let fresh = entry.standing.verdict != Verdict::Unknown;
    let mut measured = entry.standing.evidence.measured.iter();
    let at_rest = measured.find(|m| m.basis == Basis::StaticPressure);
    at_rest.filter(|_| fresh).map(|m| m.value)
}

fn point(test: &FlowTest) -> FlowTestPoint {
    FlowTestPoint {
        static_kpa: test.static_kpa,
        residual_kpa: test.residual_kpa,
        flow_lps: test.flow_lps,
        accuracy_kpa: test.gauge_accuracy_kpa,
    }
}
