//! On a real influxd: what is written comes back.

use firemain_domain::Quantity;
use firemain_domain::source::{KindName, Position as Place, Requirement, Status};
use firemain_store::archive::influxdb2::{InfluxArchive, SourceInfo};
use firemain_store::archive::{Archive, ArchiveError};
use firemain_store::journal::Position;

use super::support::{EIGHT_O_CLOCK, Influx, day, point, pressure, value};

#[tokio::test]
async fn influxdb_tells_the_story() {
    let influx = Influx::start().await;
    super::story::tell(&influx.archive()).await;
}

#[tokio::test]
async fn every_code_and_every_quantity_comes_back() {
    let influx = Influx::start().await;
    let mut settings = influx.settings();
    settings.gzip = true;
    let archive = InfluxArchive::new(settings).unwrap();
    let codes = [
        "TR-0412",
        "trụ 12, Hàng Bạc",
        "a=b",
        "\"quoted\"",
        "${r.x}$",
        "back\\slash",
        "#1",
        "a,b c=d",
        "'",
    ];
    for (i, code) in codes.iter().enumerate() {
        let points: Vec<_> = Quantity::ALL
            .iter()
            .map(|q| {
                point(
                    code,
                    *q,
                    i as i64,
                    7 * i as u32,
                    if q.is_boolean() { 1.0 } else { -0.1 / 3.0 },
                )
            })
            .collect();
        let written = archive.write(points.clone(), Position(1)).await.unwrap();
        assert_eq!((written.points, written.refused), (15, vec![]), "{code}");
        let back = archive.range(day(code), 1_000).await.unwrap();
        assert_eq!(back, points.iter().map(value).collect::<Vec<_>>(), "{code}");
        assert_eq!(
            archive.latest((*code).into()).await.unwrap(),
            back,
            "{code}"
        );
        let (from, until) = (EIGHT_O_CLOCK, EIGHT_O_CLOCK.plus_ms(1_000));
        assert_eq!(
            archive
                .count(Some((*code).into()), from, until)
                .await
                .unwrap(),
            15,
            "{code}"
        );
        let buckets = archive.buckets(day(code), 3_600_000).await.unwrap();
        assert_eq!(buckets.len(), 15, "{code}");
        assert!(
            buckets
                .iter()
                .all(|b| b.at == EIGHT_O_CLOCK && b.count == 1 && b.min == b.last)
        );
    }
}

#[tokio::test]
async fn a_source_that_changes_its_kind_is_still_one() {
    let influx = Influx::start().await;
    let archive = influx.archive();
    let mut points = vec![pressure("X-1", 0, 100.0), pressure("X-1", 1_000, 200.0)];
    points[1].kind = KindName::DrawPoint;
    let newest = points[1].clone();
    archive.write(points.clone(), Position(1)).await.unwrap();
    assert_eq!(
        archive.range(day("X-1"), 9).await.unwrap(),
        points.iter().map(value).collect::<Vec<_>>()
    );
    assert_eq!(
        archive.latest("X-1".into()).await.unwrap(),
        [value(&newest)]
    );
    let buckets = archive.buckets(day("X-1"), 60_000).await.unwrap();
    assert_eq!(buckets.len(), 1);
    let bucket = buckets[0];
    assert_eq!(
        (bucket.min, bucket.mean, bucket.max, bucket.count),
        (100.0, 150.0, 200.0, 2)
    );
}

#[tokio::test]
async fn a_killed_server_is_busy_and_then_has_all_it_took() {
    let mut influx = Influx::start().await;
    let archive = influx.archive();
    let points: Vec<_> = (0..20_000)
        .map(|i| pressure(&format!("TR-{}", i % 500), i, 215.0))
        .collect();
    assert_eq!(
        archive
            .write(points.clone(), Position(1))
            .await
            .unwrap()
            .points,
        20_000
    );
    influx.kill9();
    // The first may still go by an old connection, and see it break.
    for _ in 0..2 {
        let error = archive
            .write(points.clone(), Position(2))
            .await
            .unwrap_err();
        assert!(matches!(error, ArchiveError::Busy { .. }), "{error}");
    }
    let error = archive.check().await.unwrap_err();
    assert!(error.to_string().contains("is it running"), "{error}");
    influx.start_again();
    let count = archive
        .count(None, EIGHT_O_CLOCK, EIGHT_O_CLOCK.plus_ms(86_400_000))
        .await
        .unwrap();
    assert_eq!(count, 20_000);
    assert_eq!(
        archive.write(points, Position(2)).await.unwrap().points,
        20_000,
        "by the same connections"
    );
}

#[tokio::test]
async fn what_can_change_about_a_source_is_beside_its_readings() {
    let influx = Influx::start().await;
    let archive = influx.archive();
    let mut info = SourceInfo {
        source: "TR 0412".into(),
        kind: KindName::Hydrant,
        name: "12 \"Hàng Bạc\" \\".to_owned(),
        status: Status::OutOfService,
        unit: Some("Phường Hoàn Kiếm".into()),
        zone: Some("Z1".to_owned()),
        position: Place {
            lat: 21.03,
            lon: 105.85,
        },
        requirement: Requirement {
            pressure_kpa: Some(98.1),
            ..Requirement::default()
        },
    };
    archive
        .write_source_info(std::slice::from_ref(&info), EIGHT_O_CLOCK)
        .await
        .unwrap();
    info.zone = None;
    archive
        .write_source_info(&[info], EIGHT_O_CLOCK.plus_ms(1))
        .await
        .unwrap();
    let csv = influx
        .query(
            r#"from(bucket: "readings") |> range(start: 2026-01-01T00:00:00Z, stop: 2027-01-01T00:00:00Z)
            |> filter(fn: (r) => r._measurement == "source_info" and r.source == "TR 0412")
            |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
            |> keep(columns: ["_time", "name", "status", "unit", "zone", "lat", "lon", "required_pressure_kpa"])
            |> sort(columns: ["_time"])"#,
        )
        .await;
    let rows: Vec<_> = csv.lines().filter(|line| line.contains("105.85")).collect();
    assert_eq!(rows.len(), 2, "{csv}");
    assert!(rows[0].contains("Z1") && !rows[1].contains("Z1"), "{csv}");
    for part in [
        "Phường Hoàn Kiếm",
        "98.1",
        "21.03",
        "out_of_service",
        "\"12 \"\"Hàng Bạc\"\" \\\"",
    ] {
        assert!(rows[1].contains(part), "{part}: {csv}");
    }
}
