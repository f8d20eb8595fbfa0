//! Scores of small worlds, counted by hand.

use firemain_domain::Timestamp;
use firemain_domain::judging::{Evidence, RuleName, Rules, Severity};
use serde_json::{Value, json};

use super::super::output::EpisodeLine;
use super::{Judged, Score, Truth, score};

fn at(minute: i64) -> Timestamp {
    Timestamp::parse("2026-11-23T00:00:00Z")
        .unwrap()
        .plus_ms(minute * 60_000)
}

/// A truth from and until so many minutes, with what else is given.
fn truth(source: &str, what: &str, from: i64, until: i64, rest: &Value) -> Truth {
    let mut line = json!({
        "source": source, "what": what, "severity": "critical", "cause": "closed_main",
        "from": at(from).to_string(), "until": at(until).to_string(),
        "about": "water", "page": true,
    });
    for (key, value) in rest.as_object().unwrap() {
        line[key] = value.clone();
    }
    serde_json::from_value(line).unwrap()
}

fn page(source: Option<&str>, rule: RuleName, n: u32, raised: i64) -> EpisodeLine {
    EpisodeLine {
        id: format!("{}/{rule}/{n}", source.unwrap_or("zone:A")),
        source: source.map(Into::into),
        rule,
        severity: Severity::Critical,
        raised_at: at(raised),
        cleared_at: None,
        pages: true,
        incident: None,
        members: Vec::new(),
        evidence: Evidence::default(),
        paged_at: Some(at(raised)),
        muted_by: None,
    }
}

fn scored(truths: &[Truth], episodes: &[EpisodeLine]) -> Score {
    let rules = Rules::default();
    let mut judged = Judged::new(&rules, &[], (at(0), at(2 * 24 * 60)));
    // No source is asked for more than its interval: a hydrant's 15 minutes stand for it.
    judged.sources.clear();
    score(truths, episodes, &[], &judged)
}

#[test]
fn a_fault_is_found_by_a_page_of_its_rule_and_its_delay_counted() {
    let truths = [
        truth("A", "low_static", 100, 200, &json!({})),
        truth("B", "low_static", 100, 200, &json!({})),
        truth("C", "low_static", 100, 200, &json!({"page": false})),
    ];
    let episodes = [
        page(Some("A"), RuleName::LowStatic, 1, 120),
        page(Some("B"), RuleName::TankLow, 1, 120),
    ];
    let score = scored(&truths, &episodes);
    assert_eq!((score.faults.found, score.faults.all), (1, 2));
    assert_eq!(score.median_delay_s, Some(20.0 * 60.0));
    assert_eq!(score.median_promise_s, Some(25.0 * 60.0));
    assert_eq!(score.in_time.found, 1);
    assert_eq!(score.missed[0].truth.source, "B");
    assert_eq!(
        score.missed[0].alerts.len(),
        1,
        "what there was instead is named"
    );
}

#[test]
fn an_alert_that_nobody_is_told_of_finds_nothing() {
    let truths = [truth("A", "low_static", 100, 200, &json!({}))];
    let mut silent = page(Some("A"), RuleName::LowStatic, 1, 120);
    silent.pages = false;
    assert_eq!(scored(&truths, &[silent.clone()]).faults.found, 0);
    let mut incident = page(None, RuleName::ZoneDrop, 1, 110);
    incident.members = vec!["A".into(), "B".into()];
    silent.incident = Some(incident.id.clone());
    let score = scored(&truths, &[silent, incident]);
    assert_eq!(score.faults.found, 1, "its incident told of it");
    assert_eq!(score.median_delay_s, Some(600.0));
    assert_eq!((score.right_pages, score.false_pages), (1, 0));
}

#[test]
fn pages_are_right_excusable_or_false() {
    let truths = [
        truth("A", "low_static", 100, 200, &json!({})),
        truth("B", "low_static", 100, 105, &json!({"page": false})),
        truth(
            "C",
            "device",
            100,
            900,
            &json!({"about": "device", "page": false, "cause": "sensor_stuck"}),
        ),
    ];
    let episodes = [
        page(Some("A"), RuleName::LowStatic, 1, 120),
        page(Some("A"), RuleName::LowStatic, 2, 319),
        page(Some("A"), RuleName::LowStatic, 3, 321),
        page(Some("A"), RuleName::Stale, 1, 150),
        page(Some("B"), RuleName::LowStatic, 1, 104),
        page(Some("C"), RuleName::LowStatic, 1, 120),
        page(Some("D"), RuleName::LowStatic, 1, 120),
    ];
    let score = scored(&truths, &episodes);
    assert_eq!(
        score.right_pages, 2,
        "while it held, and up to two hours after"
    );
    assert_eq!(score.excusable_pages, 1);
    assert_eq!(score.false_pages, 4, "silence is not what was wrong with A");
    assert!((score.precision - 2.0 / 6.0).abs() < 1e-9);
    let sick = score
        .unexplained
        .iter()
        .find(|f| f.page.source.as_deref() == Some("C"));
    assert_eq!(sick.unwrap().device[0].cause, "sensor_stuck");
}

#[test]
fn what_nobody_could_know_need_not_be_found() {
    let truths = [
        truth("A", "low_static", 100, 200, &json!({})),
        truth("A", "stale", 50, 4000, &json!({"about": "silence"})),
    ];
    let score = scored(&truths, &[page(Some("A"), RuleName::Stale, 1, 1490)]);
    assert_eq!(
        (score.faults.found, score.faults.all),
        (1, 1),
        "only its silence"
    );
    assert_eq!(score.in_time.found, 1);
}

#[test]
fn a_file_that_does_not_say_who_is_to_be_woken_is_judged_by_severity_and_length() {
    let old = |severity: &str, until| {
        let line = json!({
            "source": "A", "what": "low_static", "severity": severity,
            "from": at(100).to_string(), "until": at(until).to_string(),
        });
        serde_json::from_value::<Truth>(line).unwrap()
    };
    let truths = [old("major", 200), old("major", 130), old("minor", 900)];
    let mut quiet = page(Some("A"), RuleName::LowStatic, 1, 120);
    quiet.pages = false;
    let score = scored(&truths, &[quiet]);
    assert_eq!((score.faults.found, score.faults.all), (1, 1));
}
