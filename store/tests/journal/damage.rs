//! A bad disk: single batches are set aside, worse is said plainly, and nothing panics.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};

use firemain_domain::Timestamp;
use firemain_store::journal::{Journal, JournalError, Position, SqliteJournal};

use super::support::{Place, ROOMY, all, messages, noise, positions};

const PAGE: usize = 4_096;

/// Three batches: 1 to 3, 4 alone and larger than a page, 5 to 7.
fn three_batches(place: &Place) {
    let journal = place.open();
    journal.append(&messages(1..4)).unwrap();
    journal.append(&[noise(4, 30_000)]).unwrap();
    journal.append(&messages(5..8)).unwrap();
    drop(journal);
    let raw = rusqlite::Connection::open(place.file()).unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
}

/// Where the middle of the batch that starts at `first` lies in the file.
fn middle_of(place: &Place, first: u64) -> usize {
    let raw = rusqlite::Connection::open(place.file()).unwrap();
    let packed: Vec<u8> = raw
        .query_row(
            "SELECT packed FROM batch WHERE first = ?1",
            [first],
            |row| row.get(0),
        )
        .unwrap();
    let half = packed.len() / 2;
    let piece = &packed[half..half + 16];
    let mut file = Vec::new();
    std::fs::File::open(place.file())
        .unwrap()
        .read_to_end(&mut file)
        .unwrap();
    file.windows(piece.len()).position(|w| w == piece).unwrap()
}

fn overwrite(place: &Place, at: usize, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(place.file()).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
}

#[test]
fn a_batch_with_flipped_bits_is_set_aside_and_reading_goes_on_after_it() {
    let place = Place::new();
    three_batches(&place);
    let at = middle_of(&place, 1);
    overwrite(&place, at, b"\xFF\x00\xFF\x00");
    let journal = place.open();
    assert_eq!(positions(&all(&journal, 2)), [4, 5, 6, 7]);
    let health = journal.health().unwrap();
    assert_eq!((health.damaged_batches, health.damaged_envelopes), (1, 3));
    assert_eq!(journal.extent().unwrap(), (Position(4), Position(7)));
    // Remembered, counted once, and no reason to stop appending.
    drop(journal);
    let journal = place.open();
    assert_eq!(positions(&all(&journal, 100)), [4, 5, 6, 7]);
    assert_eq!(journal.health().unwrap(), {
        let mut health = journal.health().unwrap();
        health.damaged_batches = 1;
        health
    });
    assert_eq!(journal.append(&messages(8..9)).unwrap(), Position(8));
    let reason: String = rusqlite::Connection::open(place.file())
        .unwrap()
        .query_row("SELECT reason FROM damaged WHERE first = 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(reason.contains("checksum"), "{reason}");
}

#[test]
fn a_batch_whose_pages_are_broken_costs_that_batch_alone_and_can_be_passed_by_pruning() {
    let place = Place::new();
    three_batches(&place);
    // The number of the next page, at the head of an overflow page.
    let page = middle_of(&place, 4) / PAGE * PAGE;
    overwrite(&place, page, &[0xFF; 4]);
    let journal = place.open();
    assert_eq!(positions(&all(&journal, 100)), [1, 2, 3, 5, 6, 7]);
    assert_eq!(journal.health().unwrap().damaged_envelopes, 1);
    let pruned = journal.prune(Timestamp::from_ms(1_000_000)).unwrap();
    assert!(pruned.envelopes >= 6, "{pruned:?}");
    assert!(all(&journal, 100).is_empty());
    assert_eq!(journal.append(&messages(8..9)).unwrap(), Position(8));
    assert_eq!(positions(&all(&journal, 100)), [8]);
}

#[test]
fn a_damaged_last_batch_keeps_its_positions() {
    let place = Place::new();
    three_batches(&place);
    let at = middle_of(&place, 5);
    overwrite(&place, at, b"\xFF\x00\xFF\x00");
    let journal = place.open();
    assert_eq!(positions(&all(&journal, 100)), [1, 2, 3, 4]);
    assert_eq!(journal.append(&messages(8..9)).unwrap(), Position(8));
    assert_eq!(positions(&all(&journal, 100)), [1, 2, 3, 4, 8]);
}

#[test]
fn a_file_that_is_damaged_as_a_whole_says_what_to_do() {
    let place = Place::new();
    three_batches(&place);
    let pages = std::fs::metadata(place.file()).unwrap().len() as usize / PAGE;
    // Page by page, from the second on: none may panic, and some must be noticed.
    let whole = std::fs::read(place.file()).unwrap();
    let mut noticed = 0;
    for page in 1..pages {
        std::fs::write(place.file(), &whole).unwrap();
        overwrite(&place, page * PAGE, &[0xA5; PAGE]);
        let outcome = SqliteJournal::open(&place.file(), ROOMY).and_then(|journal| {
            journal.read(Position(0), 100)?;
            journal.append(&messages(8..9))
        });
        if let Err(error) = outcome {
            assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(".recover"), "{error}");
            noticed += 1;
        }
    }
    assert!(noticed >= 1, "of {pages} pages none was missed");
    std::fs::write(place.file(), b"This is not a database. ".repeat(500)).unwrap();
    let error = SqliteJournal::open(&place.file(), ROOMY).err().unwrap();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
}
