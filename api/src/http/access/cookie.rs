//! The cookie of a session: out of reach of scripts, sent to this very host only, over TLS only where
//! there is TLS.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::http::settings::HttpSettings;

/// What a cookie of ours is called, and how it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: &'static str,
    secure: bool,
}

impl Cookie {
    /// What the session's is called without TLS; with it `__Host-` goes before.
    pub const NAME: &str = "firemain";

    /// The session's.
    pub fn of_session(settings: &HttpSettings) -> Self {
        let secure = is_secure(settings);
        // Browsers take `__Host-` from this very host over TLS only: no neighbour can plant one.
        let name = if secure {
            "__Host-firemain"
        } else {
            Self::NAME
        };
        Self { name, secure }
    }

    /// The one that ties a login at a foreign issuer to the browser it was begun in.
    pub fn of_foreign_login(settings: &HttpSettings) -> Self {
        let secure = is_secure(settings);
        let name = if secure {
            "__Host-firemain-oidc"
        } else {
            "firemain-oidc"
        };
        Self { name, secure }
    }

    /// Its value in a request.
    pub fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter();
        let mut pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let found = pairs.find(|(name, _)| *name == self.name);
        found
            .map(|(_, value)| value)
            .filter(|value| (1..=128).contains(&value.len()))
    }

    /// Sets it for so long.
    pub fn set(&self, value: &str, keeps: Duration) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name,
            keeps.as_secs()
        );
        HeaderValue::from_str(&text).ok()
    }

    /// Takes it away.
    pub fn clear(&self) -> Option<HeaderValue> {
        self.set("", Duration::ZERO)
    }
}

/// Whether people reach us over TLS: our own, or that of the proxy before us.
pub fn is_secure(settings: &HttpSettings) -> bool {
    let public = settings.public_url.as_deref();
    settings.tls.is_some() || public.is_some_and(|url| url.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_secure_where_there_is_tls() {
        let plain = Cookie::of_session(&HttpSettings::default());
        let set = plain.set("x", Duration::from_secs(60)).unwrap();
        assert_eq!(
            set,
            "firemain=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        let settings = HttpSettings {
            public_url: Some("https://water.example".to_owned()),
            ..HttpSettings::default()
        };
        let secure = Cookie::of_session(&settings);
        let set = secure.set("x", Duration::from_secs(60)).unwrap();
        assert!(
            set.to_str()
                .unwrap()
                .starts_with("__Host-firemain=x; Path=/;")
        );
        assert!(set.to_str().unwrap().ends_with("; Secure"));
        let mut headers = HeaderMap::new();
        headers.insert(
            "cookie",
            "a=b; firemain=planted; __Host-firemain=right"
                .parse()
                .unwrap(),
        );
        assert_eq!(secure.read(&headers), Some("right"));
    }
}
