//! `POST /alerts/{id}/silence`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::handling::{Silence, Silenced};
use serde::Deserialize;
use utoipa::ToSchema;

use super::get::{find, row_of};
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::enter::id_or_new;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::silences::check_silence;
use crate::http::view::AlertView;

/// Until when, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceBody {
    /// An id of your own for the silence.
    id: Option<String>,
    /// Until when, at most seven days from now.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Why.
    #[schema(example = "công ty nước đang sửa, xong trước 17:00")]
    reason: String,
}

/// Silences an alert for a while; the slashes of its id written as `%2F`.
///
/// It mutes paging, never the map: no verdict improves, and what still stands when it ends pages. A
/// fire within 500 m lifts it for criticals. For a source, a zone or a unit: `POST /silences`.
#[utoipa::path(post, path = "/alerts/{id}/silence", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    request_body = SilenceBody,
    responses(
        (status = 200, description = "It is silenced", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn silence_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<SilenceBody>,
) -> Result<Done<AlertView>, Problem> {
    silence(&app, &who, id, body).await
}

/// Silences an alert for a while; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/silence", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    request_body = SilenceBody,
    responses(
        (status = 200, description = "It is silenced", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn silence_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
    Body(body): Body<SilenceBody>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    silence(&app, &who, id, body).await
}

async fn silence(
    app: &App,
    who: &Principal,
    alert: String,
    body: SilenceBody,
) -> Result<Done<AlertView>, Problem> {
    let row = row_of(app, alert.clone()).await?;
    let now = app.now();
    let mut checks = Checks::default();
    let silence = Silence {
        id: id_or_new(app, body.id, &mut checks)?,
        over: Silenced::Alert(alert.clone()),
        from: now,
        until: body.until,
        reason: body.reason,
        by: who.who.to_string(),
    };
    check_silence(&silence, &mut checks);
    checks.of_body()?;
    let holding = app
        .ask(move |stores| stores.register.silences_in_force(now))
        .await?;
    let same = |held: &Silence| {
        held.over == silence.over && held.until == silence.until && held.reason == silence.reason
    };
    if holding.iter().any(same) {
        return Ok(Done::unchanged(AlertView::new(&row, &app.board, now)));
    }
    let applied = app
        .change(who, vec![Change::SilenceEntered { silence }])
        .await?;
    Ok(Done::altered(find(app, alert).await?, applied))
}
