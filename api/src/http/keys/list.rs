//! `GET /keys`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::access::ApiKey;
use serde::Deserialize;
use utoipa::IntoParams;

use super::KeyView;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::problem::Problem;

const LIST: &str = "keys";

/// Which of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeysQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Keys, newest first, those revoked and expired among them.
#[utoipa::path(get, path = "/keys", tag = "people", params(KeysQuery),
    responses((status = 200, description = "A page of keys", body = Page<KeyView>)))]
pub async fn list_keys(
    State(app): State<Arc<App>>,
    Params(query): Params<KeysQuery>,
) -> Result<Json<Page<KeyView>>, Problem> {
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let rows = app
        .ask(move |stores| stores.register.keys(after.as_deref(), size.items() + 1))
        .await?;
    let key = |key: &ApiKey| key.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, KeyView::from)))
}
