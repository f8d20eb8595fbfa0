//! The page that a message's link opens, and its button: no login, one alert, one contact's name.

use std::collections::BTreeMap;
use std::path::Path;

use firemain_api::notify::{ChannelKind, ChannelSettings, NotifySettings};
use firemain_domain::Clock;
use firemain_domain::time::HOUR_MS;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench};

const ALERT: &str = "/api/v1/alerts/TR-1/LOW_STATIC/1";

/// Telling by lines of a file.
struct Told {
    bench: Bench,
    file: tempfile::TempDir,
}

impl Told {
    /// A crew whose contact has that name is told that TR-1 is low.
    async fn of_low(name: &str) -> Self {
        let file = tempfile::tempdir().unwrap();
        let outbox = ChannelSettings {
            path: Some(file.path().join("told")),
            ..ChannelSettings::of(ChannelKind::File)
        };
        let bench = Bench::telling(NotifySettings {
            channels: BTreeMap::from([("outbox".to_owned(), outbox)]),
            // Nobody else is told meanwhile.
            critical_after_min: [100_000; 3],
            major_after_min: [100_000; 3],
            ..NotifySettings::default()
        })
        .await;
        let team = json!({ "name": "Đội 1", "contacts": [
            { "id": "truc", "name": name, "addresses": { "outbox": "truc" } },
        ]});
        assert_eq!(bench.put("/api/v1/teams/doi-1", team).await.status, 200);
        let route = json!({ "team": "doi-1", "channels": ["outbox"] });
        assert_eq!(bench.put("/api/v1/routes/r", route).await.status, 200);
        bench.hydrant("TR-1", 0.0).await;
        let told = Self { bench, file };
        told.reads(0, 60.0);
        told.bench
            .until(ALERT, |json| json["messages"][0]["state"] == "sent")
            .await;
        told
    }

    /// Three quarters of an hour of that pressure.
    fn reads(&self, seq: u64, kpa: f64) {
        for n in 0..3 {
            let said = json!({ "seq": seq + n, "pressure_kpa": kpa });
            self.bench.hear("dev-TR-1", said);
            self.bench.pass_minutes(15);
        }
    }

    fn lines(&self) -> Vec<Value> {
        lines(&self.file.path().join("told"))
    }

    /// The path of the first message's link.
    fn link(&self) -> String {
        let url = self.lines()[0]["acknowledge"].as_str().unwrap().to_owned();
        url.strip_prefix(&self.bench.url).unwrap().to_owned()
    }

    async fn press(&self, link: &str) -> Answer {
        self.bench.send(self.bench.request("POST", link)).await
    }
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_it_changes_nothing_and_its_button_takes_the_alert_once() {
    let told = Told::of_low("Trực <b>ban</b>").await;
    let link = told.link();
    for _ in 0..3 {
        let page = told.bench.get(&link).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(
            page.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("default-src 'none'")
        );
        assert!(
            page.text.contains("TR-1") && page.text.contains("<button"),
            "{}",
            page.text
        );
    }
    let before = told.bench.get(ALERT).await.json;
    assert_eq!(
        before["stage"], "open",
        "a scanner that opens links takes nothing"
    );

    let taken = told.press(&link).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    assert!(
        taken.text.contains("Trực &lt;b&gt;ban") && !taken.text.contains("<b>ban"),
        "a name is no markup: {}",
        taken.text
    );
    let after = told.bench.get(ALERT).await.json;
    assert_eq!(after["stage"], "acknowledged");
    assert_eq!(after["acknowledged_by"], "Trực <b>ban</b>");

    let number = told.bench.stores.register.newest_change().unwrap();
    assert_eq!(told.press(&link).await.status, 200);
    assert_eq!(told.bench.stores.register.newest_change().unwrap(), number);
    let page = told.bench.get(&link).await;
    assert!(
        !page.text.contains("<button"),
        "nothing is left to press: {}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_altered_or_old_opens_nothing() {
    let told = Told::of_low("Trực ban").await;
    let link = told.link();
    let token = link.strip_prefix("/a/").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let later = parts[1].parse::<i64>().unwrap() + 1;
    let flipped: String = parts[2].chars().rev().collect();
    for forged in [
        format!("{}.{later}.{}", parts[0], parts[2]),
        format!(
            "{}.{}.{}",
            parts[0].parse::<u64>().unwrap() + 1,
            parts[1],
            parts[2]
        ),
        format!("{}.{}.{flipped}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        "1".to_owned(),
        "x".repeat(400),
        "%27%20or%201=1".to_owned(),
    ] {
        for answer in [
            told.bench.get(&format!("/a/{forged}")).await,
            told.press(&format!("/a/{forged}")).await,
        ] {
            assert_eq!(answer.status, 404, "{forged}: {}", answer.text);
            assert!(!answer.text.contains("TR-1"), "{forged}: {}", answer.text);
        }
    }
    assert_eq!(told.bench.get(ALERT).await.json["stage"], "open");
    let hours = i64::from(NotifySettings::default().link_hours);
    told.bench.clock.pass_ms((hours * HOUR_MS) as u64);
    assert!(told.bench.clock.now().ms() > 0);
    for answer in [told.bench.get(&link).await, told.press(&link).await] {
        assert_eq!(answer.status, 410, "{}", answer.text);
    }
    assert_eq!(told.bench.get(ALERT).await.json["stage"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_it_is_over_there_is_nothing_to_take_and_the_alert_shows_whom_it_told() {
    let told = Told::of_low("Trực ban").await;
    let link = told.link();
    told.reads(10, 200.0);
    let over = told
        .bench
        .until(ALERT, |json| {
            json["messages"]
                .as_array()
                .is_some_and(|told| told.iter().filter(|one| one["state"] == "sent").count() == 2)
        })
        .await;
    let page = told.press(&link).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains("Đã phục hồi") && !page.text.contains("<button"),
        "{}",
        page.text
    );
    assert!(told.bench.get(ALERT).await.json["acknowledged_by"].is_null());

    let messages = over["messages"].as_array().unwrap();
    let occasions: Vec<_> = messages.iter().map(|one| &one["occasion"]).collect();
    assert_eq!(occasions, ["paged", "cleared"]);
    assert_eq!(messages[0]["contact"], "doi-1/truc");
    assert!(messages[0].get("address").is_none(), "{}", messages[0]);
    let lines = told.lines();
    assert!(lines[1]["acknowledge"].is_null(), "{}", lines[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_asked_for_too_often_waits() {
    let told = Told::of_low("Trực ban").await;
    let link = told.link();
    for _ in 0..30 {
        assert_eq!(told.bench.get(&link).await.status, 200);
    }
    assert_eq!(told.press(&link).await.status, 429);
    told.bench.pass_minutes(1);
    assert_eq!(told.press(&link).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alarm_budget_is_among_the_metrics() {
    let told = Told::of_low("Trực ban").await;
    told.bench.pass_minutes(2);
    let metrics = told.bench.get("/metrics").await.text;
    for line in [
        "firemain_alarm_budget_alarms_per_hour{contact=\"doi-1/truc\"} 0.04\n",
        "firemain_alarm_budget_paging_alerts 1\n",
        "firemain_alarm_budget_floods 0\n",
        "firemain_alarm_budget_priority_share{priority=\"medium\"} 1\n",
        "firemain_alarm_budget_worst_alerts{subject=\"TR-1\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}
