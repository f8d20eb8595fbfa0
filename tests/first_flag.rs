//! The walking skeleton, on a real broker: one message from `mosquitto_pub` becomes a flag.

mod support;

use serde_json::{Value, json};
use support::{Firemain, Http, Mosquitto, SOON, Stopwatch, now_ms, until, until_some};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa,required_flow_lps\n\
    TR-0412,hydrant,12 Hàng Bạc,21.0340,105.8520,D-1,HK-1,98.1,\n\
    TR-0415,hydrant,30 Hàng Bạc,21.0345,105.8535,D-2,HK-1,98.1,\n";

fn import(http: &Http) {
    let answer = http
        .post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    assert_eq!(answer["sources"], 2, "{answer}");
}

fn flag(http: &Http, code: &str) -> Option<Value> {
    let flags = http.get("/api/v1/flags?limit=100").ok();
    let items = flags["items"].as_array().expect("flags are a list");
    items.iter().find(|flag| flag["code"] == code).cloned()
}

#[test]
fn a_low_reading_from_a_real_broker_is_a_flag_at_once_and_an_alert_after_its_dwell() {
    let broker = Mosquitto::start();
    let firemain = Firemain::serving(&broker.url()).start();
    let http = firemain.http();
    import(&http);
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });

    let before = now_ms() - 12 * 60_000;
    let low = |at: i64, seq: u32| json!({"at": at, "seq": seq, "pressure_kpa": 22.0}).to_string();
    broker.publish("firemain/v1/D-1/telemetry", &low(before, 1));
    broker.publish("firemain/v1/D-1/telemetry", &low(now_ms(), 2));
    let published = Stopwatch::start();
    let flag = until_some("TR-0412 is unusable", SOON, || {
        flag(&http, "TR-0412").filter(|flag| flag["verdict"] == "unusable")
    });
    eprintln!("from publishing to the flag: {:?}", published.elapsed());
    assert_eq!(flag["reasons"], json!(["low_static"]));

    let alerts = until_some("its alert", SOON, || {
        let alerts = http.get("/api/v1/alerts?source=TR-0412&open=true").ok();
        Some(alerts).filter(|alerts| !alerts["items"].as_array().unwrap().is_empty())
    });
    let alert = &alerts["items"][0];
    assert_eq!(alert["rule"], "LOW_STATIC");
    assert_eq!(alert["severity"], "critical");
    assert_eq!(alert["pages"], true);
    let measured = &alert["evidence"][0];
    assert_eq!(measured["value"], 22.0, "{alert}");

    let verdict = http.get("/api/v1/sources/TR-0412/verdict").ok();
    assert_eq!(verdict["verdict"], "unusable");
}

#[test]
fn the_readings_of_a_source_come_back_as_they_were_sent() {
    let broker = Mosquitto::start();
    let firemain = Firemain::serving(&broker.url()).start();
    let http = firemain.http();
    import(&http);
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });

    let begin = now_ms() / 3_600_000 * 3_600_000 - 3_600_000;
    let lines: Vec<String> = (0..30)
        .map(|i| {
            let at = begin + i * 60_000;
            json!({"at": at, "seq": i, "pressure_kpa": 200.0 + i as f64, "flow_lps": 0.0})
                .to_string()
        })
        .collect();
    broker.publish_lines(
        "firemain/v1/D-2/telemetry",
        lines.iter().map(String::as_str),
    );
    let path = format!(
        "/api/v1/sources/TR-0415/readings?quantities=pressure_kpa&from={}&until={}",
        rfc3339(begin),
        rfc3339(begin + 3_600_000)
    );
    let items = until_some("thirty readings", SOON, || {
        let items = http.get(&path).ok()["items"].as_array().unwrap().clone();
        Some(items).filter(|items| items.len() == 30)
    });
    assert_eq!(items[7]["value"], 207.0);
    let bucket = http.get(&format!("{path}&bucket_s=3600")).ok()["items"][0].clone();
    assert_eq!(
        (&bucket["min"], &bucket["max"]),
        (&json!(200.0), &json!(229.0)),
        "{bucket}"
    );
    assert_eq!(bucket["count"], 30);
    assert_eq!(bucket["last"], 229.0);
}

fn rfc3339(ms: i64) -> String {
    firemain_domain::Timestamp::from_ms(ms).to_string()
}
