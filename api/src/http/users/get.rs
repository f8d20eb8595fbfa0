//! `GET /users/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::{UserView, find};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::problem::Problem;

/// One user.
#[utoipa::path(get, path = "/users/{name}", tag = "people",
    params(("name" = String, Path, description = "User name", example = "lan")),
    responses((status = 200, description = "The user", body = UserView)))]
pub async fn get_user(
    State(app): State<Arc<App>>,
    PathOf(name): PathOf<String>,
) -> Result<Json<UserView>, Problem> {
    Ok(Json(find(&app, &name).await?.into()))
}
