//! `POST /alerts/{id}/unsilence`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;
use firemain_domain::handling::{Silence, Silenced};

use super::get::{find, row_of};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// Ends the silences of an alert; the slashes of its id written as `%2F`.
///
/// Those of this alert alone; one of its source, zone or unit is ended at `POST /silences/{id}/end`.
/// If it still stands, it pages.
#[utoipa::path(post, path = "/alerts/{id}/unsilence", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    responses(
        (status = 200, description = "It is not silenced", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn unsilence_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<AlertView>, Problem> {
    unsilence(&app, &who, id).await
}

/// Ends the silences of an alert; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/unsilence", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    responses(
        (status = 200, description = "It is not silenced", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn unsilence_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    unsilence(&app, &who, id).await
}

async fn unsilence(app: &App, who: &Principal, alert: String) -> Result<Done<AlertView>, Problem> {
    let row = row_of(app, alert.clone()).await?;
    let now = app.now();
    let holding = app
        .ask(move |stores| stores.register.silences_in_force(now))
        .await?;
    let over = Silenced::Alert(alert.clone());
    let of_it = holding
        .into_iter()
        .filter(|silence: &Silence| silence.over == over);
    let ended = of_it.map(|silence| Change::SilenceEnded {
        id: silence.id,
        at: now,
    });
    let ended: Vec<Change> = ended.collect();
    if ended.is_empty() {
        return Ok(Done::unchanged(AlertView::new(&row, &app.board, now)));
    }
    let applied = app.change(who, ended).await?;
    Ok(Done::altered(find(app, alert).await?, applied))
}
