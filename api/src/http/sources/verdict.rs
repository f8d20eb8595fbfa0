//! `GET /sources/{code}/verdict`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::get::source_view;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::StandingView;

/// The verdict on one source.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VerdictView {
    /// Whose.
    #[schema(example = "TR-0412")]
    pub code: String,
    /// The verdict and what it rests on.
    #[serde(flatten)]
    pub standing: StandingView,
}

/// Whether a source can be counted on, and what says so: evidence with its age and margin.
#[utoipa::path(get, path = "/sources/{code}/verdict", tag = "sources",
    params(("code" = String, Path, description = "Its code", example = "TR-0412")),
    responses((status = 200, description = "The verdict", body = VerdictView)))]
pub async fn get_verdict(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(code): PathOf<String>,
) -> Result<Json<VerdictView>, Problem> {
    let view = source_view(&app, &code).await?;
    match view.standing {
        Some(standing) => Ok(Json(VerdictView { code, standing })),
        None => Err(Problem::busy(
            "this source was entered a moment ago and is not judged yet; ask again",
            1,
        )),
    }
}
