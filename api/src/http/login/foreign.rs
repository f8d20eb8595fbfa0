//! `/login/oidc`: over a foreign issuer and back. Who comes back is a user of ours by the issuer's name
//! for them; their role follows a claim of the issuer's at every login.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firemain_domain::people::Role;
use firemain_store::register::access::{Entering, MOST_UNITS, User};
use serde::Deserialize;
use serde_json::Value;

use super::oidc::{Oidc, OidcError, Vouched};
use super::page::{language, refused};
use super::{safe_next, with_cookie};
use crate::access::{check_name, sha256};
use crate::http::access::{Client, Cookie};
use crate::http::app::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::settings::OidcSettings;

/// Under which name the register has on record what follows from an issuer's word.
const BY: &str = "oidc";

/// How a login begins.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    next: Option<String>,
}

/// With what the issuer sends the browser back.
#[derive(Clone, Debug, Deserialize)]
pub struct Sent {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Sends the browser to the issuer.
pub async fn begin(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    match try_begin(&app, asked.next.as_deref()).await {
        Ok((url, cookie)) => redirect(&url, cookie),
        Err(problem) => refused(&app, language(None, &headers), None, &problem),
    }
}

async fn try_begin(app: &App, next: Option<&str>) -> Result<(String, HeaderValue), Problem> {
    let begun = issuer(app)?
        .begin(safe_next(next))
        .await
        .map_err(|error| told(&error))?;
    let cookie = Cookie::of_foreign_login(&app.settings);
    let cookie = cookie.set(&begun.browser, std::time::Duration::from_mins(10));
    let cookie = cookie.ok_or_else(|| Problem::new(ProblemKind::Internal, "no cookie"))?;
    Ok((begun.url, cookie))
}

/// Takes who comes back.
pub async fn finish(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    Query(sent): Query<Sent>,
) -> Response {
    match try_finish(&app, client, &headers, sent).await {
        Ok((next, mut set)) => {
            if let Some(clear) = Cookie::of_foreign_login(&app.settings).clear() {
                set.append(header::SET_COOKIE, clear);
            }
            let next = HeaderValue::from_str(&next);
            set.insert(
                header::LOCATION,
                next.unwrap_or(HeaderValue::from_static("/")),
            );
            (StatusCode::SEE_OTHER, set).into_response()
        }
        Err(problem) => {
            tracing::warn!(detail = %problem.detail, address = %client.address, "access.oidc_login_failed");
            refused(&app, language(None, &headers), None, &problem)
        }
    }
}

async fn try_finish(
    app: &App,
    client: Client,
    headers: &HeaderMap,
    sent: Sent,
) -> Result<(String, HeaderMap), Problem> {
    let oidc = issuer(app)?;
    if let Some(error) = sent.error {
        let error: String = error
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect();
        return Err(forbidden(format!("the issuer refused the login: {error}")));
    }
    let cookie = Cookie::of_foreign_login(&app.settings);
    let (Some(code), Some(state), Some(browser)) = (sent.code, sent.state, cookie.read(headers))
    else {
        return Err(told(&OidcError::NotBegun));
    };
    let vouched = oidc
        .finish(&state, code, browser)
        .await
        .map_err(|error| told(&error))?;
    let user = enter(app, &oidc.settings, &vouched).await?;
    if user.disabled {
        return Err(forbidden(format!(
            "{} is kept out here: ask an administrator",
            user.name
        )));
    }
    let done = app.open_session(client, headers, user).await?;
    Ok((vouched.next, with_cookie(app, &done.token)))
}

/// The user that the issuer vouches for, entered or brought up to date.
async fn enter(app: &App, settings: &OidcSettings, vouched: &Vouched) -> Result<User, Problem> {
    let claims = &vouched.claims;
    let role = role(settings, claims).ok_or_else(|| {
        forbidden(format!(
            "the issuer's claim `{}` names no role that is known here: an administrator sets `[access.oidc] roles`",
            settings.role_claim
        ))
    })?;
    let text = |name: &str| claims[name].as_str().map(ToOwned::to_owned);
    let sub = text("sub").ok_or_else(|| forbidden("the issuer names nobody".to_owned()))?;
    let subject = format!("{} {sub}", settings.issuer);
    let units = settings
        .units_claim
        .as_deref()
        .map(|claim| texts(claims, claim));
    let units = units.unwrap_or_default();
    if settings.units_claim.is_some() && role != Role::Administrator && units.is_empty() {
        return Err(forbidden(
            "the issuer names no unit for this login".to_owned(),
        ));
    }
    let wanted = subject.clone();
    let before = app
        .ask(move |stores| stores.register.user_of_subject(&wanted))
        .await?;
    let now = app.now();
    let user = User {
        display_name: text("name")
            .filter(|name| fits(name))
            .unwrap_or_else(|| "?".to_owned()),
        role,
        units: if role == Role::Administrator {
            Vec::new()
        } else {
            units
        },
        email: text("email").filter(|mail| mail.len() <= 254 && fits(mail)),
        subject: Some(subject.clone()),
        ..before.clone().unwrap_or_else(|| User {
            name: String::new(),
            display_name: String::new(),
            language: firemain_domain::people::Language::default(),
            role,
            units: Vec::new(),
            email: None,
            phone: None,
            subject: None,
            disabled: false,
            created_at: now,
            failed_logins: 0,
            failed_at: None,
            logged_in_at: None,
        })
    };
    if before.as_ref() == Some(&user) {
        return Ok(user);
    }
    let (user, entering) = match before {
        Some(_) => (user, Entering::Either),
        None => {
            let name = free_name(app, claims, &subject).await?;
            (User { name, ..user }, Entering::New)
        }
    };
    let row = user.clone();
    app.ask(move |stores| stores.register.set_user(BY, now, &row, None, entering))
        .await?;
    Ok(user)
}

/// The name the issuer has for them, if nobody has it here: an account of ours is never taken over.
#[expect(clippy::format_collect, reason = "a few bytes, seldom")]
async fn free_name(app: &App, claims: &Value, subject: &str) -> Result<String, Problem> {
    let claimed = claims["preferred_username"]
        .as_str()
        .or(claims["email"].as_str());
    let claimed = claimed.unwrap_or_default().to_lowercase();
    if check_name(&claimed).is_ok() {
        let wanted = claimed.clone();
        if app
            .ask(move |stores| stores.register.user(&wanted))
            .await?
            .is_none()
        {
            return Ok(claimed);
        }
    }
    let hash = sha256(subject);
    let short: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("oidc-{short}"))
}

