//! `/import`: a whole register from CSV or GeoJSON, all of it or none.

pub mod body;
mod post;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource: it sets its own limits of size and time.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(post::import_register))
}
