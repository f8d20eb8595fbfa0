//! What people do about alerts, and the history of each.

use firemain_domain::Timestamp;
use firemain_domain::change::{Incident, Permit};
use firemain_domain::handling::{Act, Attachment, Handling, Silence, Silenced, Stage};
use firemain_domain::judging::{EpisodeEvent, RuleName, Severity};
use firemain_domain::source::SupplySchedule;
use firemain_domain::time::DAY_MS;
use rusqlite::{Connection, Row};

use super::SqliteRegister;
use super::inspections::check_photos;
use super::lists::{self, INCIDENT, PERMIT, SILENCE};
use super::rows::{all, column, json, limit, one, run, signed, to_json, unsigned};
use super::said;
use crate::register::alerts::{
    AlertRegister, EpisodeStep, JudgedStep, MOST_SILENCES, MOST_STEPS, Step, ZoneSupply,
};
use crate::register::checks::shown;
use crate::register::{Ended, EpisodeRow, RegisterError};

const SET_HANDLING: &str =
    "UPDATE episode SET handling = ?2, stage = ?3, assigned_to = ?4 WHERE id = ?1";
const ADD_STEP: &str =
    "INSERT INTO episode_step (episode, at_ms, by, body) VALUES (?1, ?2, ?3, ?4)";
const STEPS: &str = "SELECT number, at_ms, by, body FROM episode_step
     WHERE episode = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
const STEPS_OF: &str =
    "SELECT count(*) FROM (SELECT 1 FROM episode_step WHERE episode = ?1 LIMIT ?2)";
const STEPS_BY_PEOPLE: &str =
    "SELECT count(*) FROM episode_step WHERE episode = ?1 AND by IS NOT NULL";
const HAS_COMMENT: &str = "SELECT 1 FROM episode_step
     WHERE episode = ?1 AND json_extract(body, '$.did.id') = ?2
       AND json_extract(body, '$.did.act') = 'commented'";
const BEING_HANDLED: &str = "SELECT id, handling FROM episode
     WHERE cleared_at_ms IS NULL AND handling IS NOT NULL";
const CLEARED: &str = "SELECT id FROM episode
     WHERE stage = 4 AND cleared_at_ms <= ?1 ORDER BY cleared_at_ms LIMIT ?2";
const SET_SUPPLY: &str = "INSERT INTO zone_supply (zone, hours, at_ms, by) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (zone) DO UPDATE SET hours = ?2, at_ms = ?3, by = ?4";
const UNSET_SUPPLY: &str = "DELETE FROM zone_supply WHERE zone = ?1";
const SUPPLIES: &str = "SELECT zone, hours, at_ms, by FROM zone_supply ORDER BY zone";
const SILENCES_SINCE: &str = "SELECT id, body FROM entry
     WHERE kind = 'silence' AND ended_at_ms IS NULL AND at_ms >= ?1 ORDER BY at_ms, id";

type Done = Result<(), RegisterError>;

/// Somebody takes an alert.
pub fn acknowledge(tx: &Connection, id: &str, by: &str, at: Timestamp) -> Done {
    let mut row = the(tx, id)?;
    if !row.handling.acknowledge(by, at) {
        let mark = row.handling.acknowledged.as_ref();
        let who = mark.and_then(|m| m.by.as_deref()).unwrap_or_default();
        let when = mark.map(|m| m.at.to_string()).unwrap_or_default();
        return Err(RegisterError::Conflict(format!(
            "the alert {} was already acknowledged by {who} at {when}",
            shown(id)
        )));
    }
    keep(tx, id, &row)?;
    add_step(tx, id, at, Some(by), &Step::Acknowledged)
}

/// Somebody does something else about an alert.
pub fn handle(tx: &Connection, id: &str, by: &str, act: &Act, at: Timestamp) -> Done {
    let mut row = the(tx, id)?;
    let steps = one(tx, STEPS_BY_PEOPLE, [id], |row| column::<u32>(row, 0))?;
    if steps.is_some_and(|steps| steps >= MOST_STEPS) {
        return Err(RegisterError::Conflict(format!(
            "the alert {} has {MOST_STEPS} steps by people already, and takes no more",
            shown(id)
        )));
    }
    match act {
        Act::Commented {
            id: comment,
            photos,
            ..
        } => {
            if one(tx, HAS_COMMENT, (id, comment), |_| Ok(()))?.is_some() {
                return Err(RegisterError::Conflict(format!(
                    "the id {} is taken: give the comment another",
                    shown(comment)
                )));
            }
            check_photos(tx, photos)?;
        }
        Act::Resolved { photos, .. } => check_photos(tx, photos)?,
        Act::Attached { attachment } => check_attachment(tx, &row, attachment)?,
        _ => {}
    }
    let cleared = row.state.cleared_at.is_some();
    match row.handling.take(act, by, at, cleared) {
        Ok(true) => {}
        Ok(false) => {
            return Err(RegisterError::Conflict(format!(
                "the alert {} was so before: nothing is to be done ({})",
                shown(id),
                act.name()
            )));
        }
        Err(unfit) => {
            return Err(RegisterError::Conflict(format!(
                "the alert {} {unfit}",
                shown(id)
            )));
        }
    }
    keep(tx, id, &row)?;
    let did = act.clone();
    add_step(tx, id, at, Some(by), &Step::Acted { did })
}

