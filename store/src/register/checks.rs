//! What must hold of anything people enter, whatever database keeps it: said for people.

pub mod telling;

use firemain_domain::Timestamp;
use firemain_domain::change::{
    FlowTest, Incident, Inspection, MaintenanceWindow, Permit, Round, Settings,
};
use firemain_domain::handling::{Act, LONGEST_SILENCE_MS, Outcome, Silence};
use firemain_domain::hydraulics::FlowTestPoint;
use firemain_domain::inspections::MOST_STOPS;
use firemain_domain::judging::Parameters;
use firemain_domain::source::Source;
use firemain_domain::units::Target;

use super::access::{ApiKey, MOST_UNITS, Session, User};
use super::devices::MOST_CONFIG_BYTES;
use super::endpoint::{LONGEST_WAIT_MS, MOST_BODY_BYTES, NewCommand};
use super::inspections::{MOST_PHOTO_BYTES, NewPhoto};
use super::limits::{self, Range};
use super::{Login, RegisterError};

/// Changes in one batch: more than the largest import.
pub const MOST_CHANGES: usize = 2_000_000;
/// Devices of one gateway's login.
const MOST_LOGIN_DEVICES: usize = 1_000_000;
const MOST_ID: usize = 64;
const MOST_NAME: usize = 128;
const MOST_WORDS: usize = 256;
const MOST_NOTE: usize = 2_000;
const MOST_CHECKS: usize = 32;
const MOST_PHOTOS: usize = 12;
const MOST_TARGET: u32 = 10_000_000;

const TEST_PRESSURE: Range = Range {
    column: "",
    least: 0.0,
    most: 10_000.0,
    unit: "kPa",
};
const TEST_FLOW: Range = Range {
    column: "",
    least: 0.0,
    most: 1_000.0,
    unit: "L/s",
};

type Checked = Result<(), RegisterError>;

fn conflict<T>(text: String) -> Result<T, RegisterError> {
    Err(RegisterError::Conflict(text))
}

/// A source.
pub fn source(source: &Source) -> Checked {
    limits::check_source(source).or_else(|fault| {
        let code: String = source.code.chars().take(limits::CODE.most).collect();
        conflict(format!("source {code}: {fault}"))
    })
}

/// Who does something.
pub fn author(by: &str) -> Checked {
    text("who does it", by, 1, MOST_NAME)
}

/// A flow test (NFPA 291), measured in kPa and L/s.
pub fn flow_test(test: &FlowTest) -> Checked {
    let what = format!("flow test {}", shown(&test.id));
    id(&what, &test.id)?;
    author(&test.by)?;
    note(&what, test.note.as_deref())?;
    let point = FlowTestPoint {
        static_kpa: test.static_kpa,
        residual_kpa: test.residual_kpa,
        flow_lps: test.flow_lps,
        accuracy_kpa: test.gauge_accuracy_kpa,
    };
    for (name, range, value) in [
        ("static pressure", TEST_PRESSURE, test.static_kpa),
        ("residual pressure", TEST_PRESSURE, test.residual_kpa),
        (
            "accuracy of the gauge",
            TEST_PRESSURE,
            test.gauge_accuracy_kpa.unwrap_or(0.0),
        ),
        ("flow", TEST_FLOW, test.flow_lps),
    ] {
        if let Err(fault) = range.check(value) {
            return conflict(format!("{what}: {name}: {}", fault.reason));
        }
    }
    point
        .check()
        .or_else(|refusal| conflict(format!("{what}: {refusal}")))
}

/// An inspection.
pub fn inspection(inspection: &Inspection) -> Checked {
    let what = format!("inspection {}", shown(&inspection.id));
    id(&what, &inspection.id)?;
    author(&inspection.by)?;
    note(&what, inspection.note.as_deref())?;
    if inspection.checks.len() > MOST_CHECKS {
        return conflict(format!("{what}: at most {MOST_CHECKS} checks"));
    }
    photos(&what, &inspection.photos)
}

/// Work that was done.
pub fn work_done(by: &str, words: Option<&str>, shown: &[String]) -> Checked {
    author(by)?;
    note("the work", words)?;
    photos("the work", shown)
}

fn photos(what: &str, photos: &[String]) -> Checked {
    if photos.len() > MOST_PHOTOS {
        return conflict(format!("{what}: at most {MOST_PHOTOS} photos"));
    }
    photos.iter().try_for_each(|photo| id(what, photo))
}

/// A round.
pub fn round(round: &Round) -> Checked {
    let what = format!("round {}", shown(&round.id));
    id(&what, &round.id)?;
    author(&round.by)?;
    text(&format!("{what}: the name"), &round.name, 1, MOST_WORDS)?;
    let stops = round.sources.len();
    if !(1..=MOST_STOPS).contains(&stops) {
        return conflict(format!(
            "{what} has {stops} sources: give 1 to {MOST_STOPS}"
        ));
    }
    let mut seen = std::collections::HashSet::new();
    match round.sources.iter().find(|code| !seen.insert(&***code)) {
        Some(twice) => conflict(format!("{what}: source {} is in it twice", shown(twice))),
        None => Ok(()),
    }
}

