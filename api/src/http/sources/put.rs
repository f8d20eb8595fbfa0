//! `PUT /sources/{code}`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;

use super::get::source_view;
use crate::http::app::App;
use crate::http::ask::{Body, PathOf};
use crate::http::done::Done;
use crate::http::principal::Principal;
use crate::http::problem::{Fault, Problem, ProblemKind};
use crate::http::view::{SourceBody, SourceView};

/// Enters a source, or replaces the whole of it.
///
/// What is left out is empty afterwards. Sending the same again changes nothing.
#[utoipa::path(put, path = "/sources/{code}", tag = "sources",
    params(("code" = String, Path, description = "Its code", example = "TR-0412")),
    request_body = SourceBody,
    responses(
        (status = 200, description = "It was there, and is so now", body = SourceView),
        (status = 201, description = "It is new", body = SourceView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = SourceView),
    ))]
pub async fn put_source(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(code): PathOf<String>,
    Body(mut body): Body<SourceBody>,
) -> Result<Done<SourceView>, Problem> {
    if body.code.is_empty() {
        body.code.clone_from(&code);
    }
    if body.code != code {
        let fault = Fault::new(
            "/code",
            "is not the code in the path; leave it out, or say the same",
        );
        return Err(Problem::of_faults(ProblemKind::InvalidBody, vec![fault]));
    }
    let source = body.into_source()?;
    let wanted = code.clone();
    let before = app
        .ask(move |stores| stores.register.source(&wanted))
        .await?;
    if before.as_ref() == Some(&source) {
        return Ok(Done::unchanged(source_view(&app, &code).await?));
    }
    let change = Change::SourceSet {
        source: Box::new(source),
    };
    let applied = app.change(&who, vec![change]).await?;
    let row = source_view(&app, &code).await?;
    Ok(match before {
        None => Done::created(row, applied),
        Some(_) => Done::altered(row, applied),
    })
}
