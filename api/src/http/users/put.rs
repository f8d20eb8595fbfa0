//! `PUT /users/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use firemain_domain::people::{Language, Role};
use firemain_store::register::access::{Entering, MOST_UNITS, User};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{UserView, find};
use crate::access::check_name;
use crate::http::app::App;
use crate::http::ask::{Body, Checks, PathOf};
use crate::http::principal::Principal;
use crate::http::problem::Problem;

/// A user as they are to be; the whole of it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    /// What people call them; the user name by default.
    #[schema(example = "Nguyễn Thị Lan")]
    display_name: Option<String>,
    /// `vi` (by default) or `en`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "vi")]
    language: Language,
    /// `viewer`, `crew`, `dispatcher`, `operator` or `administrator`.
    #[schema(value_type = String, example = "dispatcher")]
    role: Role,
    /// For sources of which units they may act; empty: of all. An administrator acts for all.
    #[serde(default)]
    units: Vec<String>,
    /// Where mail reaches them.
    email: Option<String>,
    /// Where a call or short message reaches them.
    #[schema(example = "+84901234567")]
    phone: Option<String>,
    /// Whether they are kept out.
    #[serde(default)]
    disabled: bool,
    /// A password, 10 to 256 characters; absent: as it was.
    password: Option<String>,
}

/// Enters a user, or alters one. What it changes holds from the next request on.
#[utoipa::path(put, path = "/users/{name}", tag = "people",
    params(("name" = String, Path, description = "User name: 1 to 64 lower-case letters, digits, `.`, `_`, `-`, `@`, `+`", example = "lan")),
    request_body = UserBody,
    responses(
        (status = 200, description = "The user was there, and is so now", body = UserView),
        (status = 201, description = "The user is new", body = UserView),
    ))]
pub async fn put_user(
    State(app): State<Arc<App>>,
    who: Principal,
    PathOf(name): PathOf<String>,
    Body(body): Body<UserBody>,
) -> Result<(StatusCode, Json<UserView>), Problem> {
    check(&name, &body)?;
    let wanted = name.clone();
    let before = app.ask(move |stores| stores.register.user(&wanted)).await?;
    let hash = match body.password.clone() {
        Some(password) => Some(app.hash(&name, password, "/password").await?),
        None => None,
    };
    let now = app.now();
    let user = User {
        display_name: body.display_name.unwrap_or_else(|| name.clone()),
        language: body.language,
        role: body.role,
        units: body.units,
        email: body.email,
        phone: body.phone,
        subject: before.as_ref().and_then(|user| user.subject.clone()),
        disabled: body.disabled,
        created_at: now,
        failed_logins: 0,
        failed_at: None,
        logged_in_at: None,
        name: name.clone(),
    };
    let entering = match before {
        Some(_) => Entering::Either,
        None => Entering::New,
    };
    let by = who.who.clone();
    app.ask(move |stores| {
        let register = &stores.register;
        register.set_user(&by, now, &user, hash.as_ref(), entering)
    })
    .await?;
    tracing::info!(user = %name, by = %who.who, "access.user_set");
    let status = match before {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    Ok((status, Json(find(&app, &name).await?.into())))
}

fn check(name: &str, body: &UserBody) -> Result<(), Problem> {
    let mut checks = Checks::default();
    if let Err(why) = check_name(name) {
        checks.fault("name", why);
    }
    checks.of_params()?;
    let mut checks = Checks::default();
    checks.text_if("/display_name", body.display_name.as_deref(), 128);
    checks.text_if("/email", body.email.as_deref(), 254);
    checks.text_if("/phone", body.phone.as_deref(), 32);
    if let Some(email) = &body.email {
        let good = email.split_once('@').is_some_and(|(who, host)| {
            !who.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
        });
        checks.that(good, "/email", "is no address: write name@host");
    }
    if let Some(phone) = &body.phone {
        let digits = phone.trim_start_matches('+');
        let good = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        checks.that(
            good,
            "/phone",
            "must be 3 to 15 digits, `+` before the country's",
        );
    }
    let units = body.units.len();
    checks.that(
        units <= MOST_UNITS,
        "/units",
        format!("must be at most {MOST_UNITS}"),
    );
    for (n, unit) in body.units.iter().enumerate().take(MOST_UNITS) {
        checks.text(&format!("/units/{n}"), unit, 128);
    }
    let bound = body.role == Role::Administrator && units > 0;
    checks.that(
        !bound,
        "/units",
        "cannot bind an administrator, who says who may do what: leave it empty, or give another role",
    );
    checks.of_body()
}
