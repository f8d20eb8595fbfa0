//! ntfy, Telegram, gateways over HTTP and files: what each is sent, and what its answers mean.

use firemain_api::notify::{ChannelKind, ChannelSettings, Hidden};
use firemain_domain::judging::Severity;
use firemain_domain::telling::Audience;
use firemain_store::register::telling::{DeliveryState, TellingRegister};

use crate::bench::{Bench, low, until, with};
use crate::receiver::{OK, Receiver, Reply};

async fn told(name: &'static str, settings: ChannelSettings, address: &str) -> Bench {
    let bench = Bench::new(with([(name, settings)])).await;
    bench.team("crew", &[(name, address)]);
    bench.route("crew", name, Audience::Team, 0);
    bench.page(low("TR-<1>&\"", Severity::Critical));
    until("it is tried", || {
        bench.deliveries().iter().any(|d| d.tries == 1)
    })
    .await;
    bench
}

fn state(bench: &Bench) -> DeliveryState {
    bench.deliveries()[0].state
}

#[tokio::test(flavor = "multi_thread")]
async fn ntfy_gets_a_topic_a_priority_and_a_link() {
    let receiver = Receiver::new([], OK);
    let settings = ChannelSettings {
        url: Some(receiver.url()),
        secret: Some(Hidden::new("tk_1")),
        ..ChannelSettings::of(ChannelKind::Ntfy)
    };
    let bench = told("push", settings, "alerts-1").await;
    assert_eq!(state(&bench), DeliveryState::Sent);
    let request = receiver.requests().remove(0);
    assert_eq!(request.headers["authorization"], "Bearer tk_1");
    let body = request.json();
    assert_eq!(body["topic"], "alerts-1");
    assert_eq!(body["priority"], 5);
    assert_eq!(body["tags"][0], "rotating_light");
    let link = body["click"].as_str().unwrap();
    assert!(link.starts_with("https://fire.example/a/"));
    assert_eq!(body["actions"][0]["url"], link);
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_gets_escaped_html_and_says_how_long_to_wait() {
    let slow = "{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":35}}";
    let receiver = Receiver::new([Reply::Status(429, "", slow)], OK);
    let settings = ChannelSettings {
        url: Some(receiver.url()),
        secret: Some(Hidden::new("12:abc")),
        ..ChannelSettings::of(ChannelKind::Telegram)
    };
    let bench = told("tg", settings, "-100").await;
    let tried = bench.register.tries(bench.deliveries()[0].number).unwrap();
    assert_eq!(tried[0].next_at.unwrap().since_ms(tried[0].at), 35_000);
    assert!(!tried[0].answer.contains("12:abc"));
    let request = receiver.requests().remove(0);
    assert_eq!(request.line, "POST /bot12:abc/sendMessage HTTP/1.1");
    let body = request.json();
    assert_eq!(body["chat_id"], "-100");
    let text = body["text"].as_str().unwrap();
    assert!(text.contains("TR-&lt;1&gt;&amp;&quot;"), "{text}");
    bench.clock.pass_ms(36_000);
    until("it is sent", || state(&bench) == DeliveryState::Sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_stopped_is_a_refusal_and_a_200_that_is_not_ok_no_success() {
    let stopped = "{\"ok\":false,\"description\":\"Forbidden: bot was blocked by the user\"}";
    let receiver = Receiver::new([Reply::Status(403, "", stopped)], OK);
    let settings = ChannelSettings {
        url: Some(receiver.url()),
        secret: Some(Hidden::new("12:abc")),
        ..ChannelSettings::of(ChannelKind::Telegram)
    };
    let bench = told("tg", settings, "-100").await;
    assert_eq!(state(&bench), DeliveryState::Refused);
}

fn gateway(receiver: &Receiver) -> ChannelSettings {
    ChannelSettings {
        url: Some(format!("{}/send?to={{{{to}}}}", receiver.url())),
        headers: vec!["Authorization: Bearer {{secret}}".into()],
        secret: Some(Hidden::new("hush")),
        body: Some("{\"to\":\"{{to}}\",\"text\":\"{{text}}\",\"id\":\"{{key}}\"}".into()),
        success_pointer: Some("/status".into()),
        success_value: Some("queued".into()),
        ..ChannelSettings::of(ChannelKind::Http)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_gateway_gets_its_template_filled_and_escaped() {
    let receiver = Receiver::new([], OK);
    let bench = told("sms", gateway(&receiver), "+84 9").await;
    assert_eq!(state(&bench), DeliveryState::Sent);
    let request = receiver.requests().remove(0);
    assert_eq!(request.line, "POST /send?to=%2B84%209 HTTP/1.1");
    assert_eq!(request.headers["authorization"], "Bearer hush");
    let body = request.json();
    assert_eq!(body["to"], "+84 9");
    let text = body["text"].as_str().unwrap();
    assert!(
        text.starts_with("[KHAN] TR-<1>&\" MAT AP 0,3 bar <1,0"),
        "{text}"
    );
    assert!(text.is_ascii() && text.len() <= 160);
    assert!(body["id"].as_str().unwrap().ends_with("/sms/crew/c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_answers_200_but_not_success_is_asked_again() {
    let receiver = Receiver::new([Reply::Status(200, "", "{\"status\":\"no credit\"}")], OK);
    let bench = told("sms", gateway(&receiver), "+849").await;
    assert_eq!(state(&bench), DeliveryState::Waiting);
    bench.clock.pass_ms(10_000);
    until("it is sent", || state(&bench) == DeliveryState::Sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gets_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("messages.jsonl");
    let settings = ChannelSettings {
        path: Some(path.clone()),
        ..ChannelSettings::of(ChannelKind::File)
    };
    let bench = told("outbox", settings, "x").await;
    assert_eq!(state(&bench), DeliveryState::Sent);
    let text = std::fs::read_to_string(path).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["to"], "crew/c");
}
