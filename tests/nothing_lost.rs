//! Nothing acknowledged is lost, nothing is told twice: whatever is killed, wherever it stands.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Firemain, Http, Mosquitto, Proxy, SOON, now_ms, until, until_some};

const MESSAGES: i64 = 30_000;
const LONG: Duration = Duration::from_secs(60);

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\nTR-2,hydrant,B,21.06,105.85,D-2,Z,98.1\n";

fn import(http: &Http) {
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
}

/// Points in the archive of one source's pressure, of all time.
fn archived(http: &Http, code: &str) -> u64 {
    let path = format!(
        "/api/v1/sources/{code}/readings?quantities=pressure_kpa&bucket_s=86400\
         &from=2020-01-01T00:00:00Z&until=2030-01-01T00:00:00Z"
    );
    let buckets = http.get(&path).ok();
    let items = buckets["items"].as_array().expect("buckets are a list");
    items
        .iter()
        .filter_map(|bucket| bucket["count"].as_u64())
        .sum()
}

fn metric(http: &Http, name: &str) -> f64 {
    let text = http
        .try_get("/metrics")
        .map(|answer| answer.text)
        .unwrap_or_default();
    let line = text
        .lines()
        .find(|line| line.split([' ', '{']).next() == Some(name));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0.0)
}

/// How often each alert was told to have been raised, by the live stream since its beginning.
fn raised(http: &Http) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for event in stream_from_the_beginning(http) {
        if event["event"] == "raised" {
            *told
                .entry(event["id"].as_str().expect("an id").to_owned())
                .or_default() += 1;
        }
    }
    told
}

fn stream_from_the_beginning(http: &Http) -> Vec<Value> {
    http.events_until_quiet("/api/v1/stream?after=0")
        .into_iter()
        .filter(|(kind, _)| kind == "episode")
        .map(|(_, body)| serde_json::from_str(&body).expect("an event's body is JSON"))
        .collect()
}

#[test]
fn kill_9_in_mid_drain_loses_no_message_and_tells_nothing_twice() {
    let broker = Mosquitto::builder().max_queued(0).max_inflight(0).start();
    let mut firemain = Firemain::serving(&broker.url()).start();
    import(&firemain.http());
    until("the receiver is ready", SOON, || {
        firemain.http().get("/readyz").status == 200
    });
    firemain.terminate();

    // A low spell of an hour in the middle of D-1's messages, newest 20 min ago; then well again.
    let newest = now_ms();
    let payload = |i: i64| {
        let at = newest - (MESSAGES - i) * 1_000;
        json!({"at": at, "seq": i, "pressure_kpa": 200.0 + (i % 40) as f64}).to_string()
    };
    let lines: Vec<String> = (0..MESSAGES).map(payload).collect();
    broker.publish_lines(
        "firemain/v1/D-1/telemetry",
        lines.iter().map(String::as_str),
    );
    for (seq, age_min) in [(1, 12), (2, 11), (3, 0)] {
        let at = newest - age_min * 60_000;
        let low = json!({"at": at, "seq": seq, "pressure_kpa": 15.0}).to_string();
        broker.publish("firemain/v1/D-2/telemetry", &low);
    }

    for kill in 1..=4 {
        firemain.start_again();
        let http = firemain.http();
        let enough = f64::from(kill) * 500.0;
        until("some of the backlog is taken in", LONG, || {
            metric(&http, "firemain_received_total") >= enough || archived(&http, "TR-1") >= 20_000
        });
        firemain.kill9();
    }
    firemain.start_again();
    let http = firemain.http();
    eprintln!(
        "after the last kill: {} in the archive",
        archived(&http, "TR-1")
    );
    until("every message is in the archive, once", LONG, || {
        archived(&http, "TR-1") == MESSAGES as u64
    });
    let alerts = until_some("D-2's low pressure is an alert", SOON, || {
        let alerts = http.get("/api/v1/alerts?source=TR-2&rule=LOW_STATIC").ok();
        Some(alerts["items"].as_array().unwrap().clone()).filter(|items| !items.is_empty())
    });
    assert_eq!(alerts.len(), 1, "one low spell is one alert: {alerts:?}");
    let told = raised(&http);
    assert_eq!(told.get("TR-2/LOW_STATIC/1"), Some(&1), "{told:?}");
    assert_eq!(archived(&http, "TR-1"), MESSAGES as u64);
}

#[test]
fn a_broker_killed_in_mid_stream_and_a_network_cut_lose_nothing() {
    let mut broker = Mosquitto::builder().persistent().max_queued(0).start();
    let proxy = Proxy::to(broker.address());
    let firemain = Firemain::serving(&format!("mqtt://{}", proxy.address())).start();
    let http = firemain.http();
    import(&http);
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    let begin = now_ms() - 3_600_000;
    let publish = |from: i64, until: i64| {
        let line =
            |i: i64| json!({"at": begin + i * 500, "seq": i, "pressure_kpa": 210.0}).to_string();
        let lines: Vec<String> = (from..until).map(line).collect();
        broker.publish_lines(
            "firemain/v1/D-1/telemetry",
            lines.iter().map(String::as_str),
        );
    };
    publish(0, 2_000);
    proxy.cut();
    publish(2_000, 4_000);
    proxy.mend();
    proxy.stall();
    publish(4_000, 5_000);
    proxy.mend();
    let mut seen = 0;
    until(
        "what came over the broken network is archived",
        LONG,
        || {
            let before = std::mem::replace(&mut seen, archived(&http, "TR-1"));
            if seen != before {
                eprintln!("{seen} in the archive");
            }
            seen >= 5_000
        },
    );
    broker.kill9();
    broker.start_again();
    let line = |i: i64| json!({"at": begin + i * 500, "seq": i, "pressure_kpa": 210.0}).to_string();
    let lines: Vec<String> = (5_000..6_000).map(line).collect();
    broker.publish_lines(
        "firemain/v1/D-1/telemetry",
        lines.iter().map(String::as_str),
    );
    until(
        "what came after the broker's return is archived",
        LONG,
        || archived(&http, "TR-1") == 6_000,
    );
}
