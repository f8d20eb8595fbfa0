//! `GET /maintenance-windows`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::MaintenanceWindow;
use firemain_store::register::Ended;

use super::WindowView;
use crate::http::app::App;
use crate::http::ask::{OfSource, Page, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "maintenance-windows";

/// Maintenance windows, newest first.
#[utoipa::path(get, path = "/maintenance-windows", tag = "maintenance windows", params(OfSource),
    responses((status = 200, description = "A page of windows", body = Page<WindowView>)))]
pub async fn list_windows(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<OfSource>,
) -> Result<Json<Page<WindowView>>, Problem> {
    query.check()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (source, size) = (query.source, query.limit);
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .windows(source.as_deref(), after.as_deref(), size.items() + 1)
        })
        .await?;
    let now = app.now();
    let key = |row: &Ended<MaintenanceWindow>| row.what.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, |row| {
        WindowView::new(row, now)
    })))
}
