//! A notice board of fixed size beside the register: where parts leave their word when there is no
//! room on the disk for a row, which is when it matters most.
//!
//! Its room is taken when it is made and written over in place, so that it needs none later. A word
//! carries a checksum: one that is being written while somebody reads is passed over.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::register::PartStatus;

/// Room for one part's word, bytes; its head holds length and checksum.
const PLACE: usize = 16 << 10;
const HEAD: usize = 16;
/// Parts that have a place, in their order.
const PARTS: [&str; 2] = ["receive", "archive"];

/// The board.
#[derive(Debug)]
pub struct Notices {
    path: PathBuf,
}

impl Notices {
    /// The board of the register at `path`.
    pub fn beside(path: &Path) -> Self {
        Self {
            path: path.with_extension("notices"),
        }
    }

    /// Takes the board's room, if it is not there yet.
    pub fn make(&self) -> io::Result<()> {
        let whole = (PLACE * PARTS.len()) as u64;
        if std::fs::metadata(&self.path).is_ok_and(|file| file.len() == whole) {
            return Ok(());
        }
        let mut file = File::create(&self.path)?;
        for _ in PARTS {
            file.write_all(&[0; PLACE])?;
        }
        file.sync_all()
    }

    /// Leaves a part's word; `false` where it has no place, or the word is too long for it.
    pub fn leave(&self, status: &PartStatus) -> io::Result<bool> {
        let Some(place) = PARTS.iter().position(|part| *part == status.part) else {
            return Ok(false);
        };
        let mut status = status.clone();
        // JSON has no others.
        status.numbers.retain(|_, number| number.is_finite());
        let Ok(word) = serde_json::to_vec(&status) else {
            return Ok(false);
        };
        if word.len() > PLACE - HEAD {
            return Ok(false);
        }
        let mut bytes = Vec::with_capacity(HEAD + word.len());
        bytes.extend((word.len() as u64).to_le_bytes());
        bytes.extend(xxh3_64(&word).to_le_bytes());
        bytes.extend(word);
        let file = File::options().write(true).open(&self.path)?;
        file.write_all_at(&bytes, (place * PLACE) as u64)?;
        Ok(true)
    }

    /// Every word that is there whole.
    pub fn read(&self) -> Vec<PartStatus> {
        let Ok(bytes) = std::fs::read(&self.path) else {
            return Vec::new();
        };
        bytes.chunks_exact(PLACE).filter_map(word).collect()
    }
}

fn word(place: &[u8]) -> Option<PartStatus> {
    let number = |at: usize| -> Option<u64> {
        let bytes = place.get(at..at + 8)?.try_into().ok()?;
        Some(u64::from_le_bytes(bytes))
    };
    let len = usize::try_from(number(0)?).ok()?;
    let word = place.get(HEAD..HEAD.checked_add(len)?)?;
    if len == 0 || xxh3_64(word) != number(8)? {
        return None;
    }
    serde_json::from_slice(word).ok()
}

#[cfg(test)]
mod tests {
    use firemain_domain::Timestamp;

    use super::*;

    fn status(part: &str, complaint: &str) -> PartStatus {
        PartStatus {
            part: part.to_owned(),
            at: Some(Timestamp::from_ms(1_764_000_000_000)),
            complaint: complaint.to_owned(),
            ..PartStatus::default()
        }
    }

    #[test]
    fn the_newest_word_of_each_part_is_read_and_a_torn_one_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let board = Notices::beside(&folder.path().join("register.db"));
        assert!(board.read().is_empty());
        board.make().unwrap();
        assert!(board.read().is_empty());
        assert!(board.leave(&status("receive", "a long complaint")).unwrap());
        assert!(board.leave(&status("receive", "full")).unwrap());
        assert!(board.leave(&status("archive", "")).unwrap());
        assert!(!board.leave(&status("stranger", "")).unwrap());
        assert!(!board.leave(&status("archive", &"x".repeat(PLACE))).unwrap());
        board.make().unwrap();
        let (receive, archive) = (status("receive", "full"), status("archive", ""));
        assert_eq!(board.read(), [receive, archive.clone()]);
        let file = File::options().write(true).open(&board.path).unwrap();
        file.write_all_at(b"torn", HEAD as u64).unwrap();
        assert_eq!(board.read(), [archive]);
    }
}
