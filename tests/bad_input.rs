//! Bad input gets a clear answer and costs nothing else.

mod support;

use serde_json::{Value, json};
use support::{Firemain, Http, Mosquitto, SOON, now_ms, until, until_some};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\n";

struct Bench {
    broker: Mosquitto,
    http: Http,
    _firemain: Firemain,
}

fn bench() -> Bench {
    let broker = Mosquitto::start();
    let firemain = Firemain::serving(&broker.url()).start();
    let http = firemain.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    Bench {
        broker,
        http,
        _firemain: firemain,
    }
}

impl Bench {
    fn items(&self, path: &str) -> Vec<Value> {
        self.http.get(path).ok()["items"]
            .as_array()
            .expect("a list")
            .clone()
    }

    fn latest_pressure(&self) -> Option<f64> {
        let latest = self.http.get("/api/v1/sources/TR-1/readings/latest").ok();
        let items = latest["items"].as_array()?.clone();
        items.iter().find(|v| v["quantity"] == "pressure_kpa")?["value"].as_f64()
    }
}

#[test]
fn hostile_payloads_end_in_quarantine_with_their_reason_and_the_next_reading_counts() {
    let bench = bench();
    let topic = "firemain/v1/D-1/telemetry";
    bench.broker.publish(topic, "not json at all");
    bench.broker.publish_bytes(topic, &[0xff, 0xfe, 0x00, 0x80]);
    bench
        .broker
        .publish_bytes(topic, "[".repeat(50_000).as_bytes());
    bench.broker.publish_bytes(
        topic,
        format!("{{\"pressure_kpa\":1,\"x\":\"{}\"}}", "a".repeat(200_000)).as_bytes(),
    );
    bench.broker.publish(topic, "{\"pressure_kpa\":1e999}");
    bench.broker.publish(topic, "{\"pressure_kpa\":\"NaN\"}");
    bench.broker.publish_bytes(topic, b"");
    bench.broker.publish(
        topic,
        &json!({"at": now_ms(), "seq": 9, "pressure_kpa": 230.5}).to_string(),
    );
    until("the good reading behind them", SOON, || {
        bench.latest_pressure() == Some(230.5)
    });
    until_some("the quarantine tells the reasons", SOON, || {
        let items = bench.items("/api/v1/quarantine?limit=100");
        let has = |why: &str| items.iter().any(|item| item["why"] == why);
        (has("undecodable") && has("too_deep") && has("too_large")).then_some(())
    });
    let flags = bench.items("/api/v1/flags");
    assert!(flags.is_empty(), "garbage flags nobody: {flags:?}");
}

#[test]
fn a_flood_of_broken_payloads_beyond_the_in_flight_window_holds_nothing_up() {
    const FLOOD: usize = 5_000;
    let broker = Mosquitto::builder().max_queued(0).start();
    let firemain = Firemain::serving(&broker.url()).start();
    let http = firemain.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    let topic = "firemain/v1/D-1/telemetry";
    let broken: Vec<String> = (0..FLOOD).map(|n| format!("{{broken {n}")).collect();
    broker.publish_lines(topic, broken.iter().map(String::as_str));
    broker.publish(
        topic,
        &json!({"at": now_ms(), "seq": 1, "pressure_kpa": 199.5}).to_string(),
    );
    let bench = Bench {
        broker,
        http,
        _firemain: firemain,
    };
    until("the good reading behind the flood", SOON, || {
        bench.latest_pressure() == Some(199.5)
    });
    until("every one of them is in quarantine", SOON, || {
        let metrics = bench.http.get("/metrics").text;
        let line = metrics
            .lines()
            .find(|line| line.starts_with("firemain_quarantined_total "));
        line.is_some_and(|line| line.ends_with(&format!(" {FLOOD}")))
    });
}

#[test]
fn an_unregistered_device_is_kept_and_its_history_adopted() {
    let bench = bench();
    let begin = now_ms() - 600_000;
    for seq in 0..5 {
        let reading =
            json!({"at": begin + seq * 60_000, "seq": seq, "pressure_kpa": 180.0 + seq as f64});
        bench
            .broker
            .publish("firemain/v1/NEW-7/telemetry", &reading.to_string());
    }
    until_some("it is listed as unregistered", SOON, || {
        let items = bench.items("/api/v1/devices?registered=false");
        items
            .iter()
            .find(|d| d["id"] == "NEW-7" && d["stranger"]["messages"] == 5)
            .map(drop)
    });
    let source = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
        TR-7,hydrant,G,21.04,105.85,NEW-7,Z,98.1\n";
    bench
        .http
        .post_text("/api/v1/import?format=csv", "text/csv", source)
        .ok();
    until("its five readings are in the archive", SOON, || {
        let path = "/api/v1/sources/TR-7/readings?quantities=pressure_kpa&limit=100\
            &from=2020-01-01T00:00:00Z&until=2030-01-01T00:00:00Z";
        bench.items(path).len() == 5
    });
    until("it is no stranger any more", SOON, || {
        bench.items("/api/v1/devices?registered=false").is_empty()
    });
    let alerts = bench.items("/api/v1/alerts?source=TR-7");
    assert!(alerts.is_empty(), "history pages nobody: {alerts:?}");
}

