//! `GET /sessions`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::access::Session;
use serde::Deserialize;
use utoipa::IntoParams;

use super::SessionView;
use crate::http::app::App;
use crate::http::ask::{Checks, Page, PageSize, Params, from_cursor, page_of};
use crate::http::principal::{Principal, Role, Via};
use crate::http::problem::{Problem, ProblemKind};

const LIST: &str = "sessions";

/// Which of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Of one user; one's own by default. Of others: for administrators.
    user: Option<String>,
    /// Of everybody: for administrators.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    all: bool,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Where one is logged in, newest first; for administrators, where anybody is.
#[utoipa::path(get, path = "/sessions", tag = "people", params(SessionsQuery),
    responses((status = 200, description = "A page of sessions", body = Page<SessionView>)))]
pub async fn list_sessions(
    State(app): State<Arc<App>>,
    who: Principal,
    Params(query): Params<SessionsQuery>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let mut checks = Checks::default();
    checks.text_if("user", query.user.as_deref(), 64);
    checks.of_params()?;
    let user = match (query.all, query.user) {
        (true, _) => None,
        (false, Some(user)) => Some(user),
        (false, None) => Some(who.who.to_string()),
    };
    if user.as_deref() != Some(&who.who) && who.role < Role::Administrator {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "where others are logged in is for administrators to see",
        ));
    }
    let after = from_cursor::<String>(LIST, query.after.as_deref())?;
    let size = query.limit;
    let rows = app
        .ask(move |stores| {
            let register = &stores.register;
            register.sessions(user.as_deref(), after.as_deref(), size.items() + 1)
        })
        .await?;
    let mine = match &who.via {
        Via::Session { id, .. } => Some(id.clone()),
        _ => None,
    };
    let show = |session: Session| SessionView {
        this: mine.as_deref() == Some(&*session.id),
        id: session.id,
        user: session.user,
        created_at: session.created_at,
        used_at: session.used_at,
        address: session.address,
        agent: session.agent,
    };
    let key = |session: &Session| session.id.clone();
    Ok(Json(page_of(rows, size, LIST, key, show)))
}
