//! What only the SQLite register promises: two processes at one file, readers that do not wait,
//! and a register that any sequence of changes leaves in order.

#![allow(clippy::unwrap_used)]

mod register_support;

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use firemain_domain::change::Change;
use firemain_domain::source::Source;
use firemain_store::journal::Position;
use firemain_store::register::{Register, RegisterError, SqliteRegister, WatchCommit};
use proptest::prelude::*;

use register_support::{at, event, hydrant, set};

const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn several_may_open_a_new_register_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let register = SqliteRegister::open(&path).unwrap();
                register.newest_change().unwrap();
            });
        }
    });
}

#[test]
fn two_handles_write_beside_each_other_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    // Two handles as two processes have them: nothing is shared but the file.
    let (api, ingest) = (
        SqliteRegister::open(&path).unwrap(),
        SqliteRegister::open(&path).unwrap(),
    );
    const EACH: u64 = 60;
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=EACH {
                api.change("lan", at(0), &[set(&hydrant(&format!("TR-{n}")))])
                    .unwrap();
                let commit = WatchCommit {
                    upto: Position(n),
                    events: vec![event("change")],
                    taken: vec![(n, Position(n))],
                    ..WatchCommit::default()
                };
                api.commit(&commit).unwrap();
            }
        });
        scope.spawn(|| {
            for n in 1..=EACH {
                ingest
                    .set_cursor("archive", Position(n), &n.to_be_bytes())
                    .unwrap();
                assert!(ingest.device_map().unwrap().len() as u64 <= EACH);
            }
        });
        scope.spawn(|| {
            let mut seen = 0;
            while seen < EACH {
                let now = ingest.newest_change().unwrap();
                assert!(now >= seen, "changes never go back");
                let (upto, taken) = ingest.committed().unwrap();
                assert_eq!(upto.0, taken, "a commit is seen whole or not at all");
                seen = now;
            }
        });
    });
    assert_eq!(ingest.committed().unwrap(), (Position(EACH), EACH));
    assert_eq!(ingest.stream_extent().unwrap(), (1, EACH));
    assert_eq!(api.device_map().unwrap().len() as u64, EACH);
    assert_eq!(api.cursor("archive").unwrap().unwrap().0, Position(EACH));
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let register = SqliteRegister::open(&path).unwrap();
    register
        .change("lan", at(0), &[set(&hydrant("TR-1"))])
        .unwrap();

    // Another process holds the write lock, in the midst of a transaction.
    let writing = rusqlite::Connection::open(&path).unwrap();
    writing
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM source")
        .unwrap();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            tell.send(register.source("TR-1").unwrap().is_some())
                .unwrap();
        });
        assert!(told.recv_timeout(DEADLINE).unwrap(), "as it was before");
        // And a writer waits its turn.
        let change = scope.spawn(|| register.change("lan", at(1), &[set(&hydrant("TR-2"))]));
        writing.execute_batch("ROLLBACK").unwrap();
        assert_eq!(change.join().unwrap().unwrap(), 2);
    });
}

#[test]
fn more_readers_than_connections_all_get_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let register = SqliteRegister::open(&folder.path().join("register.db")).unwrap();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..40 {
            let (tell, register) = (tell.clone(), &register);
            scope.spawn(move || {
                for _ in 0..20 {
                    register.newest_change().unwrap();
                }
                tell.send(()).unwrap();
            });
        }
        for _ in 0..40 {
            told.recv_timeout(DEADLINE).unwrap();
        }
    });
}

#[test]
fn a_file_that_is_no_register_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    std::fs::write(&path, "code,kind,name\n".repeat(1_000)).unwrap();
    let refused = SqliteRegister::open(&path).unwrap_err();
    assert!(
        matches!(refused, RegisterError::Foreign { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("register.db"));
}

#[test]
fn a_source_comes_back_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let register = SqliteRegister::open(&folder.path().join("register.db")).unwrap();
    proptest!(ProptestConfig::with_cases(64), |(lat in -90.0..=90.0_f64, kpa in 1.0..2_000.0_f64)| {
        let mut source = hydrant("TR-1");
        source.position.lat = lat;
        source.requirement.pressure_kpa = Some(kpa);
        let number = register.change("lan", at(0), &[set(&source)]).unwrap();
        prop_assert_eq!(register.source("TR-1").unwrap(), Some(source.clone()));
        let change = &register.changes_after(number - 1, 1).unwrap()[0].change;
        prop_assert_eq!(change, &set(&source));
    });
}

/// A few sources and devices, so that they often meet.
fn any_change() -> impl Strategy<Value = Change> {
    let code = || (0..5_u8).prop_map(|n| format!("TR-{n}"));
    let placed = (code(), proptest::option::of(0..4_u8)).prop_map(|(code, device)| {
        let mut source = hydrant(&code);
        source.device = device.map(|n| format!("dev-{n}").into());
        set(&source)
    });
    prop_oneof![
        4 => placed,
        1 => code().prop_map(|code| Change::SourceRemoved { code: code.into() }),
    ]
}

/// Carries a batch out on a plain map; `None` where the register must refuse it.
fn model(before: &BTreeMap<String, Source>, batch: &[Change]) -> Option<BTreeMap<String, Source>> {
    let mut after = before.clone();
    let mut held: BTreeMap<String, Option<String>> = before
        .iter()
        .map(|(code, source)| (code.clone(), source.device.as_deref().map(str::to_owned)))
        .collect();
    for change in batch {
        if let Change::SourceSet { source } = change
            && let Some(device) = held.get_mut(&*source.code)
            && device.as_deref() != source.device.as_deref()
        {
            *device = None;
        }
    }
    for change in batch {
        match change {
            Change::SourceSet { source } => {
                let device = source.device.as_deref().map(str::to_owned);
                let taken = device.is_some()
                    && held
                        .iter()
                        .any(|(code, d)| **code != *source.code && *d == device);
                if taken {
                    return None;
                }
                held.insert(source.code.to_string(), device);
                after.insert(source.code.to_string(), (**source).clone());
            }
            Change::SourceRemoved { code } => {
                after.remove(&**code)?;
                held.remove(&**code);
            }
            _ => return None,
        }
    }
    Some(after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn batches_are_carried_out_whole_or_not_at_all(
        batches in prop::collection::vec(prop::collection::vec(any_change(), 1..6), 1..12)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let register = SqliteRegister::open(&folder.path().join("register.db")).unwrap();
        let (mut expected, mut number) = (BTreeMap::new(), 0);
        for batch in batches {
            let done = register.change("lan", at(0), &batch);
            match model(&expected, &batch) {
                Some(after) => {
                    number += batch.len() as u64;
                    prop_assert_eq!(done.unwrap(), number);
                    expected = after;
                }
                None => prop_assert!(done.is_err(), "{batch:?}"),
            }
            let kept = register.sources(None, 100).unwrap();
            prop_assert_eq!(&kept, &expected.values().cloned().collect::<Vec<_>>());
            let devices = kept.iter().filter_map(|s| s.device.clone()).collect::<Vec<_>>();
            let mut map: Vec<_> = register.device_map().unwrap().into_iter().map(|(d, _, _)| d).collect();
            map.sort();
            let mut devices = devices;
            devices.sort();
            prop_assert_eq!(map, devices);
            prop_assert_eq!(register.newest_change().unwrap(), number);
        }
    }
}
