//! `DELETE /sessions/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::{Principal, Role, Via};
use crate::http::problem::Problem;

/// Ends a session of one's own; an administrator, anybody's.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "people",
    params(("id" = String, Path, description = "Its id", example = "01KAVB8N5K4ZJ0H6W2T3XQ9YRC")),
    responses((status = 204, description = "It is over")))]
pub async fn end_session(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let wanted = id.clone();
    let session = app
        .ask(move |stores| stores.register.session(&wanted))
        .await?;
    // A key called like a user is nobody's session: only people have some.
    let own = matches!(who.via, Via::Session { .. });
    let session = session
        .filter(|session| (own && session.user == *who.who) || who.role >= Role::Administrator);
    let Some(session) = session else {
        // Whether others have such a session is not for everybody to know.
        return Err(Problem::not_found(
            "there is no session of that id: GET /api/v1/sessions lists them",
        ));
    };
    let (by, now) = (who.who.clone(), app.now());
    app.ask(move |stores| stores.register.end_session(&session.id, Some(&by), now))
        .await?;
    tracing::info!(by = %who.who, "access.session_ended");
    Ok(StatusCode::NO_CONTENT)
}
