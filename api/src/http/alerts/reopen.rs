//! `POST /alerts/{id}/reopen`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::handling::Act;

use super::act::act;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// Takes back that an alert is resolved or closed; the slashes of its id written as `%2F`.
///
/// One that data cleared re-opens by itself if the readings say so again.
#[utoipa::path(post, path = "/alerts/{id}/reopen", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    responses(
        (status = 200, description = "It is open", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn reopen_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<AlertView>, Problem> {
    act(&app, &who, id, Act::Reopened).await
}

/// Takes back that an alert is resolved or closed; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/reopen", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    responses(
        (status = 200, description = "It is open", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn reopen_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    act(&app, &who, id, Act::Reopened).await
}
