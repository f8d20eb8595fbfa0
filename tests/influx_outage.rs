//! A real InfluxDB 2 behind a network that breaks: alerts go on, and the archive catches up.

mod support;

use std::time::Duration;

use serde_json::json;
use support::{Firemain, Influx, Mosquitto, SOON, now_ms, until, until_some};

const LONG: Duration = Duration::from_secs(120);

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\nTR-2,hydrant,B,21.06,105.85,D-2,Z,98.1\n";

#[test]
fn with_the_database_down_alerts_still_fire_and_nothing_is_missing_afterwards() {
    let broker = Mosquitto::builder().max_queued(0).start();
    let mut influx = Influx::start();
    let archive = format!(
        "[archive]\nkind = \"influxdb2\"\nurl = \"{}\"\norg = \"{}\"\nbucket = \"{}\"\ntoken = \"{}\"",
        influx.url(),
        Influx::ORG,
        Influx::BUCKET,
        Influx::TOKEN
    );
    let mut firemain = Firemain::serving(&broker.url()).config(&archive).start();
    let http = firemain.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    let begin = now_ms() - 3_600_000;
    let publish = |from: i64, until: i64| {
        let line =
            |i: i64| json!({"at": begin + i * 100, "seq": i, "pressure_kpa": 210.0}).to_string();
        let lines: Vec<String> = (from..until).map(line).collect();
        broker.publish_lines(
            "firemain/v1/D-1/telemetry",
            lines.iter().map(String::as_str),
        );
    };
    publish(0, 3_000);
    influx.counts_at_least("reading", "pressure_kpa", 3_000, LONG);

    influx.kill9();
    publish(3_000, 6_000);
    for (seq, age_min) in [(1, 12), (2, 0)] {
        let low = json!({"at": now_ms() - age_min * 60_000, "seq": seq, "pressure_kpa": 12.0});
        broker.publish("firemain/v1/D-2/telemetry", &low.to_string());
    }
    until_some("the alert, with the database down", SOON, || {
        let alerts = http.get("/api/v1/alerts?source=TR-2&open=true").ok();
        alerts["items"]
            .as_array()
            .filter(|items| !items.is_empty())
            .map(Vec::len)
    });
    until(
        "readiness says that the archive lags or fails",
        SOON,
        || {
            let ready = http.get("/readyz");
            ready.text.contains("archive")
        },
    );
    // Our own death on top of it.
    firemain.kill9();
    firemain.start_again();

    influx.start_again();
    assert_eq!(
        influx.counts_at_least("reading", "pressure_kpa", 6_002, LONG),
        6_002
    );
    let http = firemain.http();
    until("it is ready again", LONG, || {
        http.get("/readyz").status == 200
    });
    let latest = http.get("/api/v1/sources/TR-2/readings/latest").ok();
    assert!(latest.to_string().contains("12.0"), "{latest}");
    let count = http
        .get("/api/v1/sources/TR-1/readings?quantities=pressure_kpa&bucket_s=86400&from=2020-01-01T00:00:00Z&until=2030-01-01T00:00:00Z")
        .ok()["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|bucket| bucket["count"].as_u64())
        .sum::<u64>();
    assert_eq!(count, 6_000);
}