/// A map of administrative units.
pub fn unit_map(version: &str, by: &str) -> Checked {
    id("map of units", version)?;
    author(by)
}

/// A target: by the end of a year of this century.
pub fn target(target: &Target) -> Checked {
    if let Some(unit) = &target.unit {
        text("the unit of a target", unit, 1, MOST_ID)?;
    }
    if !(2000..=2100).contains(&target.year) {
        return conflict(format!(
            "a target is for a year from 2000 to 2100, not for {}",
            target.year
        ));
    }
    match target.sources {
        Some(sources) if sources > MOST_TARGET => conflict(format!(
            "a target is at most {MOST_TARGET} sources, not {sources}"
        )),
        _ => Ok(()),
    }
}

/// A photo.
pub fn photo(photo: &NewPhoto<'_>) -> Checked {
    id("photo", photo.id)?;
    author(photo.by)?;
    if photo.bytes.len() > MOST_PHOTO_BYTES {
        return conflict(format!(
            "the photo has {} bytes; at most {MOST_PHOTO_BYTES} are taken",
            photo.bytes.len()
        ));
    }
    Ok(())
}

/// Parameters of rules.
pub fn rules(parameters: &Parameters) -> Checked {
    firemain_domain::judging::rules::check(parameters).or_else(|fault| conflict(fault.to_string()))
}

/// A maintenance window.
pub fn window(window: &MaintenanceWindow) -> Checked {
    let what = format!("maintenance window {}", shown(&window.id));
    id(&what, &window.id)?;
    author(&window.by)?;
    text(&format!("{what}: the reason"), &window.reason, 1, MOST_NOTE)?;
    span(&what, window.from, window.until)
}

/// What somebody does about an alert.
pub fn act(by: &str, act: &Act) -> Checked {
    author(by)?;
    match act {
        Act::Assigned { to } => text("whom the alert is given to", to, 1, MOST_NAME),
        Act::Dispatched { crew: Some(crew) } => text("the crew", crew, 1, MOST_NAME),
        Act::Commented {
            id: comment,
            text,
            photos: shown,
        } => {
            id("the comment", comment)?;
            if text.trim().is_empty() && shown.is_empty() {
                return conflict("a comment has to say something, or show a photo".to_owned());
            }
            note("the comment", Some(text))?;
            photos("the comment", shown)
        }
        Act::Resolved {
            outcome,
            note: words,
            photos: shown,
        } => {
            let said = words
                .as_deref()
                .is_some_and(|words| !words.trim().is_empty());
            if *outcome == Outcome::Other && !said {
                return conflict(
                    "where the outcome is `other`, the note has to say what".to_owned(),
                );
            }
            note("the resolution", words.as_deref())?;
            photos("the resolution", shown)
        }
        _ => Ok(()),
    }
}

/// A silence.
pub fn silence(silence: &Silence) -> Checked {
    let what = format!("silence {}", shown(&silence.id));
    id(&what, &silence.id)?;
    author(&silence.by)?;
    text(
        &format!("{what}: the reason"),
        &silence.reason,
        1,
        MOST_NOTE,
    )?;
    span(&what, silence.from, silence.until)?;
    if silence.until.since_ms(silence.from) > LONGEST_SILENCE_MS {
        return conflict(format!(
            "{what} lasts longer than seven days: enter a maintenance window if work takes longer"
        ));
    }
    Ok(())
}

/// The supply hours of a zone.
pub fn zone_supply(zone: &str, by: &str) -> Checked {
    author(by)?;
    text("the zone", zone, 1, MOST_NAME)
}

/// A permit to draw water.
pub fn permit(permit: &Permit) -> Checked {
    let what = format!("permit {}", shown(&permit.id));
    id(&what, &permit.id)?;
    author(&permit.by)?;
    note(&what, permit.note.as_deref())?;
    span(&what, permit.from, permit.until)
}

/// An incident.
pub fn incident(incident: &Incident) -> Checked {
    let what = format!("incident {}", shown(&incident.id));
    id(&what, &incident.id)?;
    author(&incident.by)?;
    text(&format!("{what}: the name"), &incident.name, 1, MOST_WORDS)?;
    limits::check_position(incident.position)
        .and_then(|()| match incident.required_flow_lps {
            Some(flow) => limits::REQUIRED_FLOW.check(flow),
            None => Ok(()),
        })
        .or_else(|fault| conflict(format!("{what}: {fault}")))
}

