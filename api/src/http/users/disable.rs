//! `POST /users/{name}/disable`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::access::{Entering, User};

use super::{UserView, find};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Keeps a user out from now on: their sessions end, and what they did stays on record under their
/// name. `PUT` with `"disabled":false` lets them in again.
#[utoipa::path(post, path = "/users/{name}/disable", tag = "people",
    params(("name" = String, Path, description = "User name", example = "lan")),
    responses((status = 200, description = "They are kept out", body = UserView)))]
pub async fn disable_user(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(name): PathOf<String>,
) -> Result<Json<UserView>, Problem> {
    let before = find(&app, &name).await?;
    if before.disabled {
        return Ok(Json(before.into()));
    }
    let user = User {
        disabled: true,
        ..before
    };
    let (by, now) = (who.who.clone(), app.now());
    app.ask(move |stores| {
        let register = &stores.register;
        register.set_user(&by, now, &user, None, Entering::Either)
    })
    .await?;
    tracing::info!(user = %name, by = %who.who, "access.user_disabled");
    Ok(Json(find(&app, &name).await?.into()))
}
