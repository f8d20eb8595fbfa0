//! `POST /keys`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::Timestamp;
use firemain_domain::people::Role;
use firemain_store::register::access::{ApiKey, MOST_UNITS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::KeyView;
use crate::access::{check_scopes, new_key};
use crate::http::app::App;
use crate::http::ask::{Body, Checks};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// What a key is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// What it is for: 1 to 64 characters.
    #[schema(example = "grafana")]
    name: String,
    /// What it may do; `viewer` by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "viewer")]
    role: Role,
    /// To what it is bound, such as `alerts:write`, `*:read` or `metrics`; empty: to all that its role
    /// reaches.
    #[serde(default)]
    scopes: Vec<String>,
    /// For sources of which units; empty: of all.
    #[serde(default)]
    units: Vec<String>,
    /// Until when it is good; absent: until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A new key.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewKeyView {
    /// The key itself, for `Authorization: Bearer`. It is shown this once; only its hash is kept.
    #[schema(example = "fm_k3v8q2m7xa_…")]
    key: String,
    /// The rest of it.
    #[serde(flatten)]
    view: KeyView,
}

/// Makes a key. Its text is shown this once.
#[utoipa::path(post, path = "/keys", tag = "people", request_body = KeyBody,
    responses((status = 201, description = "The key", body = NewKeyView)))]
pub async fn make_key(
    State(app): State<Arc<App>>,
    who: Principal,
    Body(body): Body<KeyBody>,
) -> Result<(StatusCode, Json<NewKeyView>), Problem> {
    let now = app.now();
    check(&body, now)?;
    let made = new_key().map_err(Problem::from)?;
    let key = ApiKey {
        id: made.id,
        name: body.name,
        role: body.role,
        scopes: body.scopes,
        units: body.units,
        made_by: who.who.to_string(),
        created_at: now,
        expires_at: body.expires_at,
        used_at: None,
        revoked_at: None,
    };
    let (by, row) = (who.who.clone(), key.clone());
    app.ask(move |stores| stores.register.make_key(&by, &row, &made.sha256))
        .await?;
    tracing::info!(key = %key.id, by = %who.who, "access.key_made");
    let view = NewKeyView {
        key: made.text,
        view: key.into(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

fn check(body: &KeyBody, now: Timestamp) -> Result<(), Problem> {
    let mut checks = Checks::default();
    checks.text("/name", &body.name, 64);
    if let Err(why) = check_scopes(&body.scopes) {
        checks.fault("/scopes", why);
    }
    let units = body.units.len();
    checks.that(
        units <= MOST_UNITS,
        "/units",
        format!("must be at most {MOST_UNITS}"),
    );
    for (n, unit) in body.units.iter().enumerate().take(MOST_UNITS) {
        checks.text(&format!("/units/{n}"), unit, 128);
    }
    let bound = body.role == Role::Administrator && units > 0;
    checks.that(
        !bound,
        "/units",
        "cannot bind an administrator: leave it empty, or give another role",
    );
    let lasts = body.expires_at.is_none_or(|until| until > now);
    checks.that(lasts, "/expires_at", "is over already: give a later time");
    checks.of_body()
}
