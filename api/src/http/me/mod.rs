//! `/me`: who one is here, and one's own password.

mod get;
mod password;

use std::sync::Arc;

use firemain_domain::people::Language;
use firemain_store::register::access::User;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::principal::{Principal, Scope, Via};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get::get_me))
        .routes(routes!(password::change_password))
}

/// Who one is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MeView {
    /// The name under which what one does is recorded.
    #[schema(example = "lan")]
    pub name: String,
    /// What people call one.
    pub display_name: String,
    /// `vi` or `en`.
    #[schema(example = "vi")]
    pub language: &'static str,
    /// `viewer`, `crew`, `dispatcher`, `operator` or `administrator`.
    #[schema(example = "dispatcher")]
    pub role: &'static str,
    /// For sources of which units one may act; empty: of all.
    pub units: Vec<String>,
    /// `session`, `key`, or `local`: whoever is on this machine, while there is no user.
    #[schema(example = "session")]
    pub via: &'static str,
    /// What goes into the header `X-CSRF-Token` of every change, where a cookie says who one is.
    pub csrf: Option<String>,
}

impl MeView {
    /// Of somebody who asks; `user`: where they are one.
    pub fn new(who: &Principal, user: Option<&User>) -> Self {
        let (via, csrf) = match &who.via {
            Via::Local => ("local", None),
            Via::Key { .. } => ("key", None),
            Via::Session { csrf, .. } => ("session", Some(csrf.to_string())),
        };
        Self {
            name: who.who.to_string(),
            display_name: user.map_or_else(|| who.who.to_string(), |u| u.display_name.clone()),
            language: user
                .map_or(Language::default(), |user| user.language)
                .code(),
            role: who.role.name(),
            units: match &who.scope {
                Scope::Everything => Vec::new(),
                Scope::Units(units) => units.iter().map(ToString::to_string).collect(),
            },
            via,
            csrf,
        }
    }
}
