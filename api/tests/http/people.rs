//! A city with people: an administrator and one user of each role, logged in.

use firemain_api::access::{hash_password, new_key};
use firemain_api::http::HttpSettings;
use firemain_domain::people::{Language, Role};
use firemain_store::register::Register;
use firemain_store::register::access::{ApiKey, Entering, User};
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, NOW};

pub const PASSWORD: &str = "ba con mèo đen";

pub fn user(name: &str, role: Role, units: &[&str]) -> User {
    User {
        name: name.to_owned(),
        display_name: name.to_owned(),
        language: Language::Vi,
        role,
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        email: None,
        phone: None,
        subject: None,
        disabled: false,
        created_at: NOW,
        failed_logins: 0,
        failed_at: None,
        logged_in_at: None,
    }
}

/// Enters a user whose password is [`PASSWORD`].
pub fn enter(register: &dyn Register, user: &User) {
    let hash = hash_password("?", PASSWORD).unwrap();
    register
        .set_user("test", NOW, user, Some(&hash), Entering::New)
        .unwrap();
}

/// A key of that role; its text.
pub fn key(register: &dyn Register, role: Role, scopes: &[&str], units: &[&str]) -> String {
    let made = new_key().unwrap();
    let key = ApiKey {
        id: made.id,
        name: format!("a {role}'s"),
        role,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        made_by: "test".to_owned(),
        created_at: NOW,
        expires_at: None,
        used_at: None,
        revoked_at: None,
    };
    register.make_key("test", &key, &made.sha256).unwrap();
    made.text
}

/// A bench with the administrator `an`, who may log in.
pub async fn city() -> Bench {
    city_with(HttpSettings::default()).await
}

pub async fn city_with(settings: HttpSettings) -> Bench {
    let enter_first = |stores: &firemain_api::Stores| {
        enter(&*stores.register, &user("an", Role::Administrator, &[]));
    };
    Bench::with(enter_first, settings).await
}

/// Somebody's browser: it keeps its cookie, and sends the token with every change.
#[derive(Clone, Debug)]
pub struct Browser {
    pub cookie: String,
    pub csrf: String,
}

/// The cookie that an answer sets, as a browser sends it.
pub fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

impl Bench {
    pub async fn try_log_in(&self, user: &str, password: &str) -> Answer {
        self.post(
            "/api/v1/login",
            json!({ "user": user, "password": password }),
        )
        .await
    }

    pub async fn log_in(&self, user: &str) -> Browser {
        let answer = self.try_log_in(user, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Browser {
            cookie: cookie_of(&answer),
            csrf: answer.json["csrf"].as_str().unwrap().to_owned(),
        }
    }

    /// Asks as a browser of somebody's does.
    pub async fn ask_as(
        &self,
        browser: &Browser,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .request(method, path)
            .header("cookie", &browser.cookie)
            .header("x-csrf-token", &browser.csrf);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        self.send(request).await
    }

    /// Asks with a key.
    pub async fn ask_with(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.request(method, path).bearer_auth(key);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        self.send(request).await
    }
}
