//! `/channels`: by what people are told, how each way is, and trying one out.

mod list;
mod trial;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;
use crate::notify::Notify;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_channels))
        .routes(routes!(trial::try_channel))
}

/// Telling, where it is done here.
fn telling(app: &App) -> Result<&Notify, Problem> {
    app.notify
        .as_deref()
        .ok_or_else(|| Problem::not_found("this process tells nobody: ask the one that does"))
}
