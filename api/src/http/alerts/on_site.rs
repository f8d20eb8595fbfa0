//! `POST /alerts/{id}/on-site`.

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

/// Says that somebody is there; the slashes of its id written as `%2F`.
///
/// Whoever is there has taken the alert too.
#[utoipa::path(post, path = "/alerts/{id}/on-site", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    responses(
        (status = 200, description = "Somebody is there", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn alert_on_site(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<AlertView>, Problem> {
    act(&app, &who, id, Act::OnSite).await
}

/// Says that somebody is there; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/on-site", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    responses(
        (status = 200, description = "Somebody is there", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn alert_on_site_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    act(&app, &who, id, Act::OnSite).await
}
