//! The embedded archive against the napkin one, through crashes, merges, damage and full disks.

#![allow(clippy::unwrap_used)]

mod archive_model;

use std::fs;
use std::path::{Path, PathBuf};

use archive_model::Model;
use firemain_domain::source::KindName;
use firemain_domain::time::{DAY_MS, HOUR_MS};
use firemain_domain::{Quantity, Timestamp};
use firemain_store::archive::embedded::{EmbeddedArchive, EmbeddedOptions};
use firemain_store::archive::{Archive, ArchiveError, Bucket, Point, Query};
use firemain_store::journal::Position;
use proptest::prelude::*;

/// Begins a week, counted from 1970.
const MONDAY: i64 = 2_968 * 7 * DAY_MS;
const SOURCES: [&str; 4] = ["TR-0001", "TR-0002", "BN-017", "HL-03"];

fn small() -> EmbeddedOptions {
    EmbeddedOptions {
        buffer_points: 40,
        raw_keep_ms: 1_000 * DAY_MS,
        ..EmbeddedOptions::default()
    }
}

fn open(folder: &Path) -> EmbeddedArchive {
    EmbeddedArchive::open(folder, small()).unwrap()
}

fn point(source: usize, quantity: Quantity, at: i64, mark: u32, value: f64) -> Point {
    Point {
        source: SOURCES[source].into(),
        kind: KindName::Hydrant,
        quantity,
        at: Timestamp::from_ms(at),
        mark,
        value,
    }
}

fn everything(source: &str, from: i64, until: i64) -> Query {
    Query {
        source: source.into(),
        quantities: Vec::new(),
        from: Timestamp::from_ms(from),
        until: Timestamp::from_ms(until),
    }
}

/// Means may differ in the last bits: hours are summed first.
fn alike(a: &[Bucket], b: &[Bucket]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            (a.mean - b.mean).abs() < 1e-6
                && Bucket { mean: 0.0, ..*a } == Bucket { mean: 0.0, ..*b }
        })
}

async fn agree(archive: &dyn Archive, model: &Model, from: i64, until: i64) {
    let ms = Timestamp::from_ms;
    for source in SOURCES {
        let query = || everything(source, from, until);
        let range = archive.range(query(), usize::MAX).await.unwrap();
        assert_eq!(range, model.range(query(), usize::MAX).await.unwrap());
        let few = archive.range(query(), 7).await.unwrap();
        assert_eq!(few, model.range(query(), 7).await.unwrap());
        let latest = archive.latest(source.into()).await.unwrap();
        assert_eq!(latest, model.latest(source.into()).await.unwrap());
        for width in [HOUR_MS, 24 * HOUR_MS, 10 * 60_000] {
            let buckets = archive.buckets(query(), width).await.unwrap();
            let expected = model.buckets(query(), width).await.unwrap();
            assert!(
                alike(&buckets, &expected),
                "{width}: {buckets:?}\n{expected:?}"
            );
        }
        let count = archive
            .count(Some(source.into()), ms(from), ms(until))
            .await
            .unwrap();
        assert_eq!(count, range.len() as u64);
    }
    let count = archive.count(None, ms(from), ms(until)).await.unwrap();
    assert_eq!(count, model.count(None, ms(from), ms(until)).await.unwrap());
}

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<Point>),
    Flush,
    Maintain(i64),
    Reopen,
    Crash,
}

