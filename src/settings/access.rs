//! `[access]`: how people log in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use firemain_domain::people::Role;
use serde::Deserialize;

use super::{Secret, Span};

/// `[access]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    pub administrator: Option<String>,
    pub administrator_password: Option<Secret>,
    pub administrator_password_file: Option<PathBuf>,
    pub session_idle: Span,
    pub session_max: Span,
    pub proxies: Vec<IpAddr>,
    pub oidc: Option<Oidc>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            administrator: None,
            administrator_password: None,
            administrator_password_file: None,
            session_idle: Span::hours(12),
            session_max: Span::days(7),
            proxies: Vec::new(),
            oidc: None,
        }
    }
}

/// `[access.oidc]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    pub client_secret_file: Option<PathBuf>,
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    #[serde(default = "role_claim")]
    pub role_claim: String,
    pub roles: BTreeMap<String, Role>,
    pub units_claim: Option<String>,
    pub ca_file: Option<PathBuf>,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn role_claim() -> String {
    "roles".to_owned()
}

impl Access {
    /// What is wrong with it, `public_url` being the address under which people reach us.
    pub fn check(&self, public_url: Option<&str>) -> Result<(), &'static str> {
        if self.administrator.is_some() && self.administrator_password.is_none() {
            return Err(
                "`access.administrator` needs `access.administrator_password_file` (or `access.administrator_password`)",
            );
        }
        let day_ms = Span::days(1).ms();
        if !(60_000..=90 * day_ms).contains(&self.session_idle.ms())
            || !(60_000..=90 * day_ms).contains(&self.session_max.ms())
        {
            return Err("`access.session_idle` and `access.session_max` must be from 1min to 90d");
        }
        let Some(oidc) = &self.oidc else {
            return Ok(());
        };
        if !oidc.issuer.starts_with("https://") && !is_loopback(&oidc.issuer) {
            return Err("`access.oidc.issuer` must begin with https://");
        }
        if public_url.is_none() {
            return Err(
                "`access.oidc` needs `http.public_url`: the issuer sends browsers back to it",
            );
        }
        if oidc.roles.is_empty() {
            return Err(
                "`access.oidc.roles` is empty, so nobody would get in: write such as `roles = { \"fire-watch\" = \"dispatcher\" }`",
            );
        }
        Ok(())
    }
}

fn is_loopback(url: &str) -> bool {
    [
        "http://127.0.0.1:",
        "http://127.0.0.1/",
        "http://localhost:",
        "http://localhost/",
        "http://[::1]:",
    ]
    .iter()
    .any(|start| url.starts_with(start))
}
