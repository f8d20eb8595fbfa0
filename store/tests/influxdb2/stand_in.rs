//! What a real InfluxDB seldom says, and proxies in front of it do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firemain_store::archive::influxdb2::InfluxArchive;
use firemain_store::archive::{Archive, ArchiveError, Written};
use firemain_store::journal::Position;

use super::support::{Heard, Says, StandIn, day, pressure};

const HOW_OFTEN_TO_RETRY: usize = 10;

fn hydrants(count: usize) -> Vec<firemain_store::archive::Point> {
    (0..count)
        .map(|i| pressure(&format!("TR-{i:05}"), i as i64, 215.0))
        .collect()
}

async fn write(archive: &InfluxArchive, count: usize) -> Result<Written, ArchiveError> {
    archive.write(hydrants(count), Position(1)).await
}

/// Writes again, as the archive's part does, until it is not busy.
async fn write_until_taken(archive: &InfluxArchive, count: usize) -> Written {
    for _ in 0..HOW_OFTEN_TO_RETRY {
        match write(archive, count).await {
            Err(ArchiveError::Busy { .. }) => {}
            other => return other.unwrap(),
        }
    }
    panic!("still busy after {HOW_OFTEN_TO_RETRY} tries");
}

fn holds(heard: &Heard, source: &str) -> bool {
    heard.lines().iter().any(|line| line.contains(source))
}

#[tokio::test]
async fn batches_are_of_five_thousand_lines_and_carry_the_token() {
    let influx = StandIn::start(|_| Says::stored()).await;
    let written = write(&influx.archive(), 12_000).await.unwrap();
    assert_eq!((written.points, written.refused.len()), (12_000, 0));
    let writes = influx.writes();
    let mut sizes: Vec<usize> = writes.iter().map(|w| w.lines().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2_000, 5_000, 5_000]);
    assert!(writes[0].path.contains("precision=ns"));
    assert!(
        writes[0]
            .headers
            .contains(&"authorization: token t".to_owned())
    );
    assert!(!writes[0].body.contains('\r'));
}

#[tokio::test]
async fn a_compressed_body_says_the_same() {
    let influx = StandIn::start(|_| Says::stored()).await;
    let mut settings = influx.settings();
    settings.gzip = true;
    write(&InfluxArchive::new(settings).unwrap(), 3)
        .await
        .unwrap();
    let writes = influx.writes();
    assert!(
        writes[0]
            .headers
            .contains(&"content-encoding: gzip".to_owned())
    );
    assert_eq!(writes[0].lines().len(), 3);
    assert!(holds(&writes[0], "TR-00002"));
}

#[tokio::test]
async fn a_body_too_large_is_cut_and_the_next_ones_are_smaller() {
    let influx = StandIn::start(|heard| {
        if heard.body.len() > 64 * 1_024 {
            Says::error(413, "too large")
        } else {
            Says::stored()
        }
    })
    .await;
    let archive = influx.archive();
    assert_eq!(write(&archive, 5_000).await.unwrap().points, 5_000);
    let before = influx.writes().len();
    assert_eq!(write(&archive, 5_000).await.unwrap().points, 5_000);
    let later = &influx.writes()[before..];
    assert!(
        later.iter().all(|w| w.body.len() <= 64 * 1_024),
        "it has learnt"
    );
}

#[tokio::test]
async fn one_line_that_cannot_be_read_costs_that_line() {
    let influx = StandIn::start(|heard| {
        if holds(heard, "TR-00777") {
            Says::error(400, "unable to parse it")
        } else {
            Says::stored()
        }
    })
    .await;
    let written = write(&influx.archive(), 1_000).await.unwrap();
    assert_eq!(written.points, 999);
    assert_eq!(written.refused.len(), 1);
    assert_eq!(&*written.refused[0].0.source, "TR-00777");
    assert_eq!(written.refused[0].1, "unable to parse it");
    assert!(influx.writes().len() < 30, "it is looked for by halves");
}

