//! TLS to a real broker: both sides show certificates of an authority of one's own, and what is
//! wrong with one is said so that somebody can mend it.

mod support;

use std::path::Path;

use serde_json::json;
use support::{Authority, Certificate, Firemain, Mosquitto, SOON, now_ms, until};

const REGISTER: &str = "code,kind,name,lat,lon,device,zone,required_pressure_kpa\n\
    TR-1,hydrant,A,21.03,105.85,D-1,Z,98.1\n";

fn broker_with(certificate: &Certificate, authority: &Authority) -> Mosquitto {
    Mosquitto::builder()
        .tls(&certificate.cert, &certificate.key, &authority.cert())
        .start()
}

/// A firemain that trusts `authority` and shows `own`.
fn firemain(broker: &Mosquitto, authority: &Path, own: Option<&Certificate>) -> Firemain {
    let key = |key: &str, file: &Path| format!("{key} = \"{}\"\n", file.display());
    let mut keys = key("ca_file", authority);
    if let Some(own) = own {
        keys += &key("cert_file", &own.cert);
        keys += &key("key_file", &own.key);
    }
    Firemain::serving(&broker.tls_url()).config(&keys).start()
}

/// Waits until readiness says all of `words` about the connection.
#[track_caller]
fn complains(firemain: &Firemain, words: &[&str]) {
    let http = firemain.http();
    let mut said = String::new();
    until(&format!("a complaint with {words:?}"), SOON, || {
        let now = http.complaint_of("receive");
        if now != said {
            eprintln!("{now}");
            said = now;
        }
        words.iter().all(|word| said.contains(word))
    });
    assert_eq!(http.metric("firemain_connected"), Some(0.0));
}

#[test]
fn with_certificates_on_both_sides_a_reading_comes_through() {
    let authority = Authority::new();
    let broker = broker_with(&authority.signs("broker", "IP:127.0.0.1"), &authority);
    let own = authority.signs("firemain", "DNS:firemain");
    let firemain = firemain(&broker, &authority.cert(), Some(&own));
    let http = firemain.http();
    http.import_csv(REGISTER);
    until("the receiver is ready", SOON, || http.is_ready());
    let reading = json!({"at": now_ms(), "seq": 1, "pressure_kpa": 211.5});
    broker.publish("firemain/v1/D-1/telemetry", &reading.to_string());
    until("the reading", SOON, || http.pressures("TR-1") == [211.5]);
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let (authority, another) = (Authority::new(), Authority::new());
    let broker = broker_with(&authority.signs("broker", "IP:127.0.0.1"), &authority);
    let own = authority.signs("firemain", "DNS:firemain");
    let firemain = firemain(&broker, &another.cert(), Some(&own));
    complains(
        &firemain,
        &["no TLS connection", "UnknownIssuer", "[mqtt] ca_file"],
    );
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let broker = broker_with(&authority.signs("broker", "DNS:broker.example"), &authority);
    let own = authority.signs("firemain", "DNS:firemain");
    let firemain = firemain(&broker, &authority.cert(), Some(&own));
    complains(
        &firemain,
        &["no TLS connection", "broker.example", "[mqtt] url"],
    );
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let expired = authority.signed_long_ago("broker", "IP:127.0.0.1");
    let broker = broker_with(&expired, &authority);
    let own = authority.signs("firemain", "DNS:firemain");
    let firemain = firemain(&broker, &authority.cert(), Some(&own));
    complains(&firemain, &["no TLS connection", "expired", "clock"]);
}

#[test]
fn a_broker_that_wants_our_certificate_says_so() {
    let authority = Authority::new();
    let broker = broker_with(&authority.signs("broker", "IP:127.0.0.1"), &authority);
    let firemain = firemain(&broker, &authority.cert(), None);
    complains(&firemain, &["certificate", "[mqtt]", "cert_file"]);
}

#[test]
fn a_certificate_of_ours_that_the_broker_does_not_trust_is_told() {
    let (authority, another) = (Authority::new(), Authority::new());
    let broker = broker_with(&authority.signs("broker", "IP:127.0.0.1"), &authority);
    let own = another.signs("firemain", "DNS:firemain");
    let firemain = firemain(&broker, &authority.cert(), Some(&own));
    complains(&firemain, &["[mqtt]", "cert_file"]);
}
