//! `POST /silences/{id}/end`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::Done;
use crate::http::ended::EndedView;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Ends a silence before its time: what it held back pages, if it still stands.
#[utoipa::path(post, path = "/silences/{id}/end", tag = "silences",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "It has ended", body = EndedView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = EndedView),
    ))]
pub async fn end_silence(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<EndedView>, Problem> {
    let ended_at = app.now();
    let change = Change::SilenceEnded {
        id: id.clone(),
        at: ended_at,
    };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(EndedView { id, ended_at }, applied))
}
