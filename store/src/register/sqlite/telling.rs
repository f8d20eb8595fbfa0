//! Teams, routes, notices, messages and every try to deliver one.

use firemain_domain::Timestamp;
use firemain_domain::judging::{EpisodeState, Severity};
use firemain_domain::telling::{Route, Team};
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::SqliteRegister;
use super::rows::{all, column, json, limit, one, run, signed, to_json, unsigned};
use super::said::severity_number;
use super::telling_queries as sql;
use crate::register::checks::shown;
use crate::register::telling::{
    Delivery, DeliveryFilter, DeliveryState, Escalation, EscalationStep, Expanded, HeldGroup,
    HeldSummary, NewDelivery, NewNotice, Notice, Occasion, QueueState, RaisedAlert,
    TellingRegister, TellingTotals, ToldPage, Try,
};
use crate::register::{RegisterError, StreamEvent};

type Done = Result<(), RegisterError>;

/// Enters or alters a team.
pub fn set_team(tx: &Connection, team: &Team) -> Done {
    run(tx, sql::SET_TEAM, (&team.id, to_json(team)?)).map(drop)
}

/// Strikes out a team that no route leads to.
pub fn remove_team(tx: &Connection, id: &str) -> Done {
    let route: Option<String> = one(tx, sql::ROUTE_TO, [id], |row| column(row, 0))?;
    if let Some(route) = route {
        return Err(RegisterError::Conflict(format!(
            "the route {} leads to the team {}: lead it elsewhere or remove it first",
            shown(&route),
            shown(id)
        )));
    }
    gone(run(tx, sql::REMOVE_TEAM, [id])?, "team", id)
}

/// Enters or alters a route.
pub fn set_route(tx: &Connection, route: &Route) -> Done {
    if one(tx, sql::TEAM, [&route.team], |_| Ok(()))?.is_none() {
        return Err(RegisterError::NotFound(format!(
            "there is no team {}: enter it first",
            shown(&route.team)
        )));
    }
    run(
        tx,
        sql::SET_ROUTE,
        (&route.id, &route.team, to_json(route)?),
    )
    .map(drop)
}

/// Strikes out a route.
pub fn remove_route(tx: &Connection, id: &str) -> Done {
    gone(run(tx, sql::REMOVE_ROUTE, [id])?, "route", id)
}

fn gone(rows: usize, what: &str, id: &str) -> Done {
    if rows == 0 {
        return Err(RegisterError::NotFound(format!(
            "there is no {what} {}",
            shown(id)
        )));
    }
    Ok(())
}

/// Adds a notice, unless it is there. One that only says "more severe" is not added where as much was
/// told already.
pub fn add_notice(tx: &Connection, notice: &NewNotice) -> Done {
    let episode = &notice.episode;
    let (id, severity) = (episode.id.to_string(), severity_number(episode.severity));
    if notice.occasion == Occasion::Raised {
        let told = (&id, episode.reopened, severity);
        if one(tx, sql::TOLD_AS_SEVERE, told, |_| Ok(()))?.is_some() {
            return Ok(());
        }
    }
    let row = (
        notice.id(),
        id,
        notice.occasion.name(),
        episode.reopened,
        notice.level,
        severity,
        notice.at.ms(),
        to_json(episode)?,
    );
    run(tx, sql::ADD_NOTICE, row).map(drop)
}

fn named<T: DeserializeOwned>(name: &str, what: &'static str) -> Result<T, RegisterError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|e| {
        RegisterError::Unreadable {
            what,
            reason: e.to_string(),
        }
    })
}

fn severity_of(number: i64) -> Severity {
    match number {
        i64::MIN..=0 => Severity::Info,
        1 => Severity::Minor,
        2 => Severity::Major,
        _ => Severity::Critical,
    }
}

fn moment(row: &Row<'_>, at: usize) -> Result<Timestamp, RegisterError> {
    Ok(Timestamp::from_ms(column(row, at)?))
}

