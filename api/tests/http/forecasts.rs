use serde_json::json;

use crate::bench::{Bench, codes};

const FORECASTS: &str = "/api/v1/forecasts";

/// A hydrant that owes a flow, tested four years and a half ago.
async fn tested(bench: &Bench, code: &str, days_ago: i64) {
    let mut source = crate::bench::hydrant(code, 0.0);
    source["requirement"]["flow_lps"] = json!(15.0);
    let put = bench.put(&format!("/api/v1/sources/{code}"), source).await;
    assert_eq!(put.status, 201, "{}", put.text);
    let at = crate::bench::NOW
        .plus_ms(-days_ago * 86_400_000)
        .to_string();
    let test = json!({
        "source": code, "at": at, "static_kpa": 300.0, "residual_kpa": 220.0, "flow_lps": 15.0,
    });
    let entered = bench.post("/api/v1/flow-tests", test).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_happen_is_listed_the_soonest_first_with_filters_and_pages() {
    let bench = Bench::start().await;
    tested(&bench, "TR-1", 1_500).await;
    tested(&bench, "TR-2", 1_700).await;
    tested(&bench, "TR-3", 100).await;
    let list = bench
        .until(&format!("{FORECASTS}?what=flow_test_expires"), |json| {
            codes(json).len() == 2
        })
        .await;
    assert_eq!(codes(&list), ["TR-2", "TR-1"], "{list:#}");
    let first = &list["items"][0];
    assert_eq!(
        (&first["what"], &first["why"]),
        (&json!("flow_test_expires"), &json!("age"))
    );
    assert_eq!(first["at"], first["latest"]);
    let days = first["in_s"].as_i64().unwrap() / 86_400;
    assert!(
        (125..=126).contains(&days),
        "five years after the test: {days}"
    );
    let source = bench.get("/api/v1/sources/TR-1").await.json;
    assert_eq!(source["ahead"][0]["what"], "flow_test_expires");

    let asks = |filter: &str| bench.request("GET", &format!("{FORECASTS}?{filter}"));
    for (filter, expected) in [
        ("what=flow_test_expires&within_days=200", vec!["TR-2"]),
        ("what=flow_test_expires&within_days=10", vec![]),
        ("what=tank_short", vec![]),
        ("kind=tank", vec![]),
        ("zone=Z1&what=flow_test_expires", vec!["TR-2", "TR-1"]),
        ("zone=Z2", vec![]),
    ] {
        let answer = bench.send(asks(filter)).await;
        assert_eq!(answer.codes(), expected, "{filter}");
        assert_eq!(answer.headers["firemain-total"], expected.len().to_string());
    }
    let page = bench.send(asks("what=flow_test_expires&limit=1")).await;
    let next = page.json["next"].as_str().unwrap();
    let second = bench
        .send(asks(&format!(
            "what=flow_test_expires&limit=1&after={next}"
        )))
        .await;
    assert_eq!(
        (second.codes(), second.json["next"].is_null()),
        (vec!["TR-1"], true)
    );
    for wrong in ["what=rain", "within_days=-1", "within_days=9999", "after=x"] {
        bench
            .send(asks(wrong))
            .await
            .is_problem(400, "invalid-parameter");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tank_drawn_low_says_by_when_it_must_be_refilled() {
    let bench = Bench::start().await;
    let tank = json!({
        "kind": "tank", "name": "Bể ngõ 12", "position": { "lat": 21.0345, "lon": 105.8512 },
        "device": "dev-BN-1", "area_m2": 54.0, "height_m": 3.0, "refill_hours": 36.0,
        "requirement": { "volume_m3": 108.0 }, "reporting": { "interval_s": 3600 },
    });
    let put = bench.put("/api/v1/sources/BN-1", tank).await;
    assert_eq!(put.status, 201, "{}", put.text);
    for (seq, level) in [2.8, 2.8, 2.8, 1.5, 1.5, 1.5].into_iter().enumerate() {
        bench.hear("dev-BN-1", json!({ "seq": seq + 1, "level_m": level }));
        bench.pass_minutes(60);
    }
    let due = bench
        .until(&format!("{FORECASTS}?what=refill_due"), |json| {
            codes(json) == ["BN-1"]
        })
        .await["items"][0]
        .clone();
    assert_eq!(
        (&due["what"], &due["why"]),
        (&json!("refill_due"), &json!("refill_hours"))
    );
    // The fall was first seen at the fourth reading.
    let by = crate::bench::NOW.plus_ms((3 + 36) * 3_600_000).to_string();
    assert_eq!(due["at"], by);
    let alert = bench.get("/api/v1/alerts/BN-1/TANK_LOW/1").await.json;
    assert_eq!(alert["refill_by"], by, "{alert:#}");
    let listed = bench.get("/api/v1/alerts?open=true").await.json;
    assert_eq!(listed["items"][0]["refill_by"], by);
    let source = bench.get("/api/v1/sources/BN-1").await.json;
    assert_eq!(source["alerts"][0]["refill_by"], by);
    let drawn = bench.get("/api/v1/alerts/BN-1/TANK_DRAWOFF/1").await.json;
    assert_eq!(
        (&drawn["severity"], &drawn["open"]),
        (&json!("info"), &json!(false))
    );
    assert!(drawn["refill_by"].is_null(), "it is over");
}
