//! People who log in, their sessions, and keys for machines.
//!
//! In: users, sessions and keys, with hashes in place of secrets. Out: who a hash belongs to. What
//! changes who may do what is written together with its numbered change, which holds no secret.
//! Several processes may do so at once; what one changes, the others see with their next question.

use std::fmt;

use firemain_domain::Timestamp;
use firemain_domain::people::{Language, Role};
use serde::{Deserialize, Serialize};

use super::RegisterError;

/// Users that are kept at most.
pub const MOST_USERS: u64 = 10_000;
/// Keys that are kept at most, those revoked with them.
pub const MOST_KEYS: u64 = 10_000;
/// Sessions of one user; beyond, the one used longest ago ends.
pub const MOST_SESSIONS_OF_USER: u64 = 50;
/// Units that a user or a key may be bound to.
pub const MOST_UNITS: usize = 500;

/// What the register keeps of who may do what. Calls block.
pub trait AccessRegister: Send + Sync {
    /// Whether there is any user; once there is one, there always is.
    fn has_users(&self) -> Result<bool, RegisterError>;
    /// Users in order of name.
    fn users(&self, after: Option<&str>, limit: usize) -> Result<Vec<User>, RegisterError>;
    /// One user.
    fn user(&self, name: &str) -> Result<Option<User>, RegisterError>;
    /// The user that a foreign issuer knows under `subject` (`<issuer> <subject>`).
    fn user_of_subject(&self, subject: &str) -> Result<Option<User>, RegisterError>;
    /// The password hash of a user, if they have one.
    fn password_of(&self, name: &str) -> Result<Option<PasswordHash>, RegisterError>;

    /// Enters or alters a user; `password`: sets that too. Disabling ends their sessions.
    ///
    /// # Errors
    /// When it would leave no administrator who can log in, or `entering` forbids it.
    fn set_user(
        &self,
        by: &str,
        at: Timestamp,
        user: &User,
        password: Option<&PasswordHash>,
        entering: Entering,
    ) -> Result<(), RegisterError>;
    /// Gives a user another password, and ends their sessions but the one of id `keep`.
    fn set_password(
        &self,
        by: &str,
        at: Timestamp,
        name: &str,
        password: &PasswordHash,
        keep: Option<&str>,
    ) -> Result<(), RegisterError>;
    /// A login of that user failed.
    fn login_failed(&self, name: &str, at: Timestamp) -> Result<(), RegisterError>;

    /// Opens a session, after a login that succeeded.
    fn open_session(&self, session: &Session, token: &[u8; 32]) -> Result<(), RegisterError>;
    /// The session of a token's SHA-256, with its user.
    fn session_of(&self, token: &[u8; 32]) -> Result<Option<(Session, User)>, RegisterError>;
    /// Sessions, newest first, of one user or of all.
    fn sessions(
        &self,
        user: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>, RegisterError>;
    /// One session.
    fn session(&self, id: &str) -> Result<Option<Session>, RegisterError>;
    /// A session was used.
    fn session_used(&self, id: &str, at: Timestamp) -> Result<(), RegisterError>;
    /// Ends a session by its own user (`by` none) or by somebody else; whether it was there.
    fn end_session(&self, id: &str, by: Option<&str>, at: Timestamp)
    -> Result<bool, RegisterError>;
    /// Forgets sessions begun or last used before these moments.
    fn forget_sessions(&self, begun: Timestamp, used: Timestamp) -> Result<(), RegisterError>;

    /// Enters a key under the SHA-256 of its secret.
    fn make_key(&self, by: &str, key: &ApiKey, secret: &[u8; 32]) -> Result<(), RegisterError>;
    /// The key of a secret's SHA-256.
    fn key_of(&self, secret: &[u8; 32]) -> Result<Option<ApiKey>, RegisterError>;
    /// One key, by its id.
    fn key(&self, id: &str) -> Result<Option<ApiKey>, RegisterError>;
    /// Keys, newest first.
    fn keys(&self, after: Option<&str>, limit: usize) -> Result<Vec<ApiKey>, RegisterError>;
    /// A key was used.
    fn key_used(&self, id: &str, at: Timestamp) -> Result<(), RegisterError>;
    /// A key is good no more, from now on; whether it was good.
    fn revoke_key(&self, by: &str, at: Timestamp, id: &str) -> Result<bool, RegisterError>;
}

/// What `set_user` expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entering {
    /// The user or none: enter or alter.
    Either,
    /// No user of that name.
    New,
    /// No user at all.
    First,
}

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name under which they log in: lower-case letters, digits, `.`, `_`, `-`, `@`, `+`.
    pub name: String,
    /// What people call them.
    pub display_name: String,
    /// In which language they are spoken to.
    pub language: Language,
    /// What they may do.
    pub role: Role,
    /// For sources of which units; empty: of all.
    pub units: Vec<String>,
    /// Where mail reaches them.
    pub email: Option<String>,
    /// Where a call or a short message reaches them.
    pub phone: Option<String>,
    /// Who they are to a foreign issuer: `<issuer> <subject>`.
    pub subject: Option<String>,
    /// Whether they are kept out.
    pub disabled: bool,
    /// When they were entered.
    pub created_at: Timestamp,
    /// Logins that failed since the last that succeeded.
    #[serde(default)]
    pub failed_logins: u32,
    /// When the last of them failed.
    #[serde(default)]
    pub failed_at: Option<Timestamp>,
    /// When they last logged in.
    #[serde(default)]
    pub logged_in_at: Option<Timestamp>,
}

/// An argon2id hash as text (PHC format). It does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

/// Somebody who is logged in, on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is no secret.
    pub id: String,
    /// Whose.
    pub user: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Timestamp,
    /// From which address it was begun.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
}

/// A key for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id: the beginning of its text, which is no secret.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// To which resources it is bound (`alerts:write`, `*:read`, `metrics`); empty: to all that its
    /// role reaches.
    pub scopes: Vec<String>,
    /// For sources of which units; empty: of all.
    pub units: Vec<String>,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good; `None`: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is good at `now`.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|until| now < until)
    }
}
