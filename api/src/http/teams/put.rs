//! `PUT` and `DELETE /teams/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::Change;
use firemain_domain::telling::{Contact, Team};
use serde::Deserialize;
use utoipa::ToSchema;

use super::TeamView;
use crate::http::app::App;
use crate::http::ask::{Body, PathOf};
use crate::http::done::{Done, gone};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// A team.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamBody {
    /// What people call it.
    #[schema(example = "Đội 1")]
    name: String,
    /// Who is in it, at most 100.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, example = json!([{"id": "truc", "name": "Trực ban", "language": "vi",
        "addresses": {"sms": "+84900000001"}, "shifts": [{"days": ["mon", "tue"], "from": "18:00", "until": "06:00"}]}]))]
    contacts: Vec<Contact>,
}

/// Enters a team, or replaces it.
#[utoipa::path(put, path = "/teams/{id}", tag = "telling", request_body = TeamBody,
    params(("id" = String, Path, description = "Its id", example = "doi-1")),
    responses(
        (status = 200, description = "It is so", body = TeamView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = TeamView),
    ))]
pub async fn put_team(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<TeamBody>,
) -> Result<Done<TeamView>, Problem> {
    let team = Team {
        id,
        name: body.name,
        contacts: body.contacts,
    };
    let same = team.clone();
    let teams = app.ask(|stores| stores.register.teams()).await?;
    if teams.contains(&same) {
        return Ok(Done::unchanged(team.into()));
    }
    let change = Change::TeamSet { team: team.clone() };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(team.into(), applied))
}

/// Strikes out a team that no route leads to.
#[utoipa::path(delete, path = "/teams/{id}", tag = "telling",
    params(("id" = String, Path, description = "Its id", example = "doi-1")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn remove_team(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let change = Change::TeamRemoved { id };
    Ok(gone(app.change(&who, vec![change]).await?))
}
