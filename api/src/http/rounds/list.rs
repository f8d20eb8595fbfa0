//! `GET /rounds`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::change::Round;
use firemain_store::register::Ended;
use serde::Deserialize;
use utoipa::IntoParams;

use super::RoundSummary;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "rounds";

/// Which rounds.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoundsQuery {
    /// Only those under way.
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

/// Rounds, newest first.
#[utoipa::path(get, path = "/rounds", tag = "rounds", params(RoundsQuery),
    responses((status = 200, description = "A page of rounds", body = Page<RoundSummary>)))]
pub async fn list_rounds(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<RoundsQuery>,
) -> Result<Json<Page<RoundSummary>>, Problem> {
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let (open, size) = (query.open, query.limit);
    let rows = app
        .ask(move |stores| {
            stores
                .register
                .rounds(open, after.as_deref(), size.items() + 1)
        })
        .await?;
    let key = |row: &Ended<Round>| row.what.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, RoundSummary::from)))
}
