//! Two handles on one file, as two processes have them.

use std::time::Duration;

use firemain_store::journal::{Journal, JournalError, Position, SqliteJournal};

use super::support::{Place, all, messages, positions};

#[test]
fn a_reader_may_come_first_and_sees_what_the_writer_appends() {
    let place = Place::new();
    let reader = SqliteJournal::open_reader(&place.file()).unwrap();
    assert!(!reader.wait(Position(0), Duration::from_millis(5)).unwrap());
    let writer = place.open();
    std::thread::scope(|s| {
        let waiting = s.spawn(|| reader.wait(Position(0), Duration::from_secs(20)).unwrap());
        writer.append(&messages(1..11)).unwrap();
        assert!(waiting.join().unwrap());
    });
    assert_eq!(positions(&all(&reader, 3)), (1..=10).collect::<Vec<_>>());
    assert_eq!(reader.head().unwrap(), Position(10));
}

#[test]
fn a_reader_holds_back_and_lets_go_what_the_writer_prunes() {
    let place = Place::new();
    let writer = place.open();
    let reader = SqliteJournal::open_reader(&place.file()).unwrap();
    reader.add_consumer("watch", Position(0)).unwrap();
    writer.append(&messages(1..11)).unwrap();
    let late = firemain_domain::Timestamp::from_ms(1_000_000);
    assert_eq!(writer.prune(late).unwrap().envelopes, 0);
    reader.release("watch", Position(10)).unwrap();
    assert_eq!(writer.prune(late).unwrap().envelopes, 10);
}

#[test]
fn a_reader_neither_appends_nor_prunes() {
    let place = Place::new();
    let reader = SqliteJournal::open_reader(&place.file()).unwrap();
    let refused = [
        reader.append(&messages(1..2)).map(|_| ()),
        reader
            .prune(firemain_domain::Timestamp::from_ms(0))
            .map(|_| ()),
    ];
    for error in refused {
        assert!(matches!(error, Err(JournalError::OnlyReads { .. })));
    }
}

#[test]
fn appending_reading_and_releasing_go_on_side_by_side() {
    const BATCHES: u64 = 200;
    let place = Place::new();
    let writer = place.open();
    let reader = SqliteJournal::open_reader(&place.file()).unwrap();
    reader.add_consumer("watch", Position(0)).unwrap();
    writer.add_consumer("archive", Position(0)).unwrap();
    let consume = |journal: &SqliteJournal, consumer: &str| {
        let mut at = Position(0);
        while at.0 < BATCHES * 10 {
            assert!(journal.wait(at, Duration::from_secs(20)).unwrap());
            for (position, _) in journal.read(at, 64).unwrap() {
                assert_eq!(position.0, at.0 + 1);
                at = position;
            }
            journal.release(consumer, at).unwrap();
        }
    };
    std::thread::scope(|s| {
        s.spawn(|| consume(&reader, "watch"));
        s.spawn(|| consume(&writer, "archive"));
        for n in 0..BATCHES {
            writer.append(&messages(n * 10 + 1..n * 10 + 11)).unwrap();
            if n % 10 == 0 {
                writer
                    .prune(firemain_domain::Timestamp::from_ms(i64::MAX))
                    .unwrap();
            }
        }
    });
}
