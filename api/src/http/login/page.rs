//! The page at `/login`: plain HTML, no script, in Vietnamese or English, on any phone.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firemain_domain::people::Language;
use serde::Deserialize;

use super::{safe_next, with_cookie};
use crate::http::access::Client;
use crate::http::app::App;
use crate::http::problem::Problem;

/// The form goes to ourselves only.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// How the page is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// In which language.
    lang: Option<String>,
    /// Where to go afterwards.
    next: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Sent {
    user: String,
    password: String,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    next: Option<String>,
}

struct Words {
    title: &'static str,
    user: &'static str,
    password: &'static str,
    enter: &'static str,
    foreign: &'static str,
    other: (&'static str, &'static str),
    wrong: &'static str,
    wait: (&'static str, &'static str),
    nobody: &'static str,
    busy: &'static str,
}

const VI: Words = Words {
    title: "Đăng nhập",
    user: "Tên đăng nhập",
    password: "Mật khẩu",
    enter: "Đăng nhập",
    foreign: "Đăng nhập bằng tài khoản cơ quan",
    other: ("en", "English"),
    wrong: "Tên đăng nhập hoặc mật khẩu không đúng.",
    wait: ("Sai quá nhiều lần: hãy thử lại sau ", " giây."),
    nobody: "Chưa có người dùng nào. Hãy tạo quản trị viên đầu tiên ngay trên máy chủ: firemain user add TÊN --role administrator",
    busy: "Hệ thống đang bận: hãy thử lại.",
};

const EN: Words = Words {
    title: "Log in",
    user: "User name",
    password: "Password",
    enter: "Log in",
    foreign: "Log in with your organisation's account",
    other: ("vi", "Tiếng Việt"),
    wrong: "The user name or the password is wrong.",
    wait: ("Too many logins failed: try again in ", " s."),
    nobody: "There is no user yet. Make the first administrator on the server itself: firemain user add NAME --role administrator",
    busy: "The system is busy: try again.",
};

/// The page.
pub async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let language = language(asked.lang.as_deref(), &headers);
    let said = match app.has_users().await {
        Ok(false) => words(language).nobody.to_owned(),
        _ => String::new(),
    };
    page(&app, StatusCode::OK, language, asked.next.as_deref(), &said)
}

/// The form was sent.
pub async fn log_in(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let language = language(sent.lang.as_deref(), &headers);
    match app
        .log_in(client, &headers, &sent.user, sent.password)
        .await
    {
        Ok(done) => {
            let next = HeaderValue::from_str(safe_next(sent.next.as_deref()));
            let mut headers = with_cookie(&app, &done.token);
            headers.insert(
                header::LOCATION,
                next.unwrap_or(HeaderValue::from_static("/")),
            );
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(problem) => refused(&app, language, sent.next.as_deref(), &problem),
    }
}

/// The page with why nobody was let in.
pub fn refused(app: &App, language: Language, next: Option<&str>, problem: &Problem) -> Response {
    let words = words(language);
    let status = problem.status_code();
    let said = match (status, problem.retry_after_s) {
        (StatusCode::UNAUTHORIZED, _) => words.wrong.to_owned(),
        (StatusCode::TOO_MANY_REQUESTS, Some(s)) => format!("{}{s}{}", words.wait.0, words.wait.1),
        (StatusCode::SERVICE_UNAVAILABLE, None) => words.nobody.to_owned(),
        (StatusCode::SERVICE_UNAVAILABLE, Some(_)) => words.busy.to_owned(),
        _ => problem.detail.clone(),
    };
    let mut response = page(app, status, language, next, &said);
    if let Some(seconds) = problem.retry_after_s {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Its style.
pub async fn style() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        include_str!("login.css"),
    )
        .into_response()
}

fn page(
    app: &App,
    status: StatusCode,
    language: Language,
    next: Option<&str>,
    said: &str,
) -> Response {
    let words = words(language);
    let next = escaped(safe_next(next));
    let foreign = if app.oidc.is_some() {
        format!(
            "<p><a class=\"foreign\" href=\"/login/oidc?next={}\">{}</a></p>",
            percent(safe_next(Some(&next))),
            words.foreign
        )
    } else {
        String::new()
    };
    let html = include_str!("login.html")
        .replace("{lang}", language.code())
        .replace("{title}", words.title)
        .replace("{user}", words.user)
        .replace("{password}", words.password)
        .replace("{enter}", words.enter)
        .replace("{other_lang}", words.other.0)
        .replace("{other}", words.other.1)
        .replace("{foreign}", &foreign)
        .replace("{next}", &next)
        .replace("{said}", &escaped(said));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

const fn words(language: Language) -> &'static Words {
    match language {
        Language::Vi => &VI,
        Language::En => &EN,
    }
}

/// As asked, else as the browser prefers.
pub fn language(asked: Option<&str>, headers: &HeaderMap) -> Language {
    if let Some(language) = asked.and_then(|code| code.parse().ok()) {
        return language;
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted
        .and_then(|value| value.to_str().ok())
        .unwrap_or("vi");
    let first = accepted.split([',', ';', '-']).next().unwrap_or_default();
    first
        .trim()
        .to_lowercase()
        .parse()
        .unwrap_or(if first.is_empty() {
            Language::Vi
        } else {
            Language::En
        })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn percent(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_speaks_as_the_browser_does_and_echoes_nothing_raw() {
        let headers = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            headers
        };
        assert_eq!(
            language(None, &headers("vi-VN,vi;q=0.9,en;q=0.8")),
            Language::Vi
        );
        assert_eq!(language(None, &headers("fr-FR,fr")), Language::En);
        assert_eq!(language(Some("vi"), &headers("en")), Language::Vi);
        assert_eq!(language(None, &HeaderMap::new()), Language::Vi);
        assert_eq!(escaped("\"><script>"), "&quot;&gt;&lt;script&gt;");
    }
}
