//! `ingest` and `api` apart, on one data directory.

mod support;

use serde_json::json;
use support::{Firemain, Mosquitto, SOON, now_ms, until, until_some};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\n";

#[test]
fn ingest_and_api_share_a_data_directory_and_either_may_be_gone() {
    let broker = Mosquitto::start();
    let data = tempfile::tempdir().unwrap();
    let mqtt = format!("[mqtt]\nurl = \"{}\"", broker.url());
    let mut ingest = Firemain::builder("ingest")
        .config(&mqtt)
        .data(data.path())
        .start();
    let mut api = Firemain::builder("api")
        .config(&mqtt)
        .data(data.path())
        .start();
    let http = api.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    until("both are ready", SOON, || http.get("/readyz").status == 200);

    let reading = |pressure: f64, seq: u32, age_ms: i64| {
        json!({"at": now_ms() - age_ms, "seq": seq, "pressure_kpa": pressure}).to_string()
    };
    broker.publish("firemain/v1/D-1/telemetry", &reading(220.0, 1, 800_000));
    until_some(
        "a reading too young for the archive comes from the journal's tail",
        SOON,
        || {
            let latest = http.get("/api/v1/sources/TR-1/readings/latest").ok();
            latest.to_string().contains("220.0").then_some(())
        },
    );

    // Nobody judges for a while; what came in meanwhile is judged afterwards.
    api.kill9();
    broker.publish("firemain/v1/D-1/telemetry", &reading(11.0, 2, 700_000));
    broker.publish("firemain/v1/D-1/telemetry", &reading(12.0, 3, 0));
    api.start_again();
    let http = api.http();
    until("what came while nobody judged is an alert", SOON, || {
        let alerts = http.get("/api/v1/alerts?source=TR-1&open=true").ok();
        !alerts["items"].as_array().unwrap().is_empty()
    });

    // Nobody receives: the API says so instead of looking healthy.
    ingest.kill9();
    until(
        "the API tells that nobody receives",
        std::time::Duration::from_secs(60),
        || http.get("/readyz").status == 503,
    );
    // And one person is told of it, once, by the API alone.
    let ours = || {
        let alerts = http.get("/api/v1/alerts?source=firemain:receive").ok();
        alerts["items"].as_array().unwrap().clone()
    };
    until(
        "the silence of the receiver is an alert",
        std::time::Duration::from_secs(120),
        || !ours().is_empty(),
    );
    api.kill9();
    api.start_again();
    let http = api.http();
    let ours = || {
        let alerts = http.get("/api/v1/alerts?source=firemain:receive").ok();
        alerts["items"].as_array().unwrap().clone()
    };
    assert_eq!((ours().len(), &ours()[0]["open"]), (1, &json!(true)));
    assert_eq!(ours()[0]["pages"], true);
    ingest.start_again();
    until(
        "the alert is over",
        std::time::Duration::from_secs(60),
        || ours().len() == 1 && ours()[0]["open"] == false,
    );
    until(
        "it is ready again",
        std::time::Duration::from_secs(60),
        || http.get("/readyz").status == 200,
    );
}

#[test]
fn a_data_directory_in_use_is_refused_by_name() {
    let data = tempfile::tempdir().unwrap();
    let endpoint = "[endpoint]\nlisten = \"127.0.0.1:0\"";
    let _first = Firemain::builder("serve")
        .config(endpoint)
        .data(data.path())
        .start();
    let mut second = Firemain::builder("serve")
        .config(endpoint)
        .data(data.path())
        .start_unready();
    let status = second.ends();
    assert_eq!(status.code(), Some(3));
    let said = second.said().join("\n");
    assert!(
        said.contains("already in use") && said.contains(data.path().to_str().unwrap()),
        "{said}"
    );
}
