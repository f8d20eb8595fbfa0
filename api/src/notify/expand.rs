//! From a notice to messages: who is told, by which channels, now or in a digest. Pure but for what
//! it looks up about the source.

use std::collections::BTreeSet;

use firemain_domain::Timestamp;
use firemain_domain::judging::{Severity, Subject, Verdict};
use firemain_domain::source::{Kind, KindName, Source};
use firemain_domain::telling::{Audience, Contact, Language, Route, RouteFacts, Team};
use firemain_domain::time::MINUTE_MS;
use firemain_store::register::telling::{
    Delivery, DeliveryState, Escalation, EscalationStep, Expanded, NewDelivery, Notice, Occasion,
    Wrong,
};

use super::settings::NotifySettings;
use super::storm::{self, Counts};
use super::texts::{self, Facts, Message, Place};
use crate::board::Board;
use crate::units::unit_on;

/// How far a replacement is looked for, m.
const REPLACEMENT_WITHIN_M: f64 = 1_000.0;
/// Sources looked at for one.
const LOOKED_AT: usize = 200;

/// What notices are expanded with.
#[derive(Debug)]
pub struct Around<'a> {
    /// The settings.
    pub settings: &'a NotifySettings,
    /// Teams by their order of id.
    pub teams: &'a [Team],
    /// Routes.
    pub routes: &'a [Route],
    /// Channels that are set, each with the address it tells without one of a contact's.
    pub channels: &'a [(String, Option<String>)],
    /// How sources stand.
    pub board: &'a Board,
    /// The wall clock.
    pub now: Timestamp,
}

/// Somebody who is told by a channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Recipient<'a> {
    team: &'a str,
    contact: Option<&'a str>,
    channel: &'a str,
    address: String,
}

/// What becomes of a notice. `told`: to whom the alert was told before, where it is over.
pub fn expand(
    notice: &Notice,
    told: &[Delivery],
    around: &Around<'_>,
    counts: &mut Counts,
) -> Expanded {
    let what = &notice.what;
    let mut expanded = Expanded {
        notice: notice.id.clone(),
        ..Expanded::default()
    };
    let mut spoken = Spoken::new(notice, around);
    let episode = what.episode.id.to_string();
    if what.occasion == Occasion::Cleared {
        for before in told.iter().filter(|before| was_told(before)) {
            let contact = contact_of(around.teams, &before.what.contact);
            let language = contact.map_or(around.settings.language, |(_, c)| c.language);
            let message = spoken.message(language);
            let to = (&*before.what.team, &*before.what.contact);
            let by = (&*before.what.channel, &*before.what.address);
            let made = make(notice, message, to, by, around.now);
            expanded.deliveries.push(schedule(
                made,
                notice,
                contact.map(|(_, c)| c),
                around,
                counts,
            ));
        }
        expanded.overtakes = Some(episode.clone());
        expanded.escalation = EscalationStep::Over { episode };
        return expanded;
    }
    let (recipients, wrong) = recipients(notice, around);
    expanded.wrong = wrong;
    for recipient in &recipients {
        let contact = recipient.contact.and_then(|id| {
            let team = around.teams.iter().find(|team| team.id == recipient.team)?;
            team.contacts.iter().find(|contact| contact.id == id)
        });
        let language = contact.map_or(around.settings.language, |contact| contact.language);
        let message = spoken.message(language);
        let who = format!(
            "{}/{}",
            recipient.team,
            recipient.contact.unwrap_or_default()
        );
        let made = make(
            notice,
            message,
            (recipient.team, &who),
            (recipient.channel, &recipient.address),
            around.now,
        );
        expanded
            .deliveries
            .push(schedule(made, notice, contact, around, counts));
    }
    if what.occasion == Occasion::Command {
        expanded.releases = Some(episode.clone());
    }
    let begins = matches!(
        what.occasion,
        Occasion::Paged | Occasion::Reopened | Occasion::Raised
    );
    if begins && what.episode.severity >= Severity::Major {
        let after_min = delays(around.settings, what.episode.severity)[0];
        expanded.escalation = EscalationStep::Next(Escalation {
            episode,
            opening: what.episode.reopened,
            severity: what.episode.severity,
            paged_at: around.now,
            level: 1,
            due_at: around.now.plus_ms(i64::from(after_min) * MINUTE_MS),
        });
    }
    expanded
}

/// Minutes until each step.
pub const fn delays(settings: &NotifySettings, severity: Severity) -> [u32; 3] {
    match severity {
        Severity::Critical => settings.critical_after_min,
        _ => settings.major_after_min,
    }
}