#[tokio::test]
async fn a_400_that_no_point_causes_loses_no_point() {
    let influx = StandIn::start(|_| Says::error(400, "invalid org id")).await;
    let error = write(&influx.archive(), 8).await.unwrap_err();
    assert!(
        matches!(&error, ArchiveError::Refused { reason } if reason.contains("invalid org id")),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_reason_is_cut() {
    let influx = StandIn::start(|_| Says::error(422, &"dropped=1 ".repeat(1_000))).await;
    let written = write(&influx.archive(), 1).await.unwrap();
    assert_eq!(written.refused[0].1.chars().count(), 200);
}

#[tokio::test]
async fn a_body_that_breaks_the_server_is_not_sent_for_ever() {
    let influx = StandIn::start(|heard| {
        if holds(heard, "TR-00042") {
            Says::error(500, "internal error")
        } else {
            Says::stored()
        }
    })
    .await;
    let written = write_until_taken(&influx.archive(), 100).await;
    assert_eq!((written.points, written.refused.len()), (99, 1));
    assert_eq!(&*written.refused[0].0.source, "TR-00042");
}

#[tokio::test]
async fn a_server_that_is_broken_blames_no_point() {
    let influx = StandIn::start(|_| Says::error(500, "disk full")).await;
    let archive = influx.archive();
    for _ in 0..HOW_OFTEN_TO_RETRY {
        let error = write(&archive, 4).await.unwrap_err();
        assert!(
            matches!(&error, ArchiveError::Busy { reason, .. } if reason.contains("disk full")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_batch_that_never_comes_to_an_end_is_tried_in_parts() {
    let influx = StandIn::start(|heard| {
        if heard.lines().len() > 2 {
            Says::Nothing
        } else {
            Says::stored()
        }
    })
    .await;
    let mut settings = influx.settings();
    settings.timeouts.write = Duration::from_millis(200);
    let archive = InfluxArchive::new(settings).unwrap();
    assert!(matches!(
        write(&archive, 4).await,
        Err(ArchiveError::Busy { .. })
    ));
    assert_eq!(write_until_taken(&archive, 4).await.points, 4);
}

#[tokio::test]
async fn too_many_requests_are_waited_for() {
    let full = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&full);
    let influx = StandIn::start(move |_| {
        let body = r#"{"code":"too many requests","message":"slow down"}"#.to_owned();
        if says.load(Ordering::SeqCst) {
            Says::Status(429, "Retry-After: 7\r\n", body)
        } else {
            Says::stored()
        }
    })
    .await;
    let archive = influx.archive();
    for _ in 0..HOW_OFTEN_TO_RETRY {
        assert!(matches!(
            write(&archive, 10).await,
            Err(ArchiveError::Busy { .. })
        ));
    }
    assert_eq!(
        influx.writes().len(),
        HOW_OFTEN_TO_RETRY,
        "nothing is cut, nobody is pressed"
    );
    // The crate that writes hides the header; our own queries see it.
    match archive.range(day("TR-1"), 1).await {
        Err(ArchiveError::Busy {
            reason,
            retry_after,
        }) => {
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
            assert!(reason.contains("slow down"));
        }
        other => panic!("{other:?}"),
    }
    full.store(false, Ordering::SeqCst);
    assert_eq!(write(&archive, 10).await.unwrap().points, 10);
}

#[tokio::test]
async fn what_is_no_influxdb_is_told_apart() {
    let redirect =
        StandIn::start(|_| Says::Status(301, "Location: https://elsewhere/\r\n", String::new()))
            .await;
    let error = write(&redirect.archive(), 1).await.unwrap_err().to_string();
    assert!(error.contains("own address"), "{error}");
    let web = StandIn::start(|_| Says::Status(405, "", "<html>".to_owned())).await;
    let error = web.archive().check().await.unwrap_err().to_string();
    assert!(error.contains("is it an InfluxDB 2"), "{error}");
    let nobody = redirect.settings();
    drop(redirect);
    let archive = InfluxArchive::new(nobody).unwrap();
    let error = archive.check().await.unwrap_err();
    assert!(
        matches!(&error, ArchiveError::Busy { reason, .. } if reason.contains("is it running")),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_the_whole() {
    let csv = ",result,table,_time,_field,_value\r\n,_result,0,2026-11-24T08:00:00Z,flow_lps,1\r\n\r\n\
               error,reference\r\nran out of memory,897\r\n";
    let influx = StandIn::start(move |_| Says::Status(200, "", csv.to_owned())).await;
    let error = influx
        .archive()
        .range(day("TR-1"), 10)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("ran out of memory"), "{error}");
}
