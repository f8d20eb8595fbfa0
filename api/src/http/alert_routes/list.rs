//! `GET /routes` and `GET /routes/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::{RouteView, no_route};
use crate::http::app::App;
use crate::http::ask::{Page, PathOf};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// All routes of alerts.
#[utoipa::path(get, path = "/routes", tag = "telling",
    responses((status = 200, description = "All routes, in order of id", body = Page<RouteView>)))]
pub async fn list_routes(
    State(app): State<Arc<App>>,
    _: Principal,
) -> Result<Json<Page<RouteView>>, Problem> {
    let routes = app.ask(|stores| stores.register.routes()).await?;
    Ok(Json(Page {
        items: routes.into_iter().map(RouteView::from).collect(),
        next: None,
    }))
}

/// One route.
#[utoipa::path(get, path = "/routes/{id}", tag = "telling",
    params(("id" = String, Path, description = "Its id", example = "hoan-kiem-at-once")),
    responses((status = 200, description = "The route", body = RouteView)))]
pub async fn get_route(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Json<RouteView>, Problem> {
    let routes = app.ask(|stores| stores.register.routes()).await?;
    let route = routes.into_iter().find(|route| route.id == id);
    route.map(|route| Json(route.into())).ok_or_else(no_route)
}
