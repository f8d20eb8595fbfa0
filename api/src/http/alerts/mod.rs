//! `/alerts`: what judging raised, and who took it.

mod acknowledge;
mod geojson;
mod get;
mod list;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::problem::Problem;

/// The routes of this resource. An id has slashes in it: it may be written as it is, or with `%2F`.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_alerts))
        .routes(routes!(get::get_alert))
        .routes(routes!(get::get_alert_by_parts))
        .routes(routes!(acknowledge::acknowledge_alert))
        .routes(routes!(acknowledge::acknowledge_alert_by_parts))
}

/// There is no such alert.
fn no_alert(id: &str) -> Problem {
    let shown: String = id.chars().take(100).collect();
    Problem::not_found(format!(
        "there is no alert `{shown}`: an id reads like TR-0412/LOW_STATIC/3, GET /api/v1/alerts lists them"
    ))
}
