//! `/units`: administrative units as dated maps, and what was planned for each.

mod import;
mod list;
mod one;
mod preview;
mod targets;
mod versions;
mod view;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use view::{geojson, moment};

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_units))
        .routes(routes!(versions::list_unit_versions))
        .routes(routes!(versions::withdraw_unit_version))
        .routes(routes!(targets::list_targets, targets::set_target))
        .routes(routes!(one::get_unit))
}

/// The route by which maps come in: it has its own limits of time and size.
pub fn import_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(import::import_units))
}
