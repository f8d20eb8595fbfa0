//! Who may ask what: the table of route × role over the whole document, keys, scopes and units.

use firemain_domain::people::Role;
use serde_json::{Value, json};

use crate::bench::hydrant;
use crate::people::{city, enter, key, user};

/// The routes that anybody may ask.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/api/v1/login"];

/// The least role of each operation, as the operators' document tells it.
fn documented_roles() -> Vec<(String, String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.md");
    let document = std::fs::read_to_string(path).unwrap();
    let rows = document.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, method, route, role, ..] = cells.as_slice() else {
            return None;
        };
        let method = method.trim_matches('`');
        let known = ["GET", "PUT", "POST", "DELETE", "PATCH"].contains(&method);
        known.then(|| {
            let route = route.trim_matches('`').to_owned();
            (method.to_owned(), route, (*role).to_owned())
        })
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_refused_to_strangers_and_to_those_of_too_low_a_role() {
    let bench = city().await;
    let register = &*bench.stores.register;
    let keys: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| (role, key(register, role, &[], &[])))
        .collect();
    let document = bench.get("/api/v1/openapi.json").await.json;
    let told = documented_roles();
    let mut asked = 0;
    for (route, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            if OPEN.contains(&&**route) || route == "/metrics" {
                continue;
            }
            let path = filled(route);
            let stranger = bench.send(bench.request(&method, &path)).await;
            stranger.is_problem(401, "unauthenticated");
            assert!(stranger.headers.contains_key("www-authenticate"));
            let least = told
                .iter()
                .find(|(m, r, _)| *m == method && *r == *route)
                .map(|(_, _, role)| role.parse::<Role>().unwrap());
            let least = least.unwrap_or_else(|| {
                panic!("docs/access.md does not tell who may ask {method} {route}")
            });
            for (role, key) in &keys {
                // The stream answers for ever; who is let in is seen by its status.
                let request = bench.request(&method, &path).bearer_auth(key);
                let status = request.send().await.unwrap().status().as_u16();
                let refused = status == 403;
                assert_eq!(
                    refused,
                    *role < least,
                    "{method} {route} asked by {role}, least {least}: {status}"
                );
                assert_ne!(status, 401, "{method} {route}");
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "{asked}");
    for (method, route, _) in told {
        let known = document["paths"][&route][method.to_lowercase()].is_object();
        assert!(
            known,
            "docs/access.md tells of {method} {route}, which is not there"
        );
    }
}

