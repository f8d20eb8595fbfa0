//! Administrators say who may log in; people change their own password and see where they are
//! logged in.

use firemain_domain::people::Role;
use serde_json::json;

use crate::people::{PASSWORD, city, enter, user};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_enters_alters_and_disables_people() {
    let bench = city().await;
    let an = bench.log_in("an").await;
    let put = |name: &'static str, body: serde_json::Value| {
        let (bench, an) = (&bench, &an);
        async move {
            bench
                .ask_as(an, "PUT", &format!("/api/v1/users/{name}"), Some(body))
                .await
        }
    };
    let hoa = json!({ "role": "crew", "display_name": "Nguyễn Thị Hoa", "units": ["Phường Hoàn Kiếm"],
        "email": "hoa@pccc.example", "phone": "+84901234567", "password": "mot con vit xoe ra" });
    let made = put("hoa", hoa).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json["role"], "crew");
    let login = bench.try_log_in("hoa", "mot con vit xoe ra").await;
    assert_eq!(login.status, 200, "{}", login.text);
    let browser = crate::people::Browser {
        cookie: crate::people::cookie_of(&login),
        csrf: login.json["csrf"].as_str().unwrap().to_owned(),
    };
    bench
        .ask_as(&browser, "GET", "/api/v1/users", None)
        .await
        .is_problem(403, "forbidden");
    assert_eq!(put("hoa", json!({ "role": "operator" })).await.status, 200);
    let me = bench.ask_as(&browser, "GET", "/api/v1/me", None).await;
    assert_eq!(
        me.json["role"], "operator",
        "a role holds from the next request on"
    );

    let off = bench
        .ask_as(&an, "POST", "/api/v1/users/hoa/disable", None)
        .await;
    assert_eq!(off.json["disabled"], true, "{}", off.text);
    bench
        .ask_as(&browser, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
    bench
        .try_log_in("hoa", "mot con vit xoe ra")
        .await
        .is_problem(401, "unauthenticated");

    for (name, body) in [
        ("Hoa", json!({ "role": "crew" })),
        ("local", json!({ "role": "crew" })),
    ] {
        put(name, body).await.is_problem(400, "invalid-parameter");
    }
    for body in [
        json!({ "role": "root" }),
        json!({ "role": "crew", "email": "nowhere" }),
        json!({ "role": "crew", "phone": "call me" }),
        json!({ "role": "crew", "password": "short" }),
        json!({ "role": "administrator", "units": ["Phường Hoàn Kiếm"] }),
    ] {
        put("binh", body).await.is_problem(422, "invalid-body");
    }
    let last = put("an", json!({ "role": "viewer" })).await;
    last.is_problem(409, "conflict");
    assert!(last.text.contains("last administrator"), "{}", last.text);
    bench
        .ask_as(&an, "POST", "/api/v1/users/an/disable", None)
        .await
        .is_problem(409, "conflict");

    let changes = bench.ask_as(&an, "GET", "/api/v1/changes", None).await;
    let who: Vec<_> = changes.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "user_set" && row["subject"] == "hoa")
        .map(|row| row["by"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        who,
        ["an", "an", "an"],
        "every change is on record: {}",
        changes.text
    );
    for secret in ["mot con vit", "argon2", "hoa@pccc.example", "+8490"] {
        assert!(!changes.text.contains(secret), "{secret} is on record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_their_own_password_and_their_other_sessions_end() {
    let bench = city().await;
    enter(&*bench.stores.register, &user("hoa", Role::Crew, &[]));
    let here = bench.log_in("hoa").await;
    let elsewhere = bench.log_in("hoa").await;
    let change = |old: &str, new: &str| {
        let body = json!({ "old": old, "new": new });
        let (bench, here) = (&bench, &here);
        async move {
            bench
                .ask_as(here, "PUT", "/api/v1/me/password", Some(body))
                .await
        }
    };
    change("not the old one", "hai con thằn lằn con")
        .await
        .is_problem(422, "invalid-body");
    change(PASSWORD, "ngắn")
        .await
        .is_problem(422, "invalid-body");
    assert_eq!(
        bench
            .ask_as(&elsewhere, "GET", "/api/v1/me", None)
            .await
            .status,
        200
    );
    let changed = change(PASSWORD, "hai con thằn lằn con").await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(
        bench.ask_as(&here, "GET", "/api/v1/me", None).await.status,
        200
    );
    bench
        .ask_as(&elsewhere, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
    bench
        .try_log_in("hoa", PASSWORD)
        .await
        .is_problem(401, "unauthenticated");
    assert_eq!(
        bench.try_log_in("hoa", "hai con thằn lằn con").await.status,
        200
    );

    let an = bench.log_in("an").await;
    let reset = bench
        .ask_as(&an, "POST", "/api/v1/users/hoa/password", None)
        .await;
    let made = reset.json["password"].as_str().unwrap().to_owned();
    bench
        .ask_as(&here, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
    assert_eq!(bench.try_log_in("hoa", &made).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_own_user_or_an_administrator() {
    let bench = city().await;
    enter(&*bench.stores.register, &user("hoa", Role::Crew, &[]));
    let hoa = bench.log_in("hoa").await;
    let lost = bench.log_in("hoa").await;
    let an = bench.log_in("an").await;
    let mine = bench.ask_as(&hoa, "GET", "/api/v1/sessions", None).await;
    let rows = mine.json["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{}", mine.text);
    assert_eq!(rows.iter().filter(|row| row["this"] == true).count(), 1);
    bench
        .ask_as(&hoa, "GET", "/api/v1/sessions?all=true", None)
        .await
        .is_problem(403, "forbidden");
    bench
        .ask_as(&hoa, "GET", "/api/v1/sessions?user=an", None)
        .await
        .is_problem(403, "forbidden");
    let all = bench
        .ask_as(&an, "GET", "/api/v1/sessions?all=true", None)
        .await;
    assert_eq!(all.json["items"].as_array().unwrap().len(), 3);
    let first = bench
        .ask_as(&an, "GET", "/api/v1/sessions?all=true&limit=2", None)
        .await;
    let next = first.json["next"].as_str().unwrap();
    let rest = format!("/api/v1/sessions?all=true&limit=2&after={next}");
    let rest = bench.ask_as(&an, "GET", &rest, None).await;
    assert_eq!(rest.json["items"].as_array().unwrap().len(), 1);

    let other = rows.iter().find(|row| row["this"] == false).unwrap();
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().unwrap());
    let stranger = all.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["user"] == "an")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    bench
        .ask_as(
            &hoa,
            "DELETE",
            &format!("/api/v1/sessions/{stranger}"),
            None,
        )
        .await
        .is_problem(404, "not-found");
    assert_eq!(bench.ask_as(&hoa, "DELETE", &path, None).await.status, 204);
    bench
        .ask_as(&lost, "GET", "/api/v1/me", None)
        .await
        .is_problem(401, "unauthenticated");
    assert_eq!(
        bench.ask_as(&hoa, "GET", "/api/v1/me", None).await.status,
        200
    );
}