fn check_attachment(tx: &Connection, row: &EpisodeRow, attachment: &Attachment) -> Done {
    let rule = row.state.id.rule;
    if !matches!(rule, RuleName::InUse | RuleName::UnauthorisedUse) {
        return Err(RegisterError::Conflict(format!(
            "the alert {} is no use of water: an incident or a permit is attached to IN_USE and UNAUTHORISED_USE",
            shown(&row.state.id.to_string())
        )));
    }
    let (what, id, ended) = match attachment {
        Attachment::Incident { id } => {
            let found = lists::entry::<Incident>(tx, INCIDENT, id)?;
            ("incident", id, found.map(|found| found.ended_at.is_some()))
        }
        Attachment::Permit { permit } => {
            let found = lists::entry::<Permit>(tx, PERMIT, &permit.id)?;
            let found = found.map(|found| found.ended_at.is_some());
            ("permit", &permit.id, found)
        }
    };
    match ended {
        Some(false) => Ok(()),
        Some(true) => Err(RegisterError::Conflict(format!(
            "the {what} {} was ended: attach one that holds",
            shown(id)
        ))),
        None => Err(RegisterError::NotFound(format!(
            "there is no {what} {}: enter it first",
            shown(id)
        ))),
    }
}

/// Somebody wants no pages for a while.
pub fn silence(tx: &Connection, silence: &Silence, at: Timestamp) -> Done {
    if in_force(tx, at)?.len() >= MOST_SILENCES {
        return Err(RegisterError::Conflict(format!(
            "{MOST_SILENCES} silences hold already: end some first"
        )));
    }
    let Silenced::Alert(id) = &silence.over else {
        return Ok(());
    };
    the(tx, id)?;
    let step = Step::Silenced {
        silence: silence.id.clone(),
        until: silence.until,
        reason: silence.reason.clone(),
    };
    add_step(tx, id, at, Some(&silence.by), &step)
}

/// Somebody ends a silence before its time.
pub fn end_silence(tx: &Connection, id: &str, by: &str, at: Timestamp) -> Done {
    let found = lists::entry::<Silence>(tx, SILENCE, id)?;
    if let Some(Silenced::Alert(alert)) = found.map(|found| found.what.over) {
        let silence = id.to_owned();
        add_step(tx, &alert, at, Some(by), &Step::Unsilenced { silence })?;
    }
    Ok(())
}

/// Sets the supply hours of a zone, or takes them away.
pub fn set_supply(
    tx: &Connection,
    zone: &str,
    schedule: Option<&SupplySchedule>,
    by: &str,
    at: Timestamp,
) -> Done {
    match schedule {
        Some(hours) => run(tx, SET_SUPPLY, (zone, hours.to_string(), at.ms(), by)).map(drop),
        None if run(tx, UNSET_SUPPLY, [zone])? == 0 => Err(RegisterError::NotFound(format!(
            "no supply hours are set for zone {}",
            shown(zone)
        ))),
        None => Ok(()),
    }
}

/// What judging did to alerts becomes part of their history; one that is re-opened is open to
/// people again.
pub fn judged(tx: &Connection, steps: &[JudgedStep]) -> Done {
    for step in steps {
        if matches!(step.event, EpisodeEvent::Reopened | EpisodeEvent::Cleared)
            && let Some(mut row) = said::episode(tx, &step.episode)?
        {
            if step.event == EpisodeEvent::Reopened {
                row.handling.reopen(step.at);
            }
            keep(tx, &step.episode, &row)?;
        }
        // Of mere events it is enough to know when they began and ended.
        if step.severity == Severity::Info || is_full(tx, &step.episode)? {
            continue;
        }
        let body = Step::Judged {
            event: step.event,
            severity: step.severity,
            pages: step.pages,
            muted_by: step.muted_by,
        };
        add_step(tx, &step.episode, step.at, None, &body)?;
    }
    Ok(())
}

fn is_full(tx: &Connection, id: &str) -> Result<bool, RegisterError> {
    let count = one(tx, STEPS_OF, (id, MOST_STEPS), |row| column::<u32>(row, 0))?;
    Ok(count.is_some_and(|count| count >= MOST_STEPS))
}

