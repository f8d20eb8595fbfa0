//! Logging in: the password is compared where blocking is allowed, few at a time, and takes as long
//! for a name that nobody has.

use std::time::Duration;

use axum::http::HeaderMap;
use firemain_store::register::RegisterError;
use firemain_store::register::access::{PasswordHash, Session, User};
use tokio::time::timeout;

use super::client::Client;
use super::cookie::Cookie;
use super::throttle::Try;
use super::who::NO_USER;
use crate::Stores;
use crate::access::{check_name, fits, new_token, nobodys_hash};
use crate::http::app::App;
use crate::http::entropy;
use crate::http::problem::{Problem, ProblemKind};

/// A password waits so long for its turn to be looked at.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// Characters kept of what a browser calls itself.
const MOST_AGENT: usize = 200;

/// Somebody who has just logged in.
pub struct LoggedIn {
    /// The token for the cookie.
    pub token: String,
    /// The session.
    pub session: Session,
    /// Who it is.
    pub user: User,
}

impl App {
    /// Logs somebody in by their password.
    ///
    /// # Errors
    /// The same for a wrong name, a wrong password and a user who is kept out; how long to wait after
    /// too many failures.
    pub async fn log_in(
        &self,
        client: Client,
        headers: &HeaderMap,
        name: &str,
        password: String,
    ) -> Result<LoggedIn, Problem> {
        if !self.has_users().await? {
            return Err(Problem::new(ProblemKind::Unavailable, NO_USER));
        }
        let name = name.trim().to_lowercase();
        let tried = self.begin_try(&name, client)?;
        let Some(user) = self.compare(&tried, &name, password).await? else {
            let shown = if check_name(&name).is_ok() {
                &*name
            } else {
                "?"
            };
            tracing::warn!(user = shown, address = %client.address, "access.login_failed");
            return Err(Problem::new(
                ProblemKind::Unauthenticated,
                "the user name or the password is wrong",
            ));
        };
        self.access.throttle.succeeded(&tried);
        self.open_session(client, headers, user).await
    }

    /// Counts a try at an account, or says how long to wait.
    pub fn begin_try(&self, name: &str, client: Client) -> Result<Try, Problem> {
        let begun = self
            .access
            .throttle
            .begin(&*self.clock, name, client.address);
        begun.map_err(|wait_ms| {
            let second_ms = self.clock.passes_in(Duration::from_secs(1)).max(1);
            let wait_s = u32::try_from((wait_ms + second_ms - 1) / second_ms).unwrap_or(u32::MAX);
            Problem::too_many(
                format!("too many logins failed: try again in {wait_s} s"),
                wait_s,
            )
        })
    }

    /// The user, if the password is theirs and they may log in.
    pub async fn compare(
        &self,
        tried: &Try,
        name: &str,
        password: String,
    ) -> Result<Option<User>, Problem> {
        let turn = timeout(TURN_WITHIN, self.access.hashing.clone().acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            self.access.throttle.undone(tried);
            return Err(Problem::busy("many log in at this moment; try again", 3));
        };
        let wanted = name.to_owned();
        let found = self.ask(move |stores| known(stores, &wanted)).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let compared = tokio::task::spawn_blocking(move || {
            let hash = hash.as_ref().unwrap_or_else(|| nobodys_hash());
            let fits = fits(&password, hash);
            drop(turn);
            fits
        });
        let fits = compared.await.unwrap_or(false);
        if fits && let Some(user) = user.as_ref().filter(|user| !user.disabled) {
            return Ok(Some(user.clone()));
        }
        if let Some(user) = user {
            let now = self.now();
            self.later(move |stores| stores.register.login_failed(&user.name, now));
        }
        Ok(None)
    }

    /// Opens a session for somebody who has proved who they are. The token is always a new one, and
    /// a session that the browser had before ends: nobody can plant one.
    pub async fn open_session(
        &self,
        client: Client,
        headers: &HeaderMap,
        user: User,
    ) -> Result<LoggedIn, Problem> {
        let token = new_token().map_err(Problem::from)?;
        let now = self.now();
        let before = Cookie::of_session(&self.settings).read(headers);
        let before = before.map(crate::access::sha256);
        let agent = headers
            .get("user-agent")
            .and_then(|value| value.to_str().ok());
        let session = Session {
            id: entropy::id(now)?,
            user: user.name.clone(),
            created_at: now,
            used_at: now,
            address: client.address.to_string(),
            agent: agent.unwrap_or_default().chars().take(MOST_AGENT).collect(),
        };
        let access = &self.settings.access;
        let begun = now.plus_ms(-self.clock.passes_in(access.session_most));
        let used = now.plus_ms(-self.clock.passes_in(access.session_idle));
        let (row, hash) = (session.clone(), token.sha256);
        self.ask(move |stores| {
            stores.register.forget_sessions(begun, used)?;
            if let Some(before) = before
                && let Some((old, _)) = stores.register.session_of(&before)?
            {
                stores.register.end_session(&old.id, None, now)?;
            }
            stores.register.open_session(&row, &hash)
        })
        .await?;
        tracing::info!(user = %user.name, address = %client.address, "access.logged_in");
        Ok(LoggedIn {
            token: token.text,
            session,
            user,
        })
    }
}

fn known(
    stores: &Stores,
    name: &str,
) -> Result<Option<(User, Option<PasswordHash>)>, RegisterError> {
    match stores.register.user(name)? {
        Some(user) => Ok(Some((user, stores.register.password_of(name)?))),
        None => Ok(None),
    }
}