/// A login of the own endpoint.
pub fn login(login: &Login) -> Checked {
    let what = format!("login {}", shown(&login.name));
    text(&format!("{what}: the name"), &login.name, 1, MOST_NAME)?;
    if login.devices.len() > MOST_LOGIN_DEVICES {
        return conflict(format!(
            "{what}: speaks for {} devices; at most {MOST_LOGIN_DEVICES} are possible: make several logins",
            login.devices.len()
        ));
    }
    let mut devices = login.devices.iter();
    devices
        .try_for_each(|device| text(&format!("{what}: a device"), device, 1, limits::DEVICE.most))
}

/// A user.
pub fn user(user: &User) -> Checked {
    let what = format!("user {}", shown(&user.name));
    text(&format!("{what}: the name"), &user.name, 1, MOST_ID)?;
    text(
        &format!("{what}: the display name"),
        &user.display_name,
        1,
        MOST_NAME,
    )?;
    for (field, given) in [("e-mail", &user.email), ("phone", &user.phone)] {
        text(
            &format!("{what}: the {field}"),
            given.as_deref().unwrap_or_default(),
            0,
            MOST_WORDS,
        )?;
    }
    units(&what, &user.units)
}

/// A session.
pub fn session(session: &Session) -> Checked {
    id("session", &session.id)?;
    text("the session: its user", &session.user, 1, MOST_ID)
}

/// A key.
pub fn key(key: &ApiKey) -> Checked {
    let what = format!("key {}", shown(&key.id));
    id("key", &key.id)?;
    text(&format!("{what}: the name"), &key.name, 1, MOST_ID)?;
    author(&key.made_by)?;
    units(&what, &key.units)
}

fn units(what: &str, units: &[String]) -> Checked {
    if units.len() > MOST_UNITS {
        return conflict(format!("{what}: at most {MOST_UNITS} units"));
    }
    let mut units = units.iter();
    units.try_for_each(|unit| text(&format!("{what}: a unit"), unit, 1, MOST_NAME))
}

/// What a device is asked to be set to.
pub fn settings(device: &str, command: &str, set: &Settings, expires_at: Timestamp) -> Checked {
    let what = format!("command {} to device {}", shown(command), shown(device));
    id("command", command)?;
    if set.is_empty() || expires_at <= Timestamp::from_ms(0) {
        return conflict(format!("{what}: it has to set something, and to expire"));
    }
    let bytes = serde_json::to_string(set).map_or(0, |text| text.len());
    if bytes > MOST_CONFIG_BYTES {
        return conflict(format!(
            "{what}: its settings have {bytes} bytes; at most {MOST_CONFIG_BYTES} are possible"
        ));
    }
    Ok(())
}

/// Why something was done.
pub fn reason(reason: &str) -> Checked {
    text("the reason", reason, 1, MOST_NOTE)
}

/// What a command says by itself.
pub fn command(command: &NewCommand) -> Checked {
    let what = format!("command {}", shown(&command.id));
    id("command", &command.id)?;
    if command.body.len() > MOST_BODY_BYTES {
        return conflict(format!(
            "{what}: its body has {} bytes; at most {MOST_BODY_BYTES} are possible",
            command.body.len()
        ));
    }
    let body: Option<serde_json::Value> = serde_json::from_str(&command.body).ok();
    let named = body.as_ref().and_then(|body| body.get("id")?.as_str());
    if named != Some(&command.id) {
        return conflict(format!(
            "{what}: its body has to be a JSON object with this id, or the device's answer could not be told from others"
        ));
    }
    let waits_ms = command.expires_at.since_ms(command.created_at);
    if !(1..=LONGEST_WAIT_MS).contains(&waits_ms) {
        return conflict(format!(
            "{what}: it has to expire after it was given, and within 30 days"
        ));
    }
    Ok(())
}

fn id(what: &str, id: &str) -> Checked {
    text(&format!("{what}: the id"), id, 1, MOST_ID)
}

fn note(what: &str, note: Option<&str>) -> Checked {
    text(
        &format!("{what}: the note"),
        note.unwrap_or_default(),
        0,
        MOST_NOTE,
    )
}

/// Notes and reasons may have several lines; nothing else has control characters.
fn text(what: &str, text: &str, least: usize, most: usize) -> Checked {
    let length = text.chars().count();
    let several_lines = most == MOST_NOTE;
    if text.trim().chars().count() < least || length > most {
        return conflict(format!(
            "{what} must have {least} to {most} characters, and has {length}"
        ));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !(several_lines && matches!(c, '\n' | '\r' | '\t')))
    {
        return conflict(format!("{what} must not have control characters"));
    }
    Ok(())
}

fn span(what: &str, from: Timestamp, until: Timestamp) -> Checked {
    if until > from {
        return Ok(());
    }
    conflict(format!(
        "{what} ends at {until}, which is not after its beginning at {from}: give a later end"
    ))
}

/// An id as it may be shown in a message.
pub fn shown(id: &str) -> String {
    let shown: String = id
        .chars()
        .filter(|c| !c.is_control())
        .take(MOST_ID)
        .collect();
    format!("`{shown}`")
}
