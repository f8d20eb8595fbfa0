//! `GET /devices/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::register::endpoint::{Command, MOST_OF_DEVICE};
use firemain_store::register::{Login, RegisterError};

use super::no_device;
use super::view::{DeviceDetail, DeviceView};
use super::{commands, trends};
use crate::board::Entry;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// One device.
#[utoipa::path(get, path = "/devices/{id}", tag = "devices",
    params(("id" = String, Path, description = "Its name", example = "hn-000412")),
    responses((status = 200, description = "The device", body = DeviceDetail)))]
pub async fn get_device(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(id): PathOf<String>,
) -> Result<Json<DeviceDetail>, Problem> {
    let device = device_view(&app, &id).await?;
    let name = id.clone();
    let ask = move |stores: &crate::Stores| {
        let register = &stores.register;
        Ok::<_, RegisterError>((
            register.device_facts(&name)?.unwrap_or_default(),
            register.commands(&name, None, MOST_OF_DEVICE)?,
            register.replaced_at(&name)?,
        ))
    };
    let (facts, commands, since) = app.ask(ask).await?;
    let trends = match &device.source {
        Some(code) => trends::of(&app, code.as_str().into(), since).await?,
        None => Vec::new(),
    };
    let now = app.now();
    let waits = |c: &&Command| c.answered_at.is_none() && c.expires_at > now;
    Ok(Json(DeviceDetail {
        device,
        firmware: facts.firmware,
        boot_at: facts.boot_at,
        config_reported: facts.config,
        config_desired: commands::desired(&commands, now),
        commands_waiting: commands.iter().filter(waits).count(),
        trends,
    }))
}

async fn device_view(app: &App, id: &str) -> Result<DeviceView, Problem> {
    let now = app.now();
    let id = id.to_owned();
    let name = id.clone();
    let login: Option<Login> = app.ask(move |stores| stores.register.login(&name)).await?;
    if let Some(entry) = entry_of(app, &id).await? {
        return Ok(DeviceView::registered(&id, &entry, login, now));
    }
    let name = id.clone();
    let stranger = app.ask(move |stores| stores.intake.stranger(&name)).await?;
    match (stranger, login) {
        (Some(stranger), login) => Ok(DeviceView::stranger(&stranger, login, now)),
        (None, Some(login)) => Ok(DeviceView {
            id,
            source: None,
            heard_at: None,
            heard_age_s: None,
            login: Some(login.into()),
            stranger: None,
        }),
        (None, None) => Err(no_device(&id)),
    }
}

/// The source that has this device.
async fn entry_of(app: &App, device: &str) -> Result<Option<Entry>, Problem> {
    let code = app.source_of_device(device).await?;
    let entry = code.and_then(|code| app.board.get(&code));
    Ok(entry.filter(|entry| entry.source.device.as_deref() == Some(device)))
}
