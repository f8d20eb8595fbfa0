//! `/supply-schedules`: the hours in which zones have water, and hours that were learned and wait for
//! a person's word.
//!
//! Outside its supply hours a source is `unusable` and pages nobody; water that is not back 60 min
//! after they begin pages. A source's own hours (`PUT /sources/{code}`) go before its zone's.

mod approve;
mod list;
mod proposals;
mod put;
mod remove;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_store::register::ZoneSupply;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_supply_schedules))
        .routes(routes!(
            put::put_supply_schedule,
            remove::remove_supply_schedule
        ))
        .routes(routes!(proposals::list_supply_proposals))
        .routes(routes!(approve::approve_supply_proposal))
}

/// The hours in which a zone has water.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ZoneSupplyView {
    /// The pressure zone.
    #[schema(example = "DMA-07")]
    pub zone: String,
    /// The hours, local time of Vietnam.
    #[schema(example = "05:00-09:00,17:00-22:30")]
    pub hours: String,
    /// Since when they are set.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who set them.
    pub by: String,
}

impl From<ZoneSupply> for ZoneSupplyView {
    fn from(row: ZoneSupply) -> Self {
        Self {
            zone: row.zone,
            hours: row.hours,
            at: row.at,
            by: row.by,
        }
    }
}
