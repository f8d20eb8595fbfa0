//! `GET /flow-tests`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::FlowTest;

use super::FlowTestView;
use crate::http::app::App;
use crate::http::ask::{OfSource, Page, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "flow-tests";

/// Flow tests, newest first.
#[utoipa::path(get, path = "/flow-tests", tag = "flow tests", params(OfSource),
    responses((status = 200, description = "A page of flow tests", body = Page<FlowTestView>)))]
pub async fn list_flow_tests(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<OfSource>,
) -> Result<Json<Page<FlowTestView>>, Problem> {
    query.check()?;
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (source, size) = (query.source, query.limit);
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .flow_tests(source.as_deref(), after.as_deref(), size.items() + 1)
        })
        .await?;
    let key = |test: &FlowTest| test.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, |test| {
        FlowTestView::new(&app, test)
    })))
}
