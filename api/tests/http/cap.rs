use std::io::Write;
use std::process::{Command, Stdio};

use firemain_api::cap::{CapSettings, CapStatus};
use firemain_api::http::HttpSettings;
use serde_json::json;

use crate::bench::{Answer, Bench};
use crate::units;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/CAP-v1.2.xsd");

/// Checks a document against the standard's schema by libxml2; where that is not installed, at least
/// the order of its elements.
fn is_valid(document: &str) {
    let began = Command::new("xmllint")
        .args(["--noout", "--schema", SCHEMA, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut xmllint) = began else {
        println!("xmllint is not installed: only the order of elements is checked");
        return in_order(document);
    };
    xmllint
        .stdin
        .take()
        .unwrap()
        .write_all(document.as_bytes())
        .unwrap();
    let said = xmllint.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{errors}\n{document}");
    in_order(document);
}

fn in_order(document: &str) {
    const ORDER: [&str; 12] = [
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "source",
        "scope",
        "restriction",
        "references",
        "incidents",
        "info",
        "area",
    ];
    let places = ORDER
        .iter()
        .filter_map(|name| document.find(&format!("<{name}>")));
    assert!(places.collect::<Vec<_>>().is_sorted(), "{document}");
}

fn all<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = document.split(open.as_str()).skip(1);
    parts
        .map(|part| part.split(close.as_str()).next().unwrap())
        .collect()
}

fn one<'a>(document: &'a str, name: &str) -> &'a str {
    all(document, name).first().copied().unwrap_or_default()
}

async fn documents(bench: &Bench) -> Vec<Answer> {
    let feed = bench.get("/api/v1/cap").await;
    assert_eq!(feed.headers["content-type"], "application/atom+xml");
    let mut found = Vec::new();
    for id in all(&feed.text, "id").into_iter().skip(1).rev() {
        let identifier = id.rsplit(':').next().unwrap();
        found.push(bench.get(&format!("/api/v1/cap/{identifier}")).await);
    }
    found
}

/// The alert is its unit's, and no other's.
async fn unit_alerts(bench: &Bench) {
    for (unit, n) in [("00070", 1), ("99999", 0)] {
        let alerts = format!("/api/v1/alerts?rule=LOW_STATIC&unit={unit}");
        let items = bench.get(&alerts).await.json["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), n, "{unit}: {items}");
    }
    bench
        .get("/api/v1/alerts?unit=00070&source=TR-1")
        .await
        .is_problem(400, "invalid-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_pages_is_told_as_cap_and_cancelled_when_data_clears_it() {
    let cap = CapSettings {
        sender: "pccc.hanoi.example".to_owned(),
        status: CapStatus::Exercise,
    };
    let settings = HttpSettings {
        cap,
        public_url: Some("https://water.example".to_owned()),
        ..HttpSettings::default()
    };
    let bench = Bench::with(|_| {}, settings).await;
    bench.hydrant("TR <1>", 0.0).await;
    let entered = units::import(
        &bench,
        "valid_from=2025-07-01",
        &[units::unit("00070", "Phường Hoàn Kiếm", 21.0, 21.1)],
    )
    .await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert!(documents(&bench).await.is_empty());
    for seq in 1..=3 {
        bench.hear("dev-TR <1>", json!({ "seq": seq, "pressure_kpa": 20.0 }));
        bench.pass_minutes(15);
    }
    bench
        .until("/api/v1/alerts?open=true&rule=LOW_STATIC", |json| {
            json["items"][0]["pages"] == true
        })
        .await;
    let told = documents(&bench).await;
    let first = &told[0].text;
    assert_eq!(told[0].headers["content-type"], "application/cap+xml");
    is_valid(first);
    assert_eq!(one(first, "sender"), "pccc.hanoi.example");
    assert_eq!(
        (one(first, "status"), one(first, "msgType")),
        ("Exercise", "Alert")
    );
    let sent = one(first, "sent");
    assert!(sent.ends_with("+07:00"), "{sent}");
    assert!(!first.contains("Z</sent>") && !first.contains("Z</onset>"));
    assert_eq!(all(first, "language"), ["vi-VN", "en"]);
    assert_eq!(all(first, "category"), ["Infra", "Infra"]);
    assert_eq!(one(first, "severity"), "Severe");
    assert_eq!(
        (one(first, "urgency"), one(first, "certainty")),
        ("Immediate", "Observed")
    );
    assert!(
        one(first, "headline").starts_with("[KHẨN] TR &lt;1&gt;: Áp lực nước thấp"),
        "{first}"
    );
    assert_eq!(one(first, "circle"), "21.034500,105.851200 0.200");
    assert!(one(first, "geocode").contains("00070"), "{first}");
    assert!(
        first.contains("<valueName>pressure_kpa</valueName>"),
        "the numbers are told"
    );
    assert!(first.contains("<value>20.000</value>"), "{first}");
    let identifier = one(first, "identifier");
    assert!(!identifier.contains([' ', ',', '<', '&']), "{identifier}");

    for seq in 4..=9 {
        bench.hear("dev-TR <1>", json!({ "seq": seq, "pressure_kpa": 200.0 }));
        bench.pass_minutes(15);
    }
    bench
        .until("/api/v1/alerts?open=false&rule=LOW_STATIC", |json| {
            json["items"]
                .as_array()
                .is_some_and(|items| !items.is_empty())
        })
        .await;
    let told = documents(&bench).await;
    told.iter().for_each(|document| is_valid(&document.text));
    assert_eq!(&told[0].text, first, "what was told is not altered");
    let last = &told.last().unwrap().text;
    assert_eq!(one(last, "msgType"), "Cancel", "{last}");
    assert_eq!(
        (one(last, "urgency"), one(last, "responseType")),
        ("Past", "AllClear")
    );
    let reference = format!("pccc.hanoi.example,{identifier},{sent}");
    assert!(one(last, "references").starts_with(&reference), "{last}");
    bench
        .get("/api/v1/cap/none")
        .await
        .is_problem(404, "not-found");

    unit_alerts(&bench).await;
    let map = bench
        .get("/api/v1/alerts?rule=LOW_STATIC&format=geojson")
        .await;
    assert_eq!(map.headers["content-type"], "application/geo+json");
    assert_eq!(
        map.json["features"][0]["geometry"]["coordinates"],
        json!([105.8512, 21.0345])
    );
}
