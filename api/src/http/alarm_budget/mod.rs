//! `/alarm-budget`: whether people can answer what they are told (ISA-18.2 / IEC 62682).

mod get;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get::get_alarm_budget))
}
