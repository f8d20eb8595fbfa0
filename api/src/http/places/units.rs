//! `GET /units`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::count::{PlaceView, by_name};
use crate::http::app::App;
use crate::http::ask::Page;
use crate::http::principal::Principal;

/// The administrative units in the register, with how their sources stand.
#[utoipa::path(get, path = "/units", tag = "places",
    responses((status = 200, description = "All of them", body = Page<PlaceView>)))]
pub async fn list_units(State(app): State<Arc<App>>, _: Principal) -> Json<Page<PlaceView>> {
    Json(by_name(&app.board, |source| source.unit.as_deref()))
}
