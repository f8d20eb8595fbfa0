//! Finding out who asks: by a key, by a session's cookie, or by being the only one who can.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firemain_domain::Timestamp;
use firemain_store::register::access::{ApiKey, Session, User};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::cookie::Cookie;
use super::throttle::Throttle;
use crate::access::sha256;
use crate::http::app::App;
use crate::http::principal::{Principal, Role, Scope, Via};
use crate::http::problem::{Problem, ProblemKind};

/// Passwords hashed at once: each takes 19 MiB and a core.
const HASHING: usize = 2;
/// So long it is believed that there is still no user.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// A use is written down so seldom.
const NOTED: Duration = Duration::from_mins(1);
/// Uses remembered at most.
const MOST_NOTED: usize = 20_000;

/// What is said where nobody can log in yet.
pub const NO_USER: &str = "there is no user yet: make the first administrator on this machine by `firemain user add NAME --role administrator`, or set `[access] administrator` and `administrator_password_file` and start again";

/// What the guard remembers.
#[derive(Debug)]
pub struct Access {
    /// How often logins failed.
    pub throttle: Throttle,
    /// Turns to hash a password.
    pub hashing: Arc<Semaphore>,
    has_users: AtomicBool,
    looked: Mutex<Option<Instant>>,
    noted: Mutex<HashMap<String, Timestamp>>,
}

impl Access {
    /// Nothing remembered.
    pub fn new() -> Self {
        Self {
            throttle: Throttle::default(),
            hashing: Arc::new(Semaphore::new(HASHING)),
            has_users: AtomicBool::new(false),
            looked: Mutex::default(),
            noted: Mutex::default(),
        }
    }
}

impl App {
    /// Whether there is any user. Once there is one, there always is.
    pub async fn has_users(&self) -> Result<bool, Problem> {
        if self.access.has_users.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let recently = |looked: &Mutex<Option<Instant>>| {
            let looked = looked.lock().unwrap_or_else(PoisonError::into_inner);
            looked.is_some_and(|at| at.elapsed() < LOOK_AGAIN)
        };
        if recently(&self.access.looked) {
            return Ok(false);
        }
        let has = self.ask(|stores| stores.register.has_users()).await?;
        if has {
            self.access.has_users.store(true, Ordering::Relaxed);
        } else {
            let mut looked = self
                .access
                .looked
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *looked = Some(Instant::now());
        }
        Ok(has)
    }

    /// Who asks; `None`: nobody that we know.
    ///
    /// # Errors
    /// When a key is not good, or nobody can be known yet.
    pub async fn identify(&self, parts: &Parts) -> Result<Option<Principal>, Problem> {
        if let Some(key) = bearer(&parts.headers)? {
            return self.by_key(key).await.map(Some);
        }
        if let Some(token) = Cookie::of_session(&self.settings).read(&parts.headers)
            && let Some((session, user)) = self.session_of(token).await?
        {
            return Ok(Some(of_session(token, &session, &user)));
        }
        if self.has_users().await? {
            return Ok(None);
        }
        if self.settings.listen.ip().is_loopback() {
            return Ok(Some(Principal::local()));
        }
        Err(Problem::new(ProblemKind::Unavailable, NO_USER))
    }

    async fn by_key(&self, text: &str) -> Result<Principal, Problem> {
        let hash = sha256(text);
        let key = self
            .ask(move |stores| stores.register.key_of(&hash))
            .await?;
        let now = self.now();
        let Some(key) = key.filter(|key| key.is_good(now)) else {
            return Err(Problem::new(
                ProblemKind::Unauthenticated,
                "this key is unknown, expired or revoked: an administrator makes another by POST /api/v1/keys or `firemain key add`",
            ));
        };
        if self.is_worth_noting(&key.id, key.used_at, now) {
            let id = key.id.clone();
            self.later(move |stores| stores.register.key_used(&id, now));
        }
        Ok(of_key(&key))
    }