fn points() -> impl Strategy<Value = Vec<Point>> {
    // Five weeks, few distinct moments: many copies, many late ones; a few far in the future.
    let at = prop_oneof![
        12 => (0..5 * 7 * 24 * 2_i64).prop_map(|half_hours| MONDAY + half_hours * HOUR_MS / 2 + 77),
        1 => Just(MONDAY + 4_000 * DAY_MS),
    ];
    let quantity = prop_oneof![Just(Quantity::PressureKpa), Just(Quantity::LevelM)];
    // The value follows from the identity, as it does when the journal is read again.
    let point = (0..4_usize, quantity, at, 0..2_u32).prop_map(|(source, quantity, at, mark)| {
        let value = (at / 1_000 + source as i64 * 31 + i64::from(mark)) % 977;
        point(source, quantity, at, mark, value as f64 * 0.5)
    });
    prop::collection::vec(point, 1..30)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => points().prop_map(Step::Write),
        2 => Just(Step::Flush),
        4 => (0..8_i64).prop_map(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn it_answers_as_the_napkin_does(
        steps in prop::collection::vec(step(), 1..90),
        cut in (0..40 * DAY_MS, 0..40 * DAY_MS),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let (mut archive, model) = (open(folder.path()), Model::default());
            let mut journal: Vec<Vec<Point>> = Vec::new();
            let mut now = MONDAY;
            for step in steps {
                match step {
                    Step::Write(points) => {
                        journal.push(points.clone());
                        let upto = Position(journal.len() as u64);
                        let written = archive.write(points.clone(), upto).await.unwrap();
                        assert_eq!(written.refused, []);
                        model.write(points, upto).await.unwrap();
                    }
                    Step::Flush => archive.flush().await.unwrap(),
                    Step::Maintain(days) => {
                        now += days * DAY_MS;
                        archive.maintain(Timestamp::from_ms(now)).await.unwrap();
                    }
                    Step::Reopen | Step::Crash => {
                        if matches!(step, Step::Reopen) {
                            archive.flush().await.unwrap();
                        }
                        drop(archive);
                        archive = open(folder.path());
                        let durable = archive.durable_upto().unwrap().0 as usize;
                        for (i, points) in journal.iter().enumerate().skip(durable) {
                            archive.write(points.clone(), Position(i as u64 + 1)).await.unwrap();
                        }
                    }
                }
            }
            let (a, b) = (MONDAY + cut.0.min(cut.1), MONDAY + cut.0.max(cut.1));
            agree(&archive, &model, a, b).await;
            agree(&archive, &model, 0, i64::MAX).await;
            archive.flush().await.unwrap();
            for _ in 0..3 {
                archive.maintain(Timestamp::from_ms(now + 50 * DAY_MS)).await.unwrap();
            }
            agree(&archive, &model, a, b).await;
            agree(&archive, &model, 0, i64::MAX).await;
            let reader = EmbeddedArchive::open_reader(folder.path()).unwrap();
            agree(&reader, &model, a, b).await;
            assert_eq!(archive.health().damaged_places, 0);
        });
    }
}

/// Twelve blocks of one week, as many as are sorted at once.
async fn a_week(archive: &EmbeddedArchive, model: &Model) {
    for block in 0..12_i64 {
        let points: Vec<Point> = (0..120_i64)
            .flat_map(|i| {
                let at = MONDAY + (block * 120 + i) * 7 * 60_000;
                (0..4).map(move |source| {
                    point(
                        source,
                        Quantity::PressureKpa,
                        at,
                        0,
                        (at / 1_000 % 613) as f64,
                    )
                })
            })
            .collect();
        model.write(points.clone(), Position(0)).await.unwrap();
        archive
            .write(points, Position(block as u64 + 1))
            .await
            .unwrap();
        archive.flush().await.unwrap();
    }
}

#[tokio::test]
async fn hours_outlive_points_and_both_end_by_whole_weeks() {
    let folder = tempfile::tempdir().unwrap();
    let kept_short = EmbeddedOptions {
        raw_keep_ms: 90 * DAY_MS,
        ..small()
    };
    let archive = EmbeddedArchive::open(folder.path(), kept_short).unwrap();
    let model = Model::default();
    a_week(&archive, &model).await;
    let day = |n: i64| Timestamp::from_ms(MONDAY + n * DAY_MS);
    let query = || everything("TR-0001", MONDAY, MONDAY + 7 * DAY_MS);
    let hours = model.buckets(query(), HOUR_MS).await.unwrap();
    let files = archive.health().files;
    archive.maintain(day(9)).await.unwrap();
    assert!(archive.health().files < files, "{:?}", archive.health());
    agree(
        &archive,
        &model,
        MONDAY + 1_234_567,
        MONDAY + 3 * DAY_MS + 7,
    )
    .await;

    archive.maintain(day(100)).await.unwrap();
    archive.maintain(day(100)).await.unwrap();
    assert_eq!(archive.range(query(), 10).await.unwrap(), []);
    assert!(alike(
        &archive.buckets(query(), HOUR_MS).await.unwrap(),
        &hours
    ));
    let late = point(0, Quantity::PressureKpa, MONDAY, 0, 1.0);
    let written = archive.write(vec![late], Position(99)).await.unwrap();
    assert_eq!((written.points, written.refused.len()), (0, 1));

    archive.maintain(day(6 * 366)).await.unwrap();
    assert_eq!(archive.buckets(query(), HOUR_MS).await.unwrap(), []);
}

