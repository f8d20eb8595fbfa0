//! `/units` and `/zones`: the names in the register, with how many sources stand how.

mod count;
mod units;
mod zones;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of these resources.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(units::list_units))
        .routes(routes!(zones::list_zones))
}
