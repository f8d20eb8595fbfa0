//! What a cluster, or a proxy in front of one, answers.

use firemain_store::archive::victoriametrics::{VictoriaArchive, VictoriaSettings};
use firemain_store::archive::{Archive as _, ArchiveError};
use firemain_store::journal::Position;

use super::support::{EIGHT_O_CLOCK, StandIn, hour, pressure};

fn plain(url: &str) -> VictoriaSettings {
    let mut settings = VictoriaSettings::new(url);
    settings.gzip = false;
    settings
}

#[tokio::test]
async fn a_cluster_is_written_and_read_at_its_own_paths_with_the_login() {
    let cluster = StandIn::start(|heard| match heard.path.as_str() {
        path if path.starts_with("/insert/7/influx/api/v2/write?precision=ms") => {
            (204, String::new())
        }
        "/select/7/prometheus/api/v1/export" => (
            200,
            "{\"metric\":{\"__name__\":\"reading_pressure_kpa\",\"kind\":\"hydrant\",\"source\":\"TR-1\"},\
             \"values\":[215.5],\"timestamps\":[1795420800000]}\n"
                .to_owned(),
        ),
        _ => (404, "no such path".to_owned()),
    })
    .await;
    let mut settings = plain(&cluster.url);
    settings.tenant = Some("7".to_owned());
    settings.token = Some("t".to_owned());
    let archive = VictoriaArchive::new(settings).unwrap();
    let point = pressure("TR-1", 0, 0, 215.5);
    archive.write(vec![point], Position(1)).await.unwrap();
    let found = archive.range(hour("TR-1"), 10).await.unwrap();
    assert_eq!(found.len(), 1);
    let heard = cluster.heard();
    assert_eq!(
        heard[0].body,
        "reading,kind=hydrant,source=TR-1 pressure_kpa=215.5 1795420800000\n"
    );
    assert!(heard.iter().all(|heard| heard.authorization == "Bearer t"));
}

#[tokio::test]
async fn an_answer_in_part_is_never_taken_for_the_whole() {
    let cluster = StandIn::start(|_| {
        let body = r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"7"]}]}}"#;
        (200, body.to_owned())
    })
    .await;
    let archive = VictoriaArchive::new(plain(&cluster.url)).unwrap();
    let until = EIGHT_O_CLOCK.plus_ms(1_000);
    let error = archive.count(None, EIGHT_O_CLOCK, until).await.unwrap_err();
    assert!(error.to_string().contains("only in part"), "{error}");
    let error = archive.latest("TR-1".into()).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Busy { .. }), "{error}");
}

#[tokio::test]
async fn one_bad_line_costs_one_line() {
    let server = StandIn::start(|heard| {
        if heard.body.contains("TR-00007 ") {
            (400, "cannot parse".to_owned())
        } else {
            (204, String::new())
        }
    })
    .await;
    let archive = VictoriaArchive::new(plain(&server.url)).unwrap();
    let points: Vec<_> = (0..100)
        .map(|i| pressure(&format!("TR-{i:05}"), 0, 0, 1.0))
        .collect();
    let written = archive.write(points, Position(1)).await.unwrap();
    assert_eq!((written.points, written.refused.len()), (99, 1));
    assert_eq!(&*written.refused[0].0.source, "TR-00007");
    assert!(written.refused[0].1.contains("cannot parse"));
}

#[tokio::test]
async fn a_server_that_refuses_everything_costs_no_point() {
    for (status, person_must_act) in [
        (400, true),
        (401, true),
        (404, true),
        (429, false),
        (503, false),
    ] {
        let server = StandIn::start(move |_| (status, "no".to_owned())).await;
        let archive = VictoriaArchive::new(plain(&server.url)).unwrap();
        let points = vec![pressure("TR-1", 0, 0, 1.0), pressure("TR-2", 0, 0, 1.0)];
        let error = archive.write(points, Position(1)).await.unwrap_err();
        let refused = matches!(error, ArchiveError::Refused { .. });
        assert_eq!(refused, person_must_act, "{status}: {error}");
    }
}

#[tokio::test]
async fn a_body_too_large_on_its_way_is_cut() {
    let server = StandIn::start(|heard| {
        if heard.body.lines().count() > 10 {
            (413, String::new())
        } else {
            (204, String::new())
        }
    })
    .await;
    let archive = VictoriaArchive::new(plain(&server.url)).unwrap();
    let points = (0..40).map(|i| pressure("TR-1", i, 0, 1.0)).collect();
    let written = archive.write(points, Position(1)).await.unwrap();
    assert_eq!((written.points, written.refused.len()), (40, 0));
}

#[tokio::test]
async fn of_two_readings_of_one_millisecond_the_later_mark_is_sent() {
    let server = StandIn::start(|_| (204, String::new())).await;
    let archive = VictoriaArchive::new(plain(&server.url)).unwrap();
    let points = vec![pressure("TR-1", 0, 9, 90.0), pressure("TR-1", 0, 1, 180.0)];
    let written = archive.write(points, Position(1)).await.unwrap();
    assert_eq!(written.points, 2);
    let heard = server.heard();
    assert_eq!(heard[0].body.lines().count(), 1);
    assert!(heard[0].body.contains("pressure_kpa=90.0"));
}
