//! Published = journalled = archived = readable, counted, in every format that sensors speak.

mod support;

use firemain_domain::report::Sample;
use firemain_domain::{Quantity, Timestamp};
use firemain_wire::{CodecName, Encoder, Outgoing, Subscription};
use serde::Serialize;
use support::{Firemain, Http, Mosquitto, SOON, now_ms, until};

const MESSAGES: i64 = 40;

#[derive(Serialize)]
struct Config {
    mqtt: Mqtt,
}

#[derive(Serialize)]
struct Mqtt {
    url: String,
    subscriptions: Vec<Subscription>,
}

fn metric(http: &Http, name: &str) -> f64 {
    let text = http.get("/metrics").text;
    let line = text
        .lines()
        .find(|line| line.split([' ', '{']).next() == Some(name));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0.0)
}

#[test]
fn what_is_published_in_any_format_is_journalled_archived_and_readable() {
    let broker = Mosquitto::builder().max_queued(0).start();
    let subscriptions = CodecName::ALL
        .into_iter()
        .flat_map(Encoder::subscription)
        .collect();
    let config = Config {
        mqtt: Mqtt {
            url: broker.url(),
            subscriptions,
        },
    };
    let config = toml::to_string(&config).expect("settings are TOML");
    let firemain = Firemain::builder("serve").config(&config).start();
    let http = firemain.http();
    let mut csv = String::from("code,kind,name,lat,lon,device,required_pressure_kpa\n");
    for codec in CodecName::ALL {
        csv += &format!(
            "TR-{0},hydrant,{0},21.03,105.85,dev-{0},98.1\n",
            codec.name()
        );
    }
    http.post_text("/api/v1/import?format=csv", "text/csv", &csv)
        .ok();
    until("the receiver is ready", SOON, || {
        http.get("/readyz").status == 200
    });
    let before = metric(&http, "firemain_received_total");

    let begin = now_ms() / 1_000 * 1_000 - MESSAGES * 60_000;
    let mut published = 0;
    for codec in CodecName::ALL {
        let mut encoder = Encoder::new(codec);
        let device = format!("dev-{}", codec.name());
        for n in 0..MESSAGES {
            let sample = Sample {
                at: Some(Timestamp::from_ms(begin + n * 60_000)),
                index: 0,
                values: vec![
                    (Quantity::PressureKpa, 200.0 + n as f64),
                    (Quantity::FlowLps, 2.5),
                ],
            };
            let said = Outgoing {
                device: &device,
                seq: n as u64 + 1,
                samples: &[sample],
            };
            for (topic, payload) in encoder.encode(&said) {
                broker.publish_bytes(&topic, &payload);
                published += 1;
            }
        }
    }
    for codec in CodecName::ALL {
        let path = format!(
            "/api/v1/sources/TR-{}/readings?quantities=pressure_kpa&limit=1000&from={}",
            codec.name(),
            Timestamp::from_ms(begin - 60_000)
        );
        until(&format!("every reading in {}", codec.name()), SOON, || {
            http.get(&path).ok()["items"].as_array().map(Vec::len) == Some(MESSAGES as usize)
        });
        let items = http.get(&path).ok()["items"].clone();
        let sum: f64 = items
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|v| v["value"].as_f64())
            .sum();
        let expected: f64 = (0..MESSAGES).map(|n| 200.0 + n as f64).sum();
        assert!(
            (sum - expected).abs() < 1e-6,
            "{}: {sum} is not {expected}",
            codec.name()
        );
    }
    until("as many were received as were published", SOON, || {
        metric(&http, "firemain_received_total") - before >= f64::from(published)
    });
    for lost in [
        "firemain_quarantined_total",
        "firemain_refused_points_total",
    ] {
        assert_eq!(metric(&http, lost), 0.0, "{lost}");
    }
}
