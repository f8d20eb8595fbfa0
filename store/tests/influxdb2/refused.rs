//! On a real influxd: what it refuses, and what becomes of the rest.

use std::time::Duration;

use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::influxdb2::{InfluxArchive, InfluxSettings};
use firemain_store::archive::{Archive, Point, Written};
use firemain_store::journal::Position;

use super::support::{EIGHT_O_CLOCK, Influx, day, point, pressure};

async fn write(archive: &InfluxArchive, points: Vec<Point>) -> Written {
    archive.write(points, Position(1)).await.unwrap()
}

#[tokio::test]
async fn a_field_of_another_type_costs_its_own_points() {
    let influx = Influx::start().await;
    let archive = influx.archive();
    // Somebody else wrote whole numbers into the same week.
    let ns = EIGHT_O_CLOCK.ms() * 1_000_000;
    influx
        .write(&format!(
            "reading,kind=hydrant,source=TR-1 flow_lps=1i {ns}"
        ))
        .await;
    let points: Vec<_> = (0..3_000)
        .flat_map(|i| {
            [
                pressure("TR-1", i, 200.0),
                point("TR-1", Quantity::FlowLps, i, 0, 1.5),
            ]
        })
        .collect();
    let written = write(&archive, points).await;
    assert_eq!(written.points, 3_000);
    assert_eq!(written.refused.len(), 3_000);
    assert!(
        written
            .refused
            .iter()
            .all(|(p, reason)| p.quantity == Quantity::FlowLps && reason.contains("flow_lps"))
    );
    let mut pressures = day("TR-1");
    pressures.quantities = vec![Quantity::PressureKpa];
    assert_eq!(archive.range(pressures, 10_000).await.unwrap().len(), 3_000);
}

#[tokio::test]
async fn what_is_older_than_the_retention_is_refused_and_the_rest_is_kept() {
    let influx = Influx::start().await;
    influx
        .bucket("short", Duration::from_secs(2 * 86_400))
        .await;
    let mut settings = influx.settings();
    "short".clone_into(&mut settings.bucket);
    let archive = InfluxArchive::new(settings).unwrap();
    // The server's own clock decides what is old: a date long gone, and one to come.
    let mut old = pressure("TR-1", 0, 200.0);
    old.at = Timestamp::from_ms(1_600_000_000_000);
    let young = Timestamp::parse("2199-01-01T00:00:00Z").unwrap();
    let mut points: Vec<_> = (0..2_000)
        .map(|i| Point {
            at: old.at.plus_ms(i),
            ..old.clone()
        })
        .collect();
    points.extend((0..100).map(|i| Point {
        at: young.plus_ms(i),
        ..old.clone()
    }));
    let written = write(&archive, points).await;
    assert_eq!((written.points, written.refused.len()), (100, 2_000));
    assert!(
        written.refused.iter().all(|(p, _)| p.at < young),
        "{:?}",
        written.refused[0]
    );
    let count = archive
        .count(None, young, young.plus_ms(1_000))
        .await
        .unwrap();
    assert_eq!(count, 100);
}

#[tokio::test]
async fn what_can_never_be_kept_is_not_even_sent() {
    let influx = Influx::start().await;
    let archive = influx.archive();
    let mut beyond = pressure("TR-1", 0, 1.0);
    beyond.at = Timestamp::MAX;
    let bad = [
        pressure("TR-1", 0, f64::NAN),
        pressure("ends\\", 0, 1.0),
        pressure("two\nlines", 0, 1.0),
        beyond,
    ];
    let mut points = bad.to_vec();
    points.push(pressure("TR-2", 0, 1.0));
    let written = write(&archive, points).await;
    assert_eq!((written.points, written.refused.len()), (1, 4));
    assert!(written.refused.iter().all(|(_, reason)| !reason.is_empty()));
    assert_eq!(archive.range(day("TR-2"), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_token_bucket_or_organisation_is_said_in_words() {
    let influx = Influx::start().await;
    influx.archive().check().await.unwrap();
    let said = async |change: &dyn Fn(&mut InfluxSettings)| {
        let mut settings = influx.settings();
        change(&mut settings);
        let archive = InfluxArchive::new(settings).unwrap();
        let checked = archive.check().await.unwrap_err().to_string();
        let written = archive
            .write(vec![pressure("TR-1", 0, 1.0)], Position(1))
            .await
            .unwrap_err();
        assert_eq!(checked, written.to_string());
        checked
    };
    let token = said(&|settings| "wrong-token".clone_into(&mut settings.token)).await;
    assert!(
        token.contains("`[archive] token`") && !token.contains("wrong-token"),
        "{token}"
    );
    let bucket = said(&|settings| "nowhere".clone_into(&mut settings.bucket)).await;
    assert!(
        bucket.contains("nowhere") && bucket.contains("create it"),
        "{bucket}"
    );
    let org = said(&|settings| "nobody".clone_into(&mut settings.org)).await;
    assert!(org.contains("nobody"), "{org}");
}
