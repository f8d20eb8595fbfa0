//! Work that inspections make, photos, rounds, and when each source was last looked at.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::change::{Inspection, Round};
use firemain_domain::inspections::Work;
use firemain_domain::source::SourceCode;
use rusqlite::{Connection, Row};

use super::SqliteRegister;
use super::lists::{self, INSPECTION, ROUND, no_cursor};
use super::queries as sql;
use super::rows::{all, column, json, limit, one, run, to_json, unsigned};
use crate::register::checks::{self, shown};
use crate::register::inspections::{InspectionRegister, LookedAt, NewPhoto, Photo, WorkFilter};
use crate::register::{Ended, RegisterError};

/// How work was done.
pub struct DoneBy<'a> {
    /// Who did it.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub note: Option<&'a str>,
    /// Photos of it.
    pub photos: &'a [String],
}

/// Whether all these photos are kept; from now on something names them.
pub fn check_photos(tx: &Connection, photos: &[String]) -> Result<(), RegisterError> {
    for photo in photos {
        if one(tx, sql::HAS_PHOTO, [photo], |_| Ok(()))?.is_none() {
            return Err(RegisterError::NotFound(format!(
                "there is no photo {}: send it first, and name it by the id that is answered",
                shown(photo)
            )));
        }
        run(tx, sql::NAME_PHOTO, [photo])?;
    }
    Ok(())
}

/// What an inspection found becomes work, unless the same waits to be mended already.
pub fn make_work(tx: &Connection, inspection: &Inspection) -> Result<(), RegisterError> {
    for item in inspection.findings() {
        let row = (
            inspection.work_id(item),
            &*inspection.source,
            &inspection.id,
            to_json(&item)?,
            inspection.at.ms(),
        );
        run(tx, sql::ADD_WORK, row)?;
    }
    Ok(())
}

/// What a struck-out inspection found is no work any more, unless it was done.
pub fn strike_work(tx: &Connection, inspection: &str, source: &str) -> Result<(), RegisterError> {
    if run(tx, sql::STRIKE_WORK, [inspection])? == 0 {
        return Ok(());
    }
    // What others found too stays to be done.
    let key = (source, INSPECTION);
    let standing = all(tx, sql::STANDING_INSPECTIONS, key, |row| {
        let id: String = column(row, 0)?;
        json::<Inspection>(row, 1, "inspection", &id)
    })?;
    standing.iter().try_for_each(|other| make_work(tx, other))
}

/// Work was done.
pub fn finish_work(
    tx: &Connection,
    id: &str,
    source: &str,
    done: &DoneBy<'_>,
) -> Result<(), RegisterError> {
    let Some(work) = work(tx, id)?.filter(|work| *work.source == *source) else {
        return Err(RegisterError::NotFound(format!(
            "there is no work {} at source {}",
            shown(id),
            shown(source)
        )));
    };
    if let (Some(who), Some(when)) = (work.done_by, work.done_at) {
        return Err(RegisterError::Conflict(format!(
            "the work {} was already done by {who} at {when}",
            shown(id)
        )));
    }
    let photos = to_json(&done.photos)?;
    let row = (id, done.at.ms(), done.by, done.note, photos);
    run(tx, sql::WORK_DONE, row).map(drop)
}

fn work(db: &Connection, id: &str) -> Result<Option<Work>, RegisterError> {
    one(db, sql::WORK, [id], read_work)
}

