//! `POST /alerts/{id}/comment`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::handling::Act;
use serde::Deserialize;
use utoipa::ToSchema;

use super::act::act;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::enter::id_or_new;
use crate::http::photos::check_ids;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::AlertView;

/// What there is to say.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentBody {
    /// An id of your own: sent twice, the comment is entered once.
    id: Option<String>,
    /// In words; may be left out where there are photos.
    #[serde(default)]
    #[schema(example = "Đang chờ công ty nước")]
    text: String,
    /// Photos, by the ids that `POST /photos` answered; at most 12.
    #[serde(default)]
    photos: Vec<String>,
}

/// Says something about an alert; the slashes of its id written as `%2F`.
///
/// Sent twice under the same `id`, it is entered once.
#[utoipa::path(post, path = "/alerts/{id}/comment", tag = "alerts",
    params(("id" = String, Path, description = "Its id", example = "TR-0412%2FLOW_STATIC%2F3")),
    request_body = CommentBody,
    responses(
        (status = 200, description = "It is entered", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn comment_on_alert(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    Body(body): Body<CommentBody>,
) -> Result<Done<AlertView>, Problem> {
    act(&app, &who, id, body.into_act(&app)?).await
}

/// Says something about an alert; its id written as it is.
#[utoipa::path(post, path = "/alerts/{source}/{rule}/{n}/comment", tag = "alerts",
    params(
        ("source" = String, Path, description = "The source's code", example = "TR-0412"),
        ("rule" = String, Path, description = "The rule", example = "LOW_STATIC"),
        ("n" = String, Path, description = "The how-many-th", example = "3"),
    ),
    request_body = CommentBody,
    responses(
        (status = 200, description = "It is entered", body = AlertView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = AlertView),
    ))]
pub async fn comment_on_alert_by_parts(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf((source, rule, n)): PathOf<(String, String, String)>,
    Body(body): Body<CommentBody>,
) -> Result<Done<AlertView>, Problem> {
    let id = format!("{source}/{rule}/{n}");
    act(&app, &who, id, body.into_act(&app)?).await
}

impl CommentBody {
    fn into_act(self, app: &App) -> Result<Act, Problem> {
        let mut checks = Checks::default();
        let id = id_or_new(app, self.id, &mut checks)?;
        checks.lines("/text", &self.text, 2_000);
        checks.that(
            !self.text.trim().is_empty() || !self.photos.is_empty(),
            "/text",
            "must say something, or `photos` must name one",
        );
        check_ids(&self.photos, &mut checks);
        checks.of_body()?;
        Ok(Act::Commented {
            id,
            text: self.text,
            photos: self.photos,
        })
    }
}
