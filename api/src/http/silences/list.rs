//! `GET /silences`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::handling::Silence;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::IntoParams;

use super::SilenceView;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "silences";

/// Which silences.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SilencesQuery {
    /// Only those that hold now, all on one page.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    in_force: bool,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Silences, newest first.
#[utoipa::path(get, path = "/silences", tag = "silences", params(SilencesQuery),
    responses((status = 200, description = "A page of silences", body = Page<SilenceView>)))]
pub async fn list_silences(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<SilencesQuery>,
) -> Result<Json<Page<SilenceView>>, Problem> {
    let now = app.now();
    if query.in_force {
        let holding = app
            .ask(move |stores| stores.register.silences_in_force(now))
            .await?;
        let rows = holding.into_iter().rev().map(|what| Ended {
            what,
            ended_at: None,
        });
        let items = rows.map(|row| SilenceView::new(row, now)).collect();
        return Ok(Json(Page { items, next: None }));
    }
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let rows = app
        .ask(move |stores| stores.register.silences(after.as_deref(), size.items() + 1))
        .await?;
    let key = |row: &Ended<Silence>| row.what.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, |row| {
        SilenceView::new(row, now)
    })))
}
