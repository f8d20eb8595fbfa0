//! Who asks. The guard of [`super::access`] finds out, before any handler; every handler takes one.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
pub use firemain_domain::people::Role;

use super::problem::{Problem, ProblemKind};

/// Who asks, in which role, for which sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The name under which what they do is recorded.
    pub who: Arc<str>,
    /// What they may do.
    pub role: Role,
    /// For which sources.
    pub scope: Scope,
    /// How they proved who they are.
    pub via: Via,
}

/// For which sources somebody may act. Everybody may look at all: a fire does not stop at a border.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those of these administrative units.
    Units(Arc<[Arc<str>]>),
}

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// By being on this machine, while there is no user at all.
    Local,
    /// By a session's cookie.
    Session {
        /// The session's id.
        id: Arc<str>,
        /// What a request that changes something has to bring along.
        csrf: Arc<str>,
    },
    /// By a key.
    Key {
        /// The key's id.
        id: Arc<str>,
        /// To what it is bound; empty: to all that its role reaches.
        scopes: Arc<[String]>,
    },
}

impl Scope {
    /// Of these units; of none: everything.
    pub fn of(units: &[String]) -> Self {
        if units.is_empty() {
            return Self::Everything;
        }
        Self::Units(units.iter().map(|unit| unit.as_str().into()).collect())
    }
}

impl Principal {
    /// Whoever reaches a listener of this machine while there is no user at all.
    pub fn local() -> Self {
        Self {
            who: Arc::from("local"),
            role: Role::Operator,
            scope: Scope::Everything,
            via: Via::Local,
        }
    }

    /// Whether they may act on sources of this unit.
    pub fn reaches(&self, unit: Option<&str>) -> bool {
        match &self.scope {
            Scope::Everything => true,
            Scope::Units(units) => unit.is_some_and(|unit| units.iter().any(|u| **u == *unit)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Without the guard nobody comes this far; if it were taken away, nobody would pass.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::new(
                ProblemKind::Unauthenticated,
                "nobody looked who you are: this is a fault of firemain",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acts_for_units_reaches_their_sources_only() {
        let mut one = Principal::local();
        assert!(one.reaches(None) && one.reaches(Some("Phường Hoàn Kiếm")));
        one.scope = Scope::of(&["Phường Hoàn Kiếm".to_owned()]);
        assert!(one.reaches(Some("Phường Hoàn Kiếm")));
        assert!(!one.reaches(Some("Phường Cửa Nam")));
        assert!(!one.reaches(None), "a source of no unit is not theirs");
        assert_eq!(Scope::of(&[]), Scope::Everything);
    }
}
