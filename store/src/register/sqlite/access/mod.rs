//! Users, sessions and keys.

mod queries;

use firemain_domain::Timestamp;
use firemain_domain::people::{AccessChange, Role};
use rusqlite::{Connection, Row};

use self::queries as sql;
use super::SqliteRegister;
use super::lists::no_cursor;
use super::people::record;
use super::rows::{all, column, json, limit, one, run, signed, to_json, unsigned};
use crate::register::RegisterError;
use crate::register::access::{
    AccessRegister, ApiKey, Entering, MOST_KEYS, MOST_SESSIONS_OF_USER, MOST_USERS, PasswordHash,
    Session, User,
};
use crate::register::checks::{self, shown};

type Done = Result<(), RegisterError>;

fn conflict<T>(text: impl Into<String>) -> Result<T, RegisterError> {
    Err(RegisterError::Conflict(text.into()))
}

fn is_there(db: &Connection, query: &'static str, name: &str) -> Result<bool, RegisterError> {
    Ok(one(db, query, [name], |_| Ok(()))?.is_some())
}

fn count(db: &Connection, query: &'static str) -> Result<u64, RegisterError> {
    let counted: Option<i64> = one(db, query, [], |row| column(row, 0))?;
    Ok(unsigned(counted.unwrap_or_default()))
}

fn moment(row: &Row<'_>, at: usize) -> Result<Option<Timestamp>, RegisterError> {
    Ok(column::<Option<i64>>(row, at)?.map(Timestamp::from_ms))
}

fn read_user(row: &Row<'_>) -> Result<User, RegisterError> {
    read_user_from(row, 0)
}

fn read_user_from(row: &Row<'_>, first: usize) -> Result<User, RegisterError> {
    let name: String = column(row, first)?;
    let body: User = json(row, first + 1, "user", &name)?;
    Ok(User {
        failed_logins: column(row, first + 2)?,
        failed_at: moment(row, first + 3)?,
        logged_in_at: moment(row, first + 4)?,
        ..body
    })
}

fn set_user(
    tx: &Connection,
    by: &str,
    at: Timestamp,
    user: &User,
    password: Option<&PasswordHash>,
    entering: Entering,
) -> Done {
    let before = one(tx, sql::USER, [&user.name], read_user)?;
    match entering {
        Entering::First if is_any(tx)? => {
            return conflict(
                "there are users already: an administrator among them can enter others",
            );
        }
        Entering::New if before.is_some() => {
            return conflict(format!("there is a user {} already", shown(&user.name)));
        }
        _ => {}
    }
    if before.is_none() && count(tx, sql::COUNT_USERS)? >= MOST_USERS {
        return conflict(format!("at most {MOST_USERS} users are possible"));
    }
    let administrator = user.role == Role::Administrator && !user.disabled;
    if !administrator
        && is_there(tx, sql::IS_ADMINISTRATOR, &user.name)?
        && !is_there(tx, sql::OTHER_ADMINISTRATOR, &user.name)?
    {
        return conflict(format!(
            "{} is the last administrator: make another first",
            shown(&user.name)
        ));
    }
    if let Some(subject) = &user.subject
        && let Some(other) = one(tx, sql::USER_OF_SUBJECT, [subject], read_user)?
        && other.name != user.name
    {
        return conflict(format!(
            "{} stands for that login of OpenID Connect already",
            shown(&other.name)
        ));
    }
    // What is counted stands in columns of its own.
    let kept = User {
        failed_logins: 0,
        failed_at: None,
        logged_in_at: None,
        created_at: before
            .as_ref()
            .map_or(user.created_at, |user| user.created_at),
        ..user.clone()
    };
    let row = (
        &user.name,
        to_json(&kept)?,
        i64::from(administrator),
        &user.subject,
    );
    run(tx, sql::SET_USER, row)?;
    let access = AccessChange::UserSet {
        user: user.name.clone(),
        role: user.role,
        units: user.units.clone(),
        disabled: user.disabled,
    };
    record(tx, by, at, access)?;
    if user.disabled {
        run(tx, sql::END_SESSIONS, (&user.name, None::<&str>))?;
    }
    match password {
        Some(password) => set_password(tx, by, at, &user.name, password, None),
        None => Ok(()),
    }
}

fn is_any(db: &Connection) -> Result<bool, RegisterError> {
    Ok(one(db, sql::HAS_USERS, [], |_| Ok(()))?.is_some())
}

