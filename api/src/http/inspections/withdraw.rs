//! `DELETE /inspections/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::{Change, Inspection};
use firemain_store::register::Ended;

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::gone;
use crate::http::enter::find;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Strikes out an inspection that was wrong, and the open work it made.
#[utoipa::path(delete, path = "/inspections/{id}", tag = "inspections",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "It counts no more"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn withdraw_inspection(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let wanted = id.clone();
    let there = app.ask(move |stores| {
        find(
            &wanted,
            |row: &Ended<Inspection>| &row.what.id,
            |after, n| stores.register.inspections(None, after, n),
        )
    });
    let row = there.await?.ok_or_else(|| {
        Problem::not_found("there is no inspection of that id: GET /api/v1/inspections lists them")
    })?;
    let change = Change::InspectionWithdrawn {
        id,
        source: row.what.source,
    };
    Ok(gone(app.change(&who, vec![change]).await?))
}
