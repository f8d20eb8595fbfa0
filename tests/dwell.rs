//! The README's payload from a real broker to a flag and an alert, with both readings in a real
//! InfluxDB; and deaths of ours between dwell and raise, and between raise and clear.

mod support;

use std::time::Duration;

use serde_json::Value;
use support::{Firemain, Http, Influx, Mosquitto, SOON, until, until_some};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    MY-1,hydrant,In front of my house,21.0340,105.8520,my-sensor,Z,98.1\n";
/// Ten minutes of dwell and thirty of clearing, in seconds.
const RULES: &str = "[rules.low_static]\ndwell_s = 8\nclear_for_s = 6\n";

fn alerts(http: &Http) -> Vec<Value> {
    http.get("/api/v1/alerts?source=MY-1").ok()["items"]
        .as_array()
        .expect("a list")
        .clone()
}

fn told(http: &Http, event: &str) -> usize {
    let events = http.events_until_quiet("/api/v1/stream?after=0");
    let episodes = events.iter().filter(|(kind, _)| kind == "episode");
    let bodies = episodes.map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON"));
    bodies
        .filter(|body| body["event"] == event && body["rule"] == "LOW_STATIC")
        .count()
}

#[test]
fn two_plain_payloads_flag_at_once_and_alert_after_the_dwell_through_two_deaths() {
    let broker = Mosquitto::builder().max_queued(0).start();
    let influx = Influx::start();
    let archive = format!(
        "[archive]\nkind = \"influxdb2\"\nurl = \"{}\"\norg = \"{}\"\nbucket = \"{}\"\ntoken = \"{}\"",
        influx.url(),
        Influx::ORG,
        Influx::BUCKET,
        Influx::TOKEN
    );
    let mut firemain = Firemain::serving(&broker.url())
        .config(&archive)
        .config(RULES)
        .start();
    let http = firemain.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    let publish = |payload: &str| broker.publish("firemain/v1/my-sensor/telemetry", payload);

    publish(r#"{"pressure_kpa": 12}"#);
    until("it is flagged at once", Duration::from_secs(2), || {
        let flags = http.get("/api/v1/flags").ok();
        flags["items"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|flag| flag["code"] == "MY-1")
    });
    publish(r#"{"pressure_kpa": 12}"#);
    until("two samples make it unusable", SOON, || {
        http.get("/api/v1/sources/MY-1/verdict").ok()["verdict"] == "unusable"
    });
    assert!(
        alerts(&http).is_empty(),
        "the dwell delays the alert, not the verdict"
    );

    firemain.kill9();
    firemain.start_again();
    let http = firemain.http();
    let raised = until_some(
        "the alert, after a death between dwell and raise",
        SOON,
        || alerts(&http).first().cloned(),
    );
    assert_eq!(
        (&raised["severity"], &raised["pages"]),
        (&"critical".into(), &true.into()),
        "{raised}"
    );
    assert_eq!(
        influx.counts_at_least("reading", "pressure_kpa", 2, SOON),
        2
    );

    firemain.kill9();
    firemain.start_again();
    let http = firemain.http();
    until("water is back, and stays", Duration::from_secs(60), || {
        publish(r#"{"pressure_kpa": 230}"#);
        alerts(&http).iter().all(|alert| alert["open"] == false)
    });
    assert_eq!(
        alerts(&http).len(),
        1,
        "one low spell is one alert: {:?}",
        alerts(&http)
    );
    assert_eq!((told(&http, "raised"), told(&http, "cleared")), (1, 1));
}
