//! What any archive must do, told once and run against each of them.

#![allow(clippy::unwrap_used)]

mod archive_model;

use archive_model::Model;
use firemain_domain::source::KindName;
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::{Archive, Bucket, Point, Query, Value};
use firemain_store::journal::Position;

/// A full hour, as any moment of the story is told from it.
const EIGHT_O_CLOCK: i64 = 1_795_449_600_000;
const MINUTE: i64 = 60_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(EIGHT_O_CLOCK + ms)
}

fn point(source: &str, quantity: Quantity, ms: i64, mark: u32, value: f64) -> Point {
    Point {
        source: source.into(),
        kind: KindName::Hydrant,
        quantity,
        at: at(ms),
        mark,
        value,
    }
}

fn query(source: &str, quantities: &[Quantity], from_ms: i64, until_ms: i64) -> Query {
    Query {
        source: source.into(),
        quantities: quantities.to_vec(),
        from: at(from_ms),
        until: at(until_ms),
    }
}

fn value(quantity: Quantity, ms: i64, mark: u32, value: f64) -> Value {
    Value {
        quantity,
        at: at(ms),
        mark,
        value,
    }
}

/// How the archive is to give back a point's mark.
fn marked(archive: &dyn Archive, mark: u32) -> u32 {
    if archive.keeps_marks() { mark } else { 0 }
}

/// The story. The archive must be empty and of its own.
pub async fn tell(archive: &dyn Archive) {
    use Quantity::{FlowLps, LevelM, PressureKpa};
    archive
        .check()
        .await
        .expect("it answers before anything is in it");
    assert_eq!(archive.latest("TR-0001".into()).await.unwrap(), []);
    assert_eq!(
        archive
            .count(None, at(-MINUTE), at(1_000 * MINUTE))
            .await
            .unwrap(),
        0
    );

    // Two hours of a hydrant by the minute, beside a tank; the hydrant's last half hour comes first.
    let mut morning: Vec<Point> = (0..120)
        .flat_map(|i| {
            let mark = i as u32;
            [
                point(
                    "TR-0001",
                    PressureKpa,
                    i * MINUTE,
                    mark,
                    200.0 + i as f64 * 0.5,
                ),
                point("TR-0001", FlowLps, i * MINUTE, mark, 0.0),
            ]
        })
        .collect();
    morning.rotate_left(180);
    morning.push(point("BN-017", LevelM, 0, 7, 1.82));
    let written = archive.write(morning, Position(121)).await.unwrap();
    assert_eq!(written.points, 241);
    assert_eq!(written.refused, []);

    // The same again changes nothing.
    let again = (0..30)
        .map(|i| {
            point(
                "TR-0001",
                PressureKpa,
                i * MINUTE,
                i as u32,
                200.0 + i as f64 * 0.5,
            )
        })
        .collect();
    archive.write(again, Position(151)).await.unwrap();
    if !archive.keeps_marks() {
        archive.flush().await.unwrap();
    }
    assert_eq!(
        archive.count(None, at(0), at(120 * MINUTE)).await.unwrap(),
        241
    );

    // Two readings of one millisecond are two readings, or the later mark stands for both.
    let twins = vec![
        point("TR-0001", PressureKpa, 125 * MINUTE, 1, 180.0),
        point("TR-0001", PressureKpa, 125 * MINUTE, 999_999, 90.0),
    ];
    archive.write(twins, Position(153)).await.unwrap();
    if !archive.keeps_marks() {
        archive.flush().await.unwrap();
    }
    let both = archive
        .range(
            query("TR-0001", &[PressureKpa], 125 * MINUTE, 125 * MINUTE + 1),
            10,
        )
        .await
        .unwrap();
    let later = value(PressureKpa, 125 * MINUTE, marked(archive, 999_999), 90.0);
    if archive.keeps_marks() {
        let earlier = value(PressureKpa, 125 * MINUTE, 1, 180.0);
        assert_eq!(both, [earlier, later]);
    } else {
        assert_eq!(both, [later]);
    }

    for _ in 0..2 {
        ranges(archive).await;
        buckets(archive).await;
        newest(archive).await;
        counts(archive).await;
        // And all of it still holds when everything has gone to disk.
        archive.flush().await.unwrap();
        archive.maintain(at(130 * MINUTE)).await.unwrap();
        archive.check().await.unwrap();
    }
    if let Some(durable) = archive.durable_upto() {
        assert_eq!(durable, Position(153));
    }
}

