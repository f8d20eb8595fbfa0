//! `/cap`: alerts that page, for command, rescue and police systems.

mod get;
mod list;
mod place;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_cap))
        .routes(routes!(get::get_cap))
}
