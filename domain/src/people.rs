//! People: in which role, in which language. Who they are and how they prove it is the register's
//! and the API's affair.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What somebody may do. Each may do what those before may.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    #[default]
    Viewer,
    /// Act on alerts, inspect, test, report work done.
    Crew,
    /// Open incidents, grant permits, enter maintenance, plan rounds, direct crews.
    Dispatcher,
    /// Change the register of sources and devices, and the rules.
    Operator,
    /// Say who may do what.
    Administrator,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Crew,
        Self::Dispatcher,
        Self::Operator,
        Self::Administrator,
    ];

    /// Its name in the API, the settings and the register.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Crew => "crew",
            Self::Dispatcher => "dispatcher",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("must be a role: {known}")
        })
    }
}

/// In which language somebody is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// Its code (ISO 639-1).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "vi" => Ok(Self::Vi),
            "en" => Ok(Self::En),
            _ => Err("must be a language: vi, en".to_owned()),
        }
    }
}

/// What was changed about who may do what: no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum AccessChange {
    /// A user was entered or altered.
    UserSet {
        /// The name under which they log in.
        user: String,
        /// What they may do.
        role: Role,
        /// For sources of which units; empty: of all.
        units: Vec<String>,
        /// Whether they are kept out.
        disabled: bool,
    },
    /// A user has another password.
    PasswordSet {
        /// Whose.
        user: String,
    },
    /// Sessions of a user were ended before their time.
    SessionsEnded {
        /// Whose.
        user: String,
        /// How many.
        sessions: u64,
    },
    /// A key was made.
    KeyMade {
        /// Its id.
        id: String,
        /// What it is for.
        name: String,
        /// What it may do.
        role: Role,
        /// To which resources it is bound; empty: to all that its role reaches.
        scopes: Vec<String>,
        /// For sources of which units; empty: of all.
        units: Vec<String>,
        /// Until when it is good.
        expires_at: Option<Timestamp>,
    },
    /// A key is good no more.
    KeyRevoked {
        /// Its id.
        id: String,
    },
}

impl AccessChange {
    /// Its kind, and whom or what it is about.
    pub fn told(&self) -> (&'static str, &str) {
        match self {
            Self::UserSet { user, .. } => ("user_set", user),
            Self::PasswordSet { user } => ("password_set", user),
            Self::SessionsEnded { user, .. } => ("sessions_ended", user),
            Self::KeyMade { id, .. } => ("key_made", id),
            Self::KeyRevoked { id } => ("key_revoked", id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_those_before_it_may() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert!("root".parse::<Role>().is_err());
    }
}
