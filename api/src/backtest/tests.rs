//! What a backtest writes, held to its contract line by line.

use firemain_domain::judging::Rules;
use firemain_domain::source::{
    Access, Kind, Position, Reporting, Requirement, Sensor, Source, Status, TapPoint,
};
use firemain_wire::Subscription;
use serde_json::{Value, json};

use super::{Plan, read_change, run};

fn hydrant(code: &str) -> Source {
    Source {
        code: code.into(),
        kind: Kind::Hydrant {
            tap_point: TapPoint::Main,
        },
        name: String::new(),
        position: Position {
            lat: 21.03,
            lon: 105.85,
        },
        device: Some(format!("d-{code}").into()),
        unit: None,
        zone: Some("A".into()),
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            ..Requirement::default()
        }
        .into(),
        reporting: Reporting::default(),
        access: Access::default().into(),
        status: Status::InService,
        supply_schedule: None,
        elevation_m: None,
        sensor: Sensor::default().into(),
    }
}

/// A message of a source received at a time of 23 November 2026.
fn says(time: &str, code: &str, payload: &Value) -> String {
    json!({
        "received_at": format!("2026-11-23T{time}Z"),
        "topic": format!("firemain/v1/d-{code}/telemetry"),
        "payload": payload.to_string(),
    })
    .to_string()
}

fn kpa(time: &str, code: &str, kpa: f64) -> String {
    let payload = json!({"at": format!("2026-11-23T{time}Z"), "pressure_kpa": kpa});
    says(time, code, &payload)
}

