//! `GET /sources/{code}/devices`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firemain_domain::Timestamp;
use firemain_store::register::RegisterError;
use firemain_store::register::devices::DeviceTerm;
use serde::Serialize;
use utoipa::ToSchema;

use super::no_source;
use crate::http::app::App;
use crate::http::ask::PathOf;
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// Devices that are told of at most, the newest.
const MOST: usize = 200;

/// The devices that a source has and has had.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DevicesOfSource {
    /// Which source.
    #[schema(example = "TR-0412")]
    pub code: String,
    /// Its devices, the newest first, 200 at most.
    pub items: Vec<TermView>,
}

/// How long a device was at a source.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TermView {
    /// Which device.
    #[schema(example = "hn-000412")]
    pub device: String,
    /// Since when; `null`: it is not known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Until when; `null`: it is there.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why it went, where somebody said so.
    pub reason: Option<String>,
    /// Who entered that it went.
    pub by: Option<String>,
}

/// Which device reported for a source, and when.
#[utoipa::path(get, path = "/sources/{code}/devices", tag = "sources",
    params(("code" = String, Path, description = "Its code", example = "TR-0412")),
    responses((status = 200, description = "Its devices, the newest first", body = DevicesOfSource)))]
pub async fn list_devices_of_source(
    State(app): State<Arc<App>>,
    _: Principal,
    PathOf(code): PathOf<String>,
) -> Result<Json<DevicesOfSource>, Problem> {
    let asked = code.clone();
    let ask = move |stores: &crate::Stores| {
        let source = stores.register.source(&asked)?;
        let terms = stores.register.device_terms(&asked, None, MOST)?;
        Ok::<_, RegisterError>((source, terms))
    };
    let (source, terms) = app.ask(ask).await?;
    let Some(source) = source else {
        return Err(no_source(&code));
    };
    let since = |device: &str, before: Option<&DeviceTerm>| {
        let before = before.filter(|term| term.next.as_deref() == Some(device))?;
        Some(before.until)
    };
    let mut items = Vec::with_capacity(terms.len() + 1);
    if let Some(device) = source.device.as_deref() {
        items.push(TermView {
            device: device.to_owned(),
            from: since(device, terms.first()),
            until: None,
            reason: None,
            by: None,
        });
    }
    for (n, term) in terms.iter().enumerate() {
        items.push(TermView {
            device: term.device.clone(),
            from: since(&term.device, terms.get(n + 1)),
            until: Some(term.until),
            reason: term.reason.clone(),
            by: Some(term.by.clone()),
        });
    }
    Ok(Json(DevicesOfSource { code, items }))
}
