//! `GET /sources/{code}/readings/latest`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::readings::{Reading, known};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::history;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// The newest reading of each quantity.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Latest {
    /// Whose.
    #[schema(example = "TR-0412")]
    pub code: String,
    /// The newest of each quantity, with its age.
    pub items: Vec<Reading>,
}

/// The newest reading of each quantity, with its age.
#[utoipa::path(get, path = "/sources/{code}/readings/latest", tag = "readings",
    params(("code" = String, Path, description = "The source's code", example = "TR-0412")),
    responses((status = 200, description = "The newest readings", body = Latest)))]
pub async fn latest_readings(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(code): PathOf<String>,
) -> Result<Json<Latest>, Problem> {
    let source = known(&app, &code).await?;
    let values = history::latest(&app, source).await?;
    let now = app.now();
    Ok(Json(Latest {
        code,
        items: values
            .iter()
            .map(|value| Reading::new(value, now))
            .collect(),
    }))
}
