//! `POST /channels/{name}/test`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::telling::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::telling;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::entropy;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// To whom a test message goes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialBody {
    /// The address; none: the channel's own.
    #[schema(example = "+84900000001")]
    to: Option<String>,
    /// `vi` by default, or `en`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Language,
}

/// A test message on its way.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TrialView {
    /// Its key among `GET /deliveries?channel=…`, where every try is shown.
    pub key: String,
}

/// Sends a test message by a channel: what came of it is among the deliveries.
#[utoipa::path(post, path = "/channels/{name}/test", tag = "telling", request_body = TrialBody,
    params(("name" = String, Path, description = "Its name", example = "sms")),
    responses((status = 202, description = "It is on its way", body = TrialView)))]
pub async fn try_channel(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(name): PathOf<String>,
    Body(body): Body<TrialBody>,
) -> Result<(StatusCode, Json<TrialView>), Problem> {
    let notify = telling(&app)?;
    if !notify.has_channel(&name) {
        return Err(Problem::not_found(
            "no channel of that name is set: GET /api/v1/channels lists them",
        ));
    }
    let own = notify.own_address(&name);
    let to = body.to.or(own).unwrap_or_default();
    let mut checks = Checks::default();
    checks.text("/to", &to, 254);
    checks.of_body()?;
    let id = entropy::id(app.now())?;
    let key = notify
        .try_out(&name, &to, body.language, &who.who, &id)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(TrialView { key })))
}
