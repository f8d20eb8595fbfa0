//! `/keys`: keys for machines. For administrators.

mod list;
mod make;
mod revoke;

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_store::register::access::ApiKey;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_keys, make::make_key))
        .routes(routes!(revoke::revoke_key))
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyView {
    /// Its id: how its text begins.
    #[schema(example = "fm_k3v8q2m7xa")]
    pub id: String,
    /// What it is for.
    #[schema(example = "grafana")]
    pub name: String,
    /// What it may do, as a user's role.
    #[schema(example = "viewer")]
    pub role: &'static str,
    /// To what it is bound, such as `alerts:write`, `*:read` or `metrics`; empty: to all that its role
    /// reaches.
    pub scopes: Vec<String>,
    /// For sources of which units; empty: of all.
    pub units: Vec<String>,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it is good; `null`: until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            role: key.role.name(),
            scopes: key.scopes,
            units: key.units,
            made_by: key.made_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            used_at: key.used_at,
            revoked_at: key.revoked_at,
        }
    }
}
