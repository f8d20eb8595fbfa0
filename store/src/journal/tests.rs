//! Failures that can only be made from inside.

use std::sync::atomic::{AtomicU64, Ordering};

use firemain_domain::Timestamp;

use super::{
    Body, Envelope, Journal, JournalError, JournalOptions, Message, Position, SqliteJournal,
};

/// A message that nothing can pack.
fn noise(bytes: usize) -> Envelope {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let mut state = SEED.fetch_add(0x9E37_79B9, Ordering::Relaxed);
    let payload = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(bytes);
    Envelope {
        received_at: Timestamp::from_ms(1),
        wall_offset_ms: 0,
        body: Body::Message(Message {
            topic: "t".into(),
            payload: payload.collect(),
            retained: false,
            copy: false,
            cut_from: None,
            first_received_at: None,
        }),
    }
}

fn open(folder: &tempfile::TempDir) -> SqliteJournal {
    let options = JournalOptions {
        keep_ms: 0,
        max_bytes: 1 << 30,
    };
    SqliteJournal::open(&folder.path().join("journal.db"), options).unwrap()
}

#[test]
fn a_full_disk_leaves_nothing_half_and_the_next_append_works_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    journal.append(&[noise(10)]).unwrap();
    // SQLite answers as it does to ENOSPC, in the middle of the batch.
    journal.limit_pages(20);
    let many: Vec<_> = (0..50).map(|_| noise(9_000)).collect();
    for _ in 0..3 {
        let error = journal.append(&many).unwrap_err();
        assert!(matches!(error, JournalError::DiskFull), "{error}");
        assert_eq!(journal.head().unwrap(), Position(1));
        assert_eq!(journal.read(Position(0), 100).unwrap().len(), 1);
    }
    journal.limit_pages(1_000_000);
    assert_eq!(journal.append(&many).unwrap(), Position(2));
    assert_eq!(journal.read(Position(0), 100).unwrap().len(), 51);
}

#[test]
fn a_connection_lost_to_the_disk_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    journal.append(&[noise(10)]).unwrap();
    let error = journal.fail_once(rusqlite::ffi::SQLITE_IOERR_FSYNC);
    assert!(error.to_string().contains("appended to"), "{error}");
    assert_eq!(journal.append(&[noise(10)]).unwrap(), Position(2));
}

impl SqliteJournal {
    fn limit_pages(&self, pages: u32) {
        let limited = self.write("limited", |connection| {
            connection.pragma_query_value(None, "page_count", |_| Ok(()))?;
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        });
        limited.unwrap();
    }

    fn fail_once(&self, code: i32) -> JournalError {
        let failed: Result<(), JournalError> = self.write("appended to", |_| {
            let error = rusqlite::ffi::Error::new(code);
            Err(rusqlite::Error::SqliteFailure(error, None).into())
        });
        failed.unwrap_err()
    }
}
