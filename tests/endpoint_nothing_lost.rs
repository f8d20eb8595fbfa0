//! Our own endpoint under kill -9 at random moments: nothing acknowledged is lost, nothing counts
//! twice, nothing is told twice; sessions and commands are there again.

mod support;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_store::register::SqliteRegister;
use firemain_store::register::endpoint::{EndpointRegister, NewCommand};
use serde_json::{Value, json};
use support::{Firemain, Http, SOON, now_ms, until, until_some};

const SEED: u64 = 0x00f1_2e5e_ed11_2026;
const KILLS: u64 = 12;
/// Messages that a device has under way at once.
const WINDOW: usize = 16;
const LONG: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(20);

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\nTR-2,hydrant,B,21.06,105.85,D-2,Z,98.1\n\
    TR-3,hydrant,C,21.09,105.85,D-3,Z,98.1\nTR-4,hydrant,D,21.12,105.85,D-4,Z,98.1\n\
    TR-5,hydrant,E,21.15,105.85,D-5,Z,98.1\n";

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Three,
    Five,
}

/// A client that keeps its session and sends again what was not acknowledged, byte by byte.
struct Client {
    socket: TcpStream,
    version: Version,
    read: Vec<u8>,
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

impl Client {
    /// Connects; whether the session was there. `None` where nobody listens.
    fn connect(at: SocketAddr, version: Version, login: &Value, id: &str) -> Option<(Self, bool)> {
        let socket = TcpStream::connect(at).ok()?;
        socket.set_read_timeout(Some(SOON)).ok()?;
        let mut client = Self {
            socket,
            version,
            read: Vec::new(),
        };
        let (level, properties) = match version {
            Version::Three => (4, Vec::new()),
            // A session that is kept for an hour.
            Version::Five => (5, vec![5, 0x11, 0, 0, 14, 16]),
        };
        let said = |name: &str| text(login[name].as_str().expect("a login"));
        let body = [
            text("MQTT"),
            vec![level, 0xc0, 0, 60],
            properties,
            text(id),
            said("user"),
            said("password"),
        ];
        client.say(0x10, &body.concat())?;
        let (first, body) = client.hear()?;
        assert_eq!((first, body[1]), (0x20, 0), "the login is let in: {body:?}");
        Some((client, body[0] & 1 == 1))
    }

    fn say(&mut self, first: u8, body: &[u8]) -> Option<()> {
        let mut packet = vec![first];
        let mut length = body.len();
        loop {
            let more = length > 127;
            packet.push((length % 128) as u8 | u8::from(more) << 7);
            length /= 128;
            if !more {
                break;
            }
        }
        packet.extend(body);
        self.socket.write_all(&packet).ok()
    }

    /// The next packet; `None` when the connection is gone.
    fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some(packet) = self.whole() {
                return Some(packet);
            }
            if !self.more()? {
                return None;
            }
        }
    }

    /// Whether nothing more comes while one looks, though the connection is there.
    fn is_quiet(&mut self) -> bool {
        self.whole().is_none() && self.more() == Some(false)
    }

    /// Reads on; `Some(false)`: nothing came in time.
    fn more(&mut self) -> Option<bool> {
        let mut bytes = [0; 4_096];
        match self.socket.read(&mut bytes) {
            Ok(0) => None,
            Ok(count) => {
                self.read.extend(&bytes[..count]);
                Some(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Some(false)
            }
            Err(_) => None,
        }
    }

    fn whole(&mut self) -> Option<(u8, Vec<u8>)> {
        let [first, length, ..] = self.read[..] else {
            return None;
        };
        assert!(length < 128, "what comes here is short");
        let end = 2 + usize::from(length);
        let body = self.read.get(2..end)?.to_vec();
        self.read.drain(..end);
        Some((first, body))
    }

    fn properties(&self) -> &'static [u8] {
        match self.version {
            Version::Three => &[],
            Version::Five => &[0],
        }
    }

    fn publish(&mut self, topic: &str, id: u16, payload: &str, again: bool) -> Option<()> {
        let first = if again { 0x3a } else { 0x32 };
        let properties = self.properties();
        let body = [
            &text(topic)[..],
            &id.to_be_bytes(),
            properties,
            payload.as_bytes(),
        ];
        self.say(first, &body.concat())
    }

    fn subscribe(&mut self, topic: &str) -> Option<()> {
        let body = [&[0, 9][..], self.properties(), &text(topic), &[1]].concat();
        self.say(0x82, &body)?;
        let (first, body) = self.hear()?;
        assert_eq!((first, body.last()), (0x90, Some(&1)), "subscribed");
        Some(())
    }
}

/// What the devices share with the test.
struct Town {
    address: Mutex<SocketAddr>,
    login: Value,
    acknowledged: AtomicU64,
    enough: AtomicBool,
}