fn tables(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|e| e == "table"))
        .collect()
}

#[tokio::test]
async fn damage_anywhere_is_told_and_the_rest_answers() {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(folder.path());
    let model = Model::default();
    a_week(&archive, &model).await;
    archive
        .maintain(Timestamp::from_ms(MONDAY + 9 * DAY_MS))
        .await
        .unwrap();
    let points: Vec<Point> = (0..4)
        .map(|s| point(s, Quantity::LevelM, MONDAY + 5, 3, 2.5))
        .collect();
    archive.write(points, Position(13)).await.unwrap();
    archive.flush().await.unwrap();
    drop(archive);
    let mut seen = 0;
    for path in tables(folder.path()) {
        let whole = fs::read(&path).unwrap();
        for at in (8..whole.len()).step_by(whole.len() / 40 + 1) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x5a;
            fs::write(&path, &damaged).unwrap();
            let reader = EmbeddedArchive::open_reader(folder.path()).unwrap();
            for source in SOURCES {
                let query = || everything(source, MONDAY, MONDAY + 8 * DAY_MS);
                reader.buckets(query(), HOUR_MS).await.unwrap();
                let range = reader.range(query(), usize::MAX).await.unwrap();
                let of = |q| range.iter().filter(|value| value.quantity == q).count();
                // One of the two files is whole.
                assert!(of(Quantity::LevelM) == 1 || of(Quantity::PressureKpa) == 1_440);
                reader.latest(source.into()).await.unwrap();
            }
            seen += reader.health().damaged_places;
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let reader = EmbeddedArchive::open_reader(folder.path()).unwrap();
        reader
            .count(None, Timestamp::MIN, Timestamp::MAX)
            .await
            .unwrap();
        reader
            .range(everything("TR-0001", 0, i64::MAX), 10)
            .await
            .unwrap();
        for source in SOURCES {
            let query = everything(source, MONDAY, MONDAY + 8 * DAY_MS);
            reader.buckets(query, HOUR_MS).await.unwrap();
        }
        assert!(reader.health().damaged_places > 0);
        fs::write(&path, &whole).unwrap();
    }
    assert!(seen > 40, "{seen}");
}

#[tokio::test]
async fn a_lost_list_of_files_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(folder.path());
    let model = Model::default();
    a_week(&archive, &model).await;
    drop(archive);
    for list in [None, Some("firemain-archive 1 00000000\n{}")] {
        match list {
            None => fs::remove_file(folder.path().join("archive.json")).unwrap(),
            Some(text) => fs::write(folder.path().join("archive.json"), text).unwrap(),
        }
        let archive = open(folder.path());
        assert_eq!(archive.durable_upto(), Some(Position(12)));
        agree(&archive, &model, 0, i64::MAX).await;
    }
}

