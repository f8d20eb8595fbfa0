//! `/permits`: leave to draw water, so that a test or a drill alarms nobody.

mod end;
mod grant;
mod list;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::{Permit, PermitPurpose};
use firemain_store::register::Ended;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::view::PurposeCode;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_permits, grant::grant_permit))
        .routes(routes!(end::end_permit))
}

/// Leave to draw water from a source.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PermitView {
    /// Its id.
    pub id: String,
    /// From which source.
    #[schema(example = "TR-0412")]
    pub source: String,
    /// What for.
    #[schema(value_type = PurposeCode)]
    pub purpose: PermitPurpose,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Who granted it.
    pub by: String,
    /// Anything else.
    pub note: Option<String>,
    /// When a person ended it before its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl From<Ended<Permit>> for PermitView {
    fn from(row: Ended<Permit>) -> Self {
        let permit = row.what;
        Self {
            id: permit.id,
            source: permit.source.to_string(),
            purpose: permit.purpose,
            from: permit.from,
            until: permit.until,
            by: permit.by,
            note: permit.note,
            ended_at: row.ended_at,
        }
    }
}
