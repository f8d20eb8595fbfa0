//! `POST /incidents/{id}/end`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::Done;
use crate::http::ended::EndedView;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Ends an incident: mutes near it count again.
#[utoipa::path(post, path = "/incidents/{id}/end", tag = "incidents",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "It has ended", body = EndedView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = EndedView),
    ))]
pub async fn end_incident(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Done<EndedView>, Problem> {
    let ended_at = app.now();
    let change = Change::IncidentEnded {
        id: id.clone(),
        at: ended_at,
    };
    let applied = app.change(&who, vec![change]).await?;
    Ok(Done::altered(EndedView { id, ended_at }, applied))
}
