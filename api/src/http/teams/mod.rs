//! `/teams`: who is told of alerts, where, in which language and when.

mod list;
mod put;

use std::sync::Arc;

use firemain_domain::telling::{Contact, Team};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_teams))
        .routes(routes!(list::get_team, put::put_team, put::remove_team))
}

/// People who are told together.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TeamView {
    /// Its id.
    #[schema(example = "doi-1")]
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who is in it: `id`, `name`, `language` (`vi`, `en`), `addresses` by channel, `shifts`, `off_until`,
    /// `quiet`.
    #[schema(value_type = Vec<Object>)]
    pub contacts: Vec<Contact>,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        Self {
            id: team.id,
            name: team.name,
            contacts: team.contacts,
        }
    }
}

fn no_team() -> Problem {
    Problem::not_found("there is no team of that id: GET /api/v1/teams lists them")
}