fn set_password(
    tx: &Connection,
    by: &str,
    at: Timestamp,
    name: &str,
    password: &PasswordHash,
    keep: Option<&str>,
) -> Done {
    if run(tx, sql::SET_PASSWORD, (name, &password.0))? == 0 {
        return Err(no_user(name));
    }
    run(tx, sql::END_SESSIONS, (name, keep))?;
    let user = name.to_owned();
    record(tx, by, at, AccessChange::PasswordSet { user }).map(drop)
}

fn no_user(name: &str) -> RegisterError {
    RegisterError::NotFound(format!("there is no user {}", shown(name)))
}

fn read_session(row: &Row<'_>) -> Result<Session, RegisterError> {
    Ok(Session {
        id: column(row, 0)?,
        user: column(row, 1)?,
        created_at: Timestamp::from_ms(column(row, 2)?),
        used_at: Timestamp::from_ms(column(row, 3)?),
        address: column(row, 4)?,
        agent: column(row, 5)?,
    })
}

fn open_session(tx: &Connection, session: &Session, token: &[u8; 32]) -> Done {
    if !is_there(tx, sql::USER, &session.user)? {
        return Err(no_user(&session.user));
    }
    run(
        tx,
        sql::MAKE_ROOM,
        (&session.user, signed(MOST_SESSIONS_OF_USER - 1)),
    )?;
    let row = (
        &session.id,
        token.as_slice(),
        &session.user,
        session.created_at.ms(),
        session.used_at.ms(),
        &session.address,
        &session.agent,
    );
    run(tx, sql::ADD_SESSION, row)?;
    run(tx, sql::LOGGED_IN, (&session.user, session.created_at.ms())).map(drop)
}

fn end_session(
    tx: &Connection,
    id: &str,
    by: Option<&str>,
    at: Timestamp,
) -> Result<bool, RegisterError> {
    let Some(session) = one(tx, sql::SESSION, [id], read_session)? else {
        return Ok(false);
    };
    run(tx, sql::END_SESSION, [id])?;
    if let Some(by) = by {
        let user = session.user;
        record(
            tx,
            by,
            at,
            AccessChange::SessionsEnded { user, sessions: 1 },
        )?;
    }
    Ok(true)
}

fn read_key(row: &Row<'_>) -> Result<ApiKey, RegisterError> {
    let id: String = column(row, 0)?;
    let role: String = column(row, 2)?;
    Ok(ApiKey {
        name: column(row, 1)?,
        role: role.parse().map_err(|reason| RegisterError::Unreadable {
            what: "key",
            reason,
        })?,
        scopes: json(row, 3, "key", &id)?,
        units: json(row, 4, "key", &id)?,
        made_by: column(row, 5)?,
        created_at: Timestamp::from_ms(column(row, 6)?),
        expires_at: moment(row, 7)?,
        used_at: moment(row, 8)?,
        revoked_at: moment(row, 9)?,
        id,
    })
}

fn make_key(tx: &Connection, by: &str, key: &ApiKey, secret: &[u8; 32]) -> Done {
    if count(tx, sql::COUNT_KEYS)? >= MOST_KEYS {
        return conflict(format!("at most {MOST_KEYS} keys are possible"));
    }
    let row = (
        &key.id,
        secret.as_slice(),
        &key.name,
        key.role.name(),
        to_json(&key.scopes)?,
        to_json(&key.units)?,
        &key.made_by,
        key.created_at.ms(),
        key.expires_at.map(Timestamp::ms),
    );
    run(tx, sql::ADD_KEY, row)?;
    let access = AccessChange::KeyMade {
        id: key.id.clone(),
        name: key.name.clone(),
        role: key.role,
        scopes: key.scopes.clone(),
        units: key.units.clone(),
        expires_at: key.expires_at,
    };
    record(tx, by, key.created_at, access).map(drop)
}

fn keys(db: &Connection, after: Option<&str>, most: usize) -> Result<Vec<ApiKey>, RegisterError> {
    let (at_ms, id) = match after {
        None => (i64::MAX, String::new()),
        Some(id) => {
            let place = one(db, sql::KEY_PLACE, [id], |row| column(row, 0))?;
            (place.ok_or_else(|| no_cursor(id))?, id.to_owned())
        }
    };
    all(db, sql::KEYS, (at_ms, id, limit(most)), read_key)
}

impl AccessRegister for SqliteRegister {
    fn has_users(&self) -> Result<bool, RegisterError> {
        self.readers.read(is_any)
    }

    fn users(&self, after: Option<&str>, most: usize) -> Result<Vec<User>, RegisterError> {
        let key = (after.unwrap_or_default(), limit(most));
        self.readers.read(|db| all(db, sql::USERS, key, read_user))
    }

