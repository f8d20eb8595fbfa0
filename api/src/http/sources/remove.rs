//! `DELETE /sources/{code}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::Change;

use super::no_source;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::gone;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Strikes a source from the register.
///
/// Its readings and alerts stay as history. Of one that is only out of use, set the `status`
/// instead: then it is still shown.
#[utoipa::path(delete, path = "/sources/{code}", tag = "sources",
    params(("code" = String, Path, description = "Its code", example = "TR-0412")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn remove_source(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(code): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let wanted = code.clone();
    let before = app
        .ask(move |stores| stores.register.source(&wanted))
        .await?;
    before.ok_or_else(|| no_source(&code))?;
    let applied = app
        .change(&who, vec![Change::SourceRemoved { code: code.into() }])
        .await?;
    Ok(gone(applied))
}
