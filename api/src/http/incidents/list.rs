//! `GET /incidents`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::Incident;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::IntoParams;

use super::IncidentView;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "incidents";

/// Which incidents.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IncidentsQuery {
    /// Only those that are open.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    open: bool,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Incidents, newest first.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(IncidentsQuery),
    responses((status = 200, description = "A page of incidents", body = Page<IncidentView>)))]
pub async fn list_incidents(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<IncidentsQuery>,
) -> Result<Json<Page<IncidentView>>, Problem> {
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (open, size) = (query.open, query.limit);
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .incidents(open, after.as_deref(), size.items() + 1)
        })
        .await?;
    let key = |row: &Ended<Incident>| row.what.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, IncidentView::from)))
}
