//! `DELETE /flow-tests/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::{Change, FlowTest};

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::gone;
use crate::http::enter::find;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Strikes out a flow test that was wrong.
#[utoipa::path(delete, path = "/flow-tests/{id}", tag = "flow tests",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "It counts no more"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn withdraw_flow_test(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let wanted = id.clone();
    let there = app.ask(move |stores| {
        find(
            &wanted,
            |t: &FlowTest| &t.id,
            |after, n| stores.register.flow_tests(None, after, n),
        )
    });
    let test = there.await?.ok_or_else(|| {
        Problem::not_found("there is no flow test of that id: GET /api/v1/flow-tests lists them")
    })?;
    let change = Change::FlowTestWithdrawn {
        id,
        source: test.source,
    };
    Ok(gone(app.change(&who, vec![change]).await?))
}
