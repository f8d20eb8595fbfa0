//! `PUT /me/password`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::access::Client;
use crate::http::app::App;
use crate::http::ask::Body;
use crate::http::principal::{Principal, Via};
use crate::http::problem::{Fault, Problem, ProblemKind};

/// One's old and new password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// As it is.
    old: String,
    /// As it is to be: 10 to 256 characters.
    new: String,
}

/// Changes one's own password. All other sessions of one's own end.
#[utoipa::path(put, path = "/me/password", tag = "people", request_body = PasswordBody,
    responses((status = 204, description = "The new password holds")))]
pub async fn change_password(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    who: Principal,
    Body(body): Body<PasswordBody>,
) -> Result<StatusCode, Problem> {
    let Via::Session { id, .. } = &who.via else {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "only people have a password: log in first",
        ));
    };
    let tried = app.begin_try(&who.who, client)?;
    if app.compare(&tried, &who.who, body.old).await?.is_none() {
        let fault = Fault::new("/old", "is not your password");
        return Err(Problem::of_faults(ProblemKind::InvalidBody, vec![fault]));
    }
    app.access.throttle.succeeded(&tried);
    let hash = app.hash(&who.who, body.new, "/new").await?;
    let (name, keep, now) = (who.who.to_string(), id.to_string(), app.now());
    app.ask(move |stores| {
        let register = &stores.register;
        register.set_password(&name, now, &name, &hash, Some(&keep))
    })
    .await?;
    tracing::info!(user = %who.who, "access.password_changed");
    Ok(StatusCode::NO_CONTENT)
}
