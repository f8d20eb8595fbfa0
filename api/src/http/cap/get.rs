//! `GET /cap/{identifier}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::place::place;
use crate::cap::{Sender, document};
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// One message about an alert as a CAP 1.2 document. It never changes once it is there; what changes
/// is told by a message that refers to it.
#[utoipa::path(get, path = "/cap/{identifier}", tag = "feeds",
    params(("identifier" = String, Path, description = "Its identifier", example = "TR-0412.LOW_STATIC.3.1")),
    responses((status = 200, description = "The document", body = String, content_type = "application/cap+xml")))]
pub async fn get_cap(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(identifier): PathOf<String>,
) -> Result<Response, Problem> {
    let wanted = identifier.clone();
    let found = app
        .ask(move |stores| stores.register.bulletin(&wanted))
        .await?;
    let Some(bulletin) = found else {
        let shown: String = identifier.chars().take(100).collect();
        return Err(Problem::not_found(format!(
            "there is no message `{shown}`: GET /api/v1/cap lists them"
        )));
    };
    let sender = Sender {
        settings: &app.settings.cap,
        url: app.settings.public_url.as_deref(),
    };
    let body = document(&bulletin, &place(&app.board, &bulletin.alert), sender);
    Ok(([(header::CONTENT_TYPE, "application/cap+xml")], body).into_response())
}
