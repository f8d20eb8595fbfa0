//! A clock that jumps makes no storm, and loses no dwell.

mod support;

use std::sync::Arc;

use serde_json::json;
use support::{Firemain, Mosquitto, SOON, SteppedClock, now_ms, until};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\n";

#[test]
fn a_clock_set_two_days_ahead_and_back_silences_nobody() {
    let clock = Arc::new(SteppedClock::real());
    let broker = Mosquitto::start();
    let firemain = Firemain::serving(&broker.url()).clock(&clock).start();
    let http = firemain.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    let publish = |seq: i64| {
        let reading = json!({"seq": seq, "pressure_kpa": 210.0}).to_string();
        broker.publish("firemain/v1/D-1/telemetry", &reading);
    };
    let events = |path: &str| http.events_until_quiet(path);
    publish(1);
    until("it is usable", SOON, || {
        http.get("/api/v1/sources/TR-1/verdict").ok()["verdict"] == "usable"
    });
    clock.step_s(2 * 86_400);
    publish(2);
    until(
        "the step is seen in the newest reading's time",
        SOON,
        || {
            let latest = http.get("/api/v1/sources/TR-1/readings/latest").ok();
            let at = latest["items"][0]["at"]
                .as_str()
                .and_then(firemain_domain::Timestamp::parse);
            at.is_some_and(|at| at.ms() > now_ms() + 86_400_000)
        },
    );
    for (seq, step_s) in (3..).zip([0, 3_600, -3_600, 0]) {
        clock.step_s(step_s);
        publish(seq);
    }
    until("and it is usable still", SOON, || {
        http.get("/api/v1/sources/TR-1/verdict").ok()["verdict"] == "usable"
    });
    let stale = events("/api/v1/stream?after=0");
    assert!(
        !stale
            .iter()
            .any(|(_, body)| body.contains("STALE") || body.contains("\"stale\"")),
        "nobody fell silent: {stale:?}"
    );
}
