//! `/flow-tests`: what hydrants gave when somebody measured (NFPA 291).

mod enter;
mod list;
mod withdraw;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::FlowTest;
use firemain_domain::hydraulics::{FlowTestPoint, NORM_TARGET_KPA};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_flow_tests, enter::enter_flow_test))
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
    /// Until when it counts, while the main is unchanged (five years, NFPA 291).
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
}

impl FlowTestView {
    /// `test` against what its source owes.
    fn new(app: &App, test: FlowTest) -> Self {
        let target_residual_kpa = target_kpa(app, &test.source);
        let available = point(&test).available_flow_lps(target_residual_kpa).ok();
        Self {
            target_residual_kpa,
            rated_flow_lps: available.map(|a| a.flow_lps),
            extrapolated: available.is_some_and(|a| a.extrapolated),
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

fn point(test: &FlowTest) -> FlowTestPoint {
    FlowTestPoint {
        static_kpa: test.static_kpa,
        residual_kpa: test.residual_kpa,
        flow_lps: test.flow_lps,
        accuracy_kpa: test.gauge_accuracy_kpa,
    }
}
