//! `/routes`: which alerts go to which team, by which channels, at which step.

mod list;
mod put;

use std::sync::Arc;

use firemain_domain::judging::{RuleName, Severity};
use firemain_domain::source::KindName;
use firemain_domain::telling::{Audience, Route, Shift};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;
use super::view::{KindCode, RuleCode, SeverityCode};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_routes))
        .routes(routes!(list::get_route, put::put_route, put::remove_route))
}

/// From alerts to a team. What is empty takes everything.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RouteView {
    /// Its id.
    #[schema(example = "hoan-kiem-at-once")]
    pub id: String,
    /// For whom: `team`, `command` or `operators`.
    #[schema(value_type = String, example = "team")]
    pub audience: Audience,
    /// The step of escalation: 0 at once, 1 shift lead, 2 water company and commune, 3 fire area team.
    #[schema(minimum = 0, maximum = 3)]
    pub level: u8,
    /// The team that is told.
    pub team: String,
    /// By which channels.
    pub channels: Vec<String>,
    /// Only of sources in these units.
    pub units: Vec<String>,
    /// Only of these kinds.
    #[schema(value_type = Vec<KindCode>)]
    pub kinds: Vec<KindName>,
    /// Only of these rules.
    #[schema(value_type = Vec<RuleCode>)]
    pub rules: Vec<RuleName>,
    /// Only if at least so severe.
    #[schema(value_type = SeverityCode)]
    pub at_least: Severity,
    /// Only in these hours: `days`, `from`, `until`, in the time of Asia/Ho_Chi_Minh.
    #[schema(value_type = Vec<Object>)]
    pub hours: Vec<Shift>,
}

impl From<Route> for RouteView {
    fn from(route: Route) -> Self {
        Self {
            id: route.id,
            audience: route.audience,
            level: route.level,
            team: route.team,
            channels: route.channels,
            units: route.units,
            kinds: route.kinds,
            rules: route.rules,
            at_least: route.at_least,
            hours: route.hours,
        }
    }
}

fn no_route() -> Problem {
    Problem::not_found("there is no route of that id: GET /api/v1/routes lists them")
}
