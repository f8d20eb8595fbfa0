//! `GET /users`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::access::User;
use serde::Deserialize;
use utoipa::IntoParams;

use super::UserView;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, from_cursor, page_of};
use crate::http::problem::Problem;

const LIST: &str = "users";

/// Which of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Users in order of name.
#[utoipa::path(get, path = "/users", tag = "people", params(UsersQuery),
    responses((status = 200, description = "A page of users", body = Page<UserView>)))]
pub async fn list_users(
    State(app): State<Arc<App>>,
    Params(query): Params<UsersQuery>,
) -> Result<Json<Page<UserView>>, Problem> {
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let rows = app
        .ask(move |stores| stores.register.users(after.as_deref(), size.items() + 1))
        .await?;
    let key = |user: &User| user.name.clone();
    Ok(Json(page_of(rows, size, LIST, key, UserView::from)))
}
