//! An alert's life over HTTP: who is on it, what was said, what is silenced, whose the water is.

use firemain_domain::Clock;
use firemain_domain::time::HOUR_MS;
use serde_json::{Value, json};

use crate::bench::{Bench, hydrant};

const ALERT: &str = "/api/v1/alerts/TR-1/LOW_STATIC/1";

/// Readings of `kpa` for so many quarters of an hour.
fn reads(bench: &Bench, code: &str, seq: u64, kpa: f64, quarters: u64) {
    for n in 0..quarters {
        bench.hear(
            &format!("dev-{code}"),
            json!({ "seq": seq + n, "pressure_kpa": kpa }),
        );
        bench.pass_minutes(15);
    }
}

/// TR-1 is low, and that has paged.
async fn low() -> Bench {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    reads(&bench, "TR-1", 0, 60.0, 3);
    bench.until(ALERT, |json| json["paged"] == 1).await;
    bench
}

async fn does(bench: &Bench, act: &str, body: Value) -> Value {
    let answer = bench.post(&format!("{ALERT}/{act}"), body).await;
    assert_eq!(answer.status, 200, "{act}: {}", answer.text);
    answer.json
}

fn later(bench: &Bench, hours: i64) -> String {
    bench.clock.now().plus_ms(hours * HOUR_MS).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_goes_from_hand_to_hand_and_every_step_is_in_its_history() {
    let bench = low().await;
    let acts = [
        ("acknowledge", json!({}), "acknowledged"),
        ("assign", json!({"to": "Đội 1"}), "acknowledged"),
        ("dispatch", json!({"crew": "Tổ 2"}), "dispatched"),
        ("on-site", json!({}), "on_site"),
    ];
    for (act, body, stage) in acts {
        bench.pass_minutes(1);
        let now = does(&bench, act, body.clone()).await;
        assert_eq!(now["stage"], stage, "{act}");
        let number = bench.stores.register.newest_change().unwrap();
        assert_eq!(does(&bench, act, body).await["stage"], stage);
        assert_eq!(
            bench.stores.register.newest_change().unwrap(),
            number,
            "{act} twice is once"
        );
    }
    let flag = &bench.get("/api/v1/flags").await.json["items"][0]["alerts"][0];
    assert_eq!(
        (&flag["stage"], &flag["assigned_to"], &flag["dispatched"]),
        (&json!("on_site"), &json!("Đội 1"), &json!("Tổ 2"))
    );
    assert_eq!(flag["acknowledged_by"], "local");

    let comment = json!({"id": "c-1", "text": "Van đóng"});
    assert_eq!(
        does(&bench, "comment", comment.clone()).await["comments"],
        1
    );
    assert_eq!(does(&bench, "comment", comment).await["comments"], 1);
    let other = json!({"id": "c-1", "text": "khác"});
    bench
        .post(&format!("{ALERT}/comment"), other)
        .await
        .is_problem(409, "conflict");
    let now = does(
        &bench,
        "resolve",
        json!({"outcome": "valve_opened", "note": "đã mở"}),
    )
    .await;
    assert_eq!(
        (&now["stage"], &now["open"]),
        (&json!("resolved"), &json!(true))
    );
    assert!(now["reopens_at"].is_string());
    let verdict = bench.get("/api/v1/sources/TR-1/verdict").await.json;
    assert_eq!(verdict["verdict"], "degraded", "resolved is not usable");

    let alert = bench.get(ALERT).await.json;
    let response = &alert["response"];
    let after = |step: &str| response[format!("{step}_after_s")].as_i64().unwrap();
    assert!(after("acknowledged") < after("dispatched"), "{response}");
    assert!(after("on_site") <= after("resolved"), "{response}");
    let steps: Vec<&str> = alert["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["what"].as_str().unwrap())
        .collect();
    let people = [
        "acknowledged",
        "assigned",
        "dispatched",
        "on_site",
        "commented",
        "resolved",
    ];
    assert_eq!(steps[0], "raised");
    let by_people: Vec<&str> = steps
        .iter()
        .copied()
        .filter(|s| people.contains(s))
        .collect();
    assert_eq!(by_people, people);
    let audit = bench.get("/api/v1/changes?limit=2").await.json;
    assert_eq!(audit["items"][0]["kind"], "episode_resolved");
    assert_eq!(audit["items"][0]["by"], "local");

    for (query, n) in [
        ("state=resolved", 1),
        ("state=open", 0),
        ("assigned=%C4%90%E1%BB%99i%201", 1),
        ("assigned=x", 0),
        ("unacknowledged=true", 0),
        ("unacknowledged=false", 1),
    ] {
        let found = bench.get(&format!("/api/v1/alerts?{query}")).await.json;
        assert_eq!(found["items"].as_array().unwrap().len(), n, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_with_what_to_do() {
    let bench = low().await;
    let refused = |act: &str, body: Value| {
        let path = format!("{ALERT}/{act}");
        let bench = &bench;
        async move { bench.post(&path, body).await }
    };
    let said = refused("close", json!({})).await;
    said.is_problem(409, "conflict");
    assert!(said.text.contains("resolve it first"), "{}", said.text);
    for (act, body) in [
        ("assign", json!({"to": " "})),
        ("comment", json!({})),
        ("comment", json!({"text": "x".repeat(2_001)})),
        ("resolve", json!({"outcome": "other"})),
        (
            "silence",
            json!({"until": later(&bench, 24 * 8), "reason": "x"}),
        ),
        (
            "silence",
            json!({"until": later(&bench, -1), "reason": "x"}),
        ),
        ("attach", json!({})),
        ("attach", json!({"incident": "a", "permit": "b"})),
    ] {
        refused(act, body).await.is_problem(422, "invalid-body");
    }
    refused("attach", json!({"incident": "none"}))
        .await
        .is_problem(404, "not-found");
    bench
        .post("/api/v1/alerts/TR-1/STALE/7/on-site", json!({}))
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_resolved_by_hand_is_open_again_when_the_readings_go_on() {
    let bench = low().await;
    does(&bench, "acknowledge", json!({})).await;
    does(&bench, "resolve", json!({"outcome": "nothing_found"})).await;
    reads(&bench, "TR-1", 10, 60.0, 6);
    let alert = bench.until(ALERT, |json| json["reopened"] == 1).await;
    assert_eq!(
        (&alert["stage"], &alert["paged"]),
        (&json!("open"), &json!(2))
    );
    assert_eq!(alert["acknowledged_by"], Value::Null);
    let flag = &bench.get("/api/v1/flags").await.json["items"][0]["alerts"][0];
    assert_eq!(flag["stage"], "open");
    does(&bench, "resolve", json!({"outcome": "nothing_found"})).await;
    assert_eq!(
        does(&bench, "reopen", json!({})).await["stage"],
        "acknowledged"
    );
    assert_eq!(
        does(&bench, "unacknowledge", json!({})).await["stage"],
        "open"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_data_cleared_is_resolved_and_closes_by_hand() {
    let bench = low().await;
    reads(&bench, "TR-1", 10, 250.0, 5);
    bench.until(ALERT, |json| json["stage"] == "resolved").await;
    let closed = does(&bench, "close", json!({})).await;
    assert_eq!(
        (&closed["stage"], &closed["closed"]["by"]),
        (&json!("closed"), &json!("local"))
    );
    bench
        .post(&format!("{ALERT}/reopen"), json!({}))
        .await
        .is_problem(409, "conflict");
    // It comes back within the hour: the same alert, and people begin anew.
    reads(&bench, "TR-1", 20, 60.0, 2);
    let alert = bench.until(ALERT, |json| json["open"] == true).await;
    assert_eq!(
        (&alert["stage"], &alert["reopened"]),
        (&json!("open"), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_is_listed_holds_and_is_lifted_by_a_fire_for_a_dead_source() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let body = json!({"id": "s-1", "zone": "Z1", "until": later(&bench, 24), "reason": "diễn tập"});
    let entered = bench.post("/api/v1/silences", body.clone()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert_eq!(bench.post("/api/v1/silences", body).await.status, 200);
    let nowhere = json!({"zone": "Z9", "until": later(&bench, 24), "reason": "x"});
    bench
        .post("/api/v1/silences", nowhere)
        .await
        .is_problem(422, "invalid-body");
    reads(&bench, "TR-1", 0, 10.0, 3);
    let alert = bench
        .until(ALERT, |json| json["severity"] == "critical")
        .await;
    assert_eq!(
        (&alert["pages"], &alert["muted_by"], &alert["silence"]),
        (&json!(false), &json!("silence"), &json!("s-1"))
    );
    let verdict = bench.get("/api/v1/sources/TR-1/verdict").await.json;
    assert_eq!(verdict["verdict"], "unusable");
    let held = bench.get("/api/v1/silences?in_force=true").await.json;
    assert_eq!(held["items"][0]["id"], "s-1");

    let fire = json!({"id": "f-1", "name": "Cháy", "position": {"lat": 21.0345, "lon": 105.8512}});
    assert_eq!(bench.post("/api/v1/incidents", fire).await.status, 201);
    let alert = bench.get(ALERT).await.json;
    assert_eq!(
        (&alert["pages"], &alert["silenced_until"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(alert["tells_command"], true);
    let ended = bench.post("/api/v1/silences/s-1/end", json!({})).await;
    assert_eq!(ended.status, 200);
    assert_eq!(
        bench.get("/api/v1/silences?in_force=true").await.json["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_of_one_alert_is_ended_at_the_alert() {
    let bench = low().await;
    let body = json!({"until": later(&bench, 24), "reason": "đang sửa"});
    let now = does(&bench, "silence", body.clone()).await;
    assert!(now["silenced_until"].is_string());
    let number = bench.stores.register.newest_change().unwrap();
    does(&bench, "silence", body).await;
    assert_eq!(bench.stores.register.newest_change().unwrap(), number);
    let now = does(&bench, "unsilence", json!({})).await;
    assert_eq!(
        (&now["silenced_until"], &now["paged"]),
        (&Value::Null, &json!(2))
    );
    does(&bench, "unsilence", json!({})).await;
    let alert = bench.get(ALERT).await.json;
    let steps = alert["timeline"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .any(|s| s["what"] == "silenced" && s["text"] == "đang sửa")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_a_zone_that_comes_back_every_week_says_when_it_is_next() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let body = json!({
        "id": "w-1", "zone": "Z1", "until": later(&bench, 24 * 30),
        "weekly": "mon-sun 00:00-24:00", "reason": "súc rửa",
    });
    let entered = bench.post("/api/v1/maintenance-windows", body).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert_eq!(
        (&entered.json["zone"], &entered.json["in_force"]),
        (&json!("Z1"), &json!(true))
    );
    assert!(entered.json["next"]["until"].is_string());
    let verdict = bench.get("/api/v1/sources/TR-1/verdict").await.json;
    assert_eq!(verdict["reasons"], json!(["maintenance"]));
    let ended = bench
        .post("/api/v1/maintenance-windows/w-1/end", json!({}))
        .await;
    assert_eq!(ended.status, 200);
    bench.pass_minutes(1);
    let verdict = bench.get("/api/v1/sources/TR-1/verdict").await.json;
    assert_ne!(verdict["reasons"], json!(["maintenance"]));
    let listed = bench.get("/api/v1/maintenance-windows").await.json;
    assert_eq!(listed["items"][0]["in_force"], false);
    for body in [
        json!({"source": "TR-1", "zone": "Z1", "until": later(&bench, 1), "reason": "x"}),
        json!({"until": later(&bench, 1), "reason": "x"}),
        json!({"zone": "Z1", "until": later(&bench, 1), "reason": "x", "weekly": "sometimes"}),
    ] {
        bench
            .post("/api/v1/maintenance-windows", body)
            .await
            .is_problem(422, "invalid-body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_a_unit_mutes_its_sources_only_and_ends_by_itself() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let mut elsewhere = hydrant("TR-2", 200.0);
    elsewhere["unit"] = json!("Phường Cửa Nam");
    elsewhere["zone"] = json!("Z2");
    let put = bench.put("/api/v1/sources/TR-2", elsewhere).await;
    assert_eq!(put.status, 201, "{}", put.text);
    let body = json!({
        "id": "w-1", "unit": "Phường Hoàn Kiếm", "until": later(&bench, 2), "reason": "thay ống",
    });
    let entered = bench.post("/api/v1/maintenance-windows", body).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    for n in 0..4 {
        for code in ["TR-1", "TR-2"] {
            let said = json!({ "seq": n, "pressure_kpa": 60.0 });
            bench.hear(&format!("dev-{code}"), said);
        }
        bench.pass_minutes(15);
    }
    let paged = |json: &Value| json["paged"] == 1;
    bench.until("/api/v1/alerts/TR-2/LOW_STATIC/1", paged).await;
    let within = bench.get("/api/v1/sources/TR-1/verdict").await.json;
    assert_eq!(within["reasons"], json!(["maintenance"]));
    let muted = bench.get(ALERT).await.json;
    assert!(muted["paged"].is_null() || muted["paged"] == 0, "{muted}");
    // Nobody ends it: it is over by itself, and what is low by then pages.
    for n in 4..10 {
        bench.hear("dev-TR-1", json!({ "seq": n, "pressure_kpa": 60.0 }));
        bench.pass_minutes(15);
    }
    bench.until(ALERT, paged).await;
    let listed = bench.get("/api/v1/maintenance-windows").await.json;
    assert_eq!(listed["items"][0]["in_force"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn supply_hours_of_a_zone_are_set_listed_and_taken_away() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let path = "/api/v1/supply-schedules/zones/Z1";
    let hours = json!({"hours": "05:00-09:00,17:00-22:00"});
    let set = bench.put(path, hours.clone()).await;
    assert_eq!(
        (set.status, &set.json["by"]),
        (200, &json!("local")),
        "{}",
        set.text
    );
    let number = bench.stores.register.newest_change().unwrap();
    assert_eq!(bench.put(path, hours).await.status, 200);
    assert_eq!(bench.stores.register.newest_change().unwrap(), number);
    let listed = bench.get("/api/v1/supply-schedules").await.json;
    assert_eq!(listed["items"][0]["zone"], "Z1");
    bench
        .put(
            "/api/v1/supply-schedules/zones/Z9",
            json!({"hours": "05:00-09:00"}),
        )
        .await
        .is_problem(422, "invalid-body");
    assert_eq!(bench.delete(path).await.status, 204);
    bench.delete(path).await.is_problem(404, "not-found");
    bench
        .post("/api/v1/supply-schedules/proposals/TR-1/approve", json!({}))
        .await
        .is_problem(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_are_low_day_after_day_are_proposed_and_set_once_approved() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    // Low for two hours each evening, five days running.
    let mut seq = 0;
    for _ in 0..5 {
        for quarter in 0..96 {
            let kpa = if (44..52).contains(&quarter) {
                60.0
            } else {
                250.0
            };
            seq += 1;
            bench.hear("dev-TR-1", json!({ "seq": seq, "pressure_kpa": kpa }));
            bench.pass_minutes(15);
        }
    }
    for _ in 0..48 {
        seq += 1;
        bench.hear("dev-TR-1", json!({ "seq": seq, "pressure_kpa": 60.0 }));
        bench.pass_minutes(15);
        let proposals = bench.get("/api/v1/supply-schedules/proposals").await.json;
        if proposals["items"].as_array().is_some_and(|i| !i.is_empty()) {
            break;
        }
    }
    let proposals = bench
        .until("/api/v1/supply-schedules/proposals", |json| {
            json["items"].as_array().is_some_and(|i| i.len() == 1)
        })
        .await;
    let proposal = &proposals["items"][0];
    assert_eq!(proposal["source"], "TR-1");
    let low = proposal["low_hours"].as_array().unwrap().len();
    assert!((1..=4).contains(&low), "{proposal}");
    let path = "/api/v1/supply-schedules/proposals/TR-1/approve";
    let approved = bench.post(path, json!({})).await;
    assert_eq!(approved.status, 200, "{}", approved.text);
    assert_eq!(approved.json["supply_schedule"], proposal["hours"]);
    let source = bench.get("/api/v1/sources/TR-1").await.json;
    assert_eq!(source["supply_schedule"], proposal["hours"]);
    assert_eq!(
        bench.get("/api/v1/supply-schedules/proposals").await.json["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_that_is_nobodys_is_a_question_until_somebody_says_whose() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    for seq in 0..4 {
        let said = json!({"seq": seq, "pressure_kpa": 300.0, "flow_lps": 12.0});
        bench.hear("dev-TR-1", said);
        bench.pass_minutes(1);
    }
    let questions = bench
        .until("/api/v1/uses/questions", |json| {
            json["items"].as_array().is_some_and(|i| i.len() == 1)
        })
        .await;
    let question = &questions["items"][0];
    assert_eq!(question["source"], "TR-1");
    assert_eq!(question["paged"], false);
    assert!(question["pages_at"].as_str() > question["asked_at"].as_str());
    let fire = json!({"id": "f-1", "name": "Cháy", "position": {"lat": 21.1, "lon": 105.8512}});
    assert_eq!(bench.post("/api/v1/incidents", fire).await.status, 201);
    let path = format!(
        "/api/v1/alerts/{}/attach",
        question["alert"].as_str().unwrap()
    );
    let answer = bench.post(&path, json!({"incident": "f-1"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["attached"], "f-1");
    assert_eq!(answer.json["open"], false);
    let questions = bench.get("/api/v1/uses/questions").await.json;
    assert_eq!(questions["items"], json!([]));
    bench
        .post(&format!("{ALERT}/attach"), json!({"incident": "f-1"}))
        .await
        .is_problem(404, "not-found");
}
