//! `POST /login` and `POST /logout`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{with_cookie, without_cookie};
use crate::http::access::{Client, of_session};
use crate::http::app::App;
use crate::http::ask::Body;
use crate::http::me::MeView;
use crate::http::principal::{Principal, Via};
use crate::http::problem::{Problem, ProblemKind};

/// Who logs in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// User name.
    #[schema(example = "lan")]
    user: String,
    /// Password.
    password: String,
}

/// Logs in by name and password: the session's cookie comes with the answer. After some failures each
/// next try has to wait longer (429 with `Retry-After`).
#[utoipa::path(post, path = "/login", tag = "people", request_body = LoginBody,
    responses((status = 200, description = "Logged in: the cookie is set, `csrf` goes into the header `X-CSRF-Token` of every change", body = MeView)))]
pub async fn log_in(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> Result<(HeaderMap, Json<MeView>), Problem> {
    let done = app
        .log_in(client, &headers, &body.user, body.password)
        .await?;
    let who = of_session(&done.token, &done.session, &done.user);
    let view = MeView::new(&who, Some(&done.user));
    Ok((with_cookie(&app, &done.token), Json(view)))
}

/// Ends the session of the cookie.
#[utoipa::path(post, path = "/logout", tag = "people",
    responses((status = 204, description = "The session is over")))]
pub async fn log_out(
    State(app): State<Arc<App>>,
    who: Principal,
) -> Result<(StatusCode, HeaderMap), Problem> {
    let Via::Session { id, .. } = &who.via else {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "only a session can be ended so: a key is revoked by DELETE /api/v1/keys/{id}",
        ));
    };
    let (id, now) = (id.to_string(), app.now());
    app.ask(move |stores| stores.register.end_session(&id, None, now))
        .await?;
    tracing::info!(user = %who.who, "access.logged_out");
    Ok((StatusCode::NO_CONTENT, without_cookie(&app)))
}
