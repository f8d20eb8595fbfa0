//! `PUT /supply-schedules/zones/{zone}`.

use std::sync::Arc;

use axum::extract::State;
use firemain_domain::change::Change;
use firemain_domain::handling::Area;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ZoneSupplyView;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::done::Done;
use crate::http::maintenance_windows::area::{hours_of, known};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// The hours in which there is water.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyBody {
    /// The hours, local time of Vietnam.
    #[schema(example = "05:00-09:00,17:00-22:30")]
    hours: String,
}

/// Sets the supply hours of a zone: its sources that have none of their own follow them.
#[utoipa::path(put, path = "/supply-schedules/zones/{zone}", tag = "supply schedules",
    params(("zone" = String, Path, description = "The pressure zone", example = "DMA-07")),
    request_body = SupplyBody,
    responses(
        (status = 200, description = "They are set", body = ZoneSupplyView),
        (status = 202, description = "Recorded; judging is behind and will take it", body = ZoneSupplyView),
    ))]
pub async fn put_supply_schedule(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(zone): PathOf<String>,
    Body(body): Body<SupplyBody>,
) -> Result<Done<ZoneSupplyView>, Problem> {
    let mut checks = Checks::default();
    checks.text("zone", &zone, 100);
    known(&app, "zone", &Area::Zone(zone.as_str().into()), &mut checks);
    let schedule = hours_of("/hours", &body.hours, &mut checks);
    checks.of_body()?;
    let hours = schedule.as_ref().map(ToString::to_string);
    let hours = hours.unwrap_or_default();
    let rows = app.ask(|stores| stores.register.zone_supplies()).await?;
    let before = rows.into_iter().find(|row| row.zone == zone);
    if let Some(row) = before.filter(|row| row.hours == hours) {
        return Ok(Done::unchanged(row.into()));
    }
    let change = Change::ZoneSupplySet {
        zone: zone.as_str().into(),
        schedule,
        by: who.who.to_string(),
    };
    let (at, by) = (app.now(), who.who.to_string());
    let applied = app.change(&who, vec![change]).await?;
    let row = ZoneSupplyView {
        zone,
        hours,
        at,
        by,
    };
    Ok(Done::altered(row, applied))
}
