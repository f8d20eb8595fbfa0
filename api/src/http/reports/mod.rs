//! `/reports`: reports of a period and a unit, and the ground that no source reaches.

mod gaps;
mod get;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get::get_report))
        .routes(routes!(gaps::get_coverage_gaps))
}
