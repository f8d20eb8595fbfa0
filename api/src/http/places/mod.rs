//! `/zones`: the names in the register, with how many sources stand how.

mod count;
mod zones;

pub use count::Standings;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(zones::list_zones))
}
