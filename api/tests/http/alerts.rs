use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_raised_taken_once_and_cleared_by_data_only() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    for seq in 0..4 {
        bench.hear(
            "dev-TR-1",
            json!({ "seq": seq, "pressure_kpa": 60.0 + f64::from(seq) }),
        );
        bench.pass_minutes(5);
    }
    let alerts = bench
        .until("/api/v1/alerts?open=true", |json| {
            json["items"].as_array().is_some_and(|i| i.len() == 1)
        })
        .await;
    let alert = &alerts["items"][0];
    assert_eq!(alert["id"], "TR-1/LOW_STATIC/1");
    assert_eq!(
        (&alert["severity"], &alert["open"]),
        (&json!("major"), &json!(true))
    );
    assert_eq!(alert["evidence"][0]["limit"], 98.1);
    let flags = bench.get("/api/v1/flags").await.json;
    assert_eq!(flags["items"][0]["alerts"][0]["id"], "TR-1/LOW_STATIC/1");

    for path in [
        "/api/v1/alerts/TR-1/LOW_STATIC/1",
        "/api/v1/alerts/TR-1%2FLOW_STATIC%2F1",
    ] {
        assert_eq!(bench.get(path).await.json["rule"], "LOW_STATIC", "{path}");
    }
    let taken = bench
        .send(bench.request("POST", "/api/v1/alerts/TR-1/LOW_STATIC/1/acknowledge"))
        .await;
    assert_eq!(
        (taken.status, &taken.json["acknowledged_by"]),
        (200, &json!("local"))
    );
    assert_eq!(taken.json["open"], true, "acknowledged is not cleared");
    let number = bench.stores.register.newest_change().unwrap();
    let again = bench
        .send(bench.request("POST", "/api/v1/alerts/TR-1%2FLOW_STATIC%2F1/acknowledge"))
        .await;
    assert_eq!(again.json["acknowledged_at"], taken.json["acknowledged_at"]);
    assert_eq!(
        bench.stores.register.newest_change().unwrap(),
        number,
        "taken once"
    );

    for query in ["source=TR-1", "rule=LOW_STATIC", "at_least=major"] {
        let found = bench.get(&format!("/api/v1/alerts?{query}")).await;
        assert_eq!(found.json["items"].as_array().unwrap().len(), 1, "{query}");
    }
    for query in [
        "source=TR-2",
        "rule=STALE",
        "at_least=critical",
        "open=false",
    ] {
        let found = bench.get(&format!("/api/v1/alerts?{query}")).await;
        assert_eq!(found.json["items"], json!([]), "{query}");
    }
    bench
        .get("/api/v1/alerts/TR-1/LOW_STATIC/9")
        .await
        .is_problem(404, "not-found");
}