fn works(
    db: &Connection,
    filter: &WorkFilter,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<Work>, RegisterError> {
    let (at_ms, id) = match after {
        None => (i64::MAX, String::new()),
        Some(id) => {
            let last = work(db, id)?.ok_or_else(|| no_cursor(id))?;
            (last.found_at.ms(), last.id)
        }
    };
    let open = filter.open.map(i64::from);
    match (&filter.source, filter.open) {
        (Some(source), _) => {
            let key = (at_ms, id, limit(most), open, source);
            all(db, sql::WORKS_OF_SOURCE, key, read_work)
        }
        (None, Some(true)) => {
            let key = (at_ms, id, limit(most), open);
            all(db, sql::WORKS_OPEN, key, read_work)
        }
        (None, _) => all(db, sql::WORKS, (at_ms, id, limit(most), open), read_work),
    }
}

fn read_work(row: &Row<'_>) -> Result<Work, RegisterError> {
    let id: String = column(row, 0)?;
    let photos: Option<String> = column(row, 8)?;
    Ok(Work {
        source: Arc::from(column::<String>(row, 1)?),
        inspection: column(row, 2)?,
        item: json(row, 3, "item of work", &id)?,
        found_at: Timestamp::from_ms(column(row, 4)?),
        done_at: moment(row, 5)?,
        done_by: column(row, 6)?,
        note: column(row, 7)?,
        photos: match photos {
            Some(_) => json(row, 8, "list of photos", &id)?,
            None => Vec::new(),
        },
        id,
    })
}

fn moment(row: &Row<'_>, at: usize) -> Result<Option<Timestamp>, RegisterError> {
    Ok(column::<Option<i64>>(row, at)?.map(Timestamp::from_ms))
}

fn looked_at(db: &Connection) -> Result<Vec<LookedAt>, RegisterError> {
    all(db, sql::LOOKED_AT, [], |row| {
        Ok(LookedAt {
            code: Arc::from(column::<String>(row, 0)?),
            entered_at: moment(row, 1)?,
            inspected_at: moment(row, 2)?,
        })
    })
}

fn inspected_within(
    db: &Connection,
    sources: &[SourceCode],
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Option<Timestamp>>, RegisterError> {
    let first = |source: &SourceCode| {
        let key = (&**source, from.ms(), until.ms());
        one(db, sql::INSPECTED_WITHIN, key, |row| moment(row, 0)).map(Option::flatten)
    };
    sources.iter().map(first).collect()
}

fn add_photo(
    tx: &Connection,
    photo: &NewPhoto<'_>,
    most_total_bytes: u64,
) -> Result<bool, RegisterError> {
    if one(tx, sql::HAS_PHOTO, [photo.id], |_| Ok(()))?.is_some() {
        run(tx, sql::PHOTO_SENT_AGAIN, (photo.id, photo.at.ms()))?;
        return Ok(false);
    }
    let taken = one(tx, sql::PHOTO_BYTES, [], |row| column::<i64>(row, 0))?;
    let taken = unsigned(taken.unwrap_or_default());
    if taken + photo.bytes.len() as u64 > most_total_bytes {
        return Err(RegisterError::Conflict(format!(
            "photos take {taken} bytes, and may take {most_total_bytes}: raise `[inspections] photos_max_bytes` if the disk has room"
        )));
    }
    let row = (photo.id, photo.media, photo.at.ms(), photo.by, photo.bytes);
    run(tx, sql::ADD_PHOTO, row)?;
    Ok(true)
}

fn photo(db: &Connection, id: &str) -> Result<Option<Photo>, RegisterError> {
    one(db, sql::PHOTO, [id], |row| {
        Ok(Photo {
            id: column(row, 0)?,
            media: column(row, 1)?,
            at: Timestamp::from_ms(column(row, 2)?),
            by: column(row, 3)?,
            bytes: column(row, 4)?,
        })
    })
}

impl InspectionRegister for SqliteRegister {
    fn works(
        &self,
        filter: &WorkFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Work>, RegisterError> {
        self.readers.read(|db| works(db, filter, after, limit))
    }

    fn work(&self, id: &str) -> Result<Option<Work>, RegisterError> {
        self.readers.read(|db| work(db, id))
    }

    fn looked_at(&self) -> Result<Vec<LookedAt>, RegisterError> {
        self.readers.read(looked_at)
    }

    fn inspected_within(
        &self,
        sources: &[SourceCode],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Option<Timestamp>>, RegisterError> {
        self.readers
            .read(|db| inspected_within(db, sources, from, until))
    }

    fn rounds(
        &self,
        open_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Round>>, RegisterError> {
        let page = lists::Page {
            kind: ROUND,
            standing_only: open_only,
            source: None,
            after,
            limit,
        };
        self.readers.read(|db| lists::entries(db, &page))
    }

    fn round(&self, id: &str) -> Result<Option<Ended<Round>>, RegisterError> {
        self.readers.read(|db| lists::entry(db, ROUND, id))
    }

    fn add_photo(
        &self,
        photo: &NewPhoto<'_>,
        most_total_bytes: u64,
    ) -> Result<bool, RegisterError> {
        checks::photo(photo)?;
        self.write("changed", |tx| add_photo(tx, photo, most_total_bytes))
    }

    fn drop_unnamed_photos(
        &self,
        before: Timestamp,
        at_most: usize,
    ) -> Result<usize, RegisterError> {
        let key = (before.ms(), limit(at_most));
        self.write("pruned", |tx| run(tx, sql::DROP_UNNAMED_PHOTOS, key))
    }

    fn photo(&self, id: &str) -> Result<Option<Photo>, RegisterError> {
        self.readers.read(|db| photo(db, id))
    }
}
