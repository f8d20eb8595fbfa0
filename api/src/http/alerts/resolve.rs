//! `POST /alerts/{id}/resolve`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::handling::{Act, Outcome};
use serde::Deserialize;
use utoipa::ToSchema;

use super::act::act;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::photos::check_ids;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{AlertView, OutcomeCode};

/// What was found, or done.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveBody {
    /// What was found, or done.
    #[schema(value_type = OutcomeCode)]
    outcome: Outcome,
    /// In words; must be given with `other`.
    #[schema(example = "van cổng đóng, đã mở lại")]
    note: Option<String>,
    /// Photos, by the ids that `POST /photos` answered; at most 12.
    #[serde(default)]
    photos: Vec<String>,
}

/// Resolves an alert by hand; the slashes of its id written as `%2F`.
///
/// Clearing stays with the readings: while they still show it, the alert goes on standing, resolved by
/// hand, and no verdict improves. It does not page again unless it gets worse or a fire burns within
/// 500 m of a critical, and re-opens by itself if the readings say the same an hour later
/// (`rules.common.resolved_wait_s`).
#[utoipa::path(post, path = "/alerts/{id}/resolve", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    request_body = ResolveBody,
    responses(
        (status = 200, description = "It is resolved by hand", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn resolve_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<ResolveBody>,
) -> Result<Done<AlertView>, Problem> {
    act(&app, &who, id, body.into_act()?).await
}

/// Resolves an alert by hand; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/resolve", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    request_body = ResolveBody,
    responses(
        (status = 200, description = "It is resolved by hand", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn resolve_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
    Body(body): Body<ResolveBody>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    act(&app, &who, id, body.into_act()?).await
}

impl ResolveBody {
    fn into_act(self) -> Result<Act, Problem> {
        let mut checks = Checks::default();
        checks.lines("/note", self.note.as_deref().unwrap_or_default(), 2_000);
        let said = self
            .note
            .as_deref()
            .is_some_and(|note| !note.trim().is_empty());
        checks.that(
            said || self.outcome != Outcome::Other,
            "/note",
            "must say what was found or done, where the outcome is `other`",
        );
        check_ids(&self.photos, &mut checks);
        checks.of_body()?;
        Ok(Act::Resolved {
            outcome: self.outcome,
            note: self.note,
            photos: self.photos,
        })
    }
}
