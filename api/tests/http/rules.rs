use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_set_for_one_source_while_running_judged_by_at_once_and_taken_back() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hydrant("TR-2", 1.0).await;
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 620.0 }));
    bench.hear("dev-TR-2", json!({ "seq": 1, "pressure_kpa": 620.0 }));
    let verdict = |code: &str| format!("/api/v1/sources/{code}/verdict");
    for code in ["TR-1", "TR-2"] {
        bench
            .until(&verdict(code), |json| {
                json["reasons"] == json!(["high_pressure"])
            })
            .await;
    }
    let set = json!({ "high_pressure": { "limit_kpa": 700.0 } });
    let answer = bench.put("/api/v1/rules/source:TR-1", set.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    bench
        .until(&verdict("TR-1"), |json| json["verdict"] == "usable")
        .await;
    assert_eq!(
        bench.get(&verdict("TR-2")).await.json["reasons"],
        json!(["high_pressure"]),
        "only that source's"
    );

    let own = bench.get("/api/v1/rules?source=TR-1").await.json;
    assert_eq!(own["rules"]["high_pressure"]["limit_kpa"], 700.0);
    assert_eq!(
        own["set"],
        json!([{ "scope": "source:TR-1", "parameters": set }])
    );
    let all = bench.get("/api/v1/rules").await.json;
    assert_eq!(all["rules"]["high_pressure"]["limit_kpa"], 590.0);

    let changes = bench.get("/api/v1/changes?limit=1").await.json;
    let newest = &changes["items"][0];
    assert_eq!(
        (&newest["kind"], &newest["subject"], &newest["by"]),
        (&json!("rules_set"), &json!("source:TR-1"), &json!("local"))
    );
    let next = changes["next"].as_str().unwrap();
    let older = bench
        .get(&format!("/api/v1/changes?after={next}"))
        .await
        .json;
    assert_eq!(
        older["items"][0]["number"],
        newest["number"].as_u64().unwrap() - 1
    );

    assert_eq!(bench.delete("/api/v1/rules/source:TR-1").await.status, 204);
    bench
        .until(&verdict("TR-1"), |json| {
            json["reasons"] == json!(["high_pressure"])
        })
        .await;
    bench
        .delete("/api/v1/rules/source:TR-1")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rules_scopes_and_values_are_refused_by_name() {
    let bench = Bench::start().await;
    for (scope, set, said) in [
        (
            "all",
            json!({ "low_statics": { "dwell_s": 1 } }),
            "no rule `low_statics`",
        ),
        (
            "all",
            json!({ "low_static": { "dwell": 1 } }),
            "no parameter `dwell`",
        ),
        ("all", json!({ "low_static": { "dwell_s": "long" } }), "u32"),
        ("all", json!({ "low_static": 7 }), "must be an object"),
        ("kind:tank", json!({}), "DELETE"),
    ] {
        let answer = bench.put(&format!("/api/v1/rules/{scope}"), set).await;
        answer.is_problem(422, "invalid-body");
        assert!(answer.text.contains(said), "{said}: {}", answer.text);
    }
    let set = json!({ "stale": { "verdict_intervals": 4 } });
    for scope in ["everything", "kind:volcano", "source:"] {
        bench
            .put(&format!("/api/v1/rules/{scope}"), set.clone())
            .await
            .is_problem(400, "invalid-parameter");
    }
    bench
        .put(
            "/api/v1/rules/source:NONE",
            json!({ "low_static": { "dwell_s": 60 } }),
        )
        .await
        .is_problem(404, "not-found");
    bench
        .get("/api/v1/rules?source=NONE")
        .await
        .is_problem(404, "not-found");
}
