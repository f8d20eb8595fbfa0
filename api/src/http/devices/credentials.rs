//! `POST` and `DELETE /devices/{id}/credentials`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::Timestamp;
use firemain_store::register::Login;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::check_name;
use crate::http::app::App;
use crate::http::ask::{Checks, OptionalBody, PathOf};
use crate::http::entropy;
use crate::http::principal::{Principal, Scope};
use crate::http::problem::Problem;

/// Devices that one gateway speaks for, as many as fit into a body.
const MOST_DEVICES: usize = 5_000;

/// For which devices a login speaks.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialsBody {
    /// Of a gateway: the devices it speaks for. Empty: the device alone.
    #[schema(example = json!(["hn-000412", "hn-000413"]))]
    devices: Vec<String>,
}

/// A new login for our own MQTT endpoint, and for a broker whose files firemain keeps.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Credentials {
    /// User name.
    #[schema(example = "hn-000412")]
    pub user: String,
    /// Password: 256 random bits. It is shown this once; only its hash is kept.
    pub password: String,
    /// The devices it speaks for.
    pub devices: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Makes a login; one that was there before is void from now on. The password is shown this once.
#[utoipa::path(post, path = "/devices/{id}/credentials", tag = "devices",
    params(("id" = String, Path, description = "The device's name", example = "hn-000412")),
    request_body(content = CredentialsBody, description = "May be left out"),
    responses((status = 201, description = "User name and password", body = Credentials)))]
pub async fn make_credentials(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
    OptionalBody(body): OptionalBody<CredentialsBody>,
) -> Result<(StatusCode, Json<Credentials>), Problem> {
    check(&id, &body)?;
    let devices = if body.devices.is_empty() {
        vec![id.clone()]
    } else {
        body.devices
    };
    check_reach(&app, &who, &devices).await?;
    let (password, secret_sha256) = entropy::secret()?;
    let created_at = app.now();
    let login = Login {
        name: id.clone(),
        secret_sha256,
        broker_hash: entropy::broker_hash(&password)?,
        devices: devices
            .iter()
            .map(|device| device.as_str().into())
            .collect(),
        created_at,
    };
    app.ask(move |stores| stores.register.set_login(&login))
        .await?;
    tracing::info!(device.id = %id, by = %who.who, "device.credentials_made");
    Ok((
        StatusCode::CREATED,
        Json(Credentials {
            user: id,
            password,
            devices,
            created_at,
        }),
    ))
}

/// Takes a device's login away.
#[utoipa::path(delete, path = "/devices/{id}/credentials", tag = "devices",
    params(("id" = String, Path, description = "The device's name", example = "hn-000412")),
    responses((status = 204, description = "It cannot log in any more")))]
pub async fn remove_credentials(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(id): PathOf<String>,
) -> Result<StatusCode, Problem> {
    check_reach(&app, &who, std::slice::from_ref(&id)).await?;
    let name = id.clone();
    if !app
        .ask(move |stores| stores.register.remove_login(&name))
        .await?
    {
        return Err(Problem::not_found(
            "this device has no login: POST here makes one",
        ));
    }
    tracing::info!(device.id = %id, by = %who.who, "device.credentials_removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Who acts for some units may give logins to devices at sources of theirs only.
async fn check_reach(app: &App, who: &Principal, devices: &[String]) -> Result<(), Problem> {
    if who.scope == Scope::Everything {
        return Ok(());
    }
    let map = app.ask(|stores| stores.register.device_map()).await?;
    for device in devices {
        let place = map.iter().find(|(known, ..)| **known == **device);
        let Some((_, code, _)) = place.cloned() else {
            let what = format!("the device `{device}` is at no source");
            app.check_everything(who, &what)?;
            continue;
        };
        let source = app.ask(move |stores| stores.register.source(&code)).await?;
        if let Some(source) = source {
            app.check_source(who, &source)?;
        }
    }
    Ok(())
}

fn check(id: &str, body: &CredentialsBody) -> Result<(), Problem> {
    let mut checks = Checks::default();
    check_name("id", id, &mut checks);
    checks.of_params()?;
    let mut checks = Checks::default();
    let number = body.devices.len();
    checks.that(
        number <= MOST_DEVICES,
        "/devices",
        format!("must be at most {MOST_DEVICES}: make several logins"),
    );
    for (n, device) in body.devices.iter().enumerate().take(MOST_DEVICES) {
        check_name(&format!("/devices/{n}"), device, &mut checks);
    }
    checks.of_body()
}
