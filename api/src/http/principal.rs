//! Who asks. Every handler takes one, so that logins change this file and no other.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Who asks, in which role, for which sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The name under which what they do is recorded.
    pub who: Arc<str>,
    /// What they may do.
    pub role: Role,
    /// For which sources.
    pub scope: Scope,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Viewer,
    /// Look, and act on alerts.
    Crew,
    /// Change the register.
    Operator,
}

/// For which sources somebody may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those of one administrative unit.
    Unit(Arc<str>),
}

impl Principal {
    /// Whoever reaches the listener: without logins it listens on this machine only, or behind a
    /// proxy that checks who comes.
    pub fn local() -> Self {
        Self {
            who: Arc::from("local"),
            role: Role::Operator,
            scope: Scope::Everything,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::local())
    }
}
