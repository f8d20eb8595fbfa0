//! What a real single node does.

use firemain_store::archive::victoriametrics::{VictoriaArchive, VictoriaSettings};
use firemain_store::archive::{Archive as _, ArchiveError};
use firemain_store::journal::Position;

use super::story;
use super::support::{EIGHT_O_CLOCK, Victoria, hour, pressure};

const DAY_MS: i64 = 86_400_000;

fn archive(victoria: &Victoria) -> VictoriaArchive {
    VictoriaArchive::new(VictoriaSettings::new(victoria.url())).unwrap()
}

#[tokio::test]
async fn it_tells_the_story() {
    let victoria = Victoria::start();
    story::tell(&archive(&victoria)).await;
}

#[tokio::test]
async fn a_code_with_any_signs_comes_back_and_one_it_cannot_hold_is_refused_alone() {
    let victoria = Victoria::start();
    let archive = archive(&victoria);
    let codes = ["Trụ 1, \"a=b\"", "TR-1 {x}", "back\\slash"];
    let mut points: Vec<_> = codes
        .iter()
        .map(|code| pressure(code, 0, 0, 215.5))
        .collect();
    points.push(pressure("ends\\", 0, 0, 1.0));
    points.push(pressure("TR-2", 1, 0, f64::NAN));
    let written = archive.write(points, Position(1)).await.unwrap();
    assert_eq!((written.points, written.refused.len()), (3, 2));
    archive.flush().await.unwrap();
    for code in codes {
        let found = archive.range(hour(code), 10).await.unwrap();
        assert_eq!(found.len(), 1, "{code}");
        assert_eq!(found[0].value, 215.5, "{code}");
    }
}

#[tokio::test]
async fn a_point_written_twice_is_read_once_even_where_the_server_keeps_both() {
    let victoria = Victoria::with(&["-retentionPeriod=10y"]);
    let archive = archive(&victoria);
    for _ in 0..2 {
        let point = pressure("TR-1", 0, 0, 215.5);
        archive.write(vec![point], Position(1)).await.unwrap();
        archive.flush().await.unwrap();
    }
    assert_eq!(archive.range(hour("TR-1"), 10).await.unwrap().len(), 1);
    let hours = archive.buckets(hour("TR-1"), 3_600_000).await.unwrap();
    assert_eq!((hours.len(), hours[0].count), (1, 1));
    let warnings = archive.warnings().await.unwrap();
    assert!(warnings[0].contains("dedup"), "{warnings:?}");
}

#[tokio::test]
async fn what_it_would_drop_without_a_word_is_refused_with_the_reason() {
    let victoria = Victoria::with(&["-dedup.minScrapeInterval=1ms"]);
    let archive = archive(&victoria);
    let warnings = archive.warnings().await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("31 days"), "{warnings:?}");
    archive.maintain(EIGHT_O_CLOCK).await.unwrap();
    let points = vec![
        pressure("TR-1", -40 * DAY_MS, 0, 1.0),
        pressure("TR-1", 0, 0, 2.0),
    ];
    let written = archive.write(points, Position(1)).await.unwrap();
    assert_eq!((written.points, written.refused.len()), (1, 1));
    assert!(
        written.refused[0].1.contains("31 days"),
        "{:?}",
        written.refused
    );
}

#[tokio::test]
async fn one_that_is_not_there_is_busy_and_said_so() {
    let mut victoria = Victoria::start();
    let archive = archive(&victoria);
    archive.check().await.unwrap();
    victoria.stop();
    let error = archive
        .write(vec![pressure("TR-1", 0, 0, 1.0)], Position(1))
        .await
        .unwrap_err();
    assert!(matches!(error, ArchiveError::Busy { .. }), "{error}");
    victoria.start_again();
    archive.check().await.unwrap();
}
