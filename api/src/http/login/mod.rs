//! `/login` and `/logout`: people prove who they are, by password or at a foreign issuer, and get a
//! session.
//!
//! In: a name and a password as JSON or from the plain page, or a code of OpenID Connect. Out: a
//! cookie with a new token; the register keeps its hash.

mod api;
mod foreign;
pub mod oidc;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Cookie;
use super::app::App;

/// The routes of the API.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(api::log_in))
        .routes(routes!(api::log_out))
}

/// The page, and the way over a foreign issuer.
pub fn page_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/login", get(page::show).post(page::log_in))
        .route("/login.css", get(page::style))
        .route("/login/oidc", get(foreign::begin))
        .route("/login/oidc/callback", get(foreign::finish))
}

/// The header that gives the session's cookie to the browser.
fn with_cookie(app: &App, token: &str) -> HeaderMap {
    let keeps = app.settings.access.session_most;
    headers(Cookie::of_session(&app.settings).set(token, keeps))
}

/// The header that takes it away.
fn without_cookie(app: &App) -> HeaderMap {
    headers(Cookie::of_session(&app.settings).clear())
}

fn headers(cookie: Option<header::HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    headers
}

/// Where to go after the login: a path of ours, never another site's.
fn safe_next(next: Option<&str>) -> &str {
    let good = |next: &&str| {
        next.starts_with('/')
            && !next.starts_with("//")
            && next.len() <= 512
            && next.chars().all(|c| c.is_ascii_graphic() && c != '\\')
    };
    next.filter(good).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn after_the_login_nobody_is_sent_elsewhere() {
        assert_eq!(safe_next(Some("/?source=TR-1")), "/?source=TR-1");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "",
        ] {
            assert_eq!(safe_next(Some(elsewhere)), "/", "{elsewhere}");
        }
    }
}
