//! kill -9 at random moments while alerts are raised and told: every page reaches its receiver, and
//! what comes twice comes under the same key.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Chance, Firemain, Http, Mosquitto, SOON, Stopwatch, now_ms, rounds, until};

const SOURCES: u64 = 40;
const KILLS: u64 = 6;
const LONG: Duration = Duration::from_secs(180);

/// What a receiver took, by key: how often.
type Taken = Arc<Mutex<BTreeMap<String, u32>>>;

/// A receiver that takes three of four, and says of the fourth that it is broken.
fn receiver(taken: &Taken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::clone(taken);
    std::thread::spawn(move || {
        let mut n = 0_u64;
        for stream in listener.incoming().flatten() {
            n += 1;
            let (taken, broken) = (Arc::clone(&taken), n.is_multiple_of(4));
            std::thread::spawn(move || answer(stream, &taken, broken));
        }
    });
    url
}

fn answer(mut stream: TcpStream, taken: &Taken, broken: bool) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_lowercase().as_str() {
            "firemain-id" => value.clone_into(&mut key),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let status = if broken {
        "500 Broken"
    } else {
        *taken.lock().unwrap().entry(key).or_default() += 1;
        "204 Taken"
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()
}

fn prepare(http: &Http) {
    let mut csv = "code,kind,name,lat,lon,device,required_pressure_kpa\n".to_owned();
    for n in 0..SOURCES {
        let lat = 20.0 + n as f64 * 0.03;
        csv += &format!("TR-{n},hydrant,{n} Hàng Bạc,{lat},105.85,D-{n},98.1\n");
    }
    http.post_text("/api/v1/import?format=csv", "text/csv", &csv)
        .ok();
    http.put(
        "/api/v1/teams/crew",
        &json!({"name": "Crew", "contacts": []}),
    )
    .ok();
    let route = json!({"team": "crew", "channels": ["hook"]});
    http.put("/api/v1/routes/crew", &route).ok();
}

#[test]
fn every_page_is_told_whatever_dies_when() {
    let mut chance = Chance::seeded();
    let taken = Taken::default();
    let url = receiver(&taken);
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a-secret-of-sixteen+").unwrap();
    let broker = Mosquitto::builder().max_queued(0).start();
    let settings = format!(
        "[notify]\ndigest_after = 100000\n[notify.channels.hook]\nkind = \"webhook\"\nurl = {url:?}\nsecret_file = {:?}",
        secret.path()
    );
    let mut firemain = Firemain::serving(&broker.url()).config(&settings).start();
    prepare(&firemain.http());
    until("the receiver is ready", SOON, || {
        firemain.http().get("/readyz").status == 200
    });
    let kills = rounds(KILLS);
    let each = SOURCES.div_ceil(kills);
    for kill in 0..kills {
        for n in (kill * each)..((kill + 1) * each).min(SOURCES) {
            for (seq, at) in [(1, now_ms() - 12 * 60_000), (2, now_ms())] {
                let low = json!({"at": at, "seq": seq, "pressure_kpa": 22.0});
                broker.publish(&format!("firemain/v1/D-{n}/telemetry"), &low.to_string());
            }
        }
        let ms = chance.below(900);
        let since = Stopwatch::start();
        until("time passes", SOON, || {
            since.elapsed() >= Duration::from_millis(ms)
        });
        firemain.kill9();
        firemain.start_again();
    }
    let key = |n: u64| format!("TR-{n}/LOW_STATIC/1/paged-0/hook/crew/");
    until("every page is taken", LONG, || {
        let taken = taken.lock().unwrap();
        (0..SOURCES).all(|n| taken.contains_key(&key(n)))
    });
    let taken = taken.lock().unwrap().clone();
    let pages = taken.keys().filter(|key| key.contains("/paged-"));
    assert_eq!(pages.count() as u64, SOURCES, "{taken:?}");
    let doubled = taken.values().filter(|times| **times > 1).count();
    eprintln!("{doubled} of {} keys came more than once", taken.len());
    // Each is on record once, with every try.
    let http = firemain.http();
    for n in 0..SOURCES {
        let path = format!("/api/v1/deliveries?alert=TR-{n}/LOW_STATIC/1");
        until("the try is on record", LONG, || {
            let rows = http.get(&path).ok();
            let rows = rows["items"].as_array().unwrap().clone();
            let paged = |row: &&Value| row["occasion"] == "paged";
            let paged: Vec<_> = rows.iter().filter(paged).collect();
            paged.len() == 1 && paged[0]["state"] == "sent"
        });
    }
}
