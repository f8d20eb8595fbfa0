//! `/sessions`: where one is logged in; for administrators, where anybody is.

mod end;
mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sessions))
        .routes(routes!(end::end_session))
}

/// Somebody who is logged in, on one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// Whose.
    #[schema(example = "lan")]
    pub user: String,
    /// Whether it is the one that asks.
    pub this: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    pub used_at: Timestamp,
    /// From which address it was begun.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
}
