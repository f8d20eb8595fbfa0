//! `GET /rounds/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::{RoundView, with_stops};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// A round with its stops in their order, and which of them are done.
#[utoipa::path(get, path = "/rounds/{id}", tag = "rounds",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The round", body = RoundView)))]
pub async fn get_round(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Json<RoundView>, Problem> {
    let row = app.ask(move |stores| stores.register.round(&id)).await?;
    let row = row.ok_or_else(|| {
        Problem::not_found("there is no round of that id: GET /api/v1/rounds lists them")
    })?;
    with_stops(&app, row).await.map(Json)
}
