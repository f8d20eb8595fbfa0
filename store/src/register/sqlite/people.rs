//! What people change: each row, and the numbered change that says so.

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber, FlowTest};
use firemain_domain::handling::Silenced;
use firemain_domain::judging::{Parameters, RuleScope};
use firemain_domain::people::AccessChange;
use firemain_domain::source::{KindName, Source};
use rusqlite::{Connection, Transaction};
use serde::Serialize;

use super::lists::{self, FLOW_TEST, INCIDENT, INSPECTION, PERMIT, ROUND, SILENCE, WINDOW};
use super::queries as sql;
use super::rows::{column, one, run, signed, to_json};
use super::{alerts, devices, history, inspections, telling, units};
use crate::register::RegisterError;
use crate::register::checks::{self, MOST_CHANGES, shown};

type Done = Result<(), RegisterError>;

fn conflict<T>(text: String) -> Result<T, RegisterError> {
    Err(RegisterError::Conflict(text))
}

fn not_found<T>(text: String) -> Result<T, RegisterError> {
    Err(RegisterError::NotFound(text))
}

/// What must hold of the changes by themselves, before the register is locked.
pub fn check(by: &str, changes: &[Change]) -> Done {
    checks::author(by)?;
    if changes.len() > MOST_CHANGES {
        return conflict(format!(
            "{} changes at once are too many: enter at most {MOST_CHANGES}",
            changes.len()
        ));
    }
    changes.iter().try_for_each(|change| match change {
        Change::SourceSet { source } => checks::source(source),
        Change::FlowTestEntered { test } => checks::flow_test(test),
        Change::WindowEntered { window } => checks::window(window),
        Change::IncidentOpened { incident } => checks::incident(incident),
        Change::PermitGranted { permit } => checks::permit(permit),
        Change::InspectionEntered { inspection } => checks::inspection(inspection),
        Change::WorkDone {
            by, note, photos, ..
        } => checks::work_done(by, note.as_deref(), photos),
        Change::RoundPlanned { round } => checks::round(round),
        Change::RulesSet { parameters, .. } => checks::rules(parameters),
        Change::EpisodeAcknowledged { by, .. } => checks::author(by),
        // It goes with secrets that no change may hold: by the calls of `AccessRegister`.
        Change::AccessChanged { .. } => conflict(
            "who may do what is changed by /users and /keys, not among other changes".to_owned(),
        ),
        Change::EpisodeHandled { by, act, .. } => checks::act(by, act),
        Change::SilenceEntered { silence } => checks::silence(silence),
        Change::ZoneSupplySet { zone, by, .. } => checks::zone_supply(zone, by),
        Change::DeviceConfigured {
            device,
            id,
            set,
            expires_at,
            ..
        } => checks::settings(device, id, set, *expires_at),
        Change::DeviceReplaced { reason, .. } => checks::reason(reason),
        Change::UnitsImported { version, by, .. } => checks::unit_map(version, by),
        Change::TargetSet { target } => checks::target(target),
        Change::TeamSet { team } => checks::telling::team(team),
        Change::RouteSet { route } => checks::telling::route(route),
        Change::DeviceAnswered { .. }
        | Change::ReceiverSilent { .. }
        | Change::SourceRemoved { .. }
        | Change::FlowTestWithdrawn { .. }
        | Change::InspectionWithdrawn { .. }
        | Change::WindowEnded { .. }
        | Change::SilenceEnded { .. }
        | Change::IncidentEnded { .. }
        | Change::PermitEnded { .. }
        | Change::RoundEnded { .. }
        | Change::UnitsWithdrawn { .. }
        | Change::TeamRemoved { .. }
        | Change::RouteRemoved { .. } => Ok(()),
    })
}

/// Carries the changes out, in their order.
pub fn change(
    tx: &Transaction<'_>,
    by: &str,
    at: Timestamp,
    changes: &[Change],
) -> Result<ChangeNumber, RegisterError> {
    let mut number = lists::newest_change(tx)?;
    free_devices(tx, by, at, changes)?;
    for change in changes {
        carry_out(tx, by, at, change)?;
        number += 1;
        note(tx, number, by, at, change)?;
    }
    Ok(number)
}

/// The numbered row of what somebody changed about who may do what; the rest of the transaction
/// does it.
pub fn record(
    tx: &Connection,
    by: &str,
    at: Timestamp,
    access: AccessChange,
) -> Result<ChangeNumber, RegisterError> {
    checks::author(by)?;
    let number = lists::newest_change(tx)? + 1;
    note(tx, number, by, at, &Change::AccessChanged { access })?;
    Ok(number)
}

fn note(tx: &Connection, number: ChangeNumber, by: &str, at: Timestamp, change: &Change) -> Done {
    let body = to_json(change)?;
    run(tx, sql::ADD_CHANGE, (signed(number), at.ms(), by, body)).map(drop)
}

