//! `/rules`: the parameters that judging works with, as configured and as set by people while it
//! runs: for all sources, for a kind, for one source. Each setting is a numbered change.

mod get;
mod put;
mod scope;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get::get_rules))
        .routes(routes!(put::put_rules, put::reset_rules))
}
