//! What is acknowledged is on the disk, not in the system's memory: under `strace`, a flush comes
//! before each acknowledgement. Without flushes there is none to be seen, and these tests fail.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::json;
use support::{Firemain, Mosquitto, Process, SOON, server, until};

const MESSAGES: usize = 12;

/// Watches the flushes and the sent bytes of a running firemain; what it sees goes to `trace`.
fn watched(firemain: &Firemain, trace: &Path) -> Process {
    let mut command = Command::new(server("STRACE"));
    command
        .args([
            "-f",
            "-y",
            "-s",
            "16",
            "-e",
            "trace=fdatasync,fsync,sendto,write,writev,sendmsg",
        ])
        .args(["-p", &firemain.id().to_string(), "-o"])
        .arg(trace);
    let mut strace = Process::start("strace", &command);
    let attached = strace.hears("is attached to every thread", SOON, |line| {
        line.contains(" attached").then_some(())
    });
    attached.expect("strace may watch what the tests start");
    strace
}

/// Acknowledgements (PUBACK: 0x40 0x02) seen, and those of them without a flush of the journal since
/// the one before.
fn acknowledgements(trace: &Path) -> (usize, usize) {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let (mut seen, mut unflushed, mut flushed) = (0, 0, false);
    // The thread that is flushing the journal, where another came between call and return.
    let mut flushing: Option<&str> = None;
    for line in text.lines() {
        let thread = line.split(' ').next();
        if line.contains("sync(") && line.contains("journal.db") {
            if line.contains("unfinished") {
                flushing = thread;
            } else {
                flushed |= line.ends_with("= 0");
            }
        } else if line.contains("sync resumed") && flushing == thread {
            flushed |= line.ends_with("= 0");
            flushing = None;
        } else if line.contains("\"@\\2") && !line.contains(".db") {
            seen += 1;
            unflushed += usize::from(!flushed);
            flushed = false;
        }
    }
    (seen, unflushed)
}

#[test]
fn a_flush_comes_before_each_acknowledgement_to_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let broker = Mosquitto::start();
    let firemain = Firemain::serving(&broker.url()).start();
    until("the receiver is ready", SOON, || {
        firemain.http().get("/readyz").status == 200
    });
    let _strace = watched(&firemain, &trace);
    for n in 0..MESSAGES {
        let payload = format!("{{\"seq\":{n},\"pressure_kpa\":200}}");
        broker.publish("firemain/v1/D-1/telemetry", &payload);
        until("it is acknowledged", SOON, || {
            acknowledgements(&trace).0 > n
        });
    }
    all_flushed(&trace);
}

#[test]
fn a_flush_comes_before_each_acknowledgement_of_our_own_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let endpoint = "[endpoint]\nlisten = \"127.0.0.1:0\"";
    let firemain = Firemain::builder("serve").config(endpoint).start();
    // Credentials, made as an operator makes them.
    let http = firemain.http();
    let csv = "code,kind,lat,lon,device\nTR-1,hydrant,21,105.8,D-1\n";
    http.post_text("/api/v1/import?format=csv", "text/csv", csv)
        .ok();
    let login = http
        .post("/api/v1/devices/D-1/credentials", &json!({}))
        .ok();
    let text = |key: &str| {
        login[key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key}: {login}"))
            .to_owned()
    };
    let port = firemain.ready().mqtt_address().port().to_string();
    let _strace = watched(&firemain, &trace);
    for n in 0..MESSAGES {
        let mut publish = Command::new(server("MOSQUITTO_PUB"));
        publish.args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-i", "D-1"]);
        publish.args(["-u", &text("user"), "-P", &text("password")]);
        publish.args(["-t", "firemain/v1/D-1/telemetry", "-m"]);
        publish.arg(format!("{{\"seq\":{n},\"pressure_kpa\":200}}"));
        assert!(publish.status().unwrap().success(), "message {n} is taken");
    }
    until("the acknowledgements are seen", SOON, || {
        acknowledgements(&trace).0 >= MESSAGES
    });
    all_flushed(&trace);
}

#[track_caller]
fn all_flushed(trace: &Path) {
    let (seen, unflushed) = acknowledgements(trace);
    assert_eq!(
        unflushed, 0,
        "of {seen} acknowledgements went out before what they are for was on disk"
    );
}
