//! The demo, as a newcomer starts it.

mod support;

use std::time::Duration;

use serde_json::json;
use support::{Firemain, Http, SOON, Stopwatch, until, until_some};

#[test]
fn the_demo_shows_a_town_in_which_things_happen() {
    let began = Stopwatch::start();
    let mut demo = Firemain::builder("demo").start();
    eprintln!("ready after {:?}", began.elapsed());
    let ready = demo.ready().line.clone();
    for part in [" user=admin ", " password=", " key=fm_"] {
        assert!(ready.contains(part), "{ready}");
    }
    let stranger = Http::at(&demo.ready().http);
    assert_eq!(
        stranger.get("/api/v1/flags").status,
        401,
        "nobody gets in without"
    );
    let login = json!({ "user": demo.ready().user, "password": demo.ready().password });
    assert_eq!(stranger.post("/api/v1/login", &login).status, 200);
    let http = demo.http();
    let flags = until_some("the first flags", SOON, || {
        let flags = http.get("/api/v1/flags?limit=200").ok();
        flags["items"]
            .as_array()
            .filter(|items| !items.is_empty())
            .cloned()
    });
    eprintln!("{} flags after {:?}", flags.len(), began.elapsed());
    let sources = http.get("/api/v1/sources?limit=500").ok();
    assert_eq!(sources["items"].as_array().unwrap().len(), 200);
    let page = http.get("/");
    assert!(
        page.content_type.starts_with("text/html"),
        "{}",
        page.content_type
    );
    let history = http.get("/api/v1/alerts?limit=200").ok();
    let alerts = history["items"].as_array().unwrap();
    assert!(!alerts.is_empty(), "yesterday had its alerts");
    let status = demo.terminate();
    assert!(status.success(), "{status}: {:?}", demo.said());
}

