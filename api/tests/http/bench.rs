//! The API with judging on real stores, a clock moved by hand, and a client.

use std::sync::Arc;
use std::time::Duration;

use firemain_api::Stores;
use firemain_api::http::{AppState, HttpSettings, Serving, serve};
use firemain_api::notify::{Notify, NotifySettings};
use firemain_api::watch::{Watch, WatchSettings};
use firemain_domain::Timestamp;
use firemain_domain::clock::{Clock, HandClock};
use firemain_domain::judging::Control;
use firemain_store::intake::{IntakePolicy, SqliteIntake};
use firemain_store::journal::{Body, Envelope, JournalOptions, Message, SqliteJournal};
use firemain_store::register::SqliteRegister;
use firemain_wire::Subscription;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::archive::InMemory;

pub const NOW: Timestamp = Timestamp::from_ms(1_764_000_000_000);
const POLICY: IntakePolicy = IntakePolicy {
    quarantine_rows: 100,
    unregistered_per_device: 10,
    unregistered_devices: 10,
};
/// Whatever is waited for comes within this time, or the test fails.
const WITHIN: Duration = Duration::from_secs(10);

pub struct Bench {
    pub stores: Stores,
    pub clock: Arc<HandClock>,
    pub watch: Arc<Watch>,
    pub cancel: CancellationToken,
    pub url: String,
    pub client: Client,
    pub serving: Option<Serving>,
    _dir: tempfile::TempDir,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(|_| {}, HttpSettings::default()).await
    }

    /// With stores that `prepare` has filled, and these settings but for the port.
    pub async fn with(prepare: impl FnOnce(&Stores), settings: HttpSettings) -> Self {
        Self::build(prepare, settings, None).await
    }

    /// One that tells people, with these settings.
    pub async fn telling(notify: NotifySettings) -> Self {
        Self::build(|_| {}, HttpSettings::default(), Some(notify)).await
    }

    async fn build(
        prepare: impl FnOnce(&Stores),
        settings: HttpSettings,
        notify: Option<NotifySettings>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let stores = Stores {
            journal: Arc::new(
                SqliteJournal::open(
                    &file("journal.db"),
                    JournalOptions {
                        keep_ms: 0,
                        max_bytes: 1 << 30,
                    },
                )
                .unwrap(),
            ),
            intake: Arc::new(SqliteIntake::open(&file("intake.db"), POLICY).unwrap()),
            archive: Arc::new(InMemory::default()),
            register: Arc::new(SqliteRegister::open(&file("register.db")).unwrap()),
        };
        prepare(&stores);
        let clock = HandClock::at(NOW);
        let cancel = CancellationToken::new();
        let rules = WatchSettings {
            subscriptions: Subscription::defaults(),
            ..Default::default()
        };
        let watch = Watch::start(&stores, rules, clock.clone(), cancel.child_token()).unwrap();
        let notify = match notify {
            Some(settings) => {
                let telling = Notify::start(
                    stores.register.clone(),
                    Arc::clone(watch.board()),
                    watch.newest_event(),
                    settings,
                    clock.clone(),
                    cancel.child_token(),
                );
                Some(telling.await.unwrap())
            }
            None => None,
        };
        let state = AppState {
            stores: stores.clone(),
            watch: watch.clone(),
            notify: notify.clone(),
            clock: clock.clone(),
        };
        let settings = HttpSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            ..settings
        };
        let serving = serve(settings, state, cancel.clone()).await.unwrap();
        let url = serving.url();
        if let Some(notify) = &notify {
            notify.links().reached_at(&url);
        }
        firemain_api::choose_cryptography();
        let client = Client::builder()
            .danger_accept_invalid_certs(true)
            .timeout(WITHIN)
            .build()
            .unwrap();
        let bench = Self {
            stores,
            clock,
            watch,
            cancel,
            url,
            client,
            serving: Some(serving),
            _dir: dir,
        };
        bench.journal([
            Body::Control(Control::Started),
            Body::Control(Control::Connected {
                session_present: true,
            }),
            Body::Control(Control::Drained),
        ]);
        bench
    }

    // What devices do ------------------------------------------------------------------------

    pub fn journal(&self, bodies: impl IntoIterator<Item = Body>) {
        let received_at = self.clock.now();
        let envelopes: Vec<_> = bodies
            .into_iter()
            .map(|body| Envelope {
                received_at,
                wall_offset_ms: 0,
                body,
            })
            .collect();
        self.stores.journal.append(&envelopes).unwrap();
    }

    /// A device says something now.
    pub fn hear(&self, device: &str, mut said: Value) {
        said["at"] = json!(self.clock.now().ms());
        self.journal([Body::Message(Message {
            topic: format!("firemain/v1/{device}/telemetry").into(),
            payload: said.to_string().into_bytes(),
            retained: false,
            copy: false,
            cut_from: None,
            first_received_at: None,
        })]);
    }

    /// Minutes pass, in which the receiver is heard.
    pub fn pass_minutes(&self, minutes: u64) {
        let mut envelopes = Vec::new();
        for _ in 0..minutes * 12 {
            self.clock.pass_ms(5_000);
            envelopes.push(Envelope {
                received_at: self.clock.now(),
                wall_offset_ms: 0,
                body: Body::Control(Control::Heartbeat { settled: 0 }),
            });
        }
        self.stores.journal.append(&envelopes).unwrap();
    }

    // What people do -------------------------------------------------------------------------

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status,
            headers,
            json,
            text,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send_json("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send_json("PUT", path, body).await
    }

    async fn send_json(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self
            .request(method, path)
            .header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// A hydrant in Hàng Bạc, `north_m` north of the first, that owes 98.1 kPa.
    pub async fn hydrant(&self, code: &str, north_m: f64) {
        let answer = self
            .put(&format!("/api/v1/sources/{code}"), hydrant(code, north_m))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    /// Asks until the answer is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until_within(WITHIN, path, wanted).await
    }

    /// Asks until the answer is as wanted, at most so long.
    pub async fn until_within(
        &self,
        within: Duration,
        path: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let mut last = Value::Null;
        let asking = async {
            loop {
                ticks.tick().await;
                last = self.get(path).await.json;
                if wanted(&last) {
                    return;
                }
            }
        };
        let came = tokio::time::timeout(within, asking).await.is_ok();
        assert!(
            came,
            "{path} never came to what was waited for; last: {last:#}"
        );
        last
    }
}

impl Answer {
    /// A problem document of this kind, with this status.
    pub fn is_problem(&self, status: u16, kind: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(
            self.json["type"],
            format!("/problems/{kind}"),
            "{}",
            self.text
        );
        assert_eq!(self.json["status"], status);
        assert!(
            self.json["detail"]
                .as_str()
                .is_some_and(|text| text.len() > 10),
            "{}",
            self.text
        );
        self
    }

    pub fn codes(&self) -> Vec<&str> {
        codes(&self.json)
    }
}

pub fn codes(json: &Value) -> Vec<&str> {
    let items = json["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["code"].as_str().unwrap())
        .collect()
}

pub fn hydrant(code: &str, north_m: f64) -> Value {
    json!({
        "kind": "hydrant",
        "name": "12 Hàng Bạc",
        "position": { "lat": 21.0345 + north_m / 111_195.0, "lon": 105.8512 },
        "device": format!("dev-{code}"),
        "unit": "Phường Hoàn Kiếm",
        "zone": "Z1",
        "requirement": { "pressure_kpa": 98.1 },
    })
}
