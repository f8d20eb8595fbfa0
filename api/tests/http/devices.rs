use firemain_store::intake::{Quarantined, Unregistered, Why};
use firemain_store::journal::{Message, Position};
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
