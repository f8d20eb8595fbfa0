//! `/maintenance-windows`: sources that are being worked on.

mod end;
mod enter;
mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::MaintenanceWindow;
use firemain_store::register::Ended;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_windows, enter::enter_window))
        .routes(routes!(end::end_window))
}

/// A span in which a source is worked on: it is `unusable`, and does not page.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WindowView {
    /// Its id.
    pub id: String,
    /// The source worked on.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
    /// When a person ended it before its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl From<Ended<MaintenanceWindow>> for WindowView {
    fn from(row: Ended<MaintenanceWindow>) -> Self {
        let window = row.what;
        Self {
            id: window.id,
            source: window.source.to_string(),
            from: window.from,
            until: window.until,
            reason: window.reason,
            by: window.by,
            ended_at: row.ended_at,
        }
    }
}
