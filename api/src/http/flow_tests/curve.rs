//! `GET /flow-tests/{id}/flow` and `GET /flow-tests/{id}/curve.svg`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firemain_domain::change::FlowTest;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::drawing::{Language, draw};
use super::{FlowTestView, point};
use crate::http::app::App;
use crate::http::ask::{Checks, Params, PathOf};
use crate::http::enter::find;
use crate::http::principal::Principal;
use crate::http::problem::{Problem, ProblemKind};

/// At which residual pressure.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FlowQuery {
    /// The residual pressure to keep, kPa.
    #[param(example = 98.1)]
    residual_kpa: f64,
}

/// The flow to be had at a residual pressure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct FlowView {
    /// The residual pressure kept, kPa.
    pub residual_kpa: f64,
    /// By the test (NFPA 291), L/s.
    pub flow_lps: f64,
    /// Whether it was extrapolated; if not, the drop was too small and the measured point counts.
    pub extrapolated: bool,
    /// By today's pressure at rest and the test's curve: an estimate, L/s; `null` where today's
    /// pressure is not known, or the test does not bear it.
    pub estimated_flow_lps: Option<f64>,
}

/// The flow that a test says can be had at any residual pressure.
#[utoipa::path(get, path = "/flow-tests/{id}/flow", tag = "flow tests",
    params(("id" = String, Path, description = "Its id"), FlowQuery),
    responses((status = 200, description = "The flow", body = FlowView)))]
pub async fn get_flow(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
    Params(query): Params<FlowQuery>,
) -> Result<Json<FlowView>, Problem> {
    let mut checks = Checks::default();
    checks.within("residual_kpa", query.residual_kpa, 0.0..=2_000.0);
    checks.of_params()?;
    let test = of_id(&app, id).await?;
    let point = point(&test);
    let available = point
        .available_flow_lps(query.residual_kpa)
        .map_err(|why| {
            let text = format!("this test gives no flow at that residual pressure: {why}");
            Problem::new(ProblemKind::InvalidParameter, text)
        })?;
    let view = FlowTestView::new(&app, test);
    let today = view.static_today_kpa.filter(|_| available.extrapolated);
    Ok(Json(FlowView {
        residual_kpa: query.residual_kpa,
        flow_lps: available.flow_lps,
        extrapolated: available.extrapolated,
        estimated_flow_lps: today.and_then(|p| point.live_estimate_lps(p, query.residual_kpa)),
    }))
}

/// How the curve is drawn.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CurveQuery {
    /// `vi` (by default) or `en`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "vi")]
    lang: Language,
}

/// The supply curve of a test: pressure over flow, the measured points, what is owed, the norm's 10 m
/// and NFPA 291's 20 psi, and today's estimate.
#[utoipa::path(get, path = "/flow-tests/{id}/curve.svg", tag = "flow tests",
    params(("id" = String, Path, description = "Its id"), CurveQuery),
    responses((status = 200, description = "A drawing", content_type = "image/svg+xml", body = String)))]
pub async fn get_curve(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
    Params(query): Params<CurveQuery>,
) -> Result<Response, Problem> {
    let test = of_id(&app, id).await?;
    let entry = app.board.get(&test.source);
    let required_lps = entry.and_then(|entry| entry.source.requirement.flow_lps);
    let point = point(&test);
    let view = FlowTestView::new(&app, test);
    let svg = draw(&view, point, required_lps, query.lang);
    let kind = [(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")];
    Ok((kind, svg).into_response())
}

/// The test of that id.
pub(super) async fn of_id(app: &App, id: String) -> Result<FlowTest, Problem> {
    let there = app.ask(move |stores| {
        find(
            &id,
            |t: &FlowTest| &t.id,
            |after, n| stores.register.flow_tests(None, after, n),
        )
    });
    there.await?.ok_or_else(|| {
        Problem::not_found("there is no flow test of that id: GET /api/v1/flow-tests lists them")
    })
}
