//! kill -9 in the middle of appending: what was acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use firemain_store::journal::{Journal, Position, SqliteJournal};

use super::support::{Place, ROOMY, all, message, messages, positions};

const FILE: &str = "FIREMAIN_TEST_JOURNAL_TO_APPEND_TO";

/// Not a test of its own: what the killed process does. It says each position once it is on disk.
#[test]
fn appends_until_it_is_killed() {
    let Ok(file) = std::env::var(FILE) else {
        return;
    };
    let journal = SqliteJournal::open(Path::new(&file), ROOMY).unwrap();
    loop {
        let next = journal.head().unwrap().0 + 1;
        journal.append(&messages(next..next + 50)).unwrap();
        // Past the harness, which would keep it back.
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {}", next + 49).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn every_acknowledged_position_survives_kill_9() {
    let place = Place::new();
    let mut acknowledged = 0;
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::appends_until_it_is_killed", "--nocapture"])
            .env(FILE, place.file())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = |acknowledged: &mut u64| {
            let line = lines.next()?.ok()?;
            if let Some((_, at)) = line.split_once("acknowledged ") {
                *acknowledged = at.parse().ok()?;
            }
            Some(())
        };
        let enough = acknowledged + 500 * round;
        while acknowledged < enough {
            said(&mut acknowledged).expect("the child goes on until it is killed");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while said(&mut acknowledged).is_some() {}

        let journal = place.open();
        let read = all(&journal, 1_000);
        assert!(journal.head().unwrap() >= Position(acknowledged));
        assert_eq!(
            positions(&read),
            (1..=journal.head().unwrap().0).collect::<Vec<_>>()
        );
        assert!(read.iter().all(|(at, envelope)| *envelope == message(at.0)));
        assert_eq!(journal.health().unwrap().damaged_batches, 0);
        acknowledged = journal.head().unwrap().0;
    }
}
