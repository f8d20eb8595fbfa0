//! What must hold of teams and routes.

use firemain_domain::telling::{Contact, MOST_LEVEL, Route, Shift, Team};

use super::{Checked, MOST_NAME, MOST_WORDS, conflict, shown, text};

const MOST_CONTACTS: usize = 100;
const MOST_ADDRESSES: usize = 16;
const MOST_SHIFTS: usize = 50;
const MOST_IN_A_LIST: usize = 200;
const MOST_ADDRESS: usize = 254;

/// A team.
pub fn team(team: &Team) -> Checked {
    let what = format!("team {}", shown(&team.id));
    id(&what, &team.id)?;
    text(&format!("{what}: the name"), &team.name, 1, MOST_WORDS)?;
    bounded(&what, "contacts", team.contacts.len(), MOST_CONTACTS)?;
    for (place, contact) in team.contacts.iter().enumerate() {
        self::contact(&what, contact)?;
        if team.contacts[..place]
            .iter()
            .any(|other| other.id == contact.id)
        {
            return conflict(format!(
                "{what}: two contacts have the id {}: give one another",
                shown(&contact.id)
            ));
        }
    }
    Ok(())
}

fn contact(team: &str, contact: &Contact) -> Checked {
    let what = format!("{team}: contact {}", shown(&contact.id));
    id(&what, &contact.id)?;
    text(&format!("{what}: the name"), &contact.name, 1, MOST_NAME)?;
    bounded(&what, "addresses", contact.addresses.len(), MOST_ADDRESSES)?;
    for (channel, address) in &contact.addresses {
        id(&format!("{what}: channel {}", shown(channel)), channel)?;
        let named = format!("{what}: the address for {}", shown(channel));
        text(&named, address, 1, MOST_ADDRESS)?;
    }
    shifts(&what, &contact.shifts)
}

/// A route.
pub fn route(route: &Route) -> Checked {
    let what = format!("route {}", shown(&route.id));
    id(&what, &route.id)?;
    if route.level > MOST_LEVEL {
        return conflict(format!("{what}: the level must be 0 to {MOST_LEVEL}"));
    }
    if route.channels.is_empty() {
        return conflict(format!(
            "{what}: it names no channel, and so would reach nobody: GET /api/v1/channels lists them"
        ));
    }
    bounded(&what, "channels", route.channels.len(), MOST_ADDRESSES)?;
    for channel in &route.channels {
        id(&format!("{what}: channel {}", shown(channel)), channel)?;
    }
    for (list, length) in [
        ("units", route.units.len()),
        ("kinds", route.kinds.len()),
        ("rules", route.rules.len()),
    ] {
        bounded(&what, list, length, MOST_IN_A_LIST)?;
    }
    for unit in &route.units {
        text(&format!("{what}: a unit"), unit, 1, MOST_NAME)?;
    }
    shifts(&what, &route.hours)
}

fn shifts(what: &str, shifts: &[Shift]) -> Checked {
    bounded(what, "shifts", shifts.len(), MOST_SHIFTS)?;
    shifts
        .iter()
        .try_for_each(|shift| bounded(what, "days of a shift", shift.days.len(), 7))
}

fn bounded(what: &str, list: &str, length: usize, most: usize) -> Checked {
    if length > most {
        return conflict(format!(
            "{what}: {length} {list} are too many: at most {most}"
        ));
    }
    Ok(())
}

/// Ids become parts of keys and paths.
fn id(what: &str, id: &str) -> Checked {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !(1..=64).contains(&id.len()) || !id.chars().all(plain) {
        return conflict(format!(
            "{what}: an id has 1 to 64 letters, digits, `-`, `_` or `.`"
        ));
    }
    Ok(())
}
