//! `GET /devices/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::Login;

use super::no_device;
use super::view::DeviceView;
use crate::board::Entry;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// One device.
#[utoipa::path(get, path = "/devices/{id}", tag = "devices",
    params(("id" = String, Path, description = "Its name", example = "hn-000412")),
    responses((status = 200, description = "The device", body = DeviceView)))]
pub async fn get_device(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Json<DeviceView>, Problem> {
    let now = app.now();
    let name = id.clone();
    let login: Option<Login> = app.ask(move |stores| stores.register.login(&name)).await?;
    if let Some(entry) = entry_of(&app, &id) {
        return Ok(Json(DeviceView::registered(&id, &entry, login, now)));
    }
    let name = id.clone();
    let stranger = app.ask(move |stores| stores.intake.stranger(&name)).await?;
    match (stranger, login) {
        (Some(stranger), login) => Ok(Json(DeviceView::stranger(&stranger, login, now))),
        (None, Some(login)) => Ok(Json(DeviceView {
            id,
            source: None,
            heard_at: None,
            heard_age_s: None,
            login: Some(login.into()),
            stranger: None,
        })),
        (None, None) => Err(no_device(&id)),
    }
}

/// The source that has this device.
fn entry_of(app: &App, device: &str) -> Option<Entry> {
    app.board
        .list(None, 1, |view| {
            view.source().device.as_deref() == Some(device)
        })
        .pop()
}
