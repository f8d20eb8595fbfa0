//! `/sources`: the register's sources and how each stands; which is nearest; what they measured.

mod baseline;
mod devices;
mod geojson;
mod get;
mod latest;
mod list;
mod nearest;
mod put;
mod readings;
mod remove;
mod verdict;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use geojson::{Format, wanted};

use super::app::App;
use super::problem::Problem;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sources))
        .routes(routes!(nearest::nearest_sources))
        .routes(routes!(
            get::get_source,
            put::put_source,
            remove::remove_source
        ))
        .routes(routes!(verdict::get_verdict))
        .routes(routes!(baseline::get_baseline))
        .routes(routes!(devices::list_devices_of_source))
        .routes(routes!(readings::list_readings))
        .routes(routes!(latest::latest_readings))
}

/// There is no such source.
fn no_source(code: &str) -> Problem {
    let shown: String = code.chars().take(64).collect();
    Problem::not_found(format!(
        "there is no source `{shown}` in the register: GET /api/v1/sources lists them, PUT enters one"
    ))
}
