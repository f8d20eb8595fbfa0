//! A clock that jumps, and an hour in which nobody ran, make no storm and lose no dwell: at a broker
//! and at our own endpoint.

mod support;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{
    Firemain, FiremainBuilder, Http, Mosquitto, SOON, SteppedClock, Stopwatch, now_ms, server,
    until, until_some,
};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\nTR-2,hydrant,B,21.06,105.85,D-2,Z,98.1\n";
const HOUR_S: i64 = 3_600;
/// Ten minutes of dwell and thirty of clearing, in seconds.
const DWELL: Duration = Duration::from_secs(8);
const CLEARING: Duration = Duration::from_secs(6);
const RULES: &str = "[rules.low_static]\ndwell_s = 8\nclear_for_s = 6\n";
/// A dwell is counted from receipt, which is a little before its stopwatch starts.
const EARLY: Duration = Duration::from_secs(2);

/// How messages come in.
enum Way {
    Broker(Mosquitto),
    /// Our own endpoint, with a gateway's user name and password.
    Endpoint(Option<(String, String)>),
}

impl Way {
    fn broker() -> Self {
        Self::Broker(Mosquitto::builder().max_queued(0).start())
    }

    fn firemain(&self) -> FiremainBuilder {
        match self {
            Self::Broker(broker) => Firemain::serving(&broker.url()),
            Self::Endpoint(_) => {
                Firemain::builder("serve").config("[endpoint]\nlisten = \"127.0.0.1:0\"")
            }
        }
    }

    /// Enters the sources, and lets their devices in.
    fn prepare(&mut self, http: &Http) {
        http.import_csv(REGISTER);
        if let Self::Endpoint(login) = self {
            let body = json!({"devices": ["D-1", "D-2"]});
            let made = http.post("/api/v1/devices/gateway/credentials", &body).ok();
            let text = |key: &str| made[key].as_str().expect("a login").to_owned();
            *login = Some((text("user"), text("password")));
        }
        until("the receiver is ready", SOON, || http.is_ready());
    }

    /// A pressure without time or sequence: received now.
    #[track_caller]
    fn publish(&self, firemain: &Firemain, device: &str, pressure_kpa: f64) {
        let topic = format!("firemain/v1/{device}/telemetry");
        let payload = json!({"pressure_kpa": pressure_kpa}).to_string();
        match self {
            Self::Broker(broker) => broker.publish(&topic, &payload),
            Self::Endpoint(login) => {
                let (user, password) = login.as_ref().expect("prepared");
                let port = firemain.ready().mqtt_address().port().to_string();
                let published = Command::new(server("MOSQUITTO_PUB"))
                    .args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-i", "gateway"])
                    .args(["-u", user, "-P", password, "-t", &topic, "-m", &payload])
                    .status()
                    .expect("mosquitto_pub runs");
                assert!(published.success(), "the endpoint takes {payload}");
            }
        }
    }
}

fn alerts(http: &Http) -> Vec<Value> {
    http.list("/api/v1/alerts?source=TR-1&rule=LOW_STATIC")
}

fn verdict(http: &Http, code: &str) -> Value {
    http.get(&format!("/api/v1/sources/{code}/verdict")).ok()["verdict"].clone()
}

/// What the live stream has told of alerts of sources since its beginning, as rule and event. Of its
/// own loss of data firemain tells one person, and that is no source's.
fn told(http: &Http) -> Vec<(String, String)> {
    let events = http.events_until_quiet("/api/v1/stream?after=0");
    let episodes = events.iter().filter(|(kind, _)| kind == "episode");
    let bodies = episodes.map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON"));
    let text = |body: &Value, key: &str| body[key].as_str().unwrap_or_default().to_owned();
    bodies
        .filter(|body| body["source"].is_string())
        .map(|body| (text(&body, "rule"), text(&body, "event")))
        .collect()
}

/// Until journal time is so far from the real one.
#[track_caller]
fn step_is_seen(http: &Http, ahead_s: i64) {
    until("the step is journalled", SOON, || {
        let status = http.get("/readyz").json();
        let at = status["parts"][2]["at"]
            .as_str()
            .and_then(firemain_domain::Timestamp::parse);
        at.is_some_and(|at| (at.ms() - now_ms() - ahead_s * 1_000).abs() < 60_000)
    });
}

