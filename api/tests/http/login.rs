//! Logging in and out: cookies, fixation, forged requests, guessing.

use std::time::Duration;

use firemain_api::http::{AccessSettings, HttpSettings};
use firemain_domain::people::Role;
use serde_json::json;

use crate::bench::Bench;
use crate::people::{Browser, PASSWORD, city, city_with, cookie_of, enter, user};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logs_in_gets_a_session_that_ends_when_they_log_out() {
    let bench = city().await;
    bench
        .get("/api/v1/flags")
        .await
        .is_problem(401, "unauthenticated");
    let answer = bench.try_log_in("An ", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let set = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(
        !answer
            .text
            .contains(&cookie_of(&answer)["firemain=".len()..]),
        "no script sees it"
    );
    let an = bench.log_in("an").await;
    let me = bench.ask_as(&an, "GET", "/api/v1/me", None).await;
    assert_eq!(me.json["name"], "an");
    assert_eq!(me.json["role"], "administrator");
    assert_eq!(me.json["via"], "session");
    assert_eq!(me.json["csrf"], an.csrf.as_str());
    assert_eq!(
        bench.ask_as(&an, "GET", "/api/v1/flags", None).await.status,
        200
    );
    let out = bench.ask_as(&an, "POST", "/api/v1/logout", None).await;
    assert_eq!(out.status, 204, "{}", out.text);
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    bench
        .ask_as(&an, "GET", "/api/v1/flags", None)
        .await
        .is_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookie_belongs_to_this_host_alone() {
    let settings = HttpSettings {
        public_url: Some("https://water.example".to_owned()),
        ..HttpSettings::default()
    };
    let bench = city_with(settings).await;
    let answer = bench.try_log_in("an", PASSWORD).await;
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        set.starts_with("__Host-firemain=") && set.contains("; Secure"),
        "{set}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_planted_before_the_login_is_worth_nothing_after_it() {
    let bench = city().await;
    let planted = "firemain=cGxhbnRlZC1ieS1zb21lYm9keS1lbHNlLXdoby13YWl0cw";
    let login = bench
        .request("POST", "/api/v1/login")
        .header("cookie", planted)
        .header("content-type", "application/json")
        .body(json!({ "user": "an", "password": PASSWORD }).to_string());
    let answer = bench.send(login).await;
    assert_eq!(answer.status, 200);
    assert_ne!(cookie_of(&answer), planted);
    let with_planted = bench
        .request("GET", "/api/v1/flags")
        .header("cookie", planted);
    bench
        .send(with_planted)
        .await
        .is_problem(401, "unauthenticated");

    let first = Browser {
        cookie: cookie_of(&answer),
        csrf: String::new(),
    };
    let again = bench
        .request("POST", "/api/v1/login")
        .header("cookie", &first.cookie)
        .header("content-type", "application/json")
        .body(json!({ "user": "an", "password": PASSWORD }).to_string());
    let second = bench.send(again).await;
    assert_ne!(
        cookie_of(&second),
        first.cookie,
        "every login has its own token"
    );
    bench
        .ask_as(&first, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_the_token_that_no_other_page_can_read() {
    let bench = city().await;
    let an = bench.log_in("an").await;
    let other = bench.log_in("an").await;
    let incident = json!({ "name": "cháy", "position": { "lat": 21.03, "lon": 105.85 } });
    let send = |csrf: Option<&str>, origin: Option<&str>| {
        let mut request = bench
            .request("POST", "/api/v1/incidents")
            .header("cookie", &an.cookie)
            .header("content-type", "application/json")
            .body(incident.to_string());
        if let Some(csrf) = csrf {
            request = request.header("x-csrf-token", csrf);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        bench.send(request)
    };
    for wrong in [None, Some(""), Some("guessed"), Some(&*other.csrf)] {
        let refused = send(wrong, None).await;
        refused.is_problem(403, "forbidden");
        assert!(refused.text.contains("X-CSRF-Token"), "{}", refused.text);
    }
    send(Some(&an.csrf), Some("https://evil.example"))
        .await
        .is_problem(403, "forbidden");
    let own = send(Some(&an.csrf), Some(&bench.url)).await;
    assert_eq!(own.status, 201, "{}", own.text);
    assert_eq!(own.json["by"], "an");

    let forged = bench
        .request("POST", "/login")
        .header("origin", "https://evil.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("user=an&password=x");
    assert_eq!(
        bench.send(forged).await.status,
        403,
        "nobody is logged in by another page"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_waits_ever_longer_and_holds_nobody_else_up() {
    let bench = city().await;
    enter(&*bench.stores.register, &user("hoa", Role::Crew, &[]));
    let mut refused = None;
    for n in 0..8 {
        let answer = bench.try_log_in("an", &format!("guess number {n}")).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.is_problem(401, "unauthenticated");
        let unknown = answer.json["detail"].clone();
        if n == 0 {
            let nobody = bench.try_log_in("nobody", "guess number 1").await;
            assert_eq!(nobody.json["detail"], unknown, "who is there is not told");
        }
    }
    let refused = refused.expect("guessing is stopped");
    refused.is_problem(429, "too-many-tries");
    let wait_s: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=10).contains(&wait_s), "{wait_s}");
    let right = bench.try_log_in("an", PASSWORD).await;
    right.is_problem(429, "too-many-tries");
    assert_eq!(
        bench.try_log_in("hoa", PASSWORD).await.status,
        200,
        "others get in"
    );
    bench.clock.pass_ms(wait_s * 1_000);
    assert_eq!(
        bench.try_log_in("an", PASSWORD).await.status,
        200,
        "the wait ends"
    );
    let an = bench.log_in("an").await;
    let row = bench.ask_as(&an, "GET", "/api/v1/users/an", None).await;
    assert_eq!(row.json["failed_logins"], 0, "{}", row.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_idle_or_old() {
    let settings = HttpSettings {
        access: AccessSettings {
            session_idle: Duration::from_mins(30),
            session_most: Duration::from_hours(2),
            ..AccessSettings::default()
        },
        ..HttpSettings::default()
    };
    let bench = city_with(settings).await;
    let idle = bench.log_in("an").await;
    bench.clock.pass_ms(31 * 60_000);
    bench
        .ask_as(&idle, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
    let busy = bench.log_in("an").await;
    for _ in 0..5 {
        bench.clock.pass_ms(20 * 60_000);
        assert_eq!(
            bench.ask_as(&busy, "GET", "/api/v1/me", None).await.status,
            200
        );
        used(&bench).await;
    }
    bench.clock.pass_ms(20 * 60_000);
    bench
        .ask_as(&busy, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
}

/// The use of the newest session is written down, which nobody waits for.
async fn used(bench: &Bench) {
    use firemain_domain::clock::Clock;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let written = async {
        loop {
            let newest = bench.stores.register.sessions(Some("an"), None, 1).unwrap();
            if newest[0].used_at == bench.clock.now() {
                return;
            }
            ticks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), written)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_logs_in_without_a_script_in_either_language() {
    let bench = city().await;
    let page = bench
        .request("GET", "/login")
        .header("accept-language", "vi-VN");
    let page = bench.send(page).await;
    assert!(
        page.text.contains("Mật khẩu") && page.text.contains("lang=\"vi\""),
        "{}",
        page.text
    );
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("form-action 'self'")
    );
    let english = bench.get("/login?lang=en&next=//evil.example").await;
    assert!(english.text.contains("Password") && !english.text.contains("evil.example"));
    let injected = bench.get("/login?next=/%22%3E%3Cscript%3E").await;
    assert!(!injected.text.contains("<script"), "{}", injected.text);
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let send = |password: &str, next: &str| {
        let form = [
            ("user", "an"),
            ("password", password),
            ("next", next),
            ("lang", "vi"),
        ];
        bench.send(client.post(format!("{}/login", bench.url)).form(&form))
    };
    let wrong = send("sai rồi nhé", "/").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains("không đúng"), "{}", wrong.text);
    let right = send(PASSWORD, "https://evil.example/").await;
    assert_eq!(right.status, 303, "{}", right.text);
    assert_eq!(right.headers["location"], "/", "nobody is sent elsewhere");
    let browser = Browser {
        cookie: cookie_of(&right),
        csrf: String::new(),
    };
    assert_eq!(
        bench
            .ask_as(&browser, "GET", "/api/v1/flags", None)
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let bench = city().await;
    let an = bench.log_in("an").await;
    let mut stream = bench
        .request("GET", "/api/v1/stream")
        .header("cookie", &an.cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    assert!(stream.chunk().await.unwrap().is_some(), "it says hello");
    assert_eq!(
        bench
            .ask_as(&an, "POST", "/api/v1/logout", None)
            .await
            .status,
        204
    );
    let ended = async { while stream.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(8), ended)
        .await
        .expect("whoever is logged out hears nothing more");
}
