//! `GET /supply-schedules`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::ZoneSupplyView;
use crate::http::app::App;
use crate::http::ask::Page;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// The supply hours of zones, in order of zone, all on one page.
#[utoipa::path(get, path = "/supply-schedules", tag = "supply schedules",
    responses((status = 200, description = "The hours", body = Page<ZoneSupplyView>)))]
pub async fn list_supply_schedules(
    State(app): State<Arc<App>>,
    _: Principal,
) -> Result<Json<Page<ZoneSupplyView>>, Problem> {
    let rows = app.ask(|stores| stores.register.zone_supplies()).await?;
    Ok(Json(Page {
        items: rows.into_iter().map(ZoneSupplyView::from).collect(),
        next: None,
    }))
}
