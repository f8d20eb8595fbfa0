use firemain_api::http::{HttpSettings, InspectionSettings};
use firemain_domain::clock::Clock as _;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, codes, hydrant};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a small picture";
const DAY_MS: u64 = 24 * 3_600_000;

fn verdict(code: &str) -> String {
    format!("/api/v1/sources/{code}/verdict")
}

async fn usable_hydrant(bench: &Bench, code: &str) {
    bench.hydrant(code, 0.0).await;
    let seq = json!({ "seq": 1, "pressure_kpa": 215.0 });
    bench.hear(&format!("dev-{code}"), seq);
    bench
        .until(&verdict(code), |json| json["verdict"] == "usable")
        .await;
}

async fn inspect(bench: &Bench, id: &str, code: &str, operable: bool) -> Answer {
    let answer = bench
        .post(
            "/api/v1/inspections",
            json!({ "id": id, "source": code, "checks": [
                { "item": "operable", "in_order": operable },
                { "item": "unobstructed", "in_order": true },
            ] }),
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

async fn photo(bench: &Bench, bytes: &[u8]) -> Answer {
    let request = bench.request("POST", "/api/v1/photos");
    bench.send(request.body(bytes.to_vec())).await
}

fn ids(answer: &Answer) -> Vec<&str> {
    let items = answer.json["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_found_inoperable_is_unusable_though_its_sensor_shows_pressure() {
    let bench = Bench::start().await;
    usable_hydrant(&bench, "TR-1").await;
    let found = inspect(&bench, "KT-1", "TR-1", false).await;
    assert_eq!(found.json["operable"], false, "it follows from the check");
    assert_eq!(found.json["obstructed"], false);
    assert_eq!(found.json["work"], json!(["KT-1/operable"]));
    let inoperable =
        |json: &Value| json["verdict"] == "unusable" && json["reasons"] == json!(["inoperable"]);
    bench.until(&verdict("TR-1"), inoperable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_fit_its_source_is_refused_by_name() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let with = |checks: Value| json!({ "id": "KT-1", "source": "TR-1", "checks": checks });
    let works = json!({ "item": "operable", "in_order": true });
    let free = json!({ "item": "unobstructed", "in_order": true });
    for (body, said) in [
        (
            with(json!([works, free, { "item": "suction", "in_order": true }])),
            "`suction` is not checked at a hydrant",
        ),
        (with(json!([works, works, free])), "given twice"),
        (with(json!([free])), "/operable"),
        (with(json!([works])), "/obstructed"),
        (
            json!({ "source": "TR-1", "operable": false, "checks": [works, free] }),
            "contradicts the check `operable`",
        ),
        (
            json!({ "source": "TR-1", "obstructed": true, "checks": [works, free] }),
            "contradicts the checks `unobstructed`",
        ),
        (
            json!({ "source": "TR-1", "operable": true, "obstructed": false, "at": "2199-01-01T00:00:00Z" }),
            "future",
        ),
    ] {
        let answer = bench.post("/api/v1/inspections", body).await;
        answer.is_problem(422, "invalid-body");
        assert!(answer.text.contains(said), "{said}: {}", answer.text);
    }
    let sound = json!({ "id": "KT-1", "source": "TR-1", "operable": true, "checks": [
        { "item": "vehicle_access", "in_order": false },
    ] });
    let answer = bench.post("/api/v1/inspections", sound.clone()).await;
    assert_eq!(
        (answer.status, &answer.json["obstructed"]),
        (201, &json!(true))
    );
    assert_eq!(answer.json["work"], json!(["KT-1/vehicle_access"]));
    assert_eq!(
        bench
            .post("/api/v1/inspections", sound.clone())
            .await
            .status,
        200
    );
    let mut other = sound;
    other["operable"] = json!(false);
    bench
        .post("/api/v1/inspections", other)
        .await
        .is_problem(409, "conflict");
    let unknown = json!({ "source": "NONE", "operable": true, "obstructed": false });
    bench
        .post("/api/v1/inspections", unknown)
        .await
        .is_problem(404, "not-found");
    let list = bench.get("/api/v1/inspections/checklist?kind=tank").await;
    assert_eq!(
        list.json["items"],
        json!([
            "operable",
            "connection",
            "filling",
            "plate",
            "unobstructed",
            "vehicle_access"
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_kept_once_shown_as_they_came_and_bounded() {
    let settings = HttpSettings {
        inspections: InspectionSettings {
            photos_max_bytes: 100,
            ..InspectionSettings::default()
        },
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    bench.hydrant("TR-1", 0.0).await;
    let kept = photo(&bench, PNG).await;
    assert_eq!(
        (kept.status, &kept.json["content_type"]),
        (201, &json!("image/png"))
    );
    let id = kept.json["id"].as_str().unwrap().to_owned();
    let again = photo(&bench, PNG).await;
    assert_eq!((again.status, &again.json["id"]), (200, &json!(id)));

    let path = format!("/api/v1/photos/{id}");
    let shown = bench.request("GET", &path).send().await.unwrap();
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
    assert_eq!(&shown.bytes().await.unwrap()[..], PNG);

    photo(&bench, b"<svg onload='x'/>")
        .await
        .is_problem(415, "unsupported-media-type");
    let mut large = PNG.to_vec();
    large.resize(80, 0);
    let full = photo(&bench, &large).await;
    full.is_problem(409, "conflict");
    assert!(full.text.contains("photos_max_bytes"), "{}", full.text);
    large.resize(4 * 1024 * 1024 + 1, 0);
    photo(&bench, &large).await.is_problem(413, "too-large");

    let with = |photos: Value| json!({ "source": "TR-1", "operable": true, "obstructed": false, "photos": photos });
    let unknown = bench
        .post("/api/v1/inspections", with(json!(["none"])))
        .await;
    unknown.is_problem(404, "not-found");
    assert!(unknown.text.contains("there is no photo `none`"));
    let named = bench.post("/api/v1/inspections", with(json!([id]))).await;
    assert_eq!((named.status, &named.json["photos"]), (201, &json!([id])));
    bench
        .get("/api/v1/photos/none")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_work_until_somebody_does_it_once() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let found = bench
        .post(
            "/api/v1/inspections",
            json!({ "id": "KT-1", "source": "TR-1", "operable": true, "obstructed": false, "checks": [
                { "item": "plate", "in_order": false }, { "item": "drains", "in_order": false },
                { "item": "caps_and_threads", "in_order": true },
            ] }),
        )
        .await;
    assert_eq!(found.status, 201, "{}", found.text);
    let open = "/api/v1/work?open=true&source=TR-1";
    assert_eq!(ids(&bench.get(open).await), ["KT-1/plate", "KT-1/drains"]);
    let first = bench.get("/api/v1/work?limit=1").await;
    let next = first.json["next"].as_str().unwrap();
    let rest = bench.get(&format!("/api/v1/work?after={next}")).await;
    assert_eq!(ids(&rest), ["KT-1/drains"]);

    let picture = photo(&bench, PNG).await.json["id"].clone();
    let done = bench
        .post(
            "/api/v1/work/KT-1/plate/done",
            json!({ "note": "biển mới", "photos": [picture] }),
        )
        .await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(
        (
            &done.json["done_by"],
            &done.json["note"],
            &done.json["photos"]
        ),
        (&json!("local"), &json!("biển mới"), &json!([picture]))
    );
    assert_eq!(ids(&bench.get(open).await), ["KT-1/drains"]);
    assert_eq!(
        ids(&bench.get("/api/v1/work?open=false").await),
        ["KT-1/plate"]
    );
    bench
        .post("/api/v1/work/KT-1/plate/done", json!({}))
        .await
        .is_problem(409, "conflict");
    bench
        .post("/api/v1/work/KT-1/apron/done", json!({}))
        .await
        .is_problem(404, "not-found");
    let newest = &bench.get("/api/v1/changes?limit=1").await.json["items"][0];
    assert_eq!(
        (&newest["kind"], &newest["subject"]),
        (&json!("work_done"), &json!("TR-1"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_listed_the_longest_overdue_first() {
    let settings = HttpSettings {
        inspections: InspectionSettings {
            hydrant_days: 10,
            ..InspectionSettings::default()
        },
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    for code in ["TR-1", "TR-2", "TR-3"] {
        bench.hydrant(code, 0.0).await;
    }
    let mut planned = hydrant("TR-4", 0.0);
    planned["status"] = json!("planned");
    assert_eq!(bench.put("/api/v1/sources/TR-4", planned).await.status, 201);
    let due = |query: &str| format!("/api/v1/inspections/due?{query}");
    assert!(codes(&bench.get(&due("within_days=9")).await.json).is_empty());
    assert_eq!(
        codes(&bench.get(&due("within_days=10")).await.json),
        ["TR-1", "TR-2", "TR-3"],
        "never looked at: ten days after they were entered"
    );
    bench.clock.pass_ms(4 * DAY_MS);
    inspect(&bench, "KT-2", "TR-2", true).await;
    bench.clock.pass_ms(7 * DAY_MS);
    let overdue = bench.get(&due("within_days=0")).await.json;
    assert_eq!(codes(&overdue), ["TR-1", "TR-3"]);
    assert_eq!(
        (
            &overdue["items"][0]["overdue"],
            &overdue["items"][0]["inspected_at"]
        ),
        (&json!(true), &Value::Null)
    );
    let first = bench.get(&due("limit=2")).await.json;
    assert_eq!(codes(&first), ["TR-1", "TR-3"]);
    let next = first["next"].as_str().unwrap();
    let rest = bench.get(&due(&format!("limit=2&after={next}"))).await.json;
    assert_eq!(codes(&rest), ["TR-2"]);
    assert_eq!(rest["items"][0]["overdue"], false);
    for none in ["kind=tank", "unit=elsewhere"] {
        assert!(
            codes(&bench.get(&due(none)).await.json).is_empty(),
            "{none}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_goes_from_source_to_source_and_tells_which_are_done() {
    let bench = Bench::start().await;
    for (code, north_m) in [
        ("TR-1", 300.0),
        ("TR-2", 100.0),
        ("TR-3", 200.0),
        ("TR-9", 9e3),
    ] {
        bench.hydrant(code, north_m).await;
    }
    let from = json!({ "lat": 21.0345, "lon": 105.8512 });
    let near =
        json!({ "id": "V-1", "name": "Tuần 48", "from": from, "most": 3, "within_days": 200 });
    let planned = bench.post("/api/v1/rounds", near.clone()).await;
    assert_eq!(planned.status, 201, "{}", planned.text);
    let stops = |json: &Value| -> Vec<String> {
        let stops = json["stops"].as_array().unwrap().iter();
        stops
            .map(|s| s["source"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        stops(&planned.json),
        ["TR-2", "TR-3", "TR-1"],
        "a short way"
    );
    let next_m = planned.json["stops"][0]["next_m"].as_f64().unwrap();
    assert!((next_m - 100.0).abs() < 1.0, "{next_m}");
    assert!(planned.json["stops"][2]["next_m"].is_null());
    assert_eq!(bench.post("/api/v1/rounds", near.clone()).await.status, 200);

    bench.pass_minutes(5);
    inspect(&bench, "KT-1", "TR-3", true).await;
    let round = bench.get("/api/v1/rounds/V-1").await.json;
    assert_eq!(round["done"], 1);
    assert!(round["stops"][1]["done_at"].is_string() && round["stops"][0]["done_at"].is_null());
    assert_eq!(
        bench.post("/api/v1/rounds/V-1/end", json!({})).await.status,
        200
    );
    bench.pass_minutes(5);
    inspect(&bench, "KT-2", "TR-2", true).await;
    let ended = bench.get("/api/v1/rounds/V-1").await.json;
    assert_eq!(ended["done"], 1, "what was looked at later does not count");
    assert!(ended["ended_at"].is_string());
    assert!(ids(&bench.get("/api/v1/rounds?open=true").await).is_empty());
    assert_eq!(ids(&bench.get("/api/v1/rounds").await), ["V-1"]);
    bench
        .post("/api/v1/rounds/V-1/end", json!({}))
        .await
        .is_problem(409, "conflict");

    let given = json!({ "name": "Theo danh sách", "sources": ["TR-9", "TR-1"] });
    let planned = bench.post("/api/v1/rounds", given).await;
    assert_eq!(stops(&planned.json), ["TR-9", "TR-1"], "as given");
    for (body, status, said) in [
        (json!({ "name": "x" }), 422, "give either"),
        (json!({ "name": "x", "from": from }), 422, "/most"),
        (
            json!({ "name": "x", "sources": ["TR-1", "TR-1"] }),
            422,
            "twice",
        ),
        (
            json!({ "name": "x", "sources": ["TR-1"], "most": 3 }),
            422,
            "goes without",
        ),
        (json!({ "name": "x", "sources": ["NONE"] }), 404, "NONE"),
        (
            json!({ "name": "x", "from": from, "most": 3, "within_days": 0 }),
            409,
            "nothing that is asked for is due",
        ),
    ] {
        let answer = bench.post("/api/v1/rounds", body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.contains(said), "{said}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_inspection_or_a_flow_test_ends_what_a_person_found_inoperable() {
    let bench = Bench::start().await;
    usable_hydrant(&bench, "TR-1").await;
    let unusable = |json: &Value| json["reasons"] == json!(["inoperable"]);
    inspect(&bench, "KT-1", "TR-1", false).await;
    bench.until(&verdict("TR-1"), unusable).await;
    bench.pass_minutes(1);
    inspect(&bench, "KT-2", "TR-1", true).await;
    bench
        .until(&verdict("TR-1"), |json| json["verdict"] == "usable")
        .await;
    bench.pass_minutes(1);
    inspect(&bench, "KT-3", "TR-1", false).await;
    bench.until(&verdict("TR-1"), unusable).await;
    bench.pass_minutes(1);
    let test = json!({ "source": "TR-1", "at": bench.clock.now().to_string(),
        "static_kpa": 215.0, "residual_kpa": 180.0, "flow_lps": 15.0 });
    let entered = bench.post("/api/v1/flow-tests", test).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    bench
        .until(&verdict("TR-1"), |json| json["verdict"] == "usable")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspection_that_is_due_is_among_the_forecasts() {
    let settings = HttpSettings {
        inspections: InspectionSettings {
            hydrant_days: 10,
            ..InspectionSettings::default()
        },
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    bench.hydrant("TR-1", 0.0).await;
    bench.clock.pass_ms(DAY_MS);
    bench.hydrant("TR-2", 0.0).await;
    inspect(&bench, "KT-1", "TR-2", true).await;
    let ask = |filter: &str| format!("/api/v1/forecasts?{filter}");
    let all = bench.get(&ask("")).await;
    assert_eq!(codes(&all.json), ["TR-1", "TR-2"]);
    let second = &all.json["items"][1];
    assert_eq!(
        (&second["what"], &second["why"], &second["in_s"]),
        (
            &json!("inspection_due"),
            &json!("inspection_cycle"),
            &json!(864_000)
        )
    );
    assert_eq!(
        (&second["at"], &second["at"]),
        (&second["earliest"], &second["latest"])
    );
    for (filter, expected) in [
        ("what=inspection_due&within_days=9", vec!["TR-1"]),
        ("what=inspection_due&kind=tank", vec![]),
        ("what=battery_ends", vec![]),
        ("zone=Z1&within_days=8", vec![]),
    ] {
        assert_eq!(
            codes(&bench.get(&ask(filter)).await.json),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_nothing_names_is_gone_after_a_day() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let stray = photo(&bench, PNG).await.json["id"].clone();
    let named = photo(&bench, b"\x89PNG\r\n\x1a\n another").await.json["id"].clone();
    let found =
        json!({ "source": "TR-1", "operable": true, "obstructed": false, "photos": [named] });
    assert_eq!(bench.post("/api/v1/inspections", found).await.status, 201);
    let path = |id: &Value| format!("/api/v1/photos/{}", id.as_str().unwrap());
    bench.clock.pass_ms(DAY_MS - 120_000);
    bench.pass_minutes(1);
    assert_eq!(bench.get(&path(&stray)).await.status, 200);
    bench.clock.pass_ms(300_000);
    bench
        .until(&path(&stray), |json| json["status"] == 404)
        .await;
    assert_eq!(bench.get(&path(&named)).await.status, 200);
}
