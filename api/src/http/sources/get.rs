//! `GET /sources/{code}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::no_source;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::http::view::{SourceBody, SourceView};

/// One source, how it stands, and its alerts.
#[utoipa::path(get, path = "/sources/{code}", tag = "sources",
    params(("code" = String, Path, description = "Its code", example = "TR-0412")),
    responses((status = 200, description = "The source", body = SourceView)))]
pub async fn get_source(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(code): PathOf<String>,
) -> Result<Json<SourceView>, Problem> {
    source_view(&app, &code).await.map(Json)
}

/// A source from the board; one that judging has not taken yet from the register.
pub async fn source_view(app: &App, code: &str) -> Result<SourceView, Problem> {
    if let Some(entry) = app.board.get(code) {
        return Ok(SourceView::new(&entry, app.now()));
    }
    let wanted = code.to_owned();
    let source = app
        .ask(move |stores| stores.register.source(&wanted))
        .await?;
    let source = source.ok_or_else(|| no_source(code))?;
    Ok(SourceView {
        source: SourceBody::from(&source),
        standing: None,
        alerts: Vec::new(),
        ahead: Vec::new(),
    })
}
