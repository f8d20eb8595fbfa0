//! `POST /alerts/{id}/assign`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::handling::Act;
use serde::Deserialize;
use utoipa::ToSchema;

use super::act::act;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// To whom.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignBody {
    /// A person or a team.
    #[schema(example = "Đội Chữa cháy và CNCH khu vực 1")]
    to: String,
}

/// Gives an alert to a person or a team; the slashes of its id written as `%2F`.
///
/// Whose it is says nothing of how far they are: they still acknowledge it.
#[utoipa::path(post, path = "/alerts/{id}/assign", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    request_body = AssignBody,
    responses(
        (status = 200, description = "It is theirs", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn assign_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<AssignBody>,
) -> Result<Done<AlertView>, Problem> {
    act(&app, &who, id, body.into_act()?).await
}

/// Gives an alert to a person or a team; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/assign", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    request_body = AssignBody,
    responses(
        (status = 200, description = "It is theirs", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn assign_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
    Body(body): Body<AssignBody>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    act(&app, &who, id, body.into_act()?).await
}

impl AssignBody {
    fn into_act(self) -> Result<Act, Problem> {
        let mut checks = Checks::default();
        checks.text("/to", &self.to, 128);
        checks.of_body()?;
        Ok(Act::Assigned { to: self.to })
    }
}
