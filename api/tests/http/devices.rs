use firemain_domain::clock::Clock;
use firemain_domain::source::KindName;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::Point;
use firemain_store::intake::{Quarantined, Unregistered, Why};
use firemain_store::journal::{Message, Position};
use firemain_store::register::devices::DeviceNews;
use firemain_store::register::endpoint::{CommandAnswer, CommandStep, Step};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::bench::{Bench, NOW};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_listed_and_adopted_once() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let message = Message {
        topic: "firemain/v1/new-1/telemetry".into(),
        payload: b"{}".to_vec(),
        retained: false,
        copy: false,
        cut_from: None,
        first_received_at: None,
    };
    let kept = Unregistered {
        device: "new-1".into(),
        position: Position(7),
        received_at: NOW,
        message,
    };
    bench.stores.intake.keep(&[kept]).unwrap();
    let devices = bench.get("/api/v1/devices").await.json;
    let ids: Vec<_> = devices["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["id"])
        .collect();
    assert_eq!(ids, [&json!("dev-TR-1"), &json!("new-1")]);
    assert_eq!(devices["items"][1]["stranger"]["kept"], 1);
    let first = bench.get("/api/v1/devices?limit=1").await.json;
    let next = format!(
        "/api/v1/devices?limit=1&after={}",
        first["next"].as_str().unwrap()
    );
    assert_eq!(bench.get(&next).await.json["items"][0]["id"], "new-1");
    assert_eq!(
        bench.get("/api/v1/devices?registered=false").await.json["items"][0]["id"],
        "new-1"
    );
    assert_eq!(
        bench.get("/api/v1/devices/new-1").await.json["source"],
        json!(null)
    );

    let adopt = "/api/v1/devices/new-1/adopt";
    bench
        .post(adopt, json!({ "source": "TR-9" }))
        .await
        .is_problem(422, "invalid-body");
    bench
        .post(adopt, json!({ "source": "TR-1" }))
        .await
        .is_problem(409, "conflict");
    let adopted = bench
        .post(adopt, json!({ "source": "TR-1", "replace": true }))
        .await;
    assert_eq!(
        (adopted.status, &adopted.json["device"]),
        (200, &json!("new-1"))
    );
    assert_eq!(
        bench.get("/api/v1/devices/new-1").await.json["source"],
        "TR-1"
    );
    bench
        .get("/api/v1/devices/never-heard")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_shown_once_and_kept_as_a_hash() {
    let bench = Bench::start().await;
    let path = "/api/v1/devices/hn-7/credentials";
    let made = bench.send(bench.request("POST", path)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.headers["cache-control"], "no-store");
    assert_eq!(made.json["devices"], json!(["hn-7"]));
    let password = made.json["password"].as_str().unwrap();
    assert_eq!(password.len(), 43, "256 bits");
    let login = bench.stores.register.login("hn-7").unwrap().unwrap();
    assert_eq!(login.secret_sha256[..], Sha256::digest(password)[..]);
    assert!(
        !bench
            .get("/api/v1/devices/hn-7")
            .await
            .text
            .contains(password)
    );

    let gateway = bench
        .post(
            "/api/v1/devices/gw-1/credentials",
            json!({ "devices": ["a", "b"] }),
        )
        .await;
    assert_eq!(gateway.json["devices"], json!(["a", "b"]));
    let wrong = bench
        .post(
            "/api/v1/devices/gw-1/credentials",
            json!({ "devices": ["a/b"] }),
        )
        .await;
    assert_eq!(
        wrong.is_problem(422, "invalid-body").json["errors"][0]["field"],
        "/devices/0"
    );
    let again = bench.send(bench.request("POST", path)).await;
    assert_ne!(
        again.json["password"], made.json["password"],
        "the old one is void"
    );
    assert_eq!(bench.delete(path).await.status, 204);
    bench.delete(path).await.is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantine_shows_text_as_text_and_bytes_in_base_64() {
    let bench = Bench::start().await;
    let message = |position, why, payload: &[u8]| Quarantined {
        position: Position(position),
        received_at: NOW,
        why,
        detail: "no".to_owned(),
        topic: "firemain/v1/x/telemetry".to_owned(),
        payload: payload.to_vec(),
    };
    let rows = [
        message(1, Why::Undecodable, b"not json"),
        message(2, Why::TooLarge, &[0xFF, 0, 1]),
    ];
    bench.stores.intake.quarantine(&rows).unwrap();
    let all = bench.get("/api/v1/quarantine").await.json;
    assert_eq!(
        (
            &all["items"][0]["payload"],
            &all["items"][0]["payload_encoding"]
        ),
        (&json!("/wAB"), &json!("base64"))
    );
    assert_eq!(
        (
            &all["items"][1]["payload"],
            &all["items"][1]["payload_encoding"]
        ),
        (&json!("not json"), &json!("text"))
    );
    let some = bench.get("/api/v1/quarantine?why=too_large").await.json;
    assert_eq!(some["items"].as_array().unwrap().len(), 1);
    bench
        .get("/api/v1/quarantine?why=bad")
        .await
        .is_problem(400, "invalid-parameter");
}

/// The device takes a command from the broker and answers.
fn answers(bench: &Bench, id: &str, ok: bool, error: Option<&str>) {
    let register = &bench.stores.register;
    let command = register.commands("dev-TR-1", None, 1).unwrap().pop();
    let step = CommandStep {
        number: command.unwrap().number,
        step: Step::Published,
        at: bench.clock.now(),
    };
    register.note_delivery(&[step]).unwrap();
    let answer = CommandAnswer {
        device: "dev-TR-1".into(),
        id: id.to_owned(),
        at: bench.clock.now(),
        ok,
        error: error.map(str::to_owned),
    };
    assert_eq!(register.note_answer(&[answer]).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_set_from_afar_and_its_source_follows_what_it_took_on() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let config = "/api/v1/devices/dev-TR-1/config";
    for (set, said) in [
        (json!({}), "names nothing"),
        (json!({ "colour": 1 }), "is no setting"),
        (json!({ "report_interval_s": 59 }), "between 60"),
        (json!({ "report_interval_s": 90.5 }), "whole seconds"),
        (json!({ "calibration_offset_kpa": 900 }), "between -200"),
        (
            json!({ "threshold_low_kpa": 300, "threshold_high_kpa": 200 }),
            "must be below",
        ),
    ] {
        let refused = bench.post(config, json!({ "set": set })).await;
        refused.is_problem(422, "invalid-body");
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
    }
    let nobody = json!({ "set": { "report_interval_s": 300 } });
    bench
        .post("/api/v1/devices/nobody/config", nobody)
        .await
        .is_problem(404, "not-found");

    let wanted = json!({ "id": "c-1", "set": { "report_interval_s": 300 } });
    let asked = bench.post(config, wanted.clone()).await;
    assert_eq!(
        (asked.status, &asked.json["state"]),
        (201, &json!("queued"))
    );
    assert_eq!(asked.json["asked_by"], "local");
    assert_eq!(bench.post(config, wanted).await.status, 200, "asked once");
    let other = json!({ "id": "c-1", "set": { "report_interval_s": 600 } });
    bench.post(config, other).await.is_problem(409, "conflict");
    let device = "/api/v1/devices/dev-TR-1";
    let one = bench.get(device).await.json;
    assert_eq!(one["config_desired"], json!({ "report_interval_s": 300 }));
    assert_eq!(one["config_reported"], json!({}));
    assert_eq!(one["commands_waiting"], 1);

    answers(&bench, "c-1", true, None);
    bench.clock.pass_ms(2_000);
    let source = bench
        .until("/api/v1/sources/TR-1", |json| {
            json["reporting"]["interval_s"] == 300
        })
        .await;
    assert_eq!(source["device"], "dev-TR-1");
    let commands = bench.get(&format!("{device}/commands")).await.json;
    assert_eq!(commands["items"][0]["state"], "done");
    let one = bench.get(device).await.json;
    assert_eq!(one["config_reported"], json!({ "report_interval_s": 300 }));
    assert_eq!(one["commands_waiting"], 0);

    let offset = json!({ "id": "c-2", "set": { "calibration_offset_kpa": -4.5 } });
    assert_eq!(bench.post(config, offset).await.status, 201);
    answers(&bench, "c-2", false, Some("no such setting"));
    let late = json!({ "id": "c-3", "set": { "report_interval_s": 900 },
        "expires_at": bench.clock.now().plus_ms(120_000).to_string() });
    assert_eq!(bench.post(config, late).await.status, 201);
    bench.clock.pass_ms(130_000);
    let commands = bench.get(&format!("{device}/commands")).await.json;
    let state = |n: usize| {
        (
            &commands["items"][n]["state"],
            &commands["items"][n]["error"],
        )
    };
    assert_eq!(state(0), (&json!("expired"), &json!(null)));
    assert_eq!(state(1), (&json!("failed"), &json!("no such setting")));
    let one = bench.get(device).await.json;
    assert_eq!(one["config_desired"], json!({ "report_interval_s": 300 }));

    let audit = bench.get("/api/v1/changes?limit=1000").await.json;
    let kinds: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            (
                change["kind"].as_str().unwrap(),
                change["by"].as_str().unwrap(),
            )
        })
        .collect();
    for row in [
        ("device_configured", "local"),
        ("device_answered", "device dev-TR-1"),
        ("source_set", "device dev-TR-1"),
    ] {
        assert!(kinds.contains(&row), "{row:?} in {kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_takes_anothers_place_and_the_source_keeps_who_was_there() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hydrant("TR-2", 100.0).await;
    let path = "/api/v1/devices/dev-TR-1/replace";
    let at = NOW.plus_ms(-3_600_000).to_string();
    let body = json!({ "with": "new-1", "at": at, "reason": "Hết pin" });
    for (wrong, status) in [
        (json!({ "with": "new-1", "at": at, "reason": "" }), 422),
        (json!({ "with": "dev-TR-1", "reason": "x" }), 422),
        (
            json!({ "with": "new-1", "reason": "x", "at": NOW.plus_ms(60_000).to_string() }),
            422,
        ),
        (json!({ "with": "dev-TR-2", "reason": "x" }), 409),
    ] {
        let answer = bench.post(path, wrong).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let replaced = bench.post(path, body.clone()).await;
    assert_eq!(
        (replaced.status, &replaced.json["device"]),
        (200, &json!("new-1")),
        "{}",
        replaced.text
    );
    assert_eq!(bench.post(path, body).await.status, 200, "once more");
    let history = bench.get("/api/v1/sources/TR-1/devices").await.json;
    assert_eq!(history["items"].as_array().unwrap().len(), 2);
    let (new, old) = (&history["items"][0], &history["items"][1]);
    assert_eq!(
        (&new["device"], &new["from"]),
        (&json!("new-1"), &json!(at))
    );
    assert_eq!(new["until"], json!(null));
    assert_eq!(
        (&old["device"], &old["until"], &old["reason"], &old["by"]),
        (
            &json!("dev-TR-1"),
            &json!(at),
            &json!("Hết pin"),
            &json!("local")
        )
    );
    let audit = bench.get("/api/v1/changes?limit=2").await.json;
    assert_eq!(audit["items"][1]["kind"], "device_replaced");
    // The new one reports for the source, the old one is a stranger.
    bench.hear("new-1", json!({ "seq": 1, "pressure_kpa": 215.0 }));
    bench
        .until("/api/v1/sources/TR-1/verdict", |json| {
            json["verdict"] == "usable"
        })
        .await;
    bench
        .get("/api/v1/devices/dev-TR-1")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_battery_that_falls_says_when_it_ends() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    let points = (0..30).flat_map(|day| {
        let at = NOW.plus_ms((day - 29) * 86_400_000);
        [
            (Quantity::BatteryPct, 80.0 - day as f64),
            (Quantity::SignalDbm, -90.0),
        ]
        .map(|(quantity, value)| Point {
            source: "TR-1".into(),
            kind: KindName::Hydrant,
            quantity,
            at,
            mark: 1,
            value,
        })
    });
    let archive = &bench.stores.archive;
    archive.write(points.collect(), Position(1)).await.unwrap();
    let news = DeviceNews {
        device: "dev-TR-1".into(),
        at: NOW,
        firmware: Some("2.4.1".to_owned()),
        boot_at: Some(NOW),
        config: None,
    };
    bench.stores.register.note_devices(&[news]).unwrap();
    let device = bench.get("/api/v1/devices/dev-TR-1").await.json;
    assert_eq!(
        (&device["firmware"], &device["boot_at"]),
        (&json!("2.4.1"), &json!(NOW.to_string()))
    );
    let trends = device["trends"].as_array().unwrap();
    let of = |name: &str| trends.iter().find(|t| t["quantity"] == name).unwrap();
    let battery = of("battery_pct");
    assert!((battery["per_day"].as_f64().unwrap() + 1.0).abs() < 0.01);
    assert_eq!(battery["value"], 51.0);
    let ends_at = battery["ends_at"].as_str().unwrap();
    let day = battery["at"].as_str().unwrap();
    let [ends_at, day] = [ends_at, day].map(|text| Timestamp::parse(text).unwrap());
    let days = ends_at.since_ms(day) / 86_400_000;
    assert!((40..=41).contains(&days), "41 % at 1 % a day: {days}");
    assert!(of("signal_dbm")["ends_at"].is_null());
}