async fn ranges(archive: &dyn Archive) {
    use Quantity::{BatteryV, FlowLps, PressureKpa};
    let range = async |query, limit| archive.range(query, limit).await.unwrap();

    // Its beginning counts, its end does not.
    let three = range(
        query("TR-0001", &[PressureKpa], 10 * MINUTE, 13 * MINUTE),
        100,
    )
    .await;
    let expected: Vec<Value> = (10..13)
        .map(|i| {
            value(
                PressureKpa,
                i * MINUTE,
                marked(archive, i as u32),
                200.0 + i as f64 * 0.5,
            )
        })
        .collect();
    assert_eq!(three, expected);

    // No quantity named: all of them, in the order of their numbers.
    let both = range(query("TR-0001", &[], 5 * MINUTE, 6 * MINUTE), 100).await;
    let expected = [
        value(PressureKpa, 5 * MINUTE, marked(archive, 5), 202.5),
        value(FlowLps, 5 * MINUTE, marked(archive, 5), 0.0),
    ];
    assert_eq!(both, expected);

    let few = range(query("TR-0001", &[], 0, 120 * MINUTE), 121).await;
    assert_eq!(few.len(), 121);
    assert_eq!(
        few[119],
        value(PressureKpa, 119 * MINUTE, marked(archive, 119), 259.5)
    );
    assert_eq!(few[120], value(FlowLps, 0, 0, 0.0));
    assert_eq!(range(query("TR-0001", &[], 0, 120 * MINUTE), 0).await, []);

    assert_eq!(
        range(query("TR-0001", &[BatteryV], 0, 120 * MINUTE), 10).await,
        []
    );
    assert_eq!(range(query("TR-9999", &[], 0, 120 * MINUTE), 10).await, []);
    assert_eq!(
        range(query("TR-0001", &[], 20 * MINUTE, 20 * MINUTE), 10).await,
        []
    );
}

async fn buckets(archive: &dyn Archive) {
    use Quantity::{FlowLps, PressureKpa};
    let hours = archive
        .buckets(
            query("TR-0001", &[PressureKpa, FlowLps], 0, 120 * MINUTE),
            60 * MINUTE,
        )
        .await
        .unwrap();
    let bucket = |quantity, ms, [min, mean, max, last]: [f64; 4]| Bucket {
        quantity,
        at: at(ms),
        min,
        mean,
        max,
        last,
        count: 60,
    };
    let expected = [
        bucket(PressureKpa, 0, [200.0, 214.75, 229.5, 229.5]),
        bucket(PressureKpa, 60 * MINUTE, [230.0, 244.75, 259.5, 259.5]),
        bucket(FlowLps, 0, [0.0; 4]),
        bucket(FlowLps, 60 * MINUTE, [0.0; 4]),
    ];
    assert_eq!(hours, expected);

    // A span that cuts buckets counts only what lies in it; empty buckets are left out.
    let cut = archive
        .buckets(
            query("TR-0001", &[PressureKpa], 7 * MINUTE, 130 * MINUTE),
            10 * MINUTE,
        )
        .await
        .unwrap();
    let counts: Vec<(Timestamp, u64)> = cut.iter().map(|b| (b.at, b.count)).collect();
    let mut expected: Vec<(Timestamp, u64)> = (0..12).map(|i| (at(i * 10 * MINUTE), 10)).collect();
    expected[0].1 = 3;
    let twins = if archive.keeps_marks() { 2 } else { 1 };
    expected.push((at(120 * MINUTE), twins));
    assert_eq!(counts, expected);
    assert_eq!(cut[12].last, 90.0);
}

async fn newest(archive: &dyn Archive) {
    use Quantity::{FlowLps, LevelM, PressureKpa};
    let hydrant = archive.latest("TR-0001".into()).await.unwrap();
    let expected = [
        value(PressureKpa, 125 * MINUTE, marked(archive, 999_999), 90.0),
        value(FlowLps, 119 * MINUTE, marked(archive, 119), 0.0),
    ];
    assert_eq!(hydrant, expected);
    let tank = archive.latest("BN-017".into()).await.unwrap();
    assert_eq!(tank, [value(LevelM, 0, marked(archive, 7), 1.82)]);
}

async fn counts(archive: &dyn Archive) {
    let count = async |source: Option<&str>, from, until| {
        let source = source.map(Into::into);
        archive.count(source, at(from), at(until)).await.unwrap()
    };
    let twin = u64::from(archive.keeps_marks());
    assert_eq!(count(None, 0, 130 * MINUTE).await, 242 + twin);
    assert_eq!(count(Some("TR-0001"), 0, 130 * MINUTE).await, 241 + twin);
    assert_eq!(count(Some("BN-017"), 0, 130 * MINUTE).await, 1);
    assert_eq!(count(Some("BN-017"), 1, 130 * MINUTE).await, 0);
    assert_eq!(count(None, 119 * MINUTE, 125 * MINUTE).await, 2);
}

#[tokio::test]
async fn the_model_tells_the_story() {
    tell(&Model::default()).await;
}

#[tokio::test]
async fn the_embedded_archive_tells_the_story() {
    use firemain_store::archive::embedded::{EmbeddedArchive, EmbeddedOptions};
    let folder = tempfile::tempdir().unwrap();
    let archive = EmbeddedArchive::open(folder.path(), EmbeddedOptions::default()).unwrap();
    tell(&archive).await;
}