    fn user(&self, name: &str) -> Result<Option<User>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::USER, [name], read_user))
    }

    fn user_of_subject(&self, subject: &str) -> Result<Option<User>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::USER_OF_SUBJECT, [subject], read_user))
    }

    fn password_of(&self, name: &str) -> Result<Option<PasswordHash>, RegisterError> {
        let kept = |db: &Connection| one(db, sql::PASSWORD, [name], |row| column(row, 0));
        let kept: Option<Option<String>> = self.readers.read(kept)?;
        Ok(kept.flatten().map(PasswordHash))
    }

    fn set_user(
        &self,
        by: &str,
        at: Timestamp,
        user: &User,
        password: Option<&PasswordHash>,
        entering: Entering,
    ) -> Result<(), RegisterError> {
        checks::user(user)?;
        self.write("changed", |tx| {
            set_user(tx, by, at, user, password, entering)
        })
    }

    fn set_password(
        &self,
        by: &str,
        at: Timestamp,
        name: &str,
        password: &PasswordHash,
        keep: Option<&str>,
    ) -> Result<(), RegisterError> {
        self.write("changed", |tx| {
            set_password(tx, by, at, name, password, keep)
        })
    }

    fn login_failed(&self, name: &str, at: Timestamp) -> Result<(), RegisterError> {
        self.write("changed", |tx| {
            run(tx, sql::LOGIN_FAILED, (name, at.ms())).map(drop)
        })
    }

    fn open_session(&self, session: &Session, token: &[u8; 32]) -> Result<(), RegisterError> {
        checks::session(session)?;
        self.write("changed", |tx| open_session(tx, session, token))
    }

    fn session_of(&self, token: &[u8; 32]) -> Result<Option<(Session, User)>, RegisterError> {
        let read = |row: &Row<'_>| Ok((read_session(row)?, read_user_from(row, 6)?));
        self.readers
            .read(|db| one(db, sql::SESSION_OF, [token.as_slice()], read))
    }

    fn sessions(
        &self,
        user: Option<&str>,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Session>, RegisterError> {
        // Beyond every id there is.
        let before = after.unwrap_or("~");
        let most = limit(most);
        self.readers.read(|db| match user {
            Some(user) => all(db, sql::SESSIONS_OF, (before, most, user), read_session),
            None => all(db, sql::SESSIONS, (before, most), read_session),
        })
    }

    fn session(&self, id: &str) -> Result<Option<Session>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::SESSION, [id], read_session))
    }

    fn session_used(&self, id: &str, at: Timestamp) -> Result<(), RegisterError> {
        self.write("changed", |tx| {
            run(tx, sql::SESSION_USED, (id, at.ms())).map(drop)
        })
    }

    fn end_session(
        &self,
        id: &str,
        by: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, RegisterError> {
        self.write("changed", |tx| end_session(tx, id, by, at))
    }

    fn forget_sessions(&self, begun: Timestamp, used: Timestamp) -> Result<(), RegisterError> {
        self.write("changed", |tx| {
            run(tx, sql::FORGET_SESSIONS, (begun.ms(), used.ms())).map(drop)
        })
    }

    fn make_key(&self, by: &str, key: &ApiKey, secret: &[u8; 32]) -> Result<(), RegisterError> {
        checks::key(key)?;
        self.write("changed", |tx| make_key(tx, by, key, secret))
    }

    fn key_of(&self, secret: &[u8; 32]) -> Result<Option<ApiKey>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::KEY_OF, [secret.as_slice()], read_key))
    }

    fn key(&self, id: &str) -> Result<Option<ApiKey>, RegisterError> {
        self.readers.read(|db| one(db, sql::KEY, [id], read_key))
    }

    fn keys(&self, after: Option<&str>, most: usize) -> Result<Vec<ApiKey>, RegisterError> {
        self.readers.read(|db| keys(db, after, most))
    }

    fn key_used(&self, id: &str, at: Timestamp) -> Result<(), RegisterError> {
        self.write("changed", |tx| {
            run(tx, sql::KEY_USED, (id, at.ms())).map(drop)
        })
    }

    fn revoke_key(&self, by: &str, at: Timestamp, id: &str) -> Result<bool, RegisterError> {
        self.write("changed", |tx| {
            if run(tx, sql::REVOKE_KEY, (id, at.ms()))? == 0 {
                return Ok(false);
            }
            let id = id.to_owned();
            record(tx, by, at, AccessChange::KeyRevoked { id })?;
            Ok(true)
        })
    }
}
