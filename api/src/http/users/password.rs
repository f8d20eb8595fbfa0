//! `POST /users/{name}/password`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::find;
use crate::access;
use crate::http::app::App;
use crate::http::ask::{OptionalBody, PathOf};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// A password for somebody.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResetBody {
    /// 10 to 256 characters; absent: a random one is made and answered.
    password: Option<String>,
}

/// What came of it.
#[derive(Clone, Serialize, ToSchema)]
pub struct ResetView {
    /// Whose.
    #[schema(example = "lan")]
    user: String,
    /// The password that was made. It is shown this once; only its hash is kept.
    password: Option<String>,
}

/// Gives a user another password. All their sessions end.
#[utoipa::path(post, path = "/users/{name}/password", tag = "people",
    params(("name" = String, Path, description = "User name", example = "lan")),
    request_body(content = ResetBody, description = "May be left out"),
    responses((status = 200, description = "The new password holds", body = ResetView)))]
pub async fn reset_password(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(name): PathOf<String>,
    OptionalBody(body): OptionalBody<ResetBody>,
) -> Result<Json<ResetView>, Problem> {
    find(&app, &name).await?;
    let made = match body.password {
        Some(_) => None,
        None => Some(access::password().map_err(Problem::from)?),
    };
    let password = body.password.or_else(|| made.clone()).unwrap_or_default();
    let hash = app.hash(&name, password, "/password").await?;
    let (by, now, user) = (who.who.clone(), app.now(), name.clone());
    app.ask(move |stores| {
        let register = &stores.register;
        register.set_password(&by, now, &user, &hash, None)
    })
    .await?;
    tracing::info!(user = %name, by = %who.who, "access.password_reset");
    Ok(Json(ResetView {
        user: name,
        password: made,
    }))
}
