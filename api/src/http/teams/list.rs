//! `GET /teams` and `GET /teams/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::{TeamView, no_team};
use crate::http::app::App;
use crate::http::ask::{Page, PathOf};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// All teams.
#[utoipa::path(get, path = "/teams", tag = "telling",
    responses((status = 200, description = "All teams, in order of id", body = Page<TeamView>)))]
pub async fn list_teams(
    State(app): State<Arc<App>>,
    _: Principal,
) -> Result<Json<Page<TeamView>>, Problem> {
    let teams = app.ask(|stores| stores.register.teams()).await?;
    Ok(Json(Page {
        items: teams.into_iter().map(TeamView::from).collect(),
        next: None,
    }))
}

/// One team.
#[utoipa::path(get, path = "/teams/{id}", tag = "telling",
    params(("id" = String, Path, description = "Its id", example = "doi-1")),
    responses((status = 200, description = "The team", body = TeamView)))]
pub async fn get_team(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Json<TeamView>, Problem> {
    let teams = app.ask(|stores| stores.register.teams()).await?;
    let team = teams.into_iter().find(|team| team.id == id);
    team.map(|team| Json(team.into())).ok_or_else(no_team)
}
