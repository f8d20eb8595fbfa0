//! `POST /alerts/{id}/dispatch`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::handling::Act;
use serde::Deserialize;
use utoipa::ToSchema;

use super::act::act;
use crate::http::app::App;
use crate::http::ask::{Checks, OptionalBody, PathOf};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// Who was sent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchBody {
    /// The crew.
    #[schema(example = "Tổ sửa chữa 2")]
    crew: Option<String>,
}

/// Says that somebody was sent; the slashes of its id written as `%2F`.
///
/// Whoever sends has taken the alert too.
#[utoipa::path(post, path = "/alerts/{id}/dispatch", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    request_body = Option<DispatchBody>,
    responses(
        (status = 200, description = "Somebody is sent", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn dispatch_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    OptionalBody(body): OptionalBody<DispatchBody>,
) -> Result<Done<AlertView>, Problem> {
    act(&app, &who, id, body.into_act()?).await
}

/// Says that somebody was sent; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/dispatch", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    request_body = Option<DispatchBody>,
    responses(
        (status = 200, description = "Somebody is sent", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn dispatch_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
    OptionalBody(body): OptionalBody<DispatchBody>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    act(&app, &who, id, body.into_act()?).await
}

impl DispatchBody {
    fn into_act(self) -> Result<Act, Problem> {
        let mut checks = Checks::default();
        checks.text_if("/crew", self.crew.as_deref(), 128);
        checks.of_body()?;
        Ok(Act::Dispatched { crew: self.crew })
    }
}