/// What a device has seen.
#[derive(Debug, Default)]
struct Seen {
    sent: i64,
    sent_again: u64,
    sessions: Vec<bool>,
}

/// A device that measures all the time, and never the same twice. One that has no clock and no
/// counter sends nothing but its pressure.
fn device(town: &Town, name: &str, version: Version, with_clock: bool) -> Seen {
    let topic = format!("firemain/v1/{name}/telemetry");
    let begin = now_ms() - 3 * 3_600_000;
    let payload = |n: i64| {
        let pressure_kpa = 200.0 + n as f64 / 1_000.0;
        if with_clock {
            json!({"at": begin + n * 100, "seq": n, "pressure_kpa": pressure_kpa}).to_string()
        } else {
            json!({ "pressure_kpa": pressure_kpa }).to_string()
        }
    };
    let mut seen = Seen::default();
    let mut under_way: Vec<i64> = Vec::new();
    let id = |n: i64| u16::try_from(n % 60_000 + 1).expect("within 16 bits");
    while !(town.enough.load(SeqCst) && under_way.is_empty()) {
        let at = *town.address.lock().expect("the lock");
        let Some((mut client, was)) = Client::connect(at, version, &town.login, name) else {
            support::pause_a_little();
            continue;
        };
        seen.sessions.push(was);
        let mut alive = true;
        for &n in &under_way {
            seen.sent_again += 1;
            alive &= client.publish(&topic, id(n), &payload(n), true).is_some();
        }
        while alive && !(town.enough.load(SeqCst) && under_way.is_empty()) {
            while alive && under_way.len() < WINDOW && !town.enough.load(SeqCst) {
                let n = seen.sent;
                seen.sent += 1;
                under_way.push(n);
                alive = client.publish(&topic, id(n), &payload(n), false).is_some();
            }
            match client.hear() {
                Some((0x40, body)) => {
                    let acknowledged = u16::from_be_bytes([body[0], body[1]]);
                    under_way.retain(|&n| id(n) != acknowledged);
                    town.acknowledged.fetch_add(1, SeqCst);
                }
                Some(other) => panic!("{name} hears {other:?}"),
                None => alive = false,
            }
        }
    }
    seen
}

fn archived(http: &Http, code: &str) -> i64 {
    let path = format!(
        "/api/v1/sources/{code}/readings?quantities=pressure_kpa&bucket_s=86400\
         &from=2020-01-01T00:00:00Z&until=2030-01-01T00:00:00Z"
    );
    let buckets = http.get(&path).ok();
    let items = buckets["items"].as_array().expect("buckets are a list");
    items.iter().filter_map(|b| b["count"].as_i64()).sum()
}

/// How often each alert was told to have been raised.
fn raised(http: &Http) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for (kind, body) in http.events_until_quiet("/api/v1/stream?after=0") {
        let event: Value = serde_json::from_str(&body).expect("an event is JSON");
        if kind == "episode" && event["event"] == "raised" {
            let id = event["id"].as_str().expect("an id").to_owned();
            *told.entry(id).or_default() += 1;
        }
    }
    told
}

/// `serve` with its own endpoint, five hydrants, and a login that speaks for them.
fn serving() -> (Firemain, Value) {
    let firemain = Firemain::builder("serve")
        .config("[endpoint]\nlisten = \"127.0.0.1:0\"")
        .start();
    let http = firemain.http();
    http.post_text("/api/v1/import?format=csv", "text/csv", REGISTER)
        .ok();
    let devices = json!({"devices": ["D-1", "D-2", "D-3", "D-4", "D-5"]});
    let login = http.post("/api/v1/devices/D-1/credentials", &devices).ok();
    (firemain, login)
}