fn the(tx: &Connection, id: &str) -> Result<EpisodeRow, RegisterError> {
    let found = said::episode(tx, id)?;
    found.ok_or_else(|| RegisterError::NotFound(format!("there is no alert {}", shown(id))))
}

fn keep(tx: &Connection, id: &str, row: &EpisodeRow) -> Done {
    let handling = Some(&row.handling).filter(|h| **h != Handling::default());
    let handling = handling.map(to_json).transpose()?;
    let stage = stage_number(row.stage());
    let assigned_to = row.handling.assigned_to();
    run(tx, SET_HANDLING, (id, handling, stage, assigned_to)).map(drop)
}

fn add_step(tx: &Connection, id: &str, at: Timestamp, by: Option<&str>, step: &Step) -> Done {
    run(tx, ADD_STEP, (id, at.ms(), by, to_json(step)?)).map(drop)
}

/// Stages as the column holds them.
pub const fn stage_number(stage: Stage) -> i64 {
    match stage {
        Stage::Open => 0,
        Stage::Acknowledged => 1,
        Stage::Dispatched => 2,
        Stage::OnSite => 3,
        Stage::Resolved => 4,
        Stage::Closed => 5,
    }
}

fn timeline(
    db: &Connection,
    episode: &str,
    after: u64,
    most: usize,
) -> Result<Vec<EpisodeStep>, RegisterError> {
    let key = (episode, signed(after), limit(most));
    all(db, STEPS, key, |row| {
        let number = unsigned(column(row, 0)?);
        Ok(EpisodeStep {
            number,
            at: Timestamp::from_ms(column(row, 1)?),
            by: column(row, 2)?,
            step: json(row, 3, "step of an alert", &number)?,
        })
    })
}

fn being_handled(db: &Connection) -> Result<Vec<(String, Handling)>, RegisterError> {
    all(db, BEING_HANDLED, [], |row| {
        let id: String = column(row, 0)?;
        let handling = json(row, 1, "handling of an alert", &id)?;
        Ok((id, handling))
    })
}

fn close_cleared(
    tx: &Connection,
    before: Timestamp,
    at: Timestamp,
    most: usize,
) -> Result<usize, RegisterError> {
    let ids = all(tx, CLEARED, (before.ms(), limit(most)), |row| {
        column::<String>(row, 0)
    })?;
    for id in &ids {
        let mut row = the(tx, id)?;
        row.handling.closed = Some(firemain_domain::handling::Mark { by: None, at });
        keep(tx, id, &row)?;
    }
    Ok(ids.len())
}

fn in_force(db: &Connection, now: Timestamp) -> Result<Vec<Silence>, RegisterError> {
    let since = now.plus_ms(-8 * DAY_MS);
    let read = |row: &Row<'_>| {
        let id: String = column(row, 0)?;
        json::<Silence>(row, 1, "silence", &id)
    };
    let mut silences = all(db, SILENCES_SINCE, [since.ms()], read)?;
    silences.retain(|silence| silence.until > now);
    Ok(silences)
}

impl AlertRegister for SqliteRegister {
    fn timeline(
        &self,
        episode: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EpisodeStep>, RegisterError> {
        self.readers.read(|db| timeline(db, episode, after, limit))
    }

    fn being_handled(&self) -> Result<Vec<(String, Handling)>, RegisterError> {
        self.readers.read(being_handled)
    }

    fn close_cleared(
        &self,
        before: Timestamp,
        at: Timestamp,
        most: usize,
    ) -> Result<usize, RegisterError> {
        self.write("written to", |tx| close_cleared(tx, before, at, most))
    }

    fn silences(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Silence>>, RegisterError> {
        let page = lists::Page {
            kind: SILENCE,
            standing_only: false,
            source: None,
            after,
            limit,
        };
        self.readers.read(|db| lists::entries(db, &page))
    }

    fn silence(&self, id: &str) -> Result<Option<Ended<Silence>>, RegisterError> {
        self.readers.read(|db| lists::entry(db, SILENCE, id))
    }

    fn silences_in_force(&self, now: Timestamp) -> Result<Vec<Silence>, RegisterError> {
        self.readers.read(|db| in_force(db, now))
    }

    fn zone_supplies(&self) -> Result<Vec<ZoneSupply>, RegisterError> {
        let read = |row: &Row<'_>| {
            Ok(ZoneSupply {
                zone: column(row, 0)?,
                hours: column(row, 1)?,
                at: Timestamp::from_ms(column(row, 2)?),
                by: column(row, 3)?,
            })
        };
        self.readers.read(|db| all(db, SUPPLIES, [], read))
    }
}
