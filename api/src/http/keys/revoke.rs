//! `DELETE /keys/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Revokes a key: from the next request on it is good no more.
#[utoipa::path(delete, path = "/keys/{id}", tag = "people",
    params(("id" = String, Path, description = "Its id", example = "fm_k3v8q2m7xa")),
    responses((status = 204, description = "It is good no more")))]
pub async fn revoke_key(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let (by, now, wanted) = (who.who.clone(), app.now(), id.clone());
    let revoked = app
        .ask(move |stores| stores.register.revoke_key(&by, now, &wanted))
        .await?;
    if !revoked {
        return Err(Problem::not_found(
            "there is no key of that id that is good: GET /api/v1/keys lists them",
        ));
    }
    tracing::info!(key = ?id, by = %who.who, "access.key_revoked");
    Ok(StatusCode::NO_CONTENT)
}