#[test]
fn twelve_kills_at_random_moments_lose_nothing_and_double_nothing() {
    eprintln!("seed {SEED:#x}");
    let mut dice = Dice(SEED);
    let (mut firemain, login) = serving();
    let town = Arc::new(Town {
        address: Mutex::new(firemain.ready().mqtt_address()),
        login,
        acknowledged: AtomicU64::new(0),
        enough: AtomicBool::new(false),
    });
    // One low spell, long over, of a device that then says no more.
    let at = *town.address.lock().expect("the lock");
    let (mut low, _) = Client::connect(at, Version::Three, &town.login, "low").expect("a login");
    for (seq, age_min) in [(1, 12), (2, 11), (3, 0)] {
        let at = now_ms() - age_min * 60_000;
        let payload = json!({"at": at, "seq": seq, "pressure_kpa": 15.0}).to_string();
        low.publish("firemain/v1/D-5/telemetry", seq, &payload, false)
            .expect("it is taken");
        assert_eq!(low.hear().expect("an acknowledgement").0, 0x40);
    }
    let kinds = [
        ("D-1", Version::Three, true),
        ("D-2", Version::Three, false),
        ("D-3", Version::Five, true),
        ("D-4", Version::Five, false),
    ];
    let devices = kinds.map(|(name, version, with_clock)| {
        let town = Arc::clone(&town);
        std::thread::spawn(move || device(&town, name, version, with_clock))
    });
    for kill in 1..=KILLS {
        let more = 50 + dice.below(600);
        let enough = town.acknowledged.load(SeqCst) + more;
        until("some more is acknowledged", LONG, || {
            town.acknowledged.load(SeqCst) >= enough
        });
        firemain.kill9();
        eprintln!("kill {kill} after {enough} acknowledgements");
        firemain.start_again();
        *town.address.lock().expect("the lock") = firemain.ready().mqtt_address();
    }
    let enough = town.acknowledged.load(SeqCst) + 200;
    until("it goes on after the last kill", LONG, || {
        town.acknowledged.load(SeqCst) >= enough
    });
    town.enough.store(true, SeqCst);
    let seen = devices.map(|device| device.join().expect("the device ends well"));
    let http = firemain.http();
    for ((name, ..), seen) in kinds.iter().zip(&seen) {
        eprintln!("{name}: {} sent, {} sent again", seen.sent, seen.sent_again);
        assert_eq!(
            seen.sessions.first(),
            Some(&false),
            "{name}: the first time"
        );
        assert!(
            seen.sessions[1..].iter().all(|&was| was),
            "{name}: its session outlives us: {:?}",
            seen.sessions
        );
        let code = name.replace('D', "TR");
        until("every message is in the archive", LONG, || {
            archived(&http, &code) >= seen.sent
        });
    }
    assert!(
        seen.iter().map(|seen| seen.sent_again).sum::<u64>() > 0,
        "something was sent again"
    );
    for ((name, ..), seen) in kinds.iter().zip(&seen) {
        let code = name.replace('D', "TR");
        assert_eq!(archived(&http, &code), seen.sent, "{name}: none twice");
    }
    let told = raised(&http);
    assert_eq!(told.get("TR-5/LOW_STATIC/1"), Some(&1), "{told:?}");
}

fn register(firemain: &Firemain) -> SqliteRegister {
    SqliteRegister::open(&firemain.data().join("register.db")).expect("the register")
}

#[test]
fn a_command_outlives_a_kill_reaches_its_device_and_is_settled_by_its_answer() {
    let (mut firemain, login) = serving();
    for (version, device) in [(Version::Three, "D-1"), (Version::Five, "D-2")] {
        let topic = format!("firemain/v1/{device}/command");
        let at = firemain.ready().mqtt_address();
        let (mut client, was) = Client::connect(at, version, &login, device).expect("a login");
        assert!(!was);
        client.subscribe(&topic).expect("a subscription");
        drop(client);
        let body = json!({"id": "c-1", "set": {"report_interval_s": 600}}).to_string();
        let now = Timestamp::from_ms(now_ms());
        let command = NewCommand {
            device: device.into(),
            id: "c-1".into(),
            body: body.clone(),
            created_at: now,
            expires_at: now.plus_ms(3_600_000),
        };
        let number = register(&firemain)
            .enqueue_command(&command)
            .expect("a command");
        firemain.kill9();
        firemain.start_again();

        let at = firemain.ready().mqtt_address();
        let (mut client, was) = Client::connect(at, version, &login, device).expect("a login");
        assert!(was, "the session outlives the kill");
        let (first, packet) = client.hear().expect("the command");
        assert_eq!(first & 0xf6, 0x32, "at quality of service 1");
        assert!(packet.ends_with(body.as_bytes()), "{packet:?}");
        let id = &packet[2 + topic.len()..][..2];
        client.say(0x40, id).expect("an acknowledgement");
        let register = register(&firemain);
        let row = || {
            register
                .command(number)
                .expect("readable")
                .expect("a command")
        };
        until("its delivery is noted", SOON, || {
            row().delivered_at.is_some()
        });
        assert!(row().answered_at.is_none());

        let answer = json!({"event": "command_done", "id": "c-1", "ok": false, "error": "busy"});
        let events = format!("firemain/v1/{device}/event");
        client
            .publish(&events, 1, &answer.to_string(), false)
            .expect("an answer");
        let settled = until_some("the answer settles it", SOON, || {
            Some(row()).filter(|row| row.answered_at.is_some())
        });
        assert_eq!(
            (settled.ok, settled.error.as_deref()),
            (Some(false), Some("busy"))
        );
        client
            .socket
            .set_read_timeout(Some(LOOK))
            .expect("a time-out");
        assert_eq!(client.hear().map(|heard| heard.0), Some(0x40), "only that");
        assert!(client.is_quiet(), "and nothing comes twice");
    }
}
