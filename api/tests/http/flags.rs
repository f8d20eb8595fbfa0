use serde_json::json;

use crate::bench::{Bench, codes};

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_short_is_flagged_with_its_evidence_and_unflagged_when_it_recovers() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hydrant("TR-2", 200.0).await;
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 61.5 }));
    bench.hear("dev-TR-2", json!({ "seq": 1, "pressure_kpa": 215.0 }));
    let flags = bench
        .until("/api/v1/flags", |json| {
            codes(json) == ["TR-1"] && json["items"][0]["verdict"] == "degraded"
        })
        .await;
    let flag = &flags["items"][0];
    assert_eq!(flag["reasons"], json!(["low_static"]));
    assert_eq!(flag["name"], "12 Hàng Bạc");
    let evidence = &flag["evidence"][0];
    assert_eq!(evidence["quantity"], "pressure_kpa");
    assert_eq!(
        (evidence["value"].as_f64(), evidence["limit"].as_f64()),
        (Some(61.5), Some(98.1))
    );
    assert!((evidence["margin"].as_f64().unwrap() + 36.6).abs() < 1e-9);
    assert_eq!(evidence["age_s"], 0);
    assert!(flag["since"].is_string() && flag["heard_at"].is_string());

    let map = bench.get("/api/v1/flags?format=geojson").await;
    assert_eq!(map.headers["content-type"], "application/geo+json");
    assert_eq!(map.headers["firemain-total"], "1");
    let feature = &map.json["features"][0];
    assert_eq!(
        (&feature["id"], &feature["type"]),
        (&json!("TR-1"), &json!("Feature"))
    );
    assert_eq!(
        feature["geometry"],
        json!({ "type": "Point", "coordinates": [105.8512, 21.0345] })
    );
    assert_eq!(feature["properties"]["reasons"], json!(["low_static"]));

    bench.clock.pass_ms(120_000);
    let flag = bench.get("/api/v1/flags").await.json["items"][0].clone();
    assert_eq!(
        (&flag["evidence"][0]["age_s"], &flag["heard_age_s"]),
        (&json!(120), &json!(120))
    );

    bench.hear("dev-TR-1", json!({ "seq": 2, "pressure_kpa": 220.0 }));
    bench
        .until("/api/v1/flags", |json| codes(json).is_empty())
        .await;
    let verdict = bench.get("/api/v1/sources/TR-1/verdict").await;
    assert_eq!(verdict.json["verdict"], "usable");
    assert_eq!(verdict.json["evidence"][0]["basis"], "static_pressure");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_flagged_by_the_wall_clock_and_filters_narrow_the_list() {
    let bench = Bench::start().await;
    for n in 1..=3 {
        let code = format!("TR-{n}");
        bench.hydrant(&code, 100.0 * f64::from(n)).await;
        bench.hear(
            &format!("dev-{code}"),
            json!({ "seq": 1, "pressure_kpa": 215.0 }),
        );
    }
    bench
        .until("/api/v1/flags", |json| codes(json).is_empty())
        .await;
    bench.clock.pass_ms(46 * 60_000);
    let flags = bench
        .get("/api/v1/flags?verdict=unknown&reason=stale&zone=Z1&kind=hydrant")
        .await;
    assert_eq!(
        flags.codes().len(),
        3,
        "three intervals of 15 min have passed"
    );
    assert_eq!(flags.headers["firemain-total"], "3");
    assert!(bench.get("/api/v1/flags?zone=Z2").await.codes().is_empty());
    assert!(
        bench
            .get("/api/v1/flags?verdict=unusable")
            .await
            .codes()
            .is_empty()
    );

    let first = bench.get("/api/v1/flags?limit=2").await;
    assert_eq!(first.codes().len(), 2);
    let next = first.json["next"].as_str().unwrap();
    let second = bench
        .get(&format!("/api/v1/flags?limit=2&after={next}"))
        .await;
    assert_eq!(second.codes().len(), 1);
    assert!(second.json["next"].is_null());
}
