//! `GET /cap`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firemain_store::register::bulletins::Bulletin;
use serde::Deserialize;
use utoipa::IntoParams;

use super::place::place;
use crate::cap::{FeedEntry, feed};
use crate::http::app::App;
use crate::http::ask::{PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "cap";

/// Which messages.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CapQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// Where the page before ended: the link `next` of the feed has it.
    after: Option<String>,
}

/// The Atom feed of messages about alerts that page, newest first: each links to its CAP 1.2 document.
#[utoipa::path(get, path = "/cap", tag = "feeds", params(CapQuery),
    responses((status = 200, description = "The feed", body = String, content_type = "application/atom+xml")))]
pub async fn list_cap(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<CapQuery>,
) -> Result<Response, Problem> {
    let before = from_cursor::<u64>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let rows = app
        .ask(move |stores| stores.register.bulletins(before, size.items() + 1))
        .await?;
    let show = |bulletin: Bulletin| entry(&app, &bulletin);
    let page = page_of(rows, size, LIST, |bulletin| bulletin.number, show);
    let url = app.settings.public_url.as_deref().unwrap_or_default();
    let body = feed(
        url.trim_end_matches('/'),
        &app.settings.cap.sender,
        &page.items,
        page.next.as_deref(),
        app.now(),
    );
    Ok(([(header::CONTENT_TYPE, "application/atom+xml")], body).into_response())
}

fn entry(app: &App, bulletin: &Bulletin) -> FeedEntry {
    let place = place(&app.board, &bulletin.alert);
    let (title, summary) = crate::cap::said(bulletin, &place.name);
    FeedEntry {
        identifier: bulletin.identifier.clone(),
        title,
        summary,
        sent_at: bulletin.sent_at,
    }
}
