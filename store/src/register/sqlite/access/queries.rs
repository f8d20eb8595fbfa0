//! Statements about users, sessions and keys, by name.

pub const HAS_USERS: &str = "SELECT 1 FROM user LIMIT 1";
pub const COUNT_USERS: &str = "SELECT count(*) FROM user";
pub const USER: &str = "SELECT name, body, failed_logins, failed_at_ms, logged_in_at_ms FROM user
     WHERE name = ?1";
pub const USERS: &str = "SELECT name, body, failed_logins, failed_at_ms, logged_in_at_ms FROM user
     WHERE name > ?1 ORDER BY name LIMIT ?2";
pub const USER_OF_SUBJECT: &str =
    "SELECT name, body, failed_logins, failed_at_ms, logged_in_at_ms FROM user WHERE subject = ?1";
pub const SET_USER: &str =
    "INSERT INTO user (name, body, administrator, subject) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (name) DO UPDATE SET body = ?2, administrator = ?3, subject = ?4";
pub const OTHER_ADMINISTRATOR: &str =
    "SELECT 1 FROM user WHERE administrator = 1 AND name <> ?1 LIMIT 1";
pub const IS_ADMINISTRATOR: &str = "SELECT 1 FROM user WHERE administrator = 1 AND name = ?1";
pub const PASSWORD: &str = "SELECT password FROM user WHERE name = ?1";
pub const SET_PASSWORD: &str = "UPDATE user SET password = ?2, failed_logins = 0 WHERE name = ?1";
pub const LOGIN_FAILED: &str =
    "UPDATE user SET failed_logins = failed_logins + 1, failed_at_ms = ?2 WHERE name = ?1";
pub const LOGGED_IN: &str =
    "UPDATE user SET failed_logins = 0, logged_in_at_ms = ?2 WHERE name = ?1";

pub const ADD_SESSION: &str =
    "INSERT INTO session (id, token, user, created_at_ms, used_at_ms, address, agent)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub const SESSION_OF: &str =
    "SELECT session.id, session.user, created_at_ms, used_at_ms, address, agent,
            name, body, failed_logins, failed_at_ms, logged_in_at_ms
     FROM session JOIN user ON user.name = session.user WHERE token = ?1";
pub const SESSION: &str =
    "SELECT id, user, created_at_ms, used_at_ms, address, agent FROM session WHERE id = ?1";
pub const SESSIONS: &str = "SELECT id, user, created_at_ms, used_at_ms, address, agent FROM session
     WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
pub const SESSIONS_OF: &str =
    "SELECT id, user, created_at_ms, used_at_ms, address, agent FROM session
     WHERE user = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";
pub const SESSION_USED: &str = "UPDATE session SET used_at_ms = max(used_at_ms, ?2) WHERE id = ?1";
pub const END_SESSION: &str = "DELETE FROM session WHERE id = ?1";
pub const END_SESSIONS: &str = "DELETE FROM session WHERE user = ?1 AND id IS NOT ?2";
pub const FORGET_SESSIONS: &str = "DELETE FROM session WHERE created_at_ms < ?1 OR used_at_ms < ?2";
pub const MAKE_ROOM: &str =
    "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE user = ?1
     ORDER BY used_at_ms DESC, id DESC LIMIT -1 OFFSET ?2)";

pub const COUNT_KEYS: &str = "SELECT count(*) FROM api_key";
pub const ADD_KEY: &str = "INSERT INTO api_key
     (id, secret, name, role, scopes, units, made_by, created_at_ms, expires_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
pub const KEY_OF: &str =
    "SELECT id, name, role, scopes, units, made_by, created_at_ms, expires_at_ms,
     used_at_ms, revoked_at_ms FROM api_key WHERE secret = ?1";
pub const KEY: &str = "SELECT id, name, role, scopes, units, made_by, created_at_ms, expires_at_ms,
     used_at_ms, revoked_at_ms FROM api_key WHERE id = ?1";
pub const KEY_PLACE: &str = "SELECT created_at_ms FROM api_key WHERE id = ?1";
pub const KEYS: &str =
    "SELECT id, name, role, scopes, units, made_by, created_at_ms, expires_at_ms,
     used_at_ms, revoked_at_ms FROM api_key
     WHERE (created_at_ms, id) < (?1, ?2) ORDER BY created_at_ms DESC, id DESC LIMIT ?3";
pub const KEY_USED: &str = "UPDATE api_key SET used_at_ms = ?2 WHERE id = ?1";
pub const REVOKE_KEY: &str =
    "UPDATE api_key SET revoked_at_ms = ?2 WHERE id = ?1 AND revoked_at_ms IS NULL";
