//! `GET /work`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::inspections::Work;
use firemain_store::register::inspections::WorkFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::WorkView;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "work";

/// Which work.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WorkQuery {
    /// Only what is open (`true`) or done (`false`); both by default.
    open: Option<bool>,
    /// At one source.
    #[param(example = "TR-0412")]
    source: Option<String>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// What was found not in order, newest first.
#[utoipa::path(get, path = "/work", tag = "work", params(WorkQuery),
    responses((status = 200, description = "A page of work", body = Page<WorkView>)))]
pub async fn list_work(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<WorkQuery>,
) -> Result<Json<Page<WorkView>>, Problem> {
    let mut checks = Checks::default();
    checks.text_if("source", query.source.as_deref(), 64);
    checks.of_params()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (filter, size) = (
        WorkFilter {
            source: query.source,
            open: query.open,
        },
        query.limit,
    );
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .works(&filter, after.as_deref(), size.items() + 1)
        })
        .await?;
    let key = |work: &Work| work.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, WorkView::from)))
}
