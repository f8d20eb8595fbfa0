//! Commands through a real broker to the simulator's firmware, which answers them.

#![allow(clippy::unwrap_used)]

mod support;

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use support::{Firemain, Http, Mosquitto, SOON, until, until_some};

/// The simulator, until dropped.
struct Town(Child);

impl Town {
    fn on(broker: &Mosquitto, register: &std::path::Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_firemain"))
            .args(["sim", "--sources", "20", "--scenario", "none"])
            .args(["--mqtt", &broker.url(), "--connections", "1"])
            .arg("--register")
            .arg(register)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulator starts");
        Self(child)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn state_of(http: &Http, device: &str, id: &str) -> Value {
    let commands = http.get(&format!("/api/v1/devices/{device}/commands")).ok();
    let items = commands["items"].as_array().unwrap().clone();
    let found = items.into_iter().find(|command| command["id"] == id);
    found.unwrap_or(Value::Null)
}

#[test]
fn a_command_reaches_firmware_through_a_broker_and_its_answer_comes_back() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let register = folder.path().join("town.csv");
    let firemain = Firemain::builder("serve")
        .config(&format!("[mqtt]\nurl = \"{}\"", broker.url()))
        .start();
    let http = firemain.http();
    let town = Town::on(&broker, &register);
    let sources = until_some("the town has told of its sources", SOON, || {
        std::fs::read_to_string(&register)
            .ok()
            .filter(|text| text.lines().count() > 20 && text.ends_with('\n'))
    });
    http.post_text("/api/v1/import?format=csv", "text/csv", &sources)
        .ok();
    let (code, device) = until_some("a device is registered", SOON, || {
        let devices = http.get("/api/v1/devices?registered=true&limit=1").ok();
        let first = &devices["items"][0];
        let text = |name: &str| first[name].as_str().map(str::to_owned);
        text("source").zip(text("id"))
    });
    let config = format!("/api/v1/devices/{device}/config");
    let ask = |id: &str, set: Value| {
        let body = json!({ "id": id, "set": set });
        http.post(&config, &body).ok();
    };

    ask("c-1", json!({ "report_interval_s": 120 }));
    until("the device has carried it out", SOON, || {
        state_of(&http, &device, "c-1")["state"] == "done"
    });
    until("its source follows", SOON, || {
        let source = http.get(&format!("/api/v1/sources/{code}")).ok();
        source["reporting"]["interval_s"] == 120
    });
    let one = http.get(&format!("/api/v1/devices/{device}")).ok();
    assert_eq!(one["config_reported"]["report_interval_s"], 120);

    ask("c-2", json!({ "sample_interval_s": 5 }));
    until("the device says why not", SOON, || {
        let command = state_of(&http, &device, "c-2");
        command["state"] == "failed" && command["error"].to_string().contains("must lie between")
    });

    // Nobody is there: it waits, and is carried out when the device comes back.
    drop(town);
    ask("c-3", json!({ "report_interval_s": 180 }));
    until("the broker has it", SOON, || {
        state_of(&http, &device, "c-3")["state"] == "sent"
    });
    let _town = Town::on(&broker, &register);
    until("it is carried out later", SOON, || {
        state_of(&http, &device, "c-3")["state"] == "done"
    });
}
