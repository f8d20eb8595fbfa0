use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::time::Instant;

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, NOW, hydrant};
use crate::units;

/// Compares with what is kept; `UPDATE_GOLDEN=1` keeps it anew.
fn is_as_kept(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text, kept,
        "{name} is not as kept: look, then run with UPDATE_GOLDEN=1"
    );
}

fn rows<'a>(report: &'a Value, definition: &str) -> &'a Vec<Value> {
    let sections = report["sections"].as_array().unwrap();
    let section = sections.iter().find(|s| s["definition"] == definition);
    section.unwrap_or_else(|| panic!("{definition}: {report}"))["rows"]
        .as_array()
        .unwrap()
}

async fn report(bench: &Bench, query: &[(&str, &str)]) -> Answer {
    bench
        .send(bench.request("GET", "/api/v1/reports").query(query))
        .await
}

/// Three hydrants: one usable, then dry for six hours, then well; one never heard; one planned whose
/// name a spreadsheet would calculate. The clock ends a day after it began.
async fn a_day(bench: &Bench) {
    bench.hydrant("TR-1", 0.0).await;
    bench.hydrant("TR-2", 120.0).await;
    let mut planned = hydrant("=TR-3", 900.0);
    planned["status"] = json!("planned");
    assert_eq!(
        bench.put("/api/v1/sources/=TR-3", planned).await.status,
        201
    );
    let map = [units::unit("00070", "Phường Hoàn Kiếm", 21.03, 21.05)];
    assert_eq!(
        units::import(bench, "valid_from=2025-07-01", &map)
            .await
            .status,
        201
    );
    for unit in [json!("00070"), Value::Null] {
        let target = json!({ "unit": unit, "kind": "hydrant", "year": 2025, "sources": 10 });
        assert_eq!(bench.put("/api/v1/units/targets", target).await.status, 200);
    }
    for quarter in 0..96 {
        let pressure_kpa = if (24..48).contains(&quarter) {
            20.0
        } else {
            250.0
        };
        bench.hear(
            "dev-TR-1",
            json!({ "seq": quarter, "pressure_kpa": pressure_kpa }),
        );
        bench.pass_minutes(15);
        if quarter == 30 {
            let open = bench.until("/api/v1/alerts?open=true&rule=LOW_STATIC", |json| {
                json["items"][0]["pages"] == true
            });
            let id = open.await["items"][0]["id"].as_str().unwrap().to_owned();
            let path = format!("/api/v1/alerts/{id}/acknowledge");
            assert_eq!(bench.send(bench.request("POST", &path)).await.status, 200);
        }
    }
    bench
        .until("/api/v1/alerts?open=true&rule=LOW_STATIC", |json| {
            json["items"] == json!([])
        })
        .await;
}

fn until() -> String {
    NOW.plus_ms(DAY_MS).to_string()
}