#[test]
fn clocks_years_off_and_readings_out_of_order_do_no_harm() {
    let bench = bench();
    let topic = "firemain/v1/D-1/telemetry";
    let now = now_ms();
    let publish = |at: i64, seq: i64, pressure: f64| {
        let reading = json!({"at": at, "seq": seq, "pressure_kpa": pressure});
        bench.broker.publish(topic, &reading.to_string());
    };
    publish(now, 1, 210.0);
    publish(1_000, 2, 211.0); // 1970
    publish(now + 7 * 365 * 86_400_000, 3, 212.0); // seven years ahead
    publish(now - 86_400_000, 4, 5.0); // yesterday, low: history
    publish(now, 1, 210.0); // the same again
    publish(now, 5, 213.0); // another reading of the same millisecond
    let path = "/api/v1/sources/TR-1/readings?quantities=pressure_kpa&limit=100\
        &from=2025-01-01T00:00:00Z&until=2034-12-01T00:00:00Z";
    let items = until_some("five different readings", SOON, || {
        Some(bench.items(path)).filter(|items| items.len() == 5)
    });
    let early = now - 2 * 86_400_000;
    for item in &items {
        let at = firemain_domain::Timestamp::parse(item["at"].as_str().unwrap())
            .unwrap()
            .ms();
        assert!(
            at > early && at < now + 3_600_000,
            "an unusable time is replaced by receipt: {item}"
        );
    }
    let verdict = bench.http.get("/api/v1/sources/TR-1/verdict").ok();
    assert_eq!(verdict["verdict"], "usable", "{verdict}");
    assert!(bench.items("/api/v1/alerts?source=TR-1").is_empty());
}

#[test]
fn a_register_with_errors_is_refused_whole_and_says_where() {
    let bench = bench();
    let csv = "code,kind,name,lat,lon\nTR-8,hydrant,fine,21.0,105.8\nTR-9,hydrant,nowhere,91,105.8\n\
        TR-10,volcano,what,21.0,105.8\n";
    let answer = bench
        .http
        .post_text("/api/v1/import?format=csv", "text/csv", csv);
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.content_type, "application/problem+json");
    let problem = answer.json().to_string();
    assert!(
        problem.contains("91") && problem.contains("volcano"),
        "{problem}"
    );
    assert_eq!(
        bench.http.get("/api/v1/sources/TR-8").status,
        404,
        "nothing is half-imported"
    );
}

#[test]
fn requests_that_cannot_be_are_problems_that_say_what_to_do() {
    let bench = bench();
    for (path, status) in [
        ("/api/v1/sources/NOPE", 404),
        ("/api/v1/nowhere", 404),
        ("/api/v1/flags?limit=0", 400),
        ("/api/v1/flags?limitt=5", 400),
        ("/api/v1/sources?after=forged", 400),
        ("/api/v1/sources/nearest?lat=200&lon=1", 400),
        ("/api/v1/sources/nearest?lat=21", 400),
        ("/api/v1/sources/TR-1/readings?from=yesterday", 400),
    ] {
        let answer = bench.http.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert_eq!(answer.content_type, "application/problem+json", "{path}");
        let problem = answer.json();
        assert!(
            problem["detail"].as_str().is_some_and(|d| d.len() > 10),
            "{path}: {problem}"
        );
    }
    let answer = bench
        .http
        .post_text("/api/v1/flow-tests", "application/json", "{\"source\":");
    assert_eq!(answer.status, 400);
    let test = json!({"source": "TR-1", "at": "2026-11-01T02:00:00Z", "static_kpa": 200.0,
        "residual_kpa": 250.0, "flow_lps": 15.0});
    let answer = bench.http.post("/api/v1/flow-tests", &test);
    assert_eq!(answer.status, 422, "{}", answer.text);
}
