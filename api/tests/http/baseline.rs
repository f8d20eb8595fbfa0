use firemain_domain::clock::Clock as _;
use firemain_domain::time::HOUR_MS;
use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_usual_at_each_hour_is_shown_as_it_was_learned() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let path = "/api/v1/sources/TR-1/baseline";
    let fresh = bench.get(path).await;
    assert_eq!(fresh.status, 200, "{}", fresh.text);
    assert_eq!(
        (&fresh.json["quantity"], &fresh.json["weekday"]),
        (&json!(null), &json!([]))
    );

    // 2025-11-24 is a Monday, 23:00 in Hanoi. Nights stand 40 kPa above days.
    for quarter in 0..4 * 24 * 4_i64 {
        bench.clock.pass_ms(HOUR_MS as u64 / 4);
        let hour = (bench.clock.now().ms() / HOUR_MS + 7) % 24;
        let kpa = if hour < 5 { 240.0 } else { 200.0 } + f64::from(quarter as i32 % 3);
        bench.hear(
            "dev-TR-1",
            json!({ "seq": quarter + 1, "pressure_kpa": kpa }),
        );
    }
    let learned = bench
        .until(path, |json| json["weekday"][12]["days"].as_u64() >= Some(3))
        .await;
    assert_eq!(learned["quantity"], "pressure_kpa");
    let hours = learned["weekday"].as_array().unwrap();
    assert_eq!(
        (hours.len(), learned["weekend"].as_array().unwrap().len()),
        (24, 24)
    );
    let mean = |hour: usize| hours[hour]["mean"].as_f64().unwrap();
    assert!((mean(2) - 241.0).abs() < 1.0 && (mean(12) - 201.0).abs() < 1.0);
    assert!(hours[12]["sigma"].as_f64().unwrap() >= 2.0);
    assert_eq!(hours[12]["hour"], 12);
    assert_eq!(learned["weekend"][2]["days"], 0, "borrowed from weekdays");
    assert!(learned["weekend"][2]["mean"].is_f64());
    assert_eq!(learned["now"]["usual"], true, "{:#}", learned["now"]);

    // Two that agree: one alone may be a spike.
    for seq in [9_000, 9_001] {
        bench.clock.pass_ms(900_000);
        bench.hear("dev-TR-1", json!({ "seq": seq, "pressure_kpa": 120.0 }));
    }
    let low = bench
        .until(path, |json| json["now"]["value"] == 120.0)
        .await;
    assert_eq!(low["now"]["usual"], false);
    bench
        .get("/api/v1/sources/NONE/baseline")
        .await
        .is_problem(404, "not-found");
}
