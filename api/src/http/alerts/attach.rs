//! `POST /alerts/{id}/attach`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::{Incident, Permit};
use firemain_domain::handling::{Act, Attachment};
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::ToSchema;

use super::act::act;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::enter::find;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// For what.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachBody {
    /// An open incident, by its id; this or `permit`.
    #[schema(example = "vu-chay-17")]
    incident: Option<String>,
    /// A permit, by its id.
    permit: Option<String>,
}

/// Says what water is drawn for; the slashes of its id written as `%2F`.
///
/// Of an alert about a use of water, `UNAUTHORISED_USE` or `IN_USE`: an incident that is open, or a
/// permit, answers whose it is ("gắn vụ cháy?"), and the question ends. It is asked again if the
/// incident or the permit ends and the water still runs.
#[utoipa::path(post, path = "/alerts/{id}/attach", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    request_body = AttachBody,
    responses(
        (status = 200, description = "It is attached", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn attach_to_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<AttachBody>,
) -> Result<Done<AlertView>, Problem> {
    let attached = body.into_act(&app).await?;
    act(&app, &who, id, attached).await
}

/// Says what water is drawn for; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/attach", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    request_body = AttachBody,
    responses(
        (status = 200, description = "It is attached", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn attach_to_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
    Body(body): Body<AttachBody>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    let attached = body.into_act(&app).await?;
    act(&app, &who, id, attached).await
}

impl AttachBody {
    async fn into_act(self, app: &App) -> Result<Act, Problem> {
        let mut checks = Checks::default();
        checks.that(
            self.incident.is_some() != self.permit.is_some(),
            "/incident",
            "give `incident` or `permit`, one of them",
        );
        checks.text_if("/incident", self.incident.as_deref(), 64);
        checks.text_if("/permit", self.permit.as_deref(), 64);
        checks.of_body()?;
        let attachment = match (self.incident, self.permit) {
            (Some(id), _) => {
                let wanted = id.clone();
                let found = app
                    .ask(move |stores| {
                        let page =
                            |after: Option<&str>, n| stores.register.incidents(true, after, n);
                        find(&wanted, |row: &Ended<Incident>| &row.what.id, page)
                    })
                    .await?;
                found.ok_or_else(|| {
                    Problem::not_found(
                        "no such incident is open: GET /api/v1/incidents?open=true lists those that are",
                    )
                })?;
                Attachment::Incident { id }
            }
            (None, id) => {
                let wanted = id.unwrap_or_default();
                let found = app
                    .ask(move |stores| {
                        let page = |after: Option<&str>, n| stores.register.permits(None, after, n);
                        find(&wanted, |row: &Ended<Permit>| &row.what.id, page)
                    })
                    .await?;
                let holds =
                    |row: &Ended<Permit>| row.ended_at.is_none() && app.now() < row.what.until;
                let permit = found.filter(holds).ok_or_else(|| {
                    Problem::not_found(
                        "no such permit holds: GET /api/v1/permits lists them, POST /api/v1/permits grants one",
                    )
                })?;
                let permit = Box::new(permit.what);
                Attachment::Permit { permit }
            }
        };
        Ok(Act::Attached { attachment })
    }
}
