use serde_json::json;

use crate::bench::{Bench, codes, hydrant};

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_entered_read_replaced_and_struck() {
    let bench = Bench::start().await;
    let path = "/api/v1/sources/TR-0412";
    bench.get(path).await.is_problem(404, "not-found");
    let entered = bench.put(path, hydrant("TR-0412", 0.0)).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert_eq!(entered.json["tap_point"], "main", "the default is told");
    assert_eq!(entered.json["standing"]["verdict"], "unknown");
    let again = bench.put(path, hydrant("TR-0412", 0.0)).await;
    assert_eq!(again.status, 200);
    assert_eq!(
        bench.stores.register.newest_change().unwrap(),
        1,
        "the same again is no change"
    );

    let read = bench.get(path).await.json;
    let mut back = read.clone();
    back.as_object_mut()
        .unwrap()
        .retain(|name, _| !["standing", "alerts", "ahead"].contains(&name.as_str()));
    assert_eq!(
        bench.put(path, back).await.status,
        200,
        "what is read can be sent back"
    );
    assert_eq!(bench.stores.register.newest_change().unwrap(), 1);

    let mut other = hydrant("TR-0412", 0.0);
    other["status"] = json!("out_of_service");
    let replaced = bench.put(path, other).await;
    assert_eq!(
        (replaced.status, &replaced.json["standing"]["verdict"]),
        (200, &json!("unusable"))
    );
    assert_eq!(bench.delete(path).await.status, 204);
    bench.get(path).await.is_problem(404, "not-found");
    bench.delete(path).await.is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_source_is_refused_field_by_field() {
    let bench = Bench::start().await;
    let refused = async |change: serde_json::Value| {
        let mut body = hydrant("TR-1", 0.0);
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = bench.put("/api/v1/sources/TR-1", body).await;
        answer.is_problem(422, "invalid-body");
        answer.json["errors"][0]["field"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        refused(json!({ "position": { "lat": 91, "lon": 1 } })).await,
        "/position/lat"
    );
    assert_eq!(refused(json!({ "code": "TR-2" })).await, "/code");
    assert_eq!(refused(json!({ "area_m2": 4 })).await, "/area_m2");
    assert_eq!(
        refused(json!({ "requirement": { "flow_lps": -1 } })).await,
        "/requirement/flow_lps"
    );
    assert_eq!(
        refused(json!({ "supply_schedule": "noon" })).await,
        "/supply_schedule"
    );
    assert_eq!(refused(json!({ "kind": "well" })).await, "/kind");
    assert!(refused(json!({ "presure": 1 })).await.starts_with('/'));
    assert_eq!(
        bench.stores.register.newest_change().unwrap(),
        0,
        "nothing was entered"
    );

    bench.hydrant("TR-1", 0.0).await;
    let mut taken = hydrant("TR-2", 0.0);
    taken["device"] = json!("dev-TR-1");
    let conflict = bench.put("/api/v1/sources/TR-2", taken).await;
    conflict.is_problem(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_listed_in_pages_boxes_and_as_geojson() {
    let bench = Bench::start().await;
    for n in 1..=5 {
        bench
            .hydrant(&format!("TR-{n}"), 1_000.0 * f64::from(n))
            .await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/sources?limit=2".to_owned();
    loop {
        let page = bench.get(&path).await;
        seen.extend(page.codes().into_iter().map(ToOwned::to_owned));
        match page.json["next"].as_str() {
            Some(next) => path = format!("/api/v1/sources?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["TR-1", "TR-2", "TR-3", "TR-4", "TR-5"]);
    let north = bench
        .get("/api/v1/sources?bbox=105.8,21.065,105.9,21.2")
        .await;
    assert_eq!(north.codes(), ["TR-4", "TR-5"]);

    let map = bench
        .request("GET", "/api/v1/sources")
        .header("accept", "application/geo+json");
    let map = bench.send(map).await;
    assert_eq!(map.headers["content-type"], "application/geo+json");
    assert_eq!(map.json["type"], "FeatureCollection");
    let feature = &map.json["features"][0];
    assert_eq!(
        (&feature["id"], &feature["geometry"]["coordinates"][0]),
        (&json!("TR-1"), &json!(105.8512))
    );
    assert_eq!(feature["properties"]["standing"]["verdict"], "unknown");
    assert_eq!(
        bench.get("/api/v1/sources?format=geojson").await.json,
        map.json
    );

    let zones = bench.get("/api/v1/zones").await.json;
    assert_eq!(
        zones["items"],
        json!([{ "name": "Z1", "sources": 5, "usable": 0, "degraded": 0, "unknown": 5, "unusable": 0 }])
    );
    assert_eq!(
        bench.get("/api/v1/units").await.json["items"][0]["name"],
        "Phường Hoàn Kiếm"
    );
    assert!(codes(&bench.get("/api/v1/sources?unit=Elsewhere").await.json).is_empty());
}
