//! `/incidents`: fires and other calls that need water. While one is open, nothing within 500 m of
//! it is muted.

mod end;
mod list;
mod open;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::Incident;
use firemain_store::register::Ended;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::view::PositionBody;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_incidents, open::open_incident))
        .routes(routes!(end::end_incident))
}

/// A fire or another call that needs water.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncidentView {
    /// Its id.
    pub id: String,
    /// What it is.
    #[schema(example = "Cháy nhà 12 Hàng Bạc")]
    pub name: String,
    /// Where.
    pub position: PositionBody,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who opened it.
    pub by: String,
    /// The water needed, L/s.
    pub required_flow_lps: Option<f64>,
    /// When it ended; `null`: it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl From<Ended<Incident>> for IncidentView {
    fn from(row: Ended<Incident>) -> Self {
        let incident = row.what;
        Self {
            id: incident.id,
            name: incident.name,
            position: PositionBody {
                lat: incident.position.lat,
                lon: incident.position.lon,
            },
            at: incident.at,
            by: incident.by,
            required_flow_lps: incident.required_flow_lps,
            ended_at: row.ended_at,
        }
    }
}
