//! Whom the demo tells: teams whose messages become lines of a file in the data folder, so that an
//! alert can be followed from its raise to its end with every message it sent.

use std::collections::BTreeMap;

use firemain_api::notify::{ChannelKind, ChannelSettings, NotifySettings};
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use firemain_domain::judging::Severity;
use firemain_domain::telling::{Audience, Contact, Language, Route, Team};
use firemain_store::register::{Register, RegisterError};

/// The file that messages are appended to, in the data folder.
pub const OUTBOX: &str = "messages.jsonl";
const CHANNEL: &str = "outbox";
/// Who is told at which step, and of what.
const TEAMS: [(&str, &str, Audience, u8, Language); 6] = [
    (
        "crew",
        "Tổ kiểm tra nguồn nước",
        Audience::Team,
        0,
        Language::Vi,
    ),
    (
        "shift-lead",
        "Chỉ huy ca trực",
        Audience::Team,
        1,
        Language::Vi,
    ),
    (
        "water-company",
        "Công ty nước sạch",
        Audience::Team,
        2,
        Language::Vi,
    ),
    (
        "fire-area",
        "Đội Chữa cháy và CNCH khu vực",
        Audience::Team,
        3,
        Language::Vi,
    ),
    (
        "command",
        "Trung tâm chỉ huy",
        Audience::Command,
        0,
        Language::Vi,
    ),
    (
        "operators",
        "Operators of firemain",
        Audience::Operators,
        0,
        Language::En,
    ),
];

/// By what is told.
pub fn notify() -> NotifySettings {
    let outbox = ChannelSettings {
        path: Some(OUTBOX.into()),
        ..ChannelSettings::of(ChannelKind::File)
    };
    NotifySettings {
        channels: BTreeMap::from([(CHANNEL.to_owned(), outbox)]),
        fallback_team: Some("crew".to_owned()),
        ..NotifySettings::default()
    }
}

/// Enters teams and routes.
pub fn enter(register: &dyn Register, at: Timestamp) -> Result<(), RegisterError> {
    let mut changes = Vec::new();
    for (id, name, audience, level, language) in TEAMS {
        let contact = Contact {
            id: "duty".to_owned(),
            name: name.to_owned(),
            language,
            addresses: BTreeMap::from([(CHANNEL.to_owned(), id.to_owned())]),
            shifts: Vec::new(),
            off_until: None,
            quiet: None,
        };
        let team = Team {
            id: id.to_owned(),
            name: name.to_owned(),
            contacts: vec![contact],
        };
        let route = Route {
            id: id.to_owned(),
            audience,
            level,
            team: id.to_owned(),
            channels: vec![CHANNEL.to_owned()],
            units: Vec::new(),
            kinds: Vec::new(),
            rules: Vec::new(),
            at_least: Severity::Major,
            hours: Vec::new(),
        };
        changes.push(Change::TeamSet { team });
        changes.push(Change::RouteSet {
            route: Box::new(route),
        });
    }
    register.change("demo", at, &changes).map(drop)
}
