//! Mail: encrypted, in two forms, known by its id, and harmless whatever people are called.

use firemain_api::notify::{ChannelKind, ChannelSettings, Hidden};
use firemain_domain::judging::Severity;
use firemain_domain::telling::Audience;
use firemain_store::register::telling::{DeliveryState, TellingRegister};

use crate::bench::{Bench, low, until, with};
use crate::smtp::{Smtp, certificate};

fn settings(smtp: &Smtp, encrypted: bool) -> ChannelSettings {
    ChannelSettings {
        url: Some(format!("smtp://localhost:{}", smtp.port)),
        ca_file: encrypted.then(certificate),
        username: encrypted.then(|| "firemain".into()),
        secret: Some(Hidden::new("hush")),
        from: Some("firemain <alerts@example.org>".into()),
        timeout_s: 5,
        ..ChannelSettings::of(ChannelKind::Email)
    }
}

async fn told(settings: ChannelSettings, code: &str) -> Bench {
    let bench = Bench::new(with([("mail", settings)])).await;
    bench.team("crew", &[("mail", "an@example.org")]);
    bench.route("crew", "mail", Audience::Team, 0);
    bench.page(low(code, Severity::Critical));
    until("it is tried", || {
        bench.deliveries().iter().any(|d| d.tries == 1)
    })
    .await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_encrypted_in_two_forms_under_an_id_of_its_own() {
    let smtp = Smtp::start(true).await;
    let bench = told(settings(&smtp, true), "TR-1\r\nBcc: evil@example.org").await;
    let delivery = bench.deliveries().remove(0);
    let tries = bench.register.tries(delivery.number).unwrap();
    assert_eq!(delivery.state, DeliveryState::Sent, "{tries:?}");
    assert!(tries[0].answer.contains("kept as 77"), "{tries:?}");
    let mail = smtp.mails.lock().unwrap().remove(0);
    assert!(mail.encrypted);
    assert_eq!(mail.to, "RCPT TO:<an@example.org>");
    let head = mail.data.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    for wanted in [
        "Auto-Submitted: auto-generated",
        "List-Id: firemain <alerts.firemain.example.org>",
        "Importance: high",
        "@example.org>",
        "multipart/alternative",
    ] {
        assert!(head.contains(wanted), "{wanted} is missing: {head}");
    }
    assert!(mail.data.contains("text/plain") && mail.data.contains("text/html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_encrypt_gets_no_mail() {
    let smtp = Smtp::start(false).await;
    let bench = told(settings(&smtp, true), "TR-1").await;
    assert_eq!(bench.deliveries()[0].state, DeliveryState::Waiting);
    assert!(smtp.mails.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_this_machine_may_do_without() {
    let smtp = Smtp::start(false).await;
    let bench = told(settings(&smtp, false), "TR-1").await;
    assert_eq!(bench.deliveries()[0].state, DeliveryState::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_mailbox_is_final_and_a_full_one_is_tried_again() {
    let smtp = Smtp::start(false).await;
    *smtp.rcpt.lock().unwrap() = "550 no such user";
    let bench = told(settings(&smtp, false), "TR-1").await;
    assert_eq!(bench.deliveries()[0].state, DeliveryState::Refused);
    *smtp.rcpt.lock().unwrap() = "452 mailbox full";
    let bench = told(settings(&smtp, false), "TR-1").await;
    assert_eq!(bench.deliveries()[0].state, DeliveryState::Waiting);
    *smtp.rcpt.lock().unwrap() = "250 yes";
    bench.clock.pass_ms(10_000);
    until("it is sent", || {
        bench.deliveries()[0].state == DeliveryState::Sent
    })
    .await;
}
