//! `PUT` and `DELETE /routes/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::Change;
use firemain_domain::judging::{RuleName, Severity};
use firemain_domain::source::KindName;
use firemain_domain::telling::{Audience, Route, Shift};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RouteView;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::{Done, gone};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{KindCode, RuleCode, SeverityCode};

/// A route.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteBody {
    /// For whom: `team` (by default), `command` or `operators`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "team")]
    audience: Audience,
    /// The step of escalation: 0 at once, 1 shift lead, 2 water company and commune, 3 fire area team.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3)]
    level: u8,
    /// The team that is told.
    #[schema(example = "doi-1")]
    team: String,
    /// By which channels; each contact by those for which they have an address.
    #[schema(example = json!(["sms"]))]
    channels: Vec<String>,
    /// Only of sources in these units; empty: all.
    #[serde(default)]
    units: Vec<String>,
    /// Only of these kinds.
    #[serde(default)]
    #[schema(value_type = Option<Vec<KindCode>>)]
    kinds: Vec<KindName>,
    /// Only of these rules.
    #[serde(default)]
    #[schema(value_type = Option<Vec<RuleCode>>)]
    rules: Vec<RuleName>,
    /// Only if at least so severe; `major` by default. With `minor`, what is for the list only comes once
    /// a day.
    #[serde(default = "major")]
    #[schema(value_type = Option<SeverityCode>)]
    at_least: Severity,
    /// Only in these hours: `days`, `from`, `until`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    hours: Vec<Shift>,
}

const fn major() -> Severity {
    Severity::Major
}

/// Enters a route, or replaces it. Its team must be there, and its channels be set.
#[utoipa::path(put, path = "/routes/{id}", tag = "telling", request_body = RouteBody,
    params(("id" = String, Path, description = "Its id", example = "hoan-kiem-at-once")),
    responses(
        (status = 200, description = "It is so", body = RouteView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = RouteView),
    ))]
pub async fn put_route(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<RouteBody>,
) -> Result<Done<RouteView>, Problem> {
    let mut checks = Checks::default();
    if let Some(notify) = &app.notify {
        for (place, channel) in body.channels.iter().enumerate() {
            checks.that(
                notify.has_channel(channel),
                &format!("/channels/{place}"),
                "no channel of that name is set: GET /api/v1/channels lists them",
            );
        }
    }
    checks.of_body()?;
    let route = Route {
        id,
        audience: body.audience,
        level: body.level,
        team: body.team,
        channels: body.channels,
        units: body.units,
        kinds: body.kinds,
        rules: body.rules,
        at_least: body.at_least,
        hours: body.hours,
    };
    let routes = app.ask(|stores| stores.register.routes()).await?;
    if routes.contains(&route) {
        return Ok(Done::unchanged(route.into()));
    }
    let change = Change::RouteSet {
        route: Box::new(route.clone()),
    };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(route.into(), applied))
}

/// Strikes out a route.
#[utoipa::path(delete, path = "/routes/{id}", tag = "telling",
    params(("id" = String, Path, description = "Its id", example = "hoan-kiem-at-once")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn remove_route(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let change = Change::RouteRemoved { id };
    Ok(gone(app.change(&who, vec![change]).await?))
}
