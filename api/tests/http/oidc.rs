//! Logging in over a foreign issuer.

use firemain_api::http::{AccessSettings, HttpSettings, OidcSettings};
use firemain_domain::people::Role;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench};
use crate::issuer::{CLIENT, Issuer, SECRET, Wrong};
use crate::people::{Browser, city_with, enter, user};

async fn city(issuer: &Issuer) -> Bench {
    let oidc = OidcSettings {
        issuer: issuer.url.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(SECRET.to_owned()),
        redirect_url: "http://127.0.0.1/login/oidc/callback".to_owned(),
        scopes: vec!["profile".to_owned()],
        role_claim: "groups".to_owned(),
        roles: [
            ("pccc-truc".to_owned(), Role::Dispatcher),
            ("pccc-xem".to_owned(), Role::Viewer),
        ]
        .into(),
        units_claim: Some("wards".to_owned()),
        ..OidcSettings::default()
    };
    city_with(HttpSettings {
        access: AccessSettings {
            oidc: Some(oidc),
            ..AccessSettings::default()
        },
        ..HttpSettings::default()
    })
    .await
}

fn lan() -> Value {
    json!({ "sub": "0042", "preferred_username": "lan", "name": "Nguyễn Thị Lan",
        "groups": ["khac", "pccc-truc"], "wards": ["Phường Hoàn Kiếm"] })
}

fn client() -> reqwest::Client {
    firemain_api::choose_cryptography();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

fn cookies(answer: &Answer) -> Vec<String> {
    let set = answer.headers.get_all("set-cookie").iter();
    set.map(|value| {
        value
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    })
    .collect()
}

/// Begins a login: where the browser is sent, and the cookie it keeps.
async fn begin(bench: &Bench) -> (String, String) {
    let url = format!("{}/login/oidc?next=/%3Fx", bench.url);
    let answer = bench.send(client().get(url)).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let to = answer.headers["location"].to_str().unwrap().to_owned();
    (to, cookies(&answer).remove(0))
}

async fn come_back(bench: &Bench, back: &str, cookie: &str) -> Answer {
    let query = back.split_once('?').unwrap().1;
    let url = format!("{}/login/oidc/callback?{query}", bench.url);
    bench.send(client().get(url).header("cookie", cookie)).await
}

async fn log_in(bench: &Bench, issuer: &Issuer, claims: Value, wrong: Wrong) -> Answer {
    let (to, cookie) = begin(bench).await;
    let back = issuer.log_in(&to, claims, wrong);
    come_back(bench, &back, &cookie).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_issuer_vouches_for_gets_in_with_the_role_it_names() {
    let issuer = Issuer::start().await;
    let bench = city(&issuer).await;
    assert!(
        bench
            .get("/login?lang=en")
            .await
            .text
            .contains("/login/oidc")
    );
    let answer = log_in(&bench, &issuer, lan(), Wrong::Nothing).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.headers["location"], "/?x");
    let session = cookies(&answer)
        .into_iter()
        .find(|c| c.starts_with("firemain="));
    let browser = Browser {
        cookie: session.unwrap(),
        csrf: String::new(),
    };
    let me = bench.ask_as(&browser, "GET", "/api/v1/me", None).await;
    assert_eq!(me.json["name"], "lan", "{}", me.text);
    assert_eq!(me.json["display_name"], "Nguyễn Thị Lan");
    assert_eq!(me.json["role"], "dispatcher");
    assert_eq!(me.json["units"], json!(["Phường Hoàn Kiếm"]));

    let mut lower = lan();
    lower["groups"] = json!("pccc-xem");
    assert_eq!(
        log_in(&bench, &issuer, lower, Wrong::Nothing).await.status,
        303
    );
    let me = bench.ask_as(&browser, "GET", "/api/v1/me", None).await;
    assert_eq!(
        me.json["role"], "viewer",
        "the role follows the issuer's claim"
    );
    let mut none = lan();
    none["groups"] = json!(["khac"]);
    let refused = log_in(&bench, &issuer, none, Wrong::Nothing).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("groups"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_issuer_did_not_say_gets_nobody_in() {
    let issuer = Issuer::start().await;
    let bench = city(&issuer).await;
    for wrong in [
        Wrong::Signature,
        Wrong::Unsigned,
        Wrong::Nonce,
        Wrong::Audience,
        Wrong::Issuer,
        Wrong::Expired,
    ] {
        let answer = log_in(&bench, &issuer, lan(), wrong).await;
        assert_eq!(answer.status, 403, "{wrong:?}: {}", answer.text);
        assert!(
            !cookies(&answer).iter().any(|c| c.starts_with("firemain=")),
            "{wrong:?}"
        );
    }
    let (to, cookie) = begin(&bench).await;
    let back = issuer.log_in(&to, lan(), Wrong::Nothing);
    let (_, other) = begin(&bench).await;
    assert_eq!(
        come_back(&bench, &back, &other).await.status,
        403,
        "another browser"
    );
    assert_eq!(
        come_back(&bench, &back, &cookie).await.status,
        403,
        "a state is good once"
    );
    let forged = format!("{back}&state=forged").replacen("state=", "x=", 1);
    assert_eq!(
        come_back(&bench, &forged, &cookie).await.status,
        403,
        "a state of nobody's"
    );
    assert!(bench.stores.register.user("lan").unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_ours_is_not_taken_over_by_its_name() {
    let issuer = Issuer::start().await;
    let bench = city(&issuer).await;
    enter(&*bench.stores.register, &user("lan", Role::Operator, &[]));
    assert_eq!(
        log_in(&bench, &issuer, lan(), Wrong::Nothing).await.status,
        303
    );
    let ours = bench.stores.register.user("lan").unwrap().unwrap();
    assert_eq!((ours.role, ours.subject), (Role::Operator, None));
    let theirs = format!("{} 0042", issuer.url);
    let theirs = bench
        .stores
        .register
        .user_of_subject(&theirs)
        .unwrap()
        .unwrap();
    assert!(theirs.name.starts_with("oidc-"), "{}", theirs.name);
}