/// Verdicts and episodes of a recording, parsed.
fn judged(sources: &[&str], changes: &[Value], lines: &[String]) -> (Vec<Value>, Vec<Value>) {
    let changes = changes
        .iter()
        .map(|change| read_change(&change.to_string()).unwrap());
    let plan = Plan {
        rules: Rules::default(),
        beside: Vec::new(),
        subscriptions: Subscription::defaults(),
        sources: sources.iter().map(|code| hydrant(code)).collect(),
        changes: changes.collect(),
        until: None,
        most_bad_lines: 0,
    };
    let (mut verdicts, mut episodes) = (Vec::new(), Vec::new());
    let input = lines.join("\n");
    run(
        plan,
        input.as_bytes(),
        &mut verdicts,
        &mut episodes,
        |_, _| {},
    )
    .unwrap();
    let parsed = |bytes: Vec<u8>| -> Vec<Value> {
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    (parsed(verdicts), parsed(episodes))
}

#[test]
fn every_source_has_its_first_verdict_at_the_first_line() {
    let lines = [kpa("08:00:00", "A", 200.0), kpa("09:00:00", "B", 200.0)];
    let (verdicts, _) = judged(&["A", "B", "C"], &[], &lines);
    let first = |code: &str| verdicts.iter().find(|v| v["source"] == code).unwrap();
    for code in ["A", "B", "C"] {
        assert_eq!(first(code)["at"], "2026-11-23T08:00:00Z");
        assert_eq!(first(code)["verdict"], "unknown");
    }
    let of_a: Vec<_> = verdicts.iter().filter(|v| v["source"] == "A").collect();
    assert_eq!(
        of_a.iter()
            .map(|v| v["verdict"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["unknown", "usable", "unknown"]
    );
    assert_eq!(of_a[2]["at"], "2026-11-23T08:45:00Z", "three intervals");
    assert_eq!(of_a[2]["reasons"], json!(["stale"]));
}

#[test]
fn an_episode_has_the_fields_of_the_contract_and_the_times_of_its_dwell() {
    let mut lines = vec![kpa("08:00:00", "A", 60.0), kpa("08:02:00", "A", 20.0)];
    lines.push(kpa("08:04:00", "A", 20.0));
    lines.push(kpa("08:15:00", "A", 60.0));
    for minute in [20, 35, 50] {
        lines.push(kpa(&format!("08:{minute}:00"), "A", 200.0));
    }
    let (verdicts, episodes) = judged(&["A"], &[], &lines);
    assert_eq!(episodes.len(), 1);
    let episode = episodes[0].as_object().unwrap();
    let keys: Vec<_> = episode.keys().map(String::as_str).collect();
    let mut wanted = [
        "id",
        "source",
        "rule",
        "severity",
        "raised_at",
        "cleared_at",
        "pages",
        "incident",
        "members",
        "evidence",
    ];
    let mut keys = keys;
    keys.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(keys, wanted);
    assert_eq!(episode["id"], "A/LOW_STATIC/1");
    assert_eq!(episode["rule"], "LOW_STATIC");
    assert_eq!(episode["severity"], "critical", "the highest reached");
    assert_eq!(episode["raised_at"], "2026-11-23T08:10:00Z");
    assert_eq!(episode["cleared_at"], "2026-11-23T08:50:00Z");
    assert_eq!(episode["pages"], true);
    assert_eq!(
        (&episode["incident"], &episode["members"]),
        (&Value::Null, &json!([]))
    );
    let told: Vec<_> = verdicts
        .iter()
        .map(|v| (v["at"].as_str().unwrap(), v["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("2026-11-23T08:00:00Z", "unknown"),
            ("2026-11-23T08:00:00Z", "degraded"),
            ("2026-11-23T08:04:00Z", "unusable"),
            ("2026-11-23T08:15:00Z", "degraded"),
            ("2026-11-23T08:20:00Z", "usable"),
        ]
    );
}

#[test]
fn the_same_lines_twice_change_nothing() {
    let once: Vec<String> = (0..4)
        .map(|n| kpa(&format!("08:{:02}:00", n * 15), "A", 60.0))
        .collect();
    let twice: Vec<String> = once.iter().flat_map(|l| [l.clone(), l.clone()]).collect();
    assert_eq!(judged(&["A"], &[], &once), judged(&["A"], &[], &twice));
}

#[test]
fn changes_are_taken_in_at_their_own_time() {
    let lines: Vec<String> = (0..8)
        .map(|n| kpa(&format!("{:02}:{:02}:00", 8 + n / 4, n % 4 * 15), "A", 10.0))
        .collect();
    let window = json!({"at": "2026-11-23T07:00:00Z", "change": {"change": "window_entered", "window": {
        "id": "w", "source": "A", "from": "2026-11-23T07:00:00Z", "until": "2026-11-23T12:00:00Z",
        "reason": "valve", "by": "crew"}}});
    let fire = json!({"at": "2026-11-23T09:20:00Z", "change": {"change": "incident_opened", "incident": {
        "id": "f", "position": {"lat": 21.031, "lon": 105.85}, "at": "2026-11-23T09:20:00Z",
        "name": "fire", "by": "114", "required_flow_lps": null}}});
    let (verdicts, episodes) = judged(&["A"], std::slice::from_ref(&window), &lines);
    assert_eq!(verdicts[0]["verdict"], "unknown");
    assert_eq!(verdicts[1]["verdict"], "unusable");
    assert_eq!(episodes[0]["pages"], false, "a maintenance window");
    let (_, episodes) = judged(&["A"], &[fire, window], &lines);
    assert_eq!(episodes[0]["pages"], true, "a fire lifts every mute");
    assert_eq!(episodes[0]["raised_at"], "2026-11-23T08:15:00Z");
}

#[test]
fn values_that_cannot_be_and_unusable_times_do_no_harm() {
    let mut lines = vec![kpa("08:00:00", "A", 200.0)];
    lines.push(says(
        "08:05:00",
        "A",
        &json!({"at": 0, "seq": 1, "pressure_kpa": 1_700.0}),
    ));
    let future = json!({"at": "2027-11-23T08:00:00Z", "seq": 2, "pressure_kpa": 60.0});
    lines.push(says("08:10:00", "A", &future));
    lines.push(says("08:11:00", "A", &future));
    lines.push(says(
        "08:15:00",
        "A",
        &json!({"at": 0, "seq": 3, "pressure_kpa": 60.0}),
    ));
    lines.push(says(
        "08:21:00",
        "A",
        &json!({"at": 0, "seq": 4, "pressure_kpa": 60.0}),
    ));
    let (_, episodes) = judged(&["A"], &[], &lines);
    let (low, others): (Vec<_>, Vec<_>) = episodes.iter().partition(|e| e["rule"] == "LOW_STATIC");
    assert_eq!(low.len(), 1);
    assert_eq!(low[0]["raised_at"], "2026-11-23T08:20:00Z");
    // The clock that was never set is told of, and pages nobody.
    assert!(
        others
            .iter()
            .all(|e| e["rule"] == "CLOCK" && e["pages"] == false),
        "{others:?}"
    );
}

#[test]
fn a_dwell_that_ends_with_the_last_line_is_over() {
    let lines = [
        kpa("08:00:00", "A", 60.0),
        kpa("08:05:00", "A", 60.0),
        kpa("08:10:00", "B", 200.0),
    ];
    let (_, episodes) = judged(&["A", "B"], &[], &lines);
    assert_eq!(episodes.len(), 1);
    assert_eq!(episodes[0]["raised_at"], "2026-11-23T08:10:00Z");
}
