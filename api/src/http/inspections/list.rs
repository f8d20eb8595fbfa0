//! `GET /inspections`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::Inspection;
use firemain_store::register::Ended;

use super::InspectionView;
use crate::http::app::App;
use crate::http::ask::{OfSource, Page, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "inspections";

/// Inspections, newest first.
#[utoipa::path(get, path = "/inspections", tag = "inspections", params(OfSource),
    responses((status = 200, description = "A page of inspections", body = Page<InspectionView>)))]
pub async fn list_inspections(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<OfSource>,
) -> Result<Json<Page<InspectionView>>, Problem> {
    query.check()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (source, size) = (query.source, query.limit);
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .inspections(source.as_deref(), after.as_deref(), size.items() + 1)
        })
        .await?;
    let key = |row: &Ended<Inspection>| row.what.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, |row| row.what.into())))
}
