use firemain_domain::Timestamp;
use firemain_domain::local_time::LocalDate;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench};

/// Where the bench's hydrants stand.
const LON: f64 = 105.8512;

/// A unit from one latitude to another around the bench's hydrants.
pub fn unit(code: &str, name: &str, south: f64, north: f64) -> Value {
    let (west, east) = (LON - 0.02, LON + 0.02);
    json!({ "type": "Feature", "properties": { "code": code, "name": name },
        "geometry": { "type": "Polygon", "coordinates":
            [[[west, south], [east, south], [east, north], [west, north], [west, south]]] } })
}

pub async fn import(bench: &Bench, query: &str, features: &[Value]) -> Answer {
    let body = json!({ "type": "FeatureCollection", "features": features });
    let request = bench.request("POST", &format!("/api/v1/units/import?{query}"));
    let request = request.header("content-type", "application/geo+json");
    bench.send(request.body(body.to_string())).await
}

fn before() -> [Value; 2] {
    [
        unit("A", "Phường Hoàn Kiếm", 21.03, 21.05),
        unit("B", "Phường Ba Đình", 21.05, 21.07),
    ]
}

/// B gives the half of it that borders on A to A; the rest becomes a commune of another name.
fn after() -> [Value; 2] {
    [
        unit("A", "Phường Hoàn Kiếm", 21.03, 21.06),
        unit("C", "Xã Hồng Hà", 21.06, 21.07),
    ]
}