#[expect(clippy::too_many_lines, reason = "one day, told in three forms")]
#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_a_day_tells_what_was_as_json_csv_and_workbook() {
    let bench = Bench::start().await;
    a_day(&bench).await;
    let (from, until) = (NOW.to_string(), until());
    let asked = [
        ("from", from.as_str()),
        ("until", until.as_str()),
        ("unit", "00070"),
    ];
    let told = report(&bench, &asked).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json;
    assert_eq!(told["unit_name"], "Phường Hoàn Kiếm");
    assert!(rows(&told, "sources_at_end").contains(
        &json!({ "kind": "hydrant", "status": "in_service", "verdict": "usable", "sources": 1 })
    ));
    let available = &rows(&told, "availability")[0];
    let share = |name: &str| available[name].as_f64().unwrap();
    assert_eq!(available["sources"], 2, "what is planned is not there yet");
    // Of two days of sources, one is TR-2's, of which nobody knows; TR-1 was dry for six hours.
    assert!((share("source_days") - 2.0).abs() < 0.01, "{available}");
    assert!(
        (share("unusable_share") - 0.125).abs() < 0.01,
        "{available}"
    );
    assert!((share("usable_share") - 0.375).abs() < 0.01, "{available}");
    assert!((share("unknown_share") - 0.5).abs() < 0.01, "{available}");
    assert!(
        (share("source_days_with_data") - 1.0).abs() < 0.02,
        "{available}"
    );
    let low = rows(&told, "alerts")
        .iter()
        .find(|row| row["rule"] == "LOW_STATIC")
        .unwrap();
    assert_eq!(
        (&low["raised"], &low["paged"], &low["open_at_end"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let response = rows(&told, "response")
        .iter()
        .find(|row| row["severity"] == "critical")
        .unwrap();
    assert_eq!(
        (&response["acknowledged"], &response["cleared"]),
        (&json!(1), &json!(1))
    );
    let taken = response["acknowledged_median_s"].as_f64().unwrap();
    assert!((0.0..3.0 * 3_600.0).contains(&taken), "{response}");
    let built = &rows(&told, "built_against_planned")[0];
    assert_eq!(
        (
            &built["year"],
            &built["target"],
            &built["in_service_at_year_end"],
            &built["short_of_target"]
        ),
        (&json!("2025"), &json!(10), &json!(2), &json!(8))
    );
    let spacing = &rows(&told, "hydrant_spacing")[0];
    assert_eq!(
        (&spacing["hydrants"], &spacing["beyond_150_m"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(rows(&told, "coverage").len(), 2);
    // TR-1 alone is usable: a circle of 200 m.
    let uncovered =
        |row: &Value| row["area_km2"].as_f64().unwrap() - row["uncovered_km2"].as_f64().unwrap();
    let covered_km2 = uncovered(&rows(&told, "coverage")[0]);
    assert!((covered_km2 / 0.125_66 - 1.0).abs() < 0.05, "{covered_km2}");

    is_as_kept(
        "report-day.json",
        &serde_json::to_string_pretty(&told).unwrap(),
    );
    let mut asked = asked.to_vec();
    asked.push(("format", "csv"));
    let csv = report(&bench, &asked).await;
    assert!(
        csv.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(csv.text.starts_with('\u{feff}'), "with a byte order mark");
    is_as_kept("report-day.csv", &csv.text);
    let planned = report(
        &bench,
        &[("from", &from), ("format", "csv"), ("language", "en")],
    )
    .await;
    assert!(
        planned.text.contains("Covered by usable sources"),
        "{}",
        planned.text
    );

    let gaps = bench.get("/api/v1/reports/coverage/gaps?unit=00070").await;
    assert_eq!(gaps.headers["content-type"], "application/geo+json");
    assert_eq!(
        gaps.json["features"].as_array().unwrap().len(),
        1,
        "all around the one circle"
    );

    asked[3] = ("format", "xlsx");
    let request = bench.request("GET", "/api/v1/reports").query(&asked);
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    opens_as_a_workbook(&bytes);
}

fn opens_as_a_workbook(bytes: &[u8]) {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        zip.by_name(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    };
    let workbook = part("xl/workbook.xml");
    for sheet in ["Báo cáo", "Nguồn nước", "Mức sẵn sàng", "Khoảng cách trụ"] {
        assert!(
            workbook.contains(&format!("name=\"{sheet}\"")),
            "{sheet}: {workbook}"
        );
    }
    let strings = part("xl/sharedStrings.xml");
    assert!(strings.contains("Ngày-nguồn (d)"), "headings tell the unit");
    assert!(strings.contains("24/11/2025"), "days first");
    let availability = part("xl/worksheets/sheet3.xml");
    // Row 4, the third column: the share usable, as a number.
    let cell = availability.split("r=\"C4\"").nth(1).unwrap();
    let cell = cell.split("</c>").next().unwrap();
    assert!(!cell.contains("t=\"s\""), "a number, not text: {cell}");
    let value = cell
        .split("<v>")
        .nth(1)
        .unwrap()
        .split("</v>")
        .next()
        .unwrap();
    let value: f64 = value.parse().unwrap();
    assert!((value - 0.375).abs() < 0.01, "{value}");
    assert!(part("xl/styles.xml").contains("0.0%"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_a_past_period_uses_the_units_and_the_sources_of_its_time() {
    let bench = Bench::start().await;
    bench.hydrant("TR-1", 0.0).await;
    bench.hydrant("TR-2", 2_000.0).await;
    let before = [
        units::unit("A", "Phường Hoàn Kiếm", 21.03, 21.05),
        units::unit("B", "Phường Ba Đình", 21.05, 21.07),
    ];
    let after = [units::unit("A", "Phường Hoàn Kiếm", 21.03, 21.07)];
    assert_eq!(
        units::import(&bench, "valid_from=2025-07-01", &before)
            .await
            .status,
        201
    );
    assert_eq!(
        units::import(&bench, "valid_from=2025-11-25", &after)
            .await
            .status,
        201
    );
    let midnight = NOW.plus_ms(HOUR_MS);
    bench.clock.pass_ms(DAY_MS as u64);
    assert_eq!(bench.delete("/api/v1/sources/TR-2").await.status, 204);
    bench.hydrant("TR-4", 100.0).await;

    let counted = async |from: Timestamp, until: Timestamp, unit: &str| {
        let (from, until) = (from.to_string(), until.to_string());
        let told = report(
            &bench,
            &[("from", &from), ("until", &until), ("unit", unit)],
        )
        .await;
        if told.status == 404 {
            return None;
        }
        assert_eq!(told.status, 200, "{}", told.text);
        let rows = rows(&told.json, "sources_at_end");
        Some(
            rows.iter()
                .map(|row| row["sources"].as_u64().unwrap())
                .sum::<u64>(),
        )
    };
    let (from, now) = (NOW.plus_ms(-DAY_MS), NOW.plus_ms(DAY_MS + 1));
    assert_eq!(counted(from, midnight, "A").await, Some(1));
    assert_eq!(
        counted(from, midnight, "B").await,
        Some(1),
        "before it was dissolved"
    );
    assert_eq!(
        counted(from, midnight.plus_ms(HOUR_MS), "A").await,
        Some(2),
        "after midnight"
    );
    assert_eq!(counted(from, midnight.plus_ms(HOUR_MS), "B").await, None);
    bench.clock.pass_ms(10);
    assert_eq!(
        counted(from, now, "A").await,
        Some(2),
        "TR-2 was struck, TR-4 entered"
    );
    let whole = report(&bench, &[("from", &from.to_string())]).await.json;
    assert_eq!(whole["reorganised_at"], json!([midnight.to_string()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_period_is_refused() {
    let bench = Bench::start().await;
    for query in [
        "",
        "?period=2026-H3",
        "?period=2025&from=2025-01-01",
        "?from=2025-02-01&until=2025-01-01",
        "?from=soon",
        "?period=2027",
        "?period=2025&format=pdf",
    ] {
        let answer = bench.get(&format!("/api/v1/reports{query}")).await;
        answer.is_problem(400, "invalid-parameter");
    }
    bench
        .get("/api/v1/reports?period=2025&unit=none")
        .await
        .is_problem(404, "not-found");
}

/// How long a half-year of a city takes: `cargo test --release -p firemain-api --test http -- --ignored
/// --nocapture a_half_year`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_half_year_of_a_city_is_told_in_seconds() {
    use firemain_domain::judging::{Reason, Verdict};
    use firemain_store::journal::Position;
    use firemain_store::register::WatchCommit;
    use firemain_store::register::history::{Reasons, VerdictRow};
    const SOURCES: usize = 17_000;
    const CHANGES: i64 = 60;
    let prepare = |stores: &firemain_api::Stores| {
        let mut file = "code,kind,name,lat,lon,required_pressure_kpa\n".to_owned();
        for n in 0..SOURCES {
            let (column, row) = (n % 130, n / 130);
            let (lat, lon) = (
                20.95 + row as f64 * 0.001_1,
                105.75 + column as f64 * 0.001_2,
            );
            file.push_str(&format!("TR-{n:05},hydrant,x,{lat:.6},{lon:.6},98.1\n"));
        }
        let plan =
            firemain_api::import::read(file.as_bytes(), firemain_api::import::Format::Csv).unwrap();
        let changes = plan.into_changes(&|_| None);
        stores
            .register
            .change("t", NOW.plus_ms(-200 * DAY_MS), &changes)
            .unwrap();
        for step in 0..CHANGES {
            let at = NOW.plus_ms(-180 * DAY_MS + step * 3 * DAY_MS);
            let verdict = if step % 2 == 0 {
                Verdict::Usable
            } else {
                Verdict::Degraded
            };
            let row = VerdictRow {
                at,
                verdict,
                reasons: Reasons::of(&[Reason::LowStatic]),
            };
            let verdicts = (0..SOURCES)
                .map(|n| (format!("TR-{n:05}").into(), row))
                .collect();
            let commit = WatchCommit {
                upto: Position(0),
                verdicts,
                ..WatchCommit::default()
            };
            stores.register.commit(&commit).unwrap();
        }
    };
    let bench = Bench::with(prepare, firemain_api::http::HttpSettings::default()).await;
    let mut map = Vec::new();
    for n in 0..126_u32 {
        let (column, row) = (f64::from(n % 14), f64::from(n / 14));
        let (west, south) = (105.75 + column * 0.0115, 20.95 + row * 0.016);
        let ring = json!([
            [west, south],
            [west + 0.0115, south],
            [west + 0.0115, south + 0.016],
            [west, south + 0.016],
            [west, south]
        ]);
        map.push(
            json!({ "properties": { "code": format!("{n:05}"), "name": format!("Phường {n}") },
            "geometry": { "type": "Polygon", "coordinates": [ring] } }),
        );
    }
    assert_eq!(
        units::import(&bench, "valid_from=2025-01-01", &map)
            .await
            .status,
        201
    );
    for format in ["json", "csv", "xlsx"] {
        #[expect(
            clippy::disallowed_methods,
            reason = "a figure to look at, not a judgement"
        )]
        let began = Instant::now();
        let answer = report(&bench, &[("from", "2025-05-28"), ("format", format)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        println!(
            "{SOURCES} sources, 126 units, {CHANGES} verdicts each, {format}: {:?}",
            began.elapsed()
        );
        assert!(began.elapsed().as_secs() < 60);
    }
}