/// A path that names nothing which is there, so that nothing is changed by asking.
fn filled(route: &str) -> String {
    let mut path = String::new();
    for part in route.split('/').skip(1) {
        path.push('/');
        path.push_str(if part.starts_with('{') { "none" } else { part });
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scopes_name_until_it_is_revoked_or_over() {
    let bench = city().await;
    let admin = bench.log_in("an").await;
    let made = |body: Value| bench.ask_as(&admin, "POST", "/api/v1/keys", Some(body));
    let bound =
        made(json!({ "name": "cad", "role": "dispatcher", "scopes": ["incidents:write"] })).await;
    assert_eq!(bound.status, 201, "{}", bound.text);
    let text = bound.json["key"].as_str().unwrap();
    let id = bound.json["id"].as_str().unwrap();
    assert!(text.starts_with(id) && text.len() > 50);
    let incident = json!({ "name": "cháy nhà dân", "position": { "lat": 21.03, "lon": 105.85 } });
    let opened = bench
        .ask_with(text, "POST", "/api/v1/incidents", Some(incident))
        .await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    assert_eq!(opened.json["by"], "key:cad");
    assert_eq!(
        bench
            .ask_with(text, "GET", "/api/v1/incidents", None)
            .await
            .status,
        200
    );
    let beyond = bench.ask_with(text, "GET", "/api/v1/flags", None).await;
    beyond.is_problem(403, "forbidden");
    assert!(beyond.text.contains("flags:read"), "{}", beyond.text);

    let listed = bench.ask_as(&admin, "GET", "/api/v1/keys", None).await;
    assert_eq!(listed.json["items"][0]["id"], id);
    assert!(!listed.text.contains(text), "a key is shown once");
    assert!(
        listed.json["items"][0]["used_at"].is_string()
            || listed.json["items"][0]["used_at"].is_null()
    );
    let path = format!("/api/v1/keys/{id}");
    assert_eq!(
        bench.ask_as(&admin, "DELETE", &path, None).await.status,
        204
    );
    let after = bench.ask_with(text, "GET", "/api/v1/incidents", None).await;
    after.is_problem(401, "unauthenticated");
    bench
        .ask_as(&admin, "DELETE", &path, None)
        .await
        .is_problem(404, "not-found");

    let until = crate::bench::NOW.plus_ms(60_000);
    let short = made(json!({ "name": "short", "expires_at": until })).await;
    let short = short.json["key"].as_str().unwrap().to_owned();
    assert_eq!(
        bench
            .ask_with(&short, "GET", "/api/v1/flags", None)
            .await
            .status,
        200
    );
    bench.clock.pass_ms(60_000);
    bench
        .ask_with(&short, "GET", "/api/v1/flags", None)
        .await
        .is_problem(401, "unauthenticated");

    let wrong = made(json!({ "name": "x", "scopes": ["flags:own"] })).await;
    wrong.is_problem(422, "invalid-body");
    let changes = bench.ask_as(&admin, "GET", "/api/v1/changes", None).await;
    assert!(changes.text.contains("key_made") && changes.text.contains("key_revoked"));
    assert!(!changes.text.contains(text), "no secret is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_this_machine_or_for_a_key_of_their_scope() {
    let bench = city().await;
    assert_eq!(bench.get("/metrics").await.status, 200, "on this machine");
    let forwarded = || {
        bench
            .request("GET", "/metrics")
            .header("x-forwarded-for", "203.0.113.9")
    };
    bench
        .send(forwarded())
        .await
        .is_problem(401, "unauthenticated");
    let register = &*bench.stores.register;
    let scraper = key(register, Role::Viewer, &["metrics"], &[]);
    assert_eq!(
        bench.send(forwarded().bearer_auth(&scraper)).await.status,
        200
    );
    bench
        .ask_with(&scraper, "GET", "/api/v1/flags", None)
        .await
        .is_problem(403, "forbidden");
    let other = key(register, Role::Viewer, &[], &[]);
    bench
        .send(forwarded().bearer_auth(&other))
        .await
        .is_problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_acts_for_a_unit_looks_at_all_and_changes_what_is_theirs() {
    let bench = city().await;
    let register = &*bench.stores.register;
    enter(register, &user("hk", Role::Operator, &["Phường Hoàn Kiếm"]));
    let all = key(register, Role::Operator, &[], &[]);
    for (code, unit) in [("TR-1", "Phường Hoàn Kiếm"), ("TR-2", "Phường Cửa Nam")] {
        let mut source = hydrant(code, 0.0);
        source["unit"] = json!(unit);
        let path = format!("/api/v1/sources/{code}");
        assert_eq!(
            bench
                .ask_with(&all, "PUT", &path, Some(source))
                .await
                .status,
            201
        );
    }
    let hk = bench.log_in("hk").await;
    let ask = |method: &'static str, path: &'static str, body: Option<Value>| {
        let (bench, hk) = (&bench, &hk);
        async move { bench.ask_as(hk, method, path, body).await }
    };
    let seen = ask("GET", "/api/v1/sources", None).await;
    assert_eq!(
        seen.codes(),
        ["TR-1", "TR-2"],
        "a fire does not stop at a border"
    );
    let test = |source: &str| json!({ "source": source, "static_kpa": 300.0, "residual_kpa": 200.0, "flow_lps": 15.0 });
    let own = ask("POST", "/api/v1/flow-tests", Some(test("TR-1"))).await;
    assert_eq!(own.status, 201, "{}", own.text);
    let other = ask("POST", "/api/v1/flow-tests", Some(test("TR-2"))).await;
    other.is_problem(403, "forbidden");
    assert!(other.text.contains("Phường Cửa Nam"), "{}", other.text);

    let mut moved = hydrant("TR-2", 0.0);
    moved["unit"] = json!("Phường Hoàn Kiếm");
    ask("PUT", "/api/v1/sources/TR-2", Some(moved))
        .await
        .is_problem(403, "forbidden");
    let mut given = hydrant("TR-1", 0.0);
    given["unit"] = json!("Phường Cửa Nam");
    ask("PUT", "/api/v1/sources/TR-1", Some(given))
        .await
        .is_problem(403, "forbidden");
    ask("DELETE", "/api/v1/sources/TR-2", None)
        .await
        .is_problem(403, "forbidden");

    let window = json!({ "id": "w-2", "source": "TR-2", "until": crate::bench::NOW.plus_ms(3_600_000), "reason": "thay van" });
    ask("POST", "/api/v1/maintenance-windows", Some(window.clone()))
        .await
        .is_problem(403, "forbidden");
    assert_eq!(
        bench
            .ask_with(&all, "POST", "/api/v1/maintenance-windows", Some(window))
            .await
            .status,
        201
    );
    ask("POST", "/api/v1/maintenance-windows/w-2/end", None)
        .await
        .is_problem(403, "forbidden");

    let rules = json!({ "low_static": { "dwell_s": 60 } });
    assert_eq!(
        ask("PUT", "/api/v1/rules/source:TR-1", Some(rules.clone()))
            .await
            .status,
        200
    );
    ask("PUT", "/api/v1/rules/source:TR-2", Some(rules.clone()))
        .await
        .is_problem(403, "forbidden");
    ask("PUT", "/api/v1/rules/all", Some(rules))
        .await
        .is_problem(403, "forbidden");

    ask("POST", "/api/v1/devices/dev-TR-2/credentials", None)
        .await
        .is_problem(403, "forbidden");
    ask("POST", "/api/v1/devices/nobody/credentials", None)
        .await
        .is_problem(403, "forbidden");
    let own = ask("POST", "/api/v1/devices/dev-TR-1/credentials", None).await;
    assert_eq!(own.status, 201, "{}", own.text);
    let adopt = json!({ "source": "TR-2", "replace": true });
    ask("POST", "/api/v1/devices/new/adopt", Some(adopt))
        .await
        .is_problem(403, "forbidden");

    let file = "code,kind,lat,lon,unit\nTR-9,hydrant,21.03,105.85,Phường Cửa Nam\n";
    let import = bench
        .request("POST", "/api/v1/import?format=csv")
        .header("cookie", &hk.cookie)
        .header("x-csrf-token", &hk.csrf)
        .header("content-type", "text/csv")
        .body(file);
    bench.send(import).await.is_problem(403, "forbidden");
    assert_eq!(
        ask("GET", "/api/v1/sources/TR-9", None).await.status,
        404,
        "nothing was imported"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_another_unit_is_not_theirs_to_take() {
    let bench = city().await;
    let register = &*bench.stores.register;
    let all = key(register, Role::Operator, &[], &[]);
    let mut source = hydrant("TR-2", 0.0);
    source["unit"] = json!("Phường Cửa Nam");
    assert_eq!(
        bench
            .ask_with(&all, "PUT", "/api/v1/sources/TR-2", Some(source))
            .await
            .status,
        201
    );
    bench.hear("dev-TR-2", json!({ "seq": 1, "pressure_kpa": 20.0 }));
    bench.pass_minutes(20);
    bench.hear("dev-TR-2", json!({ "seq": 2, "pressure_kpa": 20.0 }));
    bench.pass_minutes(20);
    let alert = until_with(&bench, &all, "/api/v1/alerts?open=true").await;
    let path = format!("/api/v1/alerts/{alert}/acknowledge");
    let theirs = key(register, Role::Crew, &[], &["Phường Hoàn Kiếm"]);
    bench
        .ask_with(&theirs, "POST", &path, None)
        .await
        .is_problem(403, "forbidden");
    let own = key(register, Role::Crew, &[], &["Phường Cửa Nam"]);
    assert_eq!(bench.ask_with(&own, "POST", &path, None).await.status, 200);
}

/// The id of the first alert, as soon as there is one.
async fn until_with(bench: &crate::bench::Bench, key: &str, path: &str) -> String {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    let asking = async {
        loop {
            ticks.tick().await;
            let json = bench.ask_with(key, "GET", path, None).await.json;
            if let Some(id) = json["items"][0]["id"].as_str() {
                return id.to_owned();
            }
        }
    };
    let within = std::time::Duration::from_secs(10);
    tokio::time::timeout(within, asking)
        .await
        .expect("an alert is raised")
}
