//! `GET /devices`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_store::intake::Stranger;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::view::{DeviceView, logins};
use crate::board::Entry;
use crate::http::app::App;
use crate::http::ask::{Page, PageSize, Params, cursor, from_cursor};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

const LIST: &str = "devices";

/// Which devices.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DevicesQuery {
    /// Those of a source (true), or strangers (false); both by default, strangers last.
    registered: Option<bool>,
    /// Items of a page, 1 to 1000; 100 by default.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: PageSize,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Place {
    /// After the device of this source.
    Source(String),
    /// After this stranger; empty: before the first.
    Stranger(String),
}

/// Devices of sources, in order of the sources' codes; then those that speak and that nobody
/// registered, in order of name.
#[utoipa::path(get, path = "/devices", tag = "devices", params(DevicesQuery),
    responses((status = 200, description = "A page of devices", body = Page<DeviceView>)))]
pub async fn list_devices(
    State(app): State<Arc<App>>,
    _: Principal,
    Params(query): Params<DevicesQuery>,
) -> Result<Json<Page<DeviceView>>, Problem> {
    let after = from_cursor::<Place>(LIST, query.after.as_deref())?;
    let size = query.limit.items();
    let registered = match (&after, query.registered) {
        (_, Some(false)) | (Some(Place::Stranger(_)), _) => Vec::new(),
        (after, _) => registered(&app, after.as_ref(), size + 1),
    };
    let room = (size + 1).saturating_sub(registered.len());
    let strangers = if query.registered == Some(true) || room == 0 {
        Vec::new()
    } else {
        strangers(&app, after, room).await?
    };
    page(&app, registered, strangers, size).await.map(Json)
}

fn registered(app: &App, after: Option<&Place>, limit: usize) -> Vec<Entry> {
    let after = match after {
        Some(Place::Source(code)) => Some(code.as_str()),
        _ => None,
    };
    app.board
        .list(after, limit, |view| view.source().device.is_some())
}

async fn strangers(
    app: &App,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<Stranger>, Problem> {
    let after = match after {
        Some(Place::Stranger(name)) if !name.is_empty() => Some(name),
        _ => None,
    };
    app.ask(move |stores| stores.intake.strangers(after.as_deref(), limit))
        .await
}

async fn page(
    app: &App,
    mut registered: Vec<Entry>,
    mut strangers: Vec<Stranger>,
    size: usize,
) -> Result<Page<DeviceView>, Problem> {
    let more = registered.len() + strangers.len() > size;
    registered.truncate(size);
    strangers.truncate(size - registered.len());
    let place = match (registered.last(), strangers.last()) {
        (_, Some(stranger)) => Some(Place::Stranger(stranger.device.to_string())),
        (Some(entry), None) => Some(Place::Source(entry.source.code.to_string())),
        (None, None) => None,
    };
    let device_of = |entry: &Entry| {
        entry
            .source
            .device
            .as_deref()
            .unwrap_or_default()
            .to_owned()
    };
    let names: Vec<String> = (registered.iter().map(device_of))
        .chain(strangers.iter().map(|stranger| stranger.device.to_string()))
        .collect();
    let asked = names.clone();
    let mut logins = app
        .ask(move |stores| logins(stores, &asked))
        .await?
        .into_iter();
    let mut login = || logins.next().flatten();
    let now = app.now();
    let mut items = Vec::with_capacity(names.len());
    for (entry, name) in registered.iter().zip(&names) {
        items.push(DeviceView::registered(name, entry, login(), now));
    }
    for stranger in &strangers {
        items.push(DeviceView::stranger(stranger, login(), now));
    }
    Ok(Page {
        items,
        next: place.filter(|_| more).map(|place| cursor(LIST, &place)),
    })
}