async fn codes_in(bench: &Bench, unit: &str) -> Vec<String> {
    let request = bench
        .request("GET", "/api/v1/sources")
        .query(&[("unit", unit)]);
    let answer = bench.send(request).await;
    answer.codes().into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_takes_effect_by_itself_at_midnight_in_hanoi_and_loses_no_history() {
    let bench = Bench::start().await;
    // At 21.0345, 21.0525 and 21.0615: in A, in the half of B that A gets, and in the rest.
    for (code, north_m) in [("TR-1", 0.0), ("TR-2", 2_000.0), ("TR-3", 3_000.0)] {
        bench.hydrant(code, north_m).await;
    }
    bench.hydrant("TR-9", 20_000.0).await;
    let source = bench.get("/api/v1/sources/TR-2").await.json;
    let ground = json!({ "code": null, "name": "Phường Hoàn Kiếm", "ground": "no_map" });
    assert_eq!(source["standing"]["unit"], ground);

    let entered = import(&bench, "valid_from=2025-07-01", &before()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert_eq!(codes_in(&bench, "A").await, ["TR-1"]);
    assert_eq!(codes_in(&bench, "Phường Ba Đình").await, ["TR-2", "TR-3"]);
    let outside = bench.get("/api/v1/sources/TR-9").await.json;
    assert_eq!(outside["standing"]["unit"]["ground"], "outside");
    assert_eq!(outside["standing"]["unit"]["name"], "Phường Hoàn Kiếm");

    // The bench's clock stands at 23:00 of 24 November in Hanoi: the new map begins in an hour.
    let preview = import(&bench, "valid_from=2025-11-25&preview=true", &after()).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    let moves = &preview.json["moves"];
    assert_eq!(
        (
            &preview.json["moving"],
            &preview.json["staying"],
            &preview.json["outside_codes"]
        ),
        (&json!(2), &json!(2), &json!(["TR-9"]))
    );
    assert_eq!(moves[0]["from"], "Phường Ba Đình");
    assert!(moves.as_array().unwrap().contains(&json!({
        "from": "Phường Ba Đình", "to": "Xã Hồng Hà", "sources": 1, "codes": ["TR-3"] })));
    assert_eq!(
        bench.get("/api/v1/units/versions").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let entered = import(&bench, "valid_from=2025-11-25", &after()).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert_eq!(codes_in(&bench, "B").await, ["TR-2", "TR-3"], "not yet");
    let changed = bench.get("/api/v1/changes?limit=1").await.json;
    assert_eq!(
        changed["items"][0]["change"]["change"], "units_imported",
        "{changed}"
    );
    assert!(
        changed.to_string().len() < 1_000,
        "no polygons among the changes"
    );

    bench.clock.pass_ms(3_600_000 - 1);
    assert_eq!(
        codes_in(&bench, "A").await,
        ["TR-1"],
        "one millisecond before midnight"
    );
    bench.clock.pass_ms(1);
    assert_eq!(codes_in(&bench, "A").await, ["TR-1", "TR-2"]);
    assert_eq!(codes_in(&bench, "Xã Hồng Hà").await, ["TR-3"]);
    assert_eq!(codes_in(&bench, "B").await, Vec::<String>::new());

    let names = async |path: &str| {
        let units = bench.get(path).await.json;
        let items = units["items"].as_array().unwrap().clone();
        let told = |unit: Value| format!("{} {}", unit["name"].as_str().unwrap(), unit["sources"]);
        items.into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(
        names("/api/v1/units").await,
        ["Phường Hoàn Kiếm 2", "Xã Hồng Hà 1", "Phường Hoàn Kiếm 1"],
        "the last lies outside and keeps the name entered with it"
    );
    assert_eq!(
        names("/api/v1/units?at=2025-11-24").await,
        [
            "Phường Hoàn Kiếm 1",
            "Phường Ba Đình 2",
            "Phường Hoàn Kiếm 1"
        ],
        "as it was on the day before"
    );
    let midnight: Timestamp = LocalDate::parse("2025-11-25").unwrap().midnight();
    assert_eq!(
        bench.get("/api/v1/units/B?at=2025-11-24").await.json["kind"],
        "ward"
    );
    bench
        .get(&format!("/api/v1/units/B?at={midnight}"))
        .await
        .is_problem(404, "not-found");
    let shape = bench.get("/api/v1/units/C?format=geojson").await;
    assert_eq!(shape.headers["content-type"], "application/geo+json");
    assert_eq!(shape.json["geometry"]["coordinates"][0][0][1], 21.06);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_with_one_fault_is_refused_whole_and_the_same_map_twice_is_entered_once() {
    let bench = Bench::start().await;
    let mut broken = before().to_vec();
    broken[1]["geometry"]["coordinates"][0][2] = json!([21.05, 105.85]);
    let refused = import(&bench, "valid_from=2025-07-01", &broken).await;
    refused.is_problem(422, "invalid-body");
    assert_eq!(refused.json["errors"][0]["field"], "feature 2, B");
    assert!(refused.text.contains("changed places"), "{}", refused.text);
    assert_eq!(bench.get("/api/v1/units").await.json["items"], json!([]));
    import(&bench, "valid_from=July", &before())
        .await
        .is_problem(400, "invalid-parameter");

    let first = import(&bench, "valid_from=2025-07-01", &before()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(
        import(&bench, "valid_from=2025-07-01", &before())
            .await
            .status,
        200
    );
    let other = import(&bench, "valid_from=2025-07-01", &after()).await;
    other.is_problem(409, "conflict");
    let id = first.json["version"].as_str().unwrap();
    let path = format!("/api/v1/units/versions/{id}/withdraw");
    assert_eq!(bench.send(bench.request("POST", &path)).await.status, 200);
    assert_eq!(bench.get("/api/v1/units").await.json["items"], json!([]));
    assert_eq!(
        import(&bench, "valid_from=2025-07-01", &after())
            .await
            .status,
        201
    );
    let versions = bench.get("/api/v1/units/versions").await.json;
    assert_eq!(
        versions["items"].as_array().unwrap().len(),
        2,
        "what was withdrawn stays to be seen"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_set_listed_and_taken_back() {
    let bench = Bench::start().await;
    let target = json!({ "unit": "A", "kind": "hydrant", "year": 2027, "sources": 140 });
    assert_eq!(
        bench
            .put("/api/v1/units/targets", target.clone())
            .await
            .status,
        200
    );
    let listed = bench.get("/api/v1/units/targets").await.json;
    assert_eq!(listed["items"], json!([target]));
    let back = json!({ "unit": "A", "kind": "hydrant", "year": 2027, "sources": null });
    assert_eq!(bench.put("/api/v1/units/targets", back).await.status, 200);
    assert_eq!(
        bench.get("/api/v1/units/targets").await.json["items"],
        json!([])
    );
    let wrong = json!({ "unit": null, "kind": "hydrant", "year": 1927, "sources": 1 });
    bench
        .put("/api/v1/units/targets", wrong)
        .await
        .is_problem(422, "invalid-body");
}
