//! What comes in comes out, in order, and stays until it is let go of.

use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_store::journal::{Journal, JournalError, Position, SqliteJournal};

use super::support::{Place, ROOMY, all, heartbeat, message, messages, positions};

#[test]
fn what_was_appended_is_read_back_in_order_from_any_place() {
    let place = Place::new();
    let journal = place.open();
    assert_eq!(journal.head().unwrap(), Position(0));
    assert_eq!(journal.extent().unwrap(), (Position(1), Position(0)));
    assert_eq!(journal.append(&messages(1..101)).unwrap(), Position(1));
    assert_eq!(journal.append(&[heartbeat(100)]).unwrap(), Position(101));
    assert_eq!(journal.append(&messages(102..131)).unwrap(), Position(102));
    for limit in [1, 7, 100, 1_000] {
        let read = all(&journal, limit);
        assert_eq!(positions(&read), (1..=130).collect::<Vec<_>>());
        assert_eq!(read[100].1, heartbeat(100));
        for (at, envelope) in read.iter().filter(|(at, _)| at.0 != 101) {
            assert_eq!(*envelope, message(at.0));
        }
    }
    assert_eq!(
        positions(&journal.read(Position(42), 3).unwrap()),
        [43, 44, 45]
    );
    assert_eq!(
        positions(&journal.read(Position(99), 3).unwrap()),
        [100, 101, 102]
    );
    assert!(journal.read(Position(130), 3).unwrap().is_empty());
    assert!(journal.read(Position(u64::MAX), 3).unwrap().is_empty());
    assert!(journal.read(Position(0), 0).unwrap().is_empty());
}

#[test]
fn an_empty_batch_changes_nothing() {
    let place = Place::new();
    let journal = place.open();
    assert_eq!(journal.append(&[]).unwrap(), Position(1));
    journal.append(&messages(1..4)).unwrap();
    assert_eq!(journal.append(&[]).unwrap(), Position(4));
    assert_eq!(journal.head().unwrap(), Position(3));
}

#[test]
fn a_journal_opened_again_goes_on_where_it_was() {
    let place = Place::new();
    place.open().append(&messages(1..11)).unwrap();
    let journal = place.open();
    assert_eq!(journal.append(&messages(11..13)).unwrap(), Position(11));
    assert_eq!(all(&journal, 100).len(), 12);
}

#[test]
fn nothing_is_deleted_that_a_consumer_has_not_released() {
    let place = Place::new();
    let journal = place.open();
    journal.add_consumer("watch", Position(0)).unwrap();
    journal.add_consumer("archive", Position(0)).unwrap();
    for n in 0..10 {
        journal.append(&messages(n * 10 + 1..n * 10 + 11)).unwrap();
    }
    let late = Timestamp::from_ms(1_000_000);
    journal.release("watch", Position(100)).unwrap();
    assert_eq!(journal.prune(late).unwrap().envelopes, 0);
    journal.release("archive", Position(45)).unwrap();
    // Batches go whole: the one that holds 45 stays.
    assert_eq!(journal.prune(late).unwrap().envelopes, 40);
    assert_eq!(journal.extent().unwrap(), (Position(41), Position(100)));
    assert_eq!(positions(&journal.read(Position(0), 2).unwrap()), [41, 42]);
    journal.remove_consumer("archive").unwrap();
    assert_eq!(journal.prune(late).unwrap().envelopes, 60);
    assert_eq!(journal.extent().unwrap(), (Position(101), Position(100)));
    // Emptied and opened again, it still knows where it was.
    drop(journal);
    assert_eq!(place.open().append(&messages(1..2)).unwrap(), Position(101));
}

#[test]
fn what_is_released_stays_for_as_long_as_it_is_to_be_kept() {
    let place = Place::new();
    let journal = place.open();
    for n in [10, 20, 30] {
        journal.append(&[message(n)]).unwrap();
    }
    let keep = ROOMY.keep_ms;
    assert_eq!(
        journal
            .prune(Timestamp::from_ms(keep + 10))
            .unwrap()
            .envelopes,
        0
    );
    assert_eq!(
        journal
            .prune(Timestamp::from_ms(keep + 11))
            .unwrap()
            .envelopes,
        1
    );
    assert_eq!(
        journal
            .prune(Timestamp::from_ms(keep + 30))
            .unwrap()
            .envelopes,
        1
    );
    assert_eq!(journal.extent().unwrap(), (Position(3), Position(3)));
}

#[test]
fn a_consumer_is_added_once_never_goes_back_and_lets_go_of_nothing_to_come() {
    let place = Place::new();
    let journal = place.open();
    journal.append(&messages(1..11)).unwrap();
    journal.add_consumer("watch", Position(4)).unwrap();
    journal.add_consumer("watch", Position(0)).unwrap();
    let released = |journal: &SqliteJournal| journal.consumers().unwrap()[0].1;
    assert_eq!(released(&journal), Position(4));
    journal.release("watch", Position(8)).unwrap();
    journal.release("watch", Position(6)).unwrap();
    assert_eq!(released(&journal), Position(8));
    journal.release("watch", Position(u64::MAX)).unwrap();
    assert_eq!(released(&journal), Position(10));
    match journal.release("nobody", Position(1)) {
        Err(JournalError::UnknownConsumer { consumer }) => assert_eq!(consumer, "nobody"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn those_who_wait_are_woken_by_an_append() {
    let place = Place::new();
    let journal = place.open();
    assert!(!journal.wait(Position(0), Duration::from_millis(1)).unwrap());
    std::thread::scope(|s| {
        let waiting = s.spawn(|| journal.wait(Position(3), Duration::from_secs(20)).unwrap());
        journal.append(&messages(1..4)).unwrap();
        journal.append(&messages(4..5)).unwrap();
        assert!(waiting.join().unwrap());
    });
    assert!(journal.wait(Position(2), Duration::ZERO).unwrap());
    assert!(!journal.wait(Position(4), Duration::ZERO).unwrap());
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_alone() {
    let place = Place::new();
    drop(place.open());
    let raw = rusqlite::Connection::open(place.file()).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    match SqliteJournal::open(&place.file(), ROOMY) {
        Err(
            error @ JournalError::Newer {
                found: 99,
                known: 1,
            },
        ) => {
            assert!(error.to_string().contains("start that version"));
        }
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let place = Place::new();
    let nowhere = place.file().join("nowhere").join("journal.db");
    let error = SqliteJournal::open(&nowhere, ROOMY).err().unwrap();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(error.to_string().contains("[data] dir"), "{error}");
}
