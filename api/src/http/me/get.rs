//! `GET /me`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::MeView;
use crate::http::app::App;
use crate::http::principal::{Principal, Via};
use crate::http::problem::Problem;

/// Who one is here, and what one may do.
#[utoipa::path(get, path = "/me", tag = "people",
    responses((status = 200, description = "Who asks", body = MeView)))]
pub async fn get_me(State(app): State<Arc<App>>, who: Principal) -> Result<Json<MeView>, Problem> {
    let user = match &who.via {
        Via::Session { .. } => {
            let name = who.who.to_string();
            app.ask(move |stores| stores.register.user(&name)).await?
        }
        _ => None,
    };
    Ok(Json(MeView::new(&who, user.as_ref())))
}
