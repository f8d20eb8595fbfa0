//! How soon after a device's word its alert is in the API and on the stream, under load.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::Value;

use super::city::PROBES;
use super::mqtt;
use super::serving::Serving;
use super::support::{Stopwatch, now_ms};
use super::told::{Table, Times};

/// An alert that is not there by then is missed.
const WITHIN: Duration = Duration::from_secs(20);

pub(crate) fn measure(serving: &Serving, broker: SocketAddr, table: &mut Table) {
    let clock = Stopwatch::start();
    let seen = listen(&serving.api().ready().http, clock);
    let http = serving.http();
    let mut publisher = mqtt::connect(broker, "load-probe", true);
    let (mut in_api, mut on_stream) = (Times::default(), Times::default());
    for n in 0..PROBES {
        let path = format!("/api/v1/alerts?source=PR-{n:04}&open=true");
        let mut packet = Vec::new();
        let payload = format!("{{\"at\":{},\"seq\":1,\"pressure_kpa\":700.0}}", now_ms());
        mqtt::publish_packet(
            &mut packet,
            n,
            &format!("firemain/v1/probe-{n:04}/telemetry"),
            &payload,
        );
        let said = clock.elapsed();
        publisher.write_all(&packet).expect("the broker takes it");
        loop {
            let answer = http.get(&path).ok();
            if answer["items"].as_array().is_some_and(|a| !a.is_empty()) {
                break;
            }
            assert!(
                clock.elapsed().saturating_sub(said) < WITHIN,
                "no alert of PR-{n:04} within {WITHIN:?}"
            );
        }
        in_api.add(clock.elapsed().saturating_sub(said));
        let at = told(&seen, &format!("PR-{n:04}"));
        on_stream.add(at.saturating_sub(said));
    }
    table.times("published → alert in the API", &mut in_api, "p99 < 100 ms");
    table.times(
        "published → alert on the stream",
        &mut on_stream,
        "p99 < 100 ms",
    );
}

/// When the stream told of an alert of this source.
fn told(seen: &Receiver<(String, Duration)>, source: &str) -> Duration {
    loop {
        let (of, at) = seen
            .recv_timeout(WITHIN)
            .expect("the stream tells of each alert");
        if of == source {
            return at;
        }
    }
}

/// Listens to the stream: which source has an alert, and when that was heard.
fn listen(http: &str, clock: Stopwatch) -> Receiver<(String, Duration)> {
    let (tell, seen) = channel();
    let address = http.strip_prefix("http://").unwrap_or(http).to_owned();
    let mut stream = TcpStream::connect(&address).expect("it listens");
    write!(
        stream,
        "GET /api/v1/stream HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n"
    )
    .expect("it takes a request");
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("event: hello") && !line.starts_with("event:hello") {
        line.clear();
        let read = lines.read_line(&mut line).expect("the stream greets");
        assert!(read > 0, "the stream ended before it greeted");
    }
    std::thread::spawn(move || follow(lines, clock, &tell));
    seen
}

fn follow(lines: impl BufRead, clock: Stopwatch, tell: &Sender<(String, Duration)>) {
    let mut is_episode = false;
    for line in lines.lines().map_while(Result::ok) {
        if let Some(kind) = line.strip_prefix("event:") {
            is_episode = kind.trim() == "episode";
        } else if let Some(data) = line.strip_prefix("data:").filter(|_| is_episode) {
            let at = clock.elapsed();
            let body: Value = serde_json::from_str(data.trim()).unwrap_or_default();
            let source = body["source"].as_str().unwrap_or_default().to_owned();
            if source.starts_with("PR-") && tell.send((source, at)).is_err() {
                return;
            }
        }
    }
}
