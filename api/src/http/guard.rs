//! What keeps other people's web pages from asking in a visitor's name. There are no logins yet:
//! whoever reaches the listener may do everything, and so may any page in a browser on this machine.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::problem::{Problem, ProblemKind};

/// Refuses changes asked for by pages of other origins, and, on a listener of this machine only,
/// requests under a name that somebody else made point here (DNS rebinding).
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = request
        .uri()
        .authority()
        .map(Authority::as_str)
        .or_else(|| text(headers, "host"));
    let known = host.is_none_or(|host| {
        !app.settings.listen.ip().is_loopback() || is_ours(host, app.settings.public_url.as_deref())
    });
    if !known {
        let detail = "this listener is for this machine only, and the request came under another name; behind a proxy, set `[http] public_url` to the address that people use";
        return Problem::new(ProblemKind::Forbidden, detail).into_response();
    }
    if changes(request.method()) && is_foreign(headers, host, app.settings.public_url.as_deref()) {
        let detail = "a web page of another origin may not change anything here";
        return Problem::new(ProblemKind::Forbidden, detail).into_response();
    }
    next.run(request).await
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a host is this machine, or the one under which we are known.
fn is_ours(host: &str, public_url: Option<&str>) -> bool {
    let name = without_port(host);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        || name.ends_with(".localhost")
        || public_url.is_some_and(|url| without_port(authority(url)).eq_ignore_ascii_case(name))
}

/// Whether a browser says that a page of another origin asks.
fn is_foreign(headers: &HeaderMap, host: Option<&str>, public_url: Option<&str>) -> bool {
    if matches!(
        text(headers, "sec-fetch-site"),
        Some("cross-site" | "same-site")
    ) {
        return true;
    }
    let Some(origin) = text(headers, header::ORIGIN.as_str()) else {
        return false;
    };
    let origin = authority(origin);
    let same = host.is_some_and(|host| host.eq_ignore_ascii_case(origin))
        || public_url.is_some_and(|url| authority(url).eq_ignore_ascii_case(origin));
    !same
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_somebody_else_made_point_here_is_not_ours() {
        for ours in [
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "demo.localhost",
            "Water.Example",
        ] {
            assert!(is_ours(ours, Some("https://water.example/x")), "{ours}");
        }
        assert!(!is_ours("evil.example:8080", Some("https://water.example")));
    }

    #[test]
    fn a_page_of_another_origin_is_foreign() {
        let with = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            is_foreign(&headers, Some("127.0.0.1:8080"), None)
        };
        assert!(with("origin", "http://evil.example"));
        assert!(with("origin", "null"));
        assert!(with("sec-fetch-site", "cross-site"));
        assert!(!with("origin", "http://127.0.0.1:8080"));
        assert!(!with("sec-fetch-site", "same-origin"));
        assert!(!with("accept", "*/*"));
    }
}