#[expect(clippy::too_many_lines, reason = "a table: what each change does")]
fn carry_out(tx: &Connection, by: &str, at: Timestamp, change: &Change) -> Done {
    match change {
        Change::SourceSet { source } => set_source(tx, at, source),
        Change::SourceRemoved { code } => remove_source(tx, at, code),
        Change::FlowTestEntered { test } => enter_test(tx, test),
        Change::FlowTestWithdrawn { id, source } => withdraw(tx, FLOW_TEST, id, source, at),
        Change::InspectionEntered { inspection } => {
            kind_of(tx, &inspection.source)?;
            inspections::check_photos(tx, &inspection.photos)?;
            let (id, source) = (&inspection.id, Some(&*inspection.source));
            enter(tx, INSPECTION, id, source, inspection.at, inspection)?;
            inspections::make_work(tx, inspection)
        }
        Change::InspectionWithdrawn { id, source } => {
            withdraw(tx, INSPECTION, id, source, at)?;
            inspections::strike_work(tx, id, source)
        }
        Change::WorkDone {
            id,
            source,
            by,
            note,
            photos,
        } => {
            inspections::check_photos(tx, photos)?;
            let done = inspections::DoneBy {
                by,
                at,
                note: note.as_deref(),
                photos,
            };
            inspections::finish_work(tx, id, source, &done)
        }
        Change::RoundPlanned { round } => {
            let mut sources = round.sources.iter();
            sources.try_for_each(|source| kind_of(tx, source).map(drop))?;
            enter(tx, ROUND, &round.id, None, round.at, round)
        }
        Change::RoundEnded { id, at } => end(tx, ROUND, id, *at),
        Change::DeviceConfigured {
            device,
            source,
            id,
            set,
            expires_at,
        } => {
            let command = devices::command_of(device, id, set, at, *expires_at);
            devices::configure(tx, by, &command, source)
        }
        Change::DeviceReplaced { source, new, .. } => devices::check_replaced(tx, source, new),
        Change::DeviceAnswered { .. }
        | Change::ReceiverSilent { .. }
        | Change::AccessChanged { .. } => Ok(()),
        Change::RulesSet { scope, parameters } => set_rules(tx, scope, parameters),
        Change::WindowEntered { window } => {
            let source = window.over.source();
            source.map(|code| kind_of(tx, code)).transpose()?;
            let source = source.map(|code| &**code);
            enter(tx, WINDOW, &window.id, source, window.from, window)
        }
        Change::WindowEnded { id, at } => end(tx, WINDOW, id, *at),
        Change::IncidentOpened { incident } => {
            enter(tx, INCIDENT, &incident.id, None, incident.at, incident)
        }
        Change::IncidentEnded { id, at } => end(tx, INCIDENT, id, *at),
        Change::PermitGranted { permit } => {
            kind_of(tx, &permit.source)?;
            enter(
                tx,
                PERMIT,
                &permit.id,
                Some(&permit.source),
                permit.from,
                permit,
            )
        }
        Change::PermitEnded { id, at } => end(tx, PERMIT, id, *at),
        Change::EpisodeAcknowledged { episode, by } => alerts::acknowledge(tx, episode, by, at),
        Change::EpisodeHandled { episode, by, act } => alerts::handle(tx, episode, by, act, at),
        Change::SilenceEntered { silence } => {
            let source = match &silence.over {
                Silenced::Source(code) => Some(&**code),
                Silenced::Alert(_) | Silenced::Zone(_) | Silenced::Unit(_) => None,
            };
            source.map(|code| kind_of(tx, code)).transpose()?;
            alerts::silence(tx, silence, at)?;
            enter(tx, SILENCE, &silence.id, source, silence.from, silence)
        }
        Change::SilenceEnded { id, at: ended_at } => {
            end(tx, SILENCE, id, *ended_at)?;
            alerts::end_silence(tx, id, by, at)
        }
        Change::ZoneSupplySet { zone, schedule, by } => {
            alerts::set_supply(tx, zone, schedule.as_ref(), by, at)
        }
        Change::UnitsImported {
            version,
            valid_from,
            units: count,
            by,
        } => units::enter(tx, at, version, *valid_from, *count, by),
        Change::UnitsWithdrawn { version } => units::withdraw(tx, at, version),
        Change::TargetSet { target } => units::set_target(tx, target),
        Change::TeamSet { team } => telling::set_team(tx, team),
        Change::TeamRemoved { id } => telling::remove_team(tx, id),
        Change::RouteSet { route } => telling::set_route(tx, route),
        Change::RouteRemoved { id } => telling::remove_route(tx, id),
    }
}

/// Sources that are about to get another device let go of theirs first: so two can change over.
fn free_devices(tx: &Connection, by: &str, at: Timestamp, changes: &[Change]) -> Done {
    for change in changes {
        if let Change::SourceSet { source } = change {
            devices::end_term(tx, by, at, source, changes)?;
        }
    }
    Ok(())
}

