use std::time::Duration;

use firemain_api::http::HttpSettings;
use firemain_domain::people::Role;
use reqwest::{RequestBuilder, Response};
use serde_json::json;

use crate::bench::{Bench, hydrant};
use crate::people::{city, key};

/// Events of the stream as they come.
struct Events {
    response: Response,
    buffer: String,
}

struct Event {
    id: u64,
    kind: String,
    data: String,
}

impl Events {
    async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            buffer: String::new(),
        }
    }

    async fn next(&mut self) -> Event {
        let within = Duration::from_secs(10);
        tokio::time::timeout(within, self.read())
            .await
            .expect("no event came in time")
    }

    async fn read(&mut self) -> Event {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                let field = |name: &str| {
                    let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines.next().map(|value| value.trim().to_owned())
                };
                if let (Some(id), Some(kind), Some(data)) =
                    (field("id:"), field("event:"), field("data:"))
                {
                    return Event {
                        id: id.parse().unwrap(),
                        kind,
                        data,
                    };
                }
                continue;
            }
            let piece = self
                .response
                .chunk()
                .await
                .unwrap()
                .expect("the stream ended");
            self.buffer.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    async fn of_kind(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await;
            if event.kind == kind {
                return event;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let bench = Bench::start().await;
    let stream = || bench.request("GET", "/api/v1/stream");
    let mut events = Events::open(stream()).await;
    assert_eq!(events.next().await.kind, "hello");
    bench.hydrant("TR-1", 0.0).await;
    let change = events.of_kind("change").await;
    let body: serde_json::Value = serde_json::from_str(&change.data).unwrap();
    assert_eq!(
        (&body["kind"], &body["subject"]),
        (&json!("source_set"), &json!("TR-1"))
    );
    bench.hear("dev-TR-1", json!({ "seq": 1, "pressure_kpa": 215.0 }));
    let mut standing = events.of_kind("standing").await;
    while !standing.data.contains("\"usable\"") {
        standing = events.of_kind("standing").await;
    }
    drop(events);

    bench.hear("dev-TR-1", json!({ "seq": 2, "pressure_kpa": 61.0 }));
    bench
        .until("/api/v1/sources/TR-1/verdict", |json| {
            json["verdict"] == "degraded"
        })
        .await;
    let mut back = Events::open(stream().header("last-event-id", standing.id.to_string())).await;
    assert_eq!(back.next().await.kind, "hello");
    let missed = back.next().await;
    assert_eq!(missed.id, standing.id + 1);
    assert!(missed.data.contains("\"degraded\""), "{}", missed.data);

    let mut lost = Events::open(stream().query(&[("after", "99999")])).await;
    assert_eq!(lost.next().await.kind, "reset", "an id of another register");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_away_too_long_is_told_to_begin_anew() {
    let bench = Bench::start().await;
    for n in 1..=4 {
        bench.hydrant(&format!("TR-{n}"), 0.0).await;
    }
    bench.stores.register.prune_stream(2).unwrap();
    let mut events = Events::open(bench.request("GET", "/api/v1/stream?after=1")).await;
    let reset = events.next().await;
    assert_eq!(reset.kind, "reset");
    bench.hydrant("TR-9", 0.0).await;
    assert!(
        events.next().await.id > reset.id,
        "and it goes on from there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn places_at_the_stream_are_bounded_and_given_back() {
    let settings = HttpSettings {
        max_streams: 1,
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    let events = Events::open(bench.request("GET", "/api/v1/stream")).await;
    let refused = bench.get("/api/v1/stream").await;
    refused.is_problem(503, "unavailable");
    assert_eq!(refused.headers["retry-after"], "15");
    drop(events);
    let free = |text: &str| text.contains("firemain_stream_clients 0");
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !free(&bench.get("/metrics").await.text) {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("the place was not given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_changes_is_not_told_who_changed_what() {
    let bench = city().await;
    let an = bench.log_in("an").await;
    let register = &*bench.stores.register;
    let viewer = key(register, Role::Viewer, &[], &[]);
    let dispatcher = key(register, Role::Dispatcher, &[], &[]);
    let listens = |key: &str| bench.request("GET", "/api/v1/stream").bearer_auth(key);
    let mut few = Events::open(listens(&viewer)).await;
    let mut all = Events::open(listens(&dispatcher)).await;
    let user = json!({ "role": "crew", "display_name": "Hoa" });
    let made = bench.ask_as(&an, "PUT", "/api/v1/users/hoa", Some(user));
    assert_eq!(made.await.status, 201);
    let source = hydrant("TR-1", 0.0);
    let put = bench.ask_as(&an, "PUT", "/api/v1/sources/TR-1", Some(source));
    assert_eq!(put.await.status, 201);

    let told = |event: Event| serde_json::from_str::<serde_json::Value>(&event.data).unwrap();
    let mut heard = told(all.of_kind("change").await);
    while heard["subject"] != "hoa" {
        heard = told(all.of_kind("change").await);
    }
    assert_eq!(
        (&heard["kind"], &heard["by"]),
        (&json!("user_set"), &json!("an"))
    );
    let only = told(few.of_kind("change").await);
    assert_eq!(only["kind"], "source_set", "nothing of people");
    assert!(only.get("by").is_none(), "{only}");
}
