//! `GET /changes`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_store::register::NumberedChange;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;
use crate::watch::ChangeEvent;

const LIST: &str = "changes";

/// Which of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangeView {
    /// Its number: 1, 2, 3 … without gaps.
    pub number: u64,
    /// When it was entered.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who entered it.
    pub by: String,
    /// Its kind, such as `source_set` or `rules_set`.
    #[schema(example = "rules_set")]
    pub kind: String,
    /// What it is about: the code of a source, a scope, or the id of an incident, window, permit or
    /// alert.
    pub subject: String,
    /// The whole of it.
    #[schema(value_type = Object)]
    pub change: serde_json::Value,
}

impl From<NumberedChange> for ChangeView {
    fn from(row: NumberedChange) -> Self {
        let event = ChangeEvent::new(row.number, row.at, &row.by, &row.change);
        Self {
            number: row.number,
            at: row.at,
            by: row.by,
            kind: event.kind,
            subject: event.subject,
            change: serde_json::to_value(&row.change).unwrap_or_default(),
        }
    }
}

/// Every change by people, newest first: who changed what, and when. Rows are never deleted.
#[utoipa::path(get, path = "/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, description = "A page of changes", body = Page<ChangeView>)))]
pub async fn list_changes(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<ChangesQuery>,
) -> Result<Json<Page<ChangeView>>, Problem> {
    let before = from_cursor::<u64>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let rows = app
        .ask(move |stores| stores.register.changes_before(before, size.items() + 1))
        .await?;
    let key = |row: &NumberedChange| row.number;
    Ok(Json(page_of(rows, size, LIST, key, ChangeView::from)))
}