#[track_caller]
fn steps_of_an_hour_silence_nobody_and_lose_no_dwell(mut way: Way) {
    let clock = Arc::new(SteppedClock::real());
    let firemain = way.firemain().config(RULES).clock(&clock).start();
    let http = firemain.http();
    way.prepare(&http);
    way.publish(&firemain, "D-2", 210.0);
    until("D-2 is usable", SOON, || verdict(&http, "TR-2") == "usable");

    // An hour ahead within the dwell.
    way.publish(&firemain, "D-1", 12.0);
    way.publish(&firemain, "D-1", 12.0);
    let low = Stopwatch::start();
    until("D-1 is unusable", SOON, || {
        verdict(&http, "TR-1") == "unusable"
    });
    clock.step_s(HOUR_S);
    until_some("the alert", SOON, || alerts(&http).first().cloned());
    assert!(
        low.elapsed() + EARLY > DWELL,
        "raised after {:?}",
        low.elapsed()
    );

    // And two back within the clearing.
    way.publish(&firemain, "D-1", 230.0);
    let well = Stopwatch::start();
    until("D-1 is not unusable", SOON, || {
        verdict(&http, "TR-1") != "unusable"
    });
    clock.step_s(-HOUR_S);
    until("it is cleared", SOON, || {
        way.publish(&firemain, "D-1", 230.0);
        alerts(&http).iter().all(|alert| alert["open"] == false)
    });
    assert!(
        well.elapsed() + EARLY > CLEARING,
        "cleared after {:?}",
        well.elapsed()
    );

    clock.step_s(0);
    step_is_seen(&http, 0);
    let told = told(&http);
    let pair = |rule: &str, event: &str| (rule.to_owned(), event.to_owned());
    assert_eq!(
        told,
        [pair("LOW_STATIC", "raised"), pair("LOW_STATIC", "cleared")],
        "one alert of one source, and nobody fell silent"
    );
}

#[test]
fn steps_of_an_hour_silence_nobody_and_lose_no_dwell_at_a_broker() {
    steps_of_an_hour_silence_nobody_and_lose_no_dwell(Way::broker());
}

#[test]
fn steps_of_an_hour_silence_nobody_and_lose_no_dwell_at_our_own_endpoint() {
    steps_of_an_hour_silence_nobody_and_lose_no_dwell(Way::Endpoint(None));
}

/// Three intervals of a hydrant are 45 minutes: by the clock both devices were silent for longer.
#[track_caller]
fn an_hours_stop_silences_nobody_and_loses_no_dwell(mut way: Way, killed: bool) {
    let clock = Arc::new(SteppedClock::real());
    let mut firemain = way.firemain().config(RULES).clock(&clock).start();
    let http = firemain.http();
    way.prepare(&http);
    way.publish(&firemain, "D-2", 210.0);
    until("D-2 is usable", SOON, || verdict(&http, "TR-2") == "usable");
    way.publish(&firemain, "D-1", 12.0);
    way.publish(&firemain, "D-1", 12.0);
    until("D-1 is unusable", SOON, || {
        verdict(&http, "TR-1") == "unusable"
    });
    if killed {
        firemain.kill9();
    } else {
        firemain.terminate();
    }
    clock.step_s(HOUR_S);
    firemain.start_again();
    let http = firemain.http();
    until_some("the alert of the dwell", SOON, || {
        alerts(&http).first().cloned()
    });
    until("the receiver is ready", SOON, || http.is_ready());
    assert_eq!(
        told(&http),
        [("LOW_STATIC".to_owned(), "raised".to_owned())],
        "nobody fell silent while nobody listened"
    );
    // And they go on as if nothing had been.
    way.publish(&firemain, "D-2", 209.0);
    until("D-2 is usable again", SOON, || {
        verdict(&http, "TR-2") == "usable"
    });
    assert_eq!(alerts(&http).len(), 1);
}

#[test]
fn an_hours_stop_silences_nobody_and_loses_no_dwell_at_a_broker() {
    an_hours_stop_silences_nobody_and_loses_no_dwell(Way::broker(), false);
}

#[test]
fn an_hour_after_a_kill_silences_nobody_and_loses_no_dwell_at_our_own_endpoint() {
    an_hours_stop_silences_nobody_and_loses_no_dwell(Way::Endpoint(None), true);
}

#[test]
fn a_clock_set_two_days_ahead_and_back_silences_nobody() {
    let clock = Arc::new(SteppedClock::real());
    let mut way = Way::broker();
    let firemain = way.firemain().clock(&clock).start();
    let http = firemain.http();
    way.prepare(&http);
    way.publish(&firemain, "D-1", 210.0);
    until("it is usable", SOON, || verdict(&http, "TR-1") == "usable");
    clock.step_s(48 * HOUR_S);
    way.publish(&firemain, "D-1", 210.0);
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
    for step_s in [0, HOUR_S, -HOUR_S, 0] {
        clock.step_s(step_s);
        way.publish(&firemain, "D-1", 210.0);
    }
    until("and it is usable still", SOON, || {
        verdict(&http, "TR-1") == "usable"
    });
    let events = http.events_until_quiet("/api/v1/stream?after=0");
    assert!(
        !events
            .iter()
            .any(|(_, body)| body.contains("STALE") || body.contains("\"stale\"")),
        "nobody fell silent: {events:?}"
    );
}