    /// The session of a token with its user, if both are good.
    pub async fn session_of(&self, token: &str) -> Result<Option<(Session, User)>, Problem> {
        let hash = sha256(token);
        let found = self
            .ask(move |stores| stores.register.session_of(&hash))
            .await?;
        let now = self.now();
        let found = found.filter(|(session, user)| self.is_good(session, user, now));
        if let Some((session, _)) = &found
            && self.is_worth_noting(&session.id, Some(session.used_at), now)
        {
            let id = session.id.clone();
            self.later(move |stores| stores.register.session_used(&id, now));
        }
        Ok(found)
    }

    fn is_good(&self, session: &Session, user: &User, now: Timestamp) -> bool {
        let within =
            |since: Timestamp, span: Duration| now.since_ms(since) < self.clock.passes_in(span);
        !user.disabled
            && within(session.used_at, self.settings.access.session_idle)
            && within(session.created_at, self.settings.access.session_most)
    }

    /// Whether somebody who was let in a while ago still would be.
    pub async fn still(&self, principal: &Principal) -> bool {
        let now = self.now();
        match &principal.via {
            Via::Local => !self.has_users().await.unwrap_or(true),
            Via::Key { id, .. } => {
                let id = id.to_string();
                let key = self.ask(move |stores| stores.register.key(&id)).await;
                key.is_ok_and(|key| key.is_some_and(|key| key.is_good(now)))
            }
            Via::Session { id, .. } => {
                let (id, name) = (id.to_string(), principal.who.to_string());
                let found = self.ask(move |stores| {
                    let session = stores.register.session(&id)?;
                    Ok::<_, Problem>(session.zip(stores.register.user(&name)?))
                });
                // Who only listens uses the session too: it ends by its age, not for being idle.
                let most = self.clock.passes_in(self.settings.access.session_most);
                found.await.is_ok_and(|found| {
                    found.is_some_and(|(session, user)| {
                        !user.disabled && now.since_ms(session.created_at) < most
                    })
                })
            }
        }
    }

    /// Whether the use of a session or key is to be written down now: about once a minute.
    fn is_worth_noting(&self, id: &str, written: Option<Timestamp>, now: Timestamp) -> bool {
        let seldom_ms = self.clock.passes_in(NOTED);
        let fresh = |at: Timestamp| now.since_ms(at) < seldom_ms;
        if written.is_some_and(fresh) {
            return false;
        }
        let mut noted = self
            .access
            .noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if noted.get(id).copied().is_some_and(fresh) {
            return false;
        }
        if noted.len() >= MOST_NOTED {
            noted.retain(|_, at| fresh(*at));
        }
        if noted.len() < MOST_NOTED {
            noted.insert(id.to_owned(), now);
        }
        true
    }

    /// Writes something down that nobody waits for.
    pub fn later<F>(&self, write: F)
    where
        F: FnOnce(&crate::Stores) -> Result<(), firemain_store::register::RegisterError>
            + Send
            + 'static,
    {
        let stores = self.stores.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = write(&stores) {
                tracing::warn!(%error, "access.use_not_noted");
            }
        });
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let key = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match key.map(|(_, key)| key.trim()) {
        Some(key) if (1..=256).contains(&key.len()) => Ok(Some(key)),
        _ => Err(Problem::new(
            ProblemKind::Unauthenticated,
            "send the key as `Authorization: Bearer fm_…`",
        )),
    }
}

/// What a session stands for.
pub fn of_session(token: &str, session: &Session, user: &User) -> Principal {
    Principal {
        who: user.name.as_str().into(),
        role: user.role,
        scope: scope(user.role, &user.units),
        via: Via::Session {
            id: session.id.as_str().into(),
            csrf: csrf_of(token).into(),
        },
    }
}

fn of_key(key: &ApiKey) -> Principal {
    Principal {
        // No user can be called so.
        who: format!("key:{}", key.name).into(),
        role: key.role,
        scope: scope(key.role, &key.units),
        via: Via::Key {
            id: key.id.as_str().into(),
            scopes: key.scopes.as_slice().into(),
        },
    }
}

/// Administrators act for everything: who says who may do what cannot be bound.
fn scope(role: Role, units: &[String]) -> Scope {
    match role {
        Role::Administrator => Scope::Everything,
        _ => Scope::of(units),
    }
}

/// What a page of ours sends along with a change: only who holds the session's token can know it,
/// and other people's pages can read neither.
pub fn csrf_of(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(&format!("csrf {token}")))
}
