//! `GET /permits`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::Permit;
use firemain_store::register::Ended;

use super::PermitView;
use crate::http::app::App;
use crate::http::ask::{OfSource, Page, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "permits";

/// Permits, newest first.
#[utoipa::path(get, path = "/permits", tag = "permits", params(OfSource),
    responses((status = 200, description = "A page of permits", body = Page<PermitView>)))]
pub async fn list_permits(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<OfSource>,
) -> Result<Json<Page<PermitView>>, Problem> {
    query.check()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (source, size) = (query.source, query.limit);
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .permits(source.as_deref(), after.as_deref(), size.items() + 1)
        })
        .await?;
    let key = |row: &Ended<Permit>| row.what.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, PermitView::from)))
}
