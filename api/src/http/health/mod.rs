//! `/healthz`, `/readyz` and `/metrics`: how firemain itself is.

mod budget;
mod healthz;
mod metrics;
mod readyz;
mod text;

pub use budget::KeptBudget;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of these resources, at the root.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(healthz::healthz))
        .routes(routes!(readyz::readyz))
        .routes(routes!(metrics::metrics))
}