#[tokio::test]
async fn a_folder_of_a_newer_firemain_and_a_second_writer_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let refused = |opened: Result<EmbeddedArchive, ArchiveError>| match opened {
        Err(ArchiveError::Refused { reason }) => reason,
        other => panic!("{other:?}"),
    };
    let second = refused(EmbeddedArchive::open(folder.path(), small()));
    assert!(second.contains("another firemain writes"), "{second}");
    let reader = EmbeddedArchive::open_reader(folder.path()).unwrap();
    assert!(matches!(
        reader.flush().await,
        Err(ArchiveError::Refused { .. })
    ));
    drop(first);
    fs::write(
        folder.path().join("archive.json"),
        "firemain-archive 2 00000000\n{}",
    )
    .unwrap();
    let newer = refused(EmbeddedArchive::open(folder.path(), small()));
    assert!(newer.contains("newer firemain (layout 2"), "{newer}");
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(folder.path());
    let model = Model::default();
    a_week(&archive, &model).await;
    drop(archive);
    fs::write(folder.path().join("000000000999.tmp"), b"FMTABLE").unwrap();
    fs::write(folder.path().join("archive.json.tmp"), b"firemain").unwrap();
    let orphan = folder.path().join("000000000998.table");
    fs::write(&orphan, b"FMTABLE").unwrap();
    let archive = open(folder.path());
    agree(&archive, &model, 0, i64::MAX).await;
    assert!(!orphan.exists());
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert!(
        left.iter()
            .all(|path| path.extension().is_none_or(|e| e != "tmp")),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_disk_that_takes_nothing_loses_nothing_and_it_goes_on_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = folder.path().join("archive");
    let (archive, model) = (open(&shelf), Model::default());
    let away = folder.path().join("away");
    fs::rename(&shelf, &away).unwrap();
    let batch = |i: i64| -> Vec<Point> {
        let at = move |k| MONDAY + (i * 30 + k) * 1_000;
        (0..30)
            .map(|k| point(0, Quantity::FlowLps, at(k), 0, k as f64))
            .collect()
    };
    let (mut taken, mut failed) = (0, false);
    while !failed && taken < 100 {
        match archive
            .write(batch(taken), Position(taken as u64 + 1))
            .await
        {
            Ok(_) => {
                model.write(batch(taken), Position(0)).await.unwrap();
                taken += 1;
            }
            Err(_) => failed = true,
        }
    }
    assert!(failed, "memory is bounded");
    assert!(archive.check().await.is_err());
    assert_eq!(archive.durable_upto(), Some(Position(0)));
    agree(&archive, &model, 0, i64::MAX).await;
    fs::rename(&away, &shelf).unwrap();
    model.write(batch(taken), Position(0)).await.unwrap();
    archive
        .write(batch(taken), Position(taken as u64 + 1))
        .await
        .unwrap();
    archive.flush().await.unwrap();
    archive.check().await.unwrap();
    assert_eq!(archive.durable_upto(), Some(Position(taken as u64 + 1)));
    agree(&archive, &model, 0, i64::MAX).await;
}

const FOLDER: &str = "FIREMAIN_TEST_ARCHIVE_FOLDER";

/// What the journal holds at a position: ten points of ten seconds that are nobody else's.
fn journalled(position: u64) -> Vec<Point> {
    let begin = MONDAY + position as i64 * 10_000;
    let one = |k: i64| {
        point(
            k as usize % 4,
            Quantity::FlowLps,
            begin + k * 1_000,
            0,
            k as f64,
        )
    };
    (0..10).map(one).collect()
}

#[tokio::test]
#[ignore = "the child that the test below starts and kills"]
async fn a_writer_that_will_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let archive = open(Path::new(&folder));
    for position in archive.durable_upto().unwrap().0 + 1.. {
        archive
            .write(journalled(position), Position(position))
            .await
            .unwrap();
        if position % 16 == 0 {
            let now = Timestamp::from_ms(MONDAY + position as i64 * 10_000);
            archive.maintain(now).await.unwrap();
        }
        println!("\ndurable {}", archive.durable_upto().unwrap().0);
    }
}

#[tokio::test]
async fn a_writer_killed_at_any_moment_has_what_it_said_was_durable() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut durable = 0;
    for round in 0..6 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_writer_that_will_be_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let enough = durable + 60 + 37 * round;
        let mut said = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(position) = line.strip_prefix("durable ") {
                said = position.parse::<u64>().unwrap();
            }
            if said >= enough {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(said >= enough, "it ended by itself");

        let archive = open(folder.path());
        durable = archive.durable_upto().unwrap().0;
        assert!(durable >= said, "{durable} after {said}");
        let (from, until) = (MONDAY, MONDAY + (durable as i64 + 1) * 10_000);
        let ms = Timestamp::from_ms;
        let count = archive.count(None, ms(from), ms(until)).await.unwrap();
        assert_eq!(count, durable * 10);
        assert_eq!(archive.health().damaged_places, 0);
    }
}
