use firemain_api::http::{HttpSettings, Tail};
use firemain_domain::Quantity;
use firemain_domain::source::KindName;
use firemain_store::archive::Point;
use firemain_store::journal::Position;
use firemain_wire::{Limits, Subscription};
use serde_json::json;

use crate::bench::{Bench, NOW};

#[tokio::test(flavor = "multi_thread")]
async fn readings_come_in_pages_in_buckets_and_the_newest_alone() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let point = |minute: i64, quantity, mark, value| Point {
        source: "TR-1".into(),
        kind: KindName::Hydrant,
        quantity,
        at: NOW.plus_ms(-minute * 60_000),
        mark,
        value,
    };
    let mut points: Vec<_> = (0..10)
        .map(|n| point(n, Quantity::PressureKpa, 0, 200.0 + n as f64))
        .collect();
    points.push(point(3, Quantity::PressureKpa, 1, 999.0));
    points.extend((0..2).map(|n| point(n, Quantity::FlowLps, 0, n as f64)));
    bench
        .stores
        .archive
        .write(points, Position(1))
        .await
        .unwrap();

    let base = "/api/v1/sources/TR-1/readings";
    let mut values = Vec::new();
    let mut path = format!("{base}?limit=4");
    loop {
        let page = bench.get(&path).await.json;
        values.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v["value"].as_f64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("{base}?limit=4&after={next}"),
            None => break,
        }
    }
    let expected = [
        209., 208., 207., 206., 205., 204., 203., 999., 202., 201., 200., 1., 0.,
    ];
    assert_eq!(
        values, expected,
        "by quantity and time, none twice, none missing"
    );

    let latest = bench.get(&format!("{base}/latest")).await.json;
    assert_eq!(latest["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&latest["items"][0]["value"], &latest["items"][0]["age_s"]),
        (&json!(200.0), &json!(0))
    );
    let buckets = bench
        .get(&format!("{base}?quantities=flow_lps&bucket_s=3600"))
        .await
        .json;
    let bucket = &buckets["items"][0];
    assert_eq!(
        (&bucket["min"], &bucket["max"], &bucket["count"]),
        (&json!(1.0), &json!(1.0), &json!(1))
    );

    for (query, field) in [
        ("quantities=presure", "quantities"),
        (
            "from=2025-01-02T00:00:00Z&until=2025-01-01T00:00:00Z",
            "from",
        ),
        ("bucket_s=60&from=2020-01-01T00:00:00Z", "bucket_s"),
        ("limit=0", "limit"),
    ] {
        let refused = bench.get(&format!("{base}?{query}")).await;
        refused.is_problem(400, "invalid-parameter");
        assert_eq!(
            refused.json["errors"][0]["field"], field,
            "{}",
            refused.text
        );
    }
    bench
        .get("/api/v1/sources/TR-9/readings")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_too_young_for_an_archive_elsewhere_come_from_the_journal() {
    let tail = Tail {
        subscriptions: Subscription::defaults(),
        limits: Limits::default(),
    };
    let settings = HttpSettings {
        tail: Some(tail),
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hear(
        "dev-TR-1",
        json!({ "seq": 1, "pressure_kpa": 215.0, "flow_lps": 0.0 }),
    );
    bench.hear("dev-TR-2", json!({ "seq": 1, "pressure_kpa": 999.0 }));
    bench.clock.pass_ms(60_000);
    bench.hear("dev-TR-1", json!({ "seq": 2, "pressure_kpa": 216.0 }));
    let base = "/api/v1/sources/TR-1/readings";
    let all = bench.get(base).await.json;
    let values: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["value"])
        .collect();
    assert_eq!(values, [&json!(215.0), &json!(216.0), &json!(0.0)]);
    let latest = bench.get(&format!("{base}/latest")).await.json;
    assert_eq!(latest["items"][0]["value"], 216.0);
    let buckets = bench
        .get(&format!("{base}?bucket_s=3600&quantities=pressure_kpa"))
        .await
        .json;
    assert_eq!(
        (&buckets["items"][0]["mean"], &buckets["items"][0]["count"]),
        (&json!(215.5), &json!(2))
    );

    let head = bench.stores.journal.head().unwrap();
    bench
        .stores
        .register
        .set_cursor("archive", head, &[])
        .unwrap();
    assert_eq!(
        bench.get(base).await.json["items"],
        json!([]),
        "the archive answers for the rest"
    );
}
