//! `DELETE /supply-schedules/zones/{zone}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::change::Change;

use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::done::gone;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Takes the supply hours of a zone away: there is water at all hours.
#[utoipa::path(delete, path = "/supply-schedules/zones/{zone}", tag = "supply schedules",
    params(("zone" = String, Path, description = "The pressure zone", example = "DMA-07")),
    responses(
        (status = 204, description = "They are taken away"),
        (status = 202, description = "Recorded; judging is behind and will take it"),
    ))]
pub async fn remove_supply_schedule(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(zone): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let change = Change::ZoneSupplySet {
        zone: zone.into(),
        schedule: None,
        by: who.who.to_string(),
    };
    Ok(gone(app.change(&who, vec![change]).await?))
}