fn read_notice(row: &Row<'_>) -> Result<Notice, RegisterError> {
    let id: String = column(row, 0)?;
    Ok(Notice {
        what: NewNotice {
            occasion: named(&column::<String>(row, 1)?, "occasion")?,
            level: column(row, 2)?,
            at: moment(row, 3)?,
            episode: json(row, 4, "notice", &id)?,
        },
        id,
    })
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery, RegisterError> {
    let state: String = column(row, 12)?;
    Ok(Delivery {
        number: unsigned(column(row, 0)?),
        what: NewDelivery {
            key: column(row, 1)?,
            notice: column(row, 2)?,
            episode: column(row, 3)?,
            occasion: named(&column::<String>(row, 4)?, "occasion")?,
            severity: severity_of(column(row, 5)?),
            team: column(row, 6)?,
            contact: column(row, 7)?,
            channel: column(row, 8)?,
            address: column(row, 9)?,
            message: column(row, 10)?,
            made_at: moment(row, 11)?,
            held: state == DeliveryState::Held.name(),
            due_at: moment(row, 13)?,
        },
        state: named(&state, "state of a message")?,
        tries: column(row, 14)?,
        ended_at: column::<Option<i64>>(row, 15)?.map(Timestamp::from_ms),
        digest: column(row, 16)?,
    })
}

fn add_delivery(tx: &Connection, delivery: &NewDelivery) -> Done {
    let state = if delivery.held {
        DeliveryState::Held
    } else {
        DeliveryState::Waiting
    };
    let row = rusqlite::params![
        delivery.key,
        delivery.notice,
        delivery.episode,
        delivery.occasion.name(),
        severity_number(delivery.severity),
        delivery.team,
        delivery.contact,
        delivery.channel,
        delivery.address,
        delivery.message,
        delivery.made_at.ms(),
        state.name(),
        delivery.due_at.ms(),
    ];
    run(tx, sql::ADD_DELIVERY, row).map(drop)
}

fn step(tx: &Connection, step: &EscalationStep) -> Done {
    match step {
        EscalationStep::Stays => Ok(()),
        EscalationStep::Over { episode } => run(tx, sql::END_ESCALATION, [episode]).map(drop),
        EscalationStep::Next(next) => {
            let row = (
                &next.episode,
                next.opening,
                severity_number(next.severity),
                next.paged_at.ms(),
                next.level,
                next.due_at.ms(),
            );
            run(tx, sql::SET_ESCALATION, row).map(drop)
        }
    }
}

fn expand(tx: &Connection, at: Timestamp, expanded: &Expanded) -> Done {
    let wrong = expanded.wrong.map(super::super::telling::Wrong::name);
    if run(tx, sql::EXPANDED, (&expanded.notice, at.ms(), wrong))? == 0 {
        // Somebody did it already.
        return Ok(());
    }
    if let Some(episode) = &expanded.overtakes {
        run(tx, sql::OVERTAKE, (episode, at.ms()))?;
    }
    if let Some(episode) = &expanded.releases {
        run(tx, sql::RELEASE, (episode, at.ms()))?;
    }
    for delivery in &expanded.deliveries {
        add_delivery(tx, delivery)?;
    }
    step(tx, &expanded.escalation)
}

fn escalate(tx: &Connection, steps: &[(Option<NewNotice>, EscalationStep)]) -> Done {
    for (notice, next) in steps {
        if let Some(notice) = notice {
            add_notice(tx, notice)?;
        }
        if let EscalationStep::Next(next) = next {
            // The clock itself moves the step on, whatever was due before.
            run(tx, sql::STEP_DONE, (&next.episode, next.opening))?;
        }
        step(tx, next)?;
    }
    Ok(())
}

fn tell_own(
    tx: &Connection,
    episode: &EpisodeState,
    event: &StreamEvent,
    notices: &[NewNotice],
) -> Done {
    let row = (
        episode.id.to_string(),
        episode.id.subject.to_string(),
        episode.id.rule.name(),
        severity_number(episode.severity),
        episode.raised_at.ms(),
        episode.cleared_at.map(Timestamp::ms),
        to_json(episode)?,
    );
    run(tx, super::queries::SET_EPISODE, row)?;
    run(tx, sql::NEXT_EVENT, [])?;
    run(tx, sql::ADD_NEXT_EVENT, (&event.kind, &event.body))?;
    notices.iter().try_for_each(|notice| add_notice(tx, notice))
}

fn held_summary(
    db: &Connection,
    group: &HeldGroup,
    now: Timestamp,
) -> Result<HeldSummary, RegisterError> {
    let key = (&group.contact, &group.channel, &group.address, now.ms());
    let counts = all(db, sql::HELD_COUNTS, key, |row| {
        let occasion = named(&column::<String>(row, 1)?, "occasion")?;
        Ok((
            severity_of(column(row, 0)?),
            occasion,
            unsigned(column(row, 2)?),
        ))
    })?;
    let worst = all(db, sql::HELD_WORST, key, |row| column(row, 0))?;
    Ok(HeldSummary { counts, worst })
}

fn digest(tx: &Connection, group: &HeldGroup, now: Timestamp, digest: &NewDelivery) -> Done {
    let key = (
        &group.contact,
        &group.channel,
        &group.address,
        now.ms(),
        &digest.key,
    );
    run(tx, sql::DIGESTED, key)?;
    add_delivery(tx, digest)
}

fn totals(db: &Connection, since: Timestamp) -> Result<TellingTotals, RegisterError> {
    let found = one(db, sql::TOTALS, [since.ms()], |row| {
        let count = |at| column(row, at).map(unsigned);
        Ok(TellingTotals {
            notices_waiting: count(0)?,
            waiting: count(1)?,
            held: count(2)?,
            fallback: count(3)?,
            nobody: count(4)?,
            failed: count(5)?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

fn raised_alert(row: &Row<'_>) -> Result<RaisedAlert, RegisterError> {
    let id: String = column(row, 0)?;
    let state: EpisodeState = json(row, 1, "alert", &id)?;
    Ok(RaisedAlert {
        subject: state.id.subject.to_string(),
        rule: state.id.rule,
        severity: state.highest,
        raised_at: state.raised_at,
        cleared_at: state.cleared_at,
        pages: state.pages,
        reopened: state.reopened,
        id,
    })
}

fn telling_key(tx: &Connection, fresh: [u8; 32]) -> Result<[u8; 32], RegisterError> {
    run(tx, sql::SET_KEY, [&fresh[..]])?;
    let kept: Option<Vec<u8>> = one(tx, sql::KEY, [], |row| column(row, 0))?;
    kept.and_then(|kept| kept.try_into().ok())
        .ok_or_else(|| RegisterError::Unreadable {
            what: "key for links",
            reason: "it is not 32 bytes".to_owned(),
        })
}

impl TellingRegister for SqliteRegister {
    fn teams(&self) -> Result<Vec<Team>, RegisterError> {
        self.readers
            .read(|db| all(db, sql::TEAMS, [], |row| json(row, 0, "team", &"team")))
    }

    fn routes(&self) -> Result<Vec<Route>, RegisterError> {
        self.readers
            .read(|db| all(db, sql::ROUTES, [], |row| json(row, 0, "route", &"route")))
    }

    fn notices_waiting(&self, most: usize) -> Result<Vec<Notice>, RegisterError> {
        self.readers
            .read(|db| all(db, sql::NOTICES_WAITING, [limit(most)], read_notice))
    }

    fn notice(&self, id: &str) -> Result<Option<Notice>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::NOTICE, [id], read_notice))
    }

    fn expand(&self, at: Timestamp, expanded: &[Expanded]) -> Result<(), RegisterError> {
        self.write("written to", |tx| {
            expanded.iter().try_for_each(|one| expand(tx, at, one))
        })
    }

    fn escalate(&self, steps: &[(Option<NewNotice>, EscalationStep)]) -> Result<(), RegisterError> {
        self.write("written to", |tx| escalate(tx, steps))
    }

    fn escalations_due(
        &self,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Escalation>, RegisterError> {
        self.readers.read(|db| {
            all(db, sql::ESCALATIONS_DUE, (now.ms(), limit(most)), |row| {
                Ok(Escalation {
                    episode: column(row, 0)?,
                    opening: column(row, 1)?,
                    severity: severity_of(column(row, 2)?),
                    paged_at: moment(row, 3)?,
                    level: column(row, 4)?,
                    due_at: moment(row, 5)?,
                })
            })
        })
    }

    fn shift_waiting(&self, ms: i64) -> Result<(), RegisterError> {
        self.write("written to", |tx| {
            run(tx, sql::SHIFT_ESCALATIONS, [ms])?;
            run(tx, sql::SHIFT_DELIVERIES, [ms]).map(drop)
        })
    }

    fn tell_own(
        &self,
        episode: &EpisodeState,
        event: &StreamEvent,
        notices: &[NewNotice],
    ) -> Result<(), RegisterError> {
        self.write("written to", |tx| tell_own(tx, episode, event, notices))
    }

    fn told_since(&self, since: Timestamp) -> Result<Vec<(String, u64)>, RegisterError> {
        self.readers.read(|db| {
            all(db, sql::TOLD_SINCE, [since.ms()], |row| {
                Ok((column(row, 0)?, unsigned(column(row, 1)?)))
            })
        })
    }

    fn told_of(&self, episode: &str) -> Result<Vec<Delivery>, RegisterError> {
        self.readers
            .read(|db| all(db, sql::TOLD_OF, [episode], read_delivery))
    }

    fn deliveries_due(
        &self,
        channel: &str,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Delivery>, RegisterError> {
        let key = (channel, now.ms(), limit(most));
        self.readers
            .read(|db| all(db, sql::DELIVERIES_DUE, key, read_delivery))
    }

    fn add_delivery(&self, delivery: &NewDelivery) -> Result<(), RegisterError> {
        self.write("written to", |tx| add_delivery(tx, delivery))
    }

    fn add_try(
        &self,
        delivery: u64,
        tried: &Try,
        state: DeliveryState,
    ) -> Result<(), RegisterError> {
        let row = (
            signed(delivery),
            tried.n,
            tried.at.ms(),
            tried.outcome.name(),
            &tried.answer,
            tried.next_at.map(Timestamp::ms),
        );
        let over = !matches!(state, DeliveryState::Waiting | DeliveryState::Held);
        let stands = (
            signed(delivery),
            tried.n,
            state.name(),
            tried.next_at.map(Timestamp::ms),
            over.then_some(tried.at.ms()),
        );
        self.write("written to", |tx| {
            run(tx, sql::ADD_TRY, row)?;
            run(tx, sql::AFTER_TRY, stands).map(drop)
        })
    }

    fn held_due(&self, now: Timestamp, most: usize) -> Result<Vec<HeldGroup>, RegisterError> {
        self.readers.read(|db| {
            all(db, sql::HELD_DUE, (now.ms(), limit(most)), |row| {
                Ok(HeldGroup {
                    contact: column(row, 0)?,
                    team: column(row, 1)?,
                    channel: column(row, 2)?,
                    address: column(row, 3)?,
                    due_at: moment(row, 4)?,
                })
            })
        })
    }

    fn held_summary(
        &self,
        group: &HeldGroup,
        now: Timestamp,
    ) -> Result<HeldSummary, RegisterError> {
        self.readers.read(|db| held_summary(db, group, now))
    }

    fn digest(
        &self,
        group: &HeldGroup,
        now: Timestamp,
        message: &NewDelivery,
    ) -> Result<(), RegisterError> {
        self.write("written to", |tx| digest(tx, group, now, message))
    }

    fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<u64>,
        most: usize,
    ) -> Result<Vec<Delivery>, RegisterError> {
        let key = (
            signed(after.unwrap_or(u64::MAX)),
            limit(most),
            filter.episode.as_deref(),
            filter.contact.as_deref(),
            filter.channel.as_deref(),
            filter.state.map(DeliveryState::name),
        );
        let query = match (&filter.episode, &filter.contact) {
            (Some(_), _) => sql::DELIVERIES_OF_EPISODE,
            (None, Some(_)) => sql::DELIVERIES_OF_CONTACT,
            (None, None) => sql::DELIVERIES,
        };
        self.readers.read(|db| all(db, query, key, read_delivery))
    }

    fn delivery(&self, number: u64) -> Result<Option<Delivery>, RegisterError> {
        self.readers
            .read(|db| one(db, sql::DELIVERY, [signed(number)], read_delivery))
    }

    fn tries(&self, delivery: u64) -> Result<Vec<Try>, RegisterError> {
        self.readers.read(|db| {
            all(db, sql::TRIES, [signed(delivery)], |row| {
                Ok(Try {
                    n: column(row, 0)?,
                    at: moment(row, 1)?,
                    outcome: named(&column::<String>(row, 2)?, "outcome")?,
                    answer: column(row, 3)?,
                    next_at: column::<Option<i64>>(row, 4)?.map(Timestamp::from_ms),
                })
            })
        })
    }

    fn queue(&self, channel: &str, now: Timestamp) -> Result<QueueState, RegisterError> {
        let found = self.readers.read(|db| {
            one(db, sql::QUEUE, (channel, now.ms()), |row| {
                Ok(QueueState {
                    waiting: unsigned(column(row, 0)?),
                    oldest: column::<Option<i64>>(row, 1)?.map(Timestamp::from_ms),
                })
            })
        })?;
        Ok(found.unwrap_or_default())
    }

    fn telling_totals(&self, since: Timestamp) -> Result<TellingTotals, RegisterError> {
        self.readers.read(|db| totals(db, since))
    }

    fn prune_telling(&self, before: Timestamp, most: usize) -> Result<u64, RegisterError> {
        self.write("pruned", |tx| {
            let key = (before.ms(), limit(most));
            run(tx, sql::PRUNE_TRIES, key)?;
            let messages = run(tx, sql::PRUNE_DELIVERIES, key)?;
            run(tx, sql::PRUNE_NOTICES, key)?;
            Ok(messages as u64)
        })
    }

    fn telling_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], RegisterError> {
        self.write("written to", |tx| telling_key(tx, fresh))
    }

    fn told_pages(
        &self,
        from: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<Vec<ToldPage>, RegisterError> {
        let span = (from.ms(), until.ms(), limit(most));
        self.readers.read(|db| {
            all(db, sql::TOLD_PAGES, span, |row| {
                Ok(ToldPage {
                    contact: column(row, 0)?,
                    at: moment(row, 1)?,
                    episode: column(row, 2)?,
                })
            })
        })
    }

    fn raised_within(
        &self,
        from: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<Vec<RaisedAlert>, RegisterError> {
        let span = (from.ms(), until.ms(), limit(most));
        self.readers
            .read(|db| all(db, sql::ALERTS_WITHIN, span, raised_alert))
    }
}
