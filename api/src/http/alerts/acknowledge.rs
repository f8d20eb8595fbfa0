//! `POST /alerts/{id}/acknowledge`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;

use super::get::find;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// Takes an alert upon oneself; the slashes of its id written as `%2F`.
///
/// Acknowledged is not cleared: data clears it. Who took it first stays; again changes nothing.
#[utoipa::path(post, path = "/alerts/{id}/acknowledge", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    responses(
        (status = 200, description = "It is taken", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn acknowledge_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<AlertView>, Problem> {
    acknowledge(&app, &who, id).await
}

/// Takes an alert upon oneself; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/acknowledge", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    responses(
        (status = 200, description = "It is taken", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn acknowledge_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
) -> Result<Done<AlertView>, Problem> {
    acknowledge(&app, &who, format!("{source}/{rule}/{n}")).await
}

async fn acknowledge(app: &App, who: &Principal, id: String) -> Result<Done<AlertView>, Problem> {
    let before = find(app, id.clone()).await?;
    if before.acknowledged_by.is_some() {
        return Ok(Done::unchanged(before));
    }
    let change = Change::EpisodeAcknowledged {
        episode: id.clone(),
        by: who.who.to_string(),
    };
    let applied = app.change(who, vec![change]).await?;
    Ok(Done::altered(find(app, id).await?, applied))
}
