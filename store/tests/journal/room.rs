//! The journal's limit, and giving room back.

use firemain_domain::Timestamp;
use firemain_store::journal::{Journal, JournalError, JournalOptions, Position};

use super::support::{Place, all, noise, positions};

const LIMIT: u64 = 1 << 20;
const SMALL: JournalOptions = JournalOptions {
    keep_ms: i64::MAX,
    max_bytes: LIMIT,
};

#[test]
fn a_full_journal_says_so_and_takes_again_when_a_consumer_lets_go() {
    let place = Place::new();
    let journal = place.open_with(SMALL);
    journal.add_consumer("archive", Position(0)).unwrap();
    let mut appended = 0;
    let error = loop {
        match journal.append(&[noise(appended, 20_000)]) {
            Ok(at) => {
                appended += 1;
                assert_eq!(at, Position(appended));
            }
            Err(error) => break error,
        }
        assert!(appended < 100, "the limit does not hold");
    };
    match error {
        JournalError::Full { bytes, max_bytes } => {
            assert!(bytes <= max_bytes && bytes > LIMIT * 9 / 10, "{bytes}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(journal.head().unwrap(), Position(appended));
    assert_eq!(all(&journal, 10).len() as u64, appended);

    journal.release("archive", Position(20)).unwrap();
    assert_eq!(
        journal.append(&[noise(0, 20_000)]).unwrap(),
        Position(appended + 1)
    );
    let (oldest, newest) = journal.extent().unwrap();
    assert!(oldest > Position(1) && oldest <= Position(21), "{oldest:?}");
    assert_eq!(newest, Position(appended + 1));
}

#[test]
fn released_rows_make_room_before_the_time_they_are_kept_is_over() {
    let place = Place::new();
    let journal = place.open_with(SMALL);
    for n in 0..200 {
        journal.append(&[noise(n, 20_000)]).unwrap();
        assert!(place.file().metadata().unwrap().len() <= LIMIT + (64 << 10));
    }
    let kept = positions(&all(&journal, 10));
    assert_eq!(kept, (kept[0]..=200).collect::<Vec<_>>());
    assert!(kept.len() > 30, "{}", kept.len());
}

#[test]
fn a_batch_larger_than_the_limit_is_refused_and_the_next_one_is_not() {
    let place = Place::new();
    let journal = place.open_with(SMALL);
    let error = journal.append(&[noise(1, 2 << 20)]).unwrap_err();
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert_eq!(journal.append(&[noise(1, 10)]).unwrap(), Position(1));
}

#[test]
fn pruning_makes_the_file_smaller() {
    let place = Place::new();
    let journal = place.open_with(JournalOptions {
        keep_ms: 10,
        max_bytes: 1 << 30,
    });
    for n in 0..500 {
        journal.append(&[noise(n, 20_000)]).unwrap();
    }
    let now = Timestamp::from_ms(500);
    let before = journal.health().unwrap().bytes;
    let pruned = journal.prune(now).unwrap();
    assert_eq!(pruned.envelopes, 490);
    assert!(pruned.bytes > 490 * 20_000);
    let after = journal.health().unwrap().bytes;
    // The write-ahead log beside it keeps its size, to be used again.
    assert!(
        before > 10_000_000 && after < before - 8_000_000,
        "{before} {after}"
    );
    assert!(place.file().metadata().unwrap().len() < 1_500_000);
    assert_eq!(
        positions(&all(&journal, 3)),
        (491..=500).collect::<Vec<_>>()
    );
}