/// Whether somebody has, or soon will have, heard of it.
fn was_told(before: &Delivery) -> bool {
    !matches!(
        before.state,
        DeliveryState::Held | DeliveryState::Overtaken | DeliveryState::Expired
    )
}

fn contact_of<'a>(teams: &'a [Team], name: &str) -> Option<(&'a Team, &'a Contact)> {
    let (team, contact) = name.split_once('/')?;
    let team = teams.iter().find(|one| one.id == team)?;
    let contact = team.contacts.iter().find(|one| one.id == contact)?;
    Some((team, contact))
}

/// Who is told of a notice, and what is wrong with the routes.
fn recipients<'a>(
    notice: &Notice,
    around: &Around<'a>,
) -> (BTreeSet<Recipient<'a>>, Option<Wrong>) {
    let what = &notice.what;
    let ours = matches!(
        what.episode.id.subject,
        Subject::Part(_) | Subject::Gateway(_)
    );
    let audience = match what.occasion {
        Occasion::Command => Audience::Command,
        _ if ours => Audience::Operators,
        _ => Audience::Team,
    };
    let sources = sources_of(notice, around.board);
    // By code and by name: a route may say either.
    let map = around.board.units().map_at(around.now);
    let units: Vec<String> = sources
        .iter()
        .map(|source| unit_on(map.as_deref(), source))
        .flat_map(|unit| [unit.code, unit.name])
        .flatten()
        .map(|unit| unit.to_string())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let kinds: Vec<KindName> = sources
        .iter()
        .map(|source| source.kind_name())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    // A dead channel is not told of by itself.
    let dead = match &what.episode.id.subject {
        Subject::Part(part) => part.strip_prefix("channel:"),
        _ => None,
    };
    let mut found = BTreeSet::new();
    // A step of escalation that reaches nobody is told to those of the step below: that nobody has
    // taken it must not end in silence.
    for level in (0..=what.level).rev() {
        let facts = RouteFacts {
            audience,
            level,
            units: &units,
            kinds: &kinds,
            rule: what.episode.id.rule,
            severity: what.episode.severity,
            at: around.now,
        };
        for route in around.routes.iter().filter(|route| route.takes(&facts)) {
            let Some(team) = around.teams.iter().find(|team| team.id == route.team) else {
                continue;
            };
            let usable = |name: &&String| dead != Some(name.as_str());
            for channel in route.channels.iter().filter(usable) {
                reach(team, channel, true, around, &mut found);
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    let must_be_told = !matches!(what.occasion, Occasion::Escalated | Occasion::Listed);
    if !found.is_empty() || !must_be_told {
        return (found, None);
    }
    let fallback = around.settings.fallback_team.as_deref();
    if let Some(team) = around.teams.iter().find(|team| Some(&*team.id) == fallback) {
        // On duty or not: somebody has to hear of it.
        for (channel, _) in around.channels {
            if dead != Some(channel.as_str()) {
                reach(team, channel, false, around, &mut found);
            }
        }
    }
    let wrong = if found.is_empty() {
        Wrong::Nobody
    } else {
        Wrong::Fallback
    };
    (found, Some(wrong))
}

/// Who of a team is reached by a channel.
fn reach<'a>(
    team: &'a Team,
    channel: &str,
    on_duty_only: bool,
    around: &Around<'a>,
    found: &mut BTreeSet<Recipient<'a>>,
) {
    let Some((channel, own)) = around.channels.iter().find(|(name, _)| name == channel) else {
        return;
    };
    let before = found.len();
    for contact in &team.contacts {
        if let Some(address) = contact.addresses.get(channel)
            && (!on_duty_only || contact.on_duty(around.now))
        {
            found.insert(Recipient {
                team: &team.id,
                contact: Some(&contact.id),
                channel,
                address: address.clone(),
            });
        }
    }
    if found.len() == before
        && let Some(own) = own
    {
        found.insert(Recipient {
            team: &team.id,
            contact: None,
            channel,
            address: own.clone(),
        });
    }
}

fn make(
    notice: &Notice,
    message: &Message,
    (team, contact): (&str, &str),
    (channel, address): (&str, &str),
    now: Timestamp,
) -> NewDelivery {
    NewDelivery {
        key: format!("{}/{channel}/{contact}", notice.id),
        notice: Some(notice.id.clone()),
        episode: Some(notice.what.episode.id.to_string()),
        occasion: notice.what.occasion,
        severity: notice.what.episode.severity,
        team: team.to_owned(),
        contact: contact.to_owned(),
        channel: channel.to_owned(),
        address: address.to_owned(),
        message: serde_json::to_string(message).unwrap_or_default(),
        made_at: now,
        held: false,
        due_at: now,
    }
}

/// Decides whether a message goes at once, when quiet hours end, or in a digest.
fn schedule(
    made: NewDelivery,
    notice: &Notice,
    contact: Option<&Contact>,
    around: &Around<'_>,
    counts: &mut Counts,
) -> NewDelivery {
    let what = &notice.what;
    if what.occasion == Occasion::Listed {
        return NewDelivery {
            held: true,
            due_at: storm::daily_at(around.now, around.settings),
            ..made
        };
    }
    let critical = what.episode.severity == Severity::Critical;
    let at_a_fire = critical && what.episode.tells_command;
    let told_to_command = what.occasion == Occasion::Command;
    let too_much = counts.is_too_much(&made.contact, around.settings.digest_after);
    if too_much && !at_a_fire && !told_to_command {
        return NewDelivery {
            held: true,
            due_at: storm::digest_at(around.now, around.settings),
            ..made
        };
    }
    let quiet = contact.and_then(|contact| contact.quiet);
    let quiet_until = quiet.and_then(|quiet| quiet.until(around.now));
    match quiet_until.filter(|_| !critical && !told_to_command) {
        Some(until) => NewDelivery {
            due_at: until,
            ..made
        },
        None => made,
    }
}

/// The words of one notice: said once in each language.
struct Spoken<'a> {
    facts: Facts<'a>,
    said: Vec<Message>,
}

impl<'a> Spoken<'a> {
    fn new(notice: &'a Notice, around: &Around<'_>) -> Self {
        let what = &notice.what;
        let id = &what.episode.id;
        let entry = id.source().and_then(|code| around.board.get(code));
        let source = entry.as_ref().map(|entry| &entry.source);
        let stands = what.occasion != Occasion::Cleared;
        Self {
            facts: Facts {
                occasion: what.occasion,
                at: what.at.max(what.episode.raised_at),
                episode: &what.episode,
                place: source.map(|source| place(source)),
                nearest: source
                    .filter(|_| stands)
                    .and_then(|source| replacement(around.board, source)),
                zone_size: match &id.subject {
                    Subject::Zone(zone) => {
                        let within = |source: &Source| {
                            source.zone.as_deref() == Some(&**zone)
                                && source.kind_name() == KindName::Hydrant
                        };
                        let all = around.board.counts(|view| within(view.source()));
                        Some(all.usable + all.degraded + all.unknown + all.unusable)
                    }
                    _ => None,
                },
                refill_by: id.source().and_then(|code| around.board.refill_by(code)),
            },
            said: Vec::new(),
        }
    }

    fn message(&mut self, language: Language) -> &Message {
        if let Some(at) = self.said.iter().position(|said| said.language == language) {
            return &self.said[at];
        }
        self.said.push(texts::message(&self.facts, language));
        &self.said[self.said.len() - 1]
    }
}

fn sources_of(notice: &Notice, board: &Board) -> Vec<std::sync::Arc<Source>> {
    let episode = &notice.what.episode;
    let codes = episode.id.source().into_iter().chain(&episode.members);
    codes
        .take(2_000)
        .filter_map(|code| board.get(code).map(|entry| entry.source))
        .collect()
}

/// A source as it may be named in a message: what people entered, on one line.
fn place(source: &Source) -> Place {
    let one_line = |text: &str| {
        let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        plain.take(200).collect::<String>()
    };
    Place {
        kind: source.kind_name(),
        name: one_line(&source.name),
        unit: source.unit.as_deref().map(one_line),
        apron_mm: match &source.kind {
            Kind::DrawPoint(point) => point.apron_level_m.map(|m| (m * 1_000.0).round() as i64),
            _ => None,
        },
    }
}

/// The nearest source that can be counted on.
fn replacement(board: &Board, source: &Source) -> Option<(String, u32)> {
    let mut found = None;
    let mut looked_at = 0;
    board.nearest(source.position, REPLACEMENT_WITHIN_M, |metres, view| {
        looked_at += 1;
        let other = view.source();
        if other.code != source.code && view.verdict() == Verdict::Usable {
            // Ten metres are near enough: a straight line is no way.
            let rounded = ((metres / 10.0).round() * 10.0).max(10.0);
            found = Some((other.code.to_string(), rounded as u32));
            return std::ops::ControlFlow::Break(());
        }
        if looked_at >= LOOKED_AT {
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    });
    found
}