fn set_source(tx: &Connection, at: Timestamp, source: &Source) -> Done {
    if let Some(device) = source.device.as_deref() {
        let holder: Option<String> = one(tx, sql::HOLDER_OF_DEVICE, [device], |r| column(r, 0))?;
        if let Some(holder) = holder.filter(|holder| **holder != *source.code) {
            return conflict(format!(
                "device {} is mounted at source {}: take it from there before giving it to {}",
                shown(device),
                shown(&holder),
                shown(&source.code)
            ));
        }
    }
    let is_new = one(tx, sql::SOURCE_KIND, [&*source.code], |_| Ok(()))?.is_none();
    if is_new {
        // One that was removed may have stood under this code.
        run(tx, sql::REMOVE_STANDING, [&*source.code])?;
    }
    let row = (
        &*source.code,
        source.kind_name().name(),
        source.device.as_deref(),
        to_json(source)?,
        at.ms(),
    );
    run(tx, sql::SET_SOURCE, row)?;
    history::note_life(tx, at, source)
}

fn remove_source(tx: &Connection, at: Timestamp, code: &str) -> Done {
    kind_of(tx, code)?;
    history::note_end(tx, at, code)?;
    run(tx, sql::REMOVE_STANDING, [code])?;
    run(tx, sql::REMOVE_SOURCE, [code]).map(drop)
}

fn enter_test(tx: &Connection, test: &FlowTest) -> Done {
    let kind = kind_of(tx, &test.source)?;
    if kind != KindName::Hydrant.name() {
        return conflict(format!(
            "source {} is a {kind}: flow tests are of hydrants",
            shown(&test.source)
        ));
    }
    enter(tx, FLOW_TEST, &test.id, Some(&test.source), test.at, test)
}

fn set_rules(tx: &Connection, scope: &RuleScope, parameters: &Parameters) -> Done {
    if let RuleScope::Source(code) = scope {
        kind_of(tx, code)?;
    }
    let key = scope.to_string();
    if parameters.is_empty() {
        return run(tx, sql::UNSET_RULES, [key]).map(drop);
    }
    let body = to_json(&(scope, parameters))?;
    run(tx, sql::SET_RULES, (key, body)).map(drop)
}

fn withdraw(tx: &Connection, kind: &'static str, id: &str, source: &str, at: Timestamp) -> Done {
    let entry = entry(tx, kind, id)?;
    if entry.source.as_deref() != Some(source) {
        return conflict(format!(
            "{} {} is of source {}, not of {}",
            named(kind),
            shown(id),
            shown(&entry.source.unwrap_or_default()),
            shown(source)
        ));
    }
    end(tx, kind, id, at)
}

fn enter(
    tx: &Connection,
    kind: &'static str,
    id: &str,
    source: Option<&str>,
    at: Timestamp,
    what: &impl Serialize,
) -> Done {
    if one(tx, sql::ENTRY, [id], |_| Ok(()))?.is_some() {
        return conflict(format!(
            "the id {} is taken: give the {} another",
            shown(id),
            named(kind)
        ));
    }
    run(tx, sql::ENTER, (id, kind, source, at.ms(), to_json(what)?)).map(drop)
}

fn end(tx: &Connection, kind: &'static str, id: &str, at: Timestamp) -> Done {
    if let Some(ended_at) = entry(tx, kind, id)?.ended_at {
        let (what, id) = (named(kind), shown(id));
        return conflict(if kind == FLOW_TEST || kind == INSPECTION {
            format!("the {what} {id} was already withdrawn at {ended_at}")
        } else {
            format!("the {what} {id} was already ended at {ended_at}")
        });
    }
    run(tx, sql::END_ENTRY, (id, at.ms())).map(drop)
}

struct Entry {
    source: Option<String>,
    ended_at: Option<Timestamp>,
}

fn entry(tx: &Connection, kind: &'static str, id: &str) -> Result<Entry, RegisterError> {
    let found = one(tx, sql::ENTRY, [id], |row| {
        let entry = Entry {
            source: column(row, 1)?,
            ended_at: column::<Option<i64>>(row, 3)?.map(Timestamp::from_ms),
        };
        Ok((column::<String>(row, 0)?, entry))
    })?;
    match found {
        Some((found, entry)) if found == kind => Ok(entry),
        _ => not_found(format!("there is no {} {}", named(kind), shown(id))),
    }
}

/// The kind of a source that must be there.
fn kind_of(tx: &Connection, code: &str) -> Result<String, RegisterError> {
    let kind = one(tx, sql::SOURCE_KIND, [code], |row| column(row, 0))?;
    kind.map_or_else(
        || {
            not_found(format!(
                "there is no source {}: enter it first",
                shown(code)
            ))
        },
        Ok,
    )
}

fn named(kind: &'static str) -> &'static str {
    match kind {
        FLOW_TEST => "flow test",
        WINDOW => "maintenance window",
        INCIDENT => "incident",
        INSPECTION => "inspection",
        ROUND => "round",
        SILENCE => "silence",
        _ => "permit",
    }
}
