use serde_json::{Value, json};

use crate::bench::Bench;

fn in_minutes(minutes: i64) -> Value {
    json!(crate::bench::NOW.plus_ms(minutes * 60_000).to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_test_is_rated_kept_once_and_withdrawn() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let test = json!({
        "id": "test-7", "source": "TR-1", "static_kpa": 300.0, "residual_kpa": 220.0, "flow_lps": 15.0,
    });
    let entered = bench.post("/api/v1/flow-tests", test.clone()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    let rated = entered.json["rated_flow_lps"].as_f64().unwrap();
    assert!(
        (rated - 24.73).abs() < 0.005,
        "NFPA 291 at the norm's 10 m: {rated}"
    );
    assert_eq!(entered.json["target_residual_kpa"], 98.1);
    assert_eq!(
        bench.post("/api/v1/flow-tests", test.clone()).await.status,
        200,
        "sent twice"
    );
    let mut other = test.clone();
    other["flow_lps"] = json!(16.0);
    bench
        .post("/api/v1/flow-tests", other)
        .await
        .is_problem(409, "conflict");

    for (field, static_kpa, residual_kpa) in
        [("/residual_kpa", 300.0, 300.0), ("/static_kpa", 90.0, 60.0)]
    {
        let refused = bench
            .post("/api/v1/flow-tests", json!({ "source": "TR-1", "static_kpa": static_kpa, "residual_kpa": residual_kpa, "flow_lps": 15.0 }))
            .await;
        refused.is_problem(422, "invalid-body");
        assert_eq!(refused.json["errors"][0]["field"], field);
        assert!(refused.text.contains("NFPA 291"), "{}", refused.text);
    }
    let nowhere =
        json!({ "source": "TR-9", "static_kpa": 300.0, "residual_kpa": 220.0, "flow_lps": 15.0 });
    bench
        .post("/api/v1/flow-tests", nowhere)
        .await
        .is_problem(404, "not-found");

    assert_eq!(
        bench.get("/api/v1/flow-tests?source=TR-1").await.json["items"][0]["id"],
        "test-7"
    );
    assert_eq!(bench.delete("/api/v1/flow-tests/test-7").await.status, 204);
    assert_eq!(
        bench.get("/api/v1/flow-tests").await.json["items"],
        json!([])
    );
    bench
        .delete("/api/v1/flow-tests/test-7")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maintenance_window_makes_a_source_unusable_until_it_is_ended() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 215.0 }));
    let verdict = "/api/v1/sources/TR-1/verdict";
    bench
        .until(verdict, |json| json["verdict"] == "usable")
        .await;
    let window = json!({ "source": "TR-1", "until": in_minutes(60), "reason": "thay van" });
    let entered = bench.post("/api/v1/maintenance-windows", window).await;
    assert_eq!(
        (entered.status, &entered.json["by"]),
        (201, &json!("local"))
    );
    let standing = bench.get(verdict).await.json;
    assert_eq!(
        (&standing["verdict"], &standing["reasons"]),
        (&json!("unusable"), &json!(["maintenance"]))
    );
    let id = entered.json["id"].as_str().unwrap();
    let end = format!("/api/v1/maintenance-windows/{id}/end");
    assert_eq!(bench.send(bench.request("POST", &end)).await.status, 200);
    bench
        .until(verdict, |json| json["verdict"] == "usable")
        .await;
    let listed = bench.get("/api/v1/maintenance-windows").await.json;
    assert!(listed["items"][0]["ended_at"].is_string());
    let past = json!({ "source": "TR-1", "until": in_minutes(-1), "reason": "x" });
    bench
        .post("/api/v1/maintenance-windows", past)
        .await
        .is_problem(422, "invalid-body");
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_and_permits_are_opened_once_listed_and_ended() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let incident = json!({ "id": "114-2025-7", "name": "Cháy nhà", "position": { "lat": 21.0, "lon": 105.8 }, "required_flow_lps": 20.0 });
    assert_eq!(
        bench
            .post("/api/v1/incidents", incident.clone())
            .await
            .status,
        201
    );
    bench.clock.pass_ms(1_000);
    assert_eq!(
        bench.post("/api/v1/incidents", incident).await.status,
        200,
        "sent twice"
    );
    assert_eq!(
        bench.get("/api/v1/incidents?open=true").await.json["items"][0]["name"],
        "Cháy nhà"
    );
    assert_eq!(
        bench
            .send(bench.request("POST", "/api/v1/incidents/114-2025-7/end"))
            .await
            .status,
        200
    );
    assert_eq!(
        bench.get("/api/v1/incidents?open=true").await.json["items"],
        json!([])
    );
    assert_eq!(
        bench.get("/api/v1/incidents").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let permit = json!({ "source": "TR-1", "purpose": "drill", "until": in_minutes(30) });
    let granted = bench.post("/api/v1/permits", permit).await;
    assert_eq!(granted.status, 201, "{}", granted.text);
    let id = granted.json["id"].as_str().unwrap();
    assert_eq!(
        bench.get("/api/v1/permits?source=TR-1").await.json["items"][0]["id"],
        id
    );
    assert_eq!(
        bench
            .send(bench.request("POST", &format!("/api/v1/permits/{id}/end")))
            .await
            .status,
        200
    );
    let unknown = bench
        .send(bench.request("POST", "/api/v1/permits/none/end"))
        .await;
    unknown.is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_test_gives_its_class_any_residual_todays_estimate_and_a_curve() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 270.0 }));
    bench
        .until("/api/v1/sources/TR-1/verdict", |json| {
            json["verdict"] == "usable"
        })
        .await;
    let test = json!({
        "id": "t-1", "source": "TR-1", "static_kpa": 300.0, "residual_kpa": 220.0, "flow_lps": 15.0,
    });
    let entered = bench.post("/api/v1/flow-tests", test).await.json;
    assert_eq!(
        (&entered["colour_class"], &entered["valid"]),
        (&json!("C"), &json!(true))
    );
    assert_eq!(entered["static_today_kpa"], 270.0);
    // K = 80 / 15^(1/0.54); Q = ((270 - 98.1) / K)^0.54.
    let estimated = entered["estimated_flow_lps"].as_f64().unwrap();
    assert!((estimated - 22.67).abs() < 0.01, "{estimated}");

    let flow = bench
        .get("/api/v1/flow-tests/t-1/flow?residual_kpa=100")
        .await
        .json;
    assert!(
        (flow["flow_lps"].as_f64().unwrap() - 24.60).abs() < 0.005,
        "{flow}"
    );
    bench
        .get("/api/v1/flow-tests/t-1/flow?residual_kpa=300")
        .await
        .is_problem(400, "invalid-parameter");
    bench
        .get("/api/v1/flow-tests/none/flow?residual_kpa=100")
        .await
        .is_problem(404, "not-found");

    let curve = bench.get("/api/v1/flow-tests/t-1/curve.svg").await;
    assert_eq!(
        curve.headers["content-type"],
        "image/svg+xml; charset=utf-8"
    );
    assert!(curve.text.starts_with("<svg "), "{}", curve.text);
    assert!(
        curve.text.contains("tĩnh 300,0"),
        "Vietnamese, with a decimal comma: {}",
        curve.text
    );
    let english = bench
        .get("/api/v1/flow-tests/t-1/curve.svg?lang=en")
        .await
        .text;
    assert!(english.contains("static 300.0") && english.contains("estimated today"));
    bench
        .get("/api/v1/flow-tests/t-1/curve.svg?lang=fr")
        .await
        .is_problem(400, "invalid-parameter");
}