/// The highest role that the claim names.
fn role(settings: &OidcSettings, claims: &Value) -> Option<Role> {
    let named = texts(claims, &settings.role_claim);
    named
        .iter()
        .filter_map(|name| settings.roles.get(name).copied())
        .max()
}

/// The texts of a claim: one, or a list. A name that begins with `/` is a JSON pointer.
fn texts(claims: &Value, claim: &str) -> Vec<String> {
    let found = if claim.starts_with('/') {
        claims.pointer(claim)
    } else {
        claims.get(claim)
    };
    let all = match found {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    all.into_iter()
        .filter(|text| fits(text))
        .take(MOST_UNITS)
        .collect()
}

fn fits(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn issuer(app: &App) -> Result<&Oidc, Problem> {
    app.oidc.as_ref().ok_or_else(|| {
        Problem::not_found("there is no foreign login here: `[access.oidc]` sets one up")
    })
}

fn told(error: &OidcError) -> Problem {
    match error {
        OidcError::Issuer { .. } => Problem::busy(error.to_string(), 10),
        OidcError::NotBegun | OidcError::Refused(_) => forbidden(error.to_string()),
    }
}

fn forbidden(detail: String) -> Problem {
    Problem::new(ProblemKind::Forbidden, detail)
}

fn redirect(url: &str, cookie: HeaderValue) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, cookie);
    if let Ok(url) = HeaderValue::from_str(url) {
        headers.insert(header::LOCATION, url);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_highest_role_that_the_claim_names_counts_and_others_give_none() {
        let settings = |claim: &str| OidcSettings {
            role_claim: claim.to_owned(),
            roles: [("pccc-xem", Role::Viewer), ("pccc-truc", Role::Dispatcher)]
                .map(|(name, role)| (name.to_owned(), role))
                .into(),
            ..OidcSettings::default()
        };
        let claims = json!({ "groups": ["x", "pccc-xem", "pccc-truc"], "one": "pccc-xem",
            "realm_access": { "roles": ["pccc-truc"] } });
        assert_eq!(role(&settings("groups"), &claims), Some(Role::Dispatcher));
        assert_eq!(role(&settings("one"), &claims), Some(Role::Viewer));
        assert_eq!(
            role(&settings("/realm_access/roles"), &claims),
            Some(Role::Dispatcher)
        );
        assert_eq!(role(&settings("administrator"), &claims), None);
    }
}
