use std::time::Duration;

use firemain_api::http::HttpSettings;
use firemain_domain::change::Change;
use firemain_domain::source::{Kind, Position, Source, TapPoint};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bench::{Bench, NOW, codes, hydrant};

const HERE: &str = "/api/v1/sources/nearest?lat=21.0345&lon=105.8512";

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_that_serves_comes_first_and_the_answer_says_why_nearer_ones_do_not() {
    let bench = Bench::start().await;
    for (code, north_m) in [
        ("DRY", 50.0),
        ("NARROW", 100.0),
        ("SILENT", 150.0),
        ("LOW", 200.0),
        ("GOOD", 300.0),
    ] {
        let mut body = hydrant(code, north_m);
        if code == "NARROW" {
            body["access"] = json!({ "road_width_m": 2.0 });
        }
        if code == "GOOD" {
            body["access"] = json!({ "road_width_m": 4.0 });
        }
        assert_eq!(
            bench
                .put(&format!("/api/v1/sources/{code}"), body)
                .await
                .status,
            201
        );
    }
    for (code, kpa) in [
        ("DRY", 5.0),
        ("NARROW", 215.0),
        ("LOW", 80.0),
        ("GOOD", 215.0),
    ] {
        bench.hear(
            &format!("dev-{code}"),
            json!({ "seq": 1, "pressure_kpa": kpa }),
        );
    }
    bench.clock.pass_ms(60_000);
    bench.hear("dev-DRY", json!({ "seq": 2, "pressure_kpa": 5.0 }));
    let nearest = bench
        .until(&format!("{HERE}&vehicle_width_m=2.5"), |json| {
            codes(json) == ["GOOD", "LOW", "SILENT"] && json["left_out"][0]["code"] == "DRY"
        })
        .await;
    assert_eq!(nearest["outcome"], "found");
    assert_eq!(nearest["radius_m"], 2_000.0);
    let good = &nearest["items"][0];
    assert_eq!(
        (&good["distance_m"], &good["distance_basis"]),
        (&json!(300), &json!("as_the_crow_flies"))
    );
    assert_eq!(good["access_unknown"], json!([]));
    assert_eq!(nearest["items"][1]["access_unknown"], json!(["width"]));
    let left: Vec<_> = nearest["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (&l["code"], &l["why"]))
        .collect();
    assert_eq!(
        left,
        [
            (&json!("DRY"), &json!("unusable")),
            (&json!("NARROW"), &json!("width"))
        ]
    );

    bench.clock.pass_ms(46 * 60_000);
    let stale = bench.get(HERE).await.json;
    assert_eq!(
        stale["outcome"], "none_rated_in_range",
        "a value too old never counts as usable"
    );
    assert!(
        stale["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|i| i["standing"]["verdict"] == "unknown")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_water_and_nobody_knows_how_much_are_different_answers() {
    let bench = Bench::start().await;
    assert_eq!(outcome(&bench, "&flow_lps=20").await, "none_in_range");
    bench.hydrant("TR-1", 100.0).await;
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 300.0 }));
    bench
        .until(HERE, |json| {
            json["items"][0]["standing"]["verdict"] == "usable"
        })
        .await;
    assert_eq!(outcome(&bench, "").await, "found");
    assert_eq!(outcome(&bench, "&flow_lps=20").await, "none_rated_in_range");
    assert_eq!(
        outcome(&bench, "&flow_lps=20&radius_m=50").await,
        "none_in_range"
    );

    let test =
        json!({ "source": "TR-1", "static_kpa": 300.0, "residual_kpa": 220.0, "flow_lps": 15.0 });
    assert_eq!(bench.post("/api/v1/flow-tests", test).await.status, 201);
    assert_eq!(outcome(&bench, "&flow_lps=20").await, "found");
    let short = bench.get(&format!("{HERE}&flow_lps=60")).await.json;
    assert_eq!(short["outcome"], "none_in_range");
    assert_eq!(short["left_out"][0]["why"], "flow_short");
}

async fn outcome(bench: &Bench, more: &str) -> Value {
    bench.get(&format!("{HERE}{more}")).await.json["outcome"].clone()
}

/// The figures are printed, not asserted: they are the machine's.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_sources_are_searched_also_when_none_passes() {
    let city = |stores: &firemain_api::Stores| {
        let sources = (0..100_000_u32).map(|n| Change::SourceSet {
            source: Box::new(spread(n)),
        });
        stores
            .register
            .change("test", NOW, &sources.collect::<Vec<_>>())
            .unwrap();
    };
    let bench = Bench::with(city, HttpSettings::default()).await;
    let all = |json: &Value| json["items"][0]["sources"] == 100_000;
    bench
        .until_within(Duration::from_mins(2), "/api/v1/zones", all)
        .await;
    for (what, more) in [
        ("any", ""),
        ("none passes", "&flow_lps=20&vehicle_width_m=3"),
    ] {
        let mut took = Vec::new();
        for n in 0..300_u32 {
            let (lat, lon) = (
                20.9 + f64::from(n % 20) * 0.01,
                105.7 + f64::from(n / 20) * 0.01,
            );
            let began = Instant::now();
            let path = format!("/api/v1/sources/nearest?lat={lat}&lon={lon}{more}");
            let answer = bench.get(&path).await;
            took.push(began.elapsed());
            assert_eq!(answer.status, 200, "{}", answer.text);
            let outcome = if more.is_empty() {
                "none_rated_in_range"
            } else {
                "none_in_range"
            };
            assert_eq!(answer.json["outcome"], outcome);
        }
        took.sort();
        println!(
            "nearest of 100,000, {what}: p50 {:?}, p99 {:?}",
            took[150], took[297]
        );
    }
}

/// Spread over a city of 33 km by 31 km; the way to each is 2 m wide.
fn spread(n: u32) -> Source {
    let (x, y) = (f64::from(n % 317) / 317.0, f64::from(n / 317) / 316.0);
    let mut source: Source = serde_json::from_value(json!({
        "code": format!("S-{n:06}"), "kind": "hydrant", "tap_point": "main", "name": "x",
        "position": { "lat": 0.0, "lon": 0.0 }, "device": null, "unit": null, "zone": "Z1",
        "requirement": { "pressure_kpa": 98.1, "flow_lps": null, "volume_m3": null },
        "reporting": { "interval_s": null, "mode": "periodic" },
        "access": { "road_width_m": 2.0, "road_height_m": null, "road_load_t": null,
                    "turning_area": null, "obstruction": null },
        "status": "in_service", "supply_schedule": null, "elevation_m": null,
        "sensor": { "range_max": null, "resolution": null, "accuracy": null },
    }))
    .unwrap();
    source.kind = Kind::Hydrant {
        tap_point: TapPoint::Main,
    };
    source.position = Position {
        lat: 20.85 + 0.3 * y,
        lon: 105.65 + 0.3 * x,
    };
    source
}