#[test]
fn a_sensor_of_ones_own_joins_the_demo() {
    let demo = Firemain::builder("demo").arg("--sources").arg("30").start();
    let http = demo.http();
    let csv = "code,kind,name,lat,lon,device,required_pressure_kpa\n\
        MY-1,hydrant,my street,21.03,105.85,my-sensor,98.1\n";
    http.post_text("/api/v1/import?format=csv", "text/csv", csv)
        .ok();
    let port = demo.ready().mqtt_address().port().to_string();
    let mut publish = std::process::Command::new(support::server("MOSQUITTO_PUB"));
    publish.args(["-h", "127.0.0.1", "-p", &port, "-q", "1"]);
    publish.args([
        "-t",
        "firemain/v1/my-sensor/telemetry",
        "-m",
        r#"{"pressure_kpa":12}"#,
    ]);
    assert!(publish.status().unwrap().success());
    until("it is flagged", SOON, || {
        let flags = http.get("/api/v1/flags?limit=200").ok();
        flags["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|flag| flag["code"] == "MY-1")
    });
}

#[test]
fn an_alert_can_be_followed_from_its_raise_to_its_close_with_every_message() {
    // Two minutes a second: dwell times pass while one watches.
    let demo = Firemain::builder("demo")
        .arg("--speed")
        .arg("120")
        .arg("--sources")
        .arg("30")
        .start();
    let http = demo.http();
    let csv = "code,kind,name,lat,lon,device,required_pressure_kpa\n\
        MY-1,hydrant,my street,21.03,105.85,my-sensor,98.1\n";
    http.post_text("/api/v1/import?format=csv", "text/csv", csv)
        .ok();
    let port = demo.ready().mqtt_address().port().to_string();
    let reads = |kpa: u32| {
        let mut publish = std::process::Command::new(support::server("MOSQUITTO_PUB"));
        publish.args(["-h", "127.0.0.1", "-p", &port, "-q", "1"]);
        publish.args(["-t", "firemain/v1/my-sensor/telemetry"]);
        publish.args(["-m", &json!({ "pressure_kpa": kpa }).to_string()]);
        assert!(publish.status().unwrap().success());
    };
    let alert = "/api/v1/alerts/MY-1/LOW_STATIC/1";
    let told = |occasion: &str| {
        let alert = http.get(alert);
        alert.status == 200
            && alert.json()["messages"]
                .as_array()
                .unwrap()
                .iter()
                .any(|told| {
                    told["occasion"] == occasion
                        && told["contact"] == "crew/duty"
                        && told["state"] == "sent"
                })
    };
    until("the crew is told", SOON, || {
        reads(12);
        told("paged")
    });

    // The crew takes it by the link in its message, which needs no login.
    let outbox = demo.data().join("messages.jsonl");
    let lines = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&outbox).unwrap();
        let about = |line: &serde_json::Value| line["id"].as_str().unwrap().starts_with("MY-1/");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(about)
            .collect()
    };
    let paged = &lines()[0];
    assert!(paged["sms"].as_str().unwrap().contains("MY-1"), "{paged}");
    let link = paged["acknowledge"].as_str().unwrap();
    let link = link.strip_prefix(&demo.ready().http).unwrap();
    let phone = Http::at(&demo.ready().http);
    assert!(phone.get(link).text.contains("<button"));
    assert_eq!(
        phone
            .post_text(link, "application/x-www-form-urlencoded", "")
            .status,
        200
    );
    assert_eq!(http.get(alert).ok()["stage"], "acknowledged");
    http.post(&format!("{alert}/dispatch"), &json!({ "crew": "Tổ 2" }))
        .ok();
    http.post(&format!("{alert}/on-site"), &json!({})).ok();

    // Water is there again.
    until("the crew is told that it is over", SOON, || {
        reads(230);
        told("cleared")
    });
    let over = http.get(alert).ok();
    assert_eq!(over["open"], false, "{over}");
    http.post(&format!("{alert}/close"), &json!({})).ok();
    let closed = http.get(alert).ok();
    assert_eq!(closed["stage"], "closed", "{closed}");
    let steps: Vec<&str> = closed["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["what"].as_str())
        .collect();
    for step in [
        "raised",
        "acknowledged",
        "dispatched",
        "on_site",
        "cleared",
        "closed",
    ] {
        assert!(steps.contains(&step), "{step} is not in {steps:?}");
    }
    let told = http.get("/api/v1/deliveries?alert=MY-1/LOW_STATIC/1").ok();
    let told = told["items"].as_array().unwrap().len();
    assert_eq!(told, closed["messages"].as_array().unwrap().len());
    assert_eq!(told, lines().len(), "every message is in the file");
}

#[test]
fn a_faster_demo_runs_on_a_clock_of_its_own() {
    let demo = Firemain::builder("demo")
        .arg("--speed")
        .arg("120")
        .arg("--sources")
        .arg("30")
        .start();
    let http = demo.http();
    let newest = || {
        let statuses = http.get("/readyz");
        statuses.status
    };
    until(
        "it is ready at two minutes a second",
        Duration::from_secs(30),
        || newest() == 200,
    );
    let readings = until_some(
        "readings of a time that runs ahead",
        Duration::from_secs(30),
        || {
            let sources = http.get("/api/v1/sources?limit=20&kind=hydrant").ok();
            let newest = sources["items"].as_array()?.iter().filter_map(|source| {
                let code = source["code"].as_str()?;
                let latest = http
                    .get(&format!("/api/v1/sources/{code}/readings/latest"))
                    .ok();
                firemain_domain::Timestamp::parse(latest["items"][0]["at"].as_str()?)
            });
            newest
                .max()
                .filter(|at| at.ms() > support::now_ms() + 900_000)
        },
    );
    eprintln!("the newest reading is of {readings}");
    let unknown = http
        .get("/api/v1/flags?verdict=unknown&reason=stale&limit=200")
        .ok();
    assert!(
        unknown["items"].as_array().unwrap().len() < 15,
        "time running fast is no silence: {unknown}"
    );
}

#[test]
fn a_busy_port_is_named_with_the_way_round() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let mut demo = Firemain::builder("demo")
        .arg("--http")
        .arg(address.to_string())
        .start_unready();
    assert_eq!(demo.ends().code(), Some(1));
    let said = demo.said().join("\n");
    assert!(
        said.contains(&address.port().to_string()) && said.contains("--http"),
        "{said}"
    );
}
