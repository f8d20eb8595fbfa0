//! The words of English.

use firemain_domain::Timestamp;
use firemain_domain::judging::{Detail, RuleName, Severity, Subject};
use firemain_domain::quantity::Quantity;
use firemain_domain::source::KindName;
use firemain_store::register::telling::Occasion;

use super::facts::Facts;
use super::shorten::{Tails, ended, shortened};
use super::when::{date, day_month, number, round, time};
use super::{Words, digest::Counted};

const MARK: char = '.';
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn bar(kpa: f64) -> String {
    number(kpa / 100.0, 1, MARK)
}

/// `26 Nov`.
fn long_date(at: Timestamp) -> String {
    let (day, month) = day_month(at);
    let month = MONTHS
        .get(usize::from(month).wrapping_sub(1))
        .unwrap_or(&"");
    format!("{day} {month}")
}

fn tag(facts: &Facts<'_>) -> String {
    match (facts.occasion, facts.episode.severity) {
        (Occasion::Cleared, _) => "DONE".to_owned(),
        (Occasion::Command, _) => "COMMAND".to_owned(),
        (Occasion::Escalated, _) => "NOBODY YET".to_owned(),
        (Occasion::Reopened, Severity::Critical) => "URGENT, AGAIN".to_owned(),
        (Occasion::Reopened, _) => "AGAIN".to_owned(),
        (_, Severity::Critical) => "URGENT".to_owned(),
        (_, Severity::Major) => "WARNING".to_owned(),
        (_, Severity::Minor | Severity::Info) => "NOTE".to_owned(),
    }
}

const fn kind(kind: KindName) -> &'static str {
    match kind {
        KindName::Hydrant => "Hydrant",
        KindName::Tank => "Tank",
        KindName::DrawPoint => "Draw point",
    }
}

fn subject(facts: &Facts<'_>) -> String {
    let name = facts.subject();
    match (&facts.episode.id.subject, &facts.place) {
        (Subject::Source(_), Some(place)) => format!("{} {name}", kind(place.kind)),
        (Subject::Source(_), None) => name.to_owned(),
        (Subject::Zone(_), _) => format!("Zone {name}"),
        (Subject::Gateway(_), _) => format!("Gateway {name}"),
        (Subject::Part(_), _) => format!("firemain ({name})"),
    }
}

fn wheres(facts: &Facts<'_>) -> Vec<String> {
    let name = facts.place.as_ref().map_or("", |place| place.name.trim());
    if name.is_empty() {
        return vec![String::new()];
    }
    vec![format!(" ({name})"), String::new()]
}

#[expect(clippy::too_many_lines, reason = "a table: what each rule says")]
fn what(facts: &Facts<'_>) -> (String, Option<String>) {
    let pressure = facts.value(Quantity::PressureKpa);
    let limited = |(value, limit): (f64, Option<f64>), sign: &str| match limit {
        Some(limit) => format!("{} bar {sign}{}", bar(value), bar(limit)),
        None => format!("{} bar", bar(value)),
    };
    let advise = |what: String, advice: &str| (what, Some(advice.to_owned()));
    match facts.episode.id.rule {
        RuleName::LowStatic => {
            let critical = facts.episode.severity == Severity::Critical;
            let loss = if critical {
                "PRESSURE LOST"
            } else {
                "low pressure"
            };
            let value = pressure.map_or_else(String::new, |p| format!(" {}", limited(p, "<")));
            match facts.episode.detail {
                Some(Detail::DryOrBroken) => {
                    advise(format!("{loss}{value}"), "Dry, or sensor broken")
                }
                Some(Detail::EveryDay) => advise(
                    format!("low pressure{value}"),
                    "So at this hour on several days",
                ),
                _ => (format!("{loss}{value}"), None),
            }
        }
        RuleName::LowResidual => {
            let value = pressure.map_or_else(String::new, |p| format!(" {}", limited(p, "<")));
            (format!("IN USE, pressure low{value}"), None)
        }
        RuleName::HighPressure => {
            let value = pressure.map_or_else(String::new, |p| format!(" {}", limited(p, ">")));
            (format!("pressure too high{value}"), None)
        }
        RuleName::FlowDeficit => {
            let flow = facts
                .value(Quantity::AvailableFlowLps)
                .or_else(|| facts.value(Quantity::FlowLps));
            let value = flow.map_or_else(String::new, |(value, limit)| {
                let need =
                    limit.map_or_else(String::new, |l| format!(" (needs {})", round(l, MARK)));
                format!(" {} L/s{need}", number(value, 1, MARK))
            });
            (format!("flow short{value}"), None)
        }
        RuleName::TankLow => {
            let value = facts.value(Quantity::VolumeTotalM3).map_or_else(
                || "short of water".to_owned(),
                |(value, limit)| {
                    let need =
                        limit.map_or_else(String::new, |l| format!(" (needs {})", round(l, MARK)));
                    format!("holds {} m³{need}", round(value, MARK))
                },
            );
            let advice = facts
                .refill_by
                .map(|by| format!("Refill by {}, {}", time(by), long_date(by)));
            (value, advice)
        }
        RuleName::DrawLow => match facts.below_apron_m() {
            Some(below) => advise(
                format!("water {} m below apron (limit 5)", number(below, 1, MARK)),
                "Trucks may be unable to draw",
            ),
            None => advise("water too low".to_owned(), "Trucks may be unable to draw"),
        },
        RuleName::Stale if facts.episode.detail == Some(Detail::Receiving) => advise(
            "receives no sensor data".to_owned(),
            "Check the broker and the network; the condition of all sources is unknown",
        ),
        RuleName::Stale if matches!(facts.episode.id.subject, Subject::Part(_)) => advise(
            "cannot deliver messages".to_owned(),
            "Check this channel; what is urgent goes by another",
        ),
        RuleName::Stale if facts.episode.id.source().is_none() => advise(
            format!(
                "{} sources fell silent together",
                facts.episode.members.len()
            ),
            "Check the gateway and the network",
        ),
        RuleName::Stale => (
            format!("silent {} h, condition unknown", facts.hours()),
            None,
        ),
        RuleName::UnauthorisedUse => advise(
            "water is being drawn, nobody knows by whom".to_owned(),
            "Is there a fire?",
        ),
        RuleName::ZoneDrop => {
            let low = facts.episode.members.len();
            let all = facts.zone_size.filter(|all| *all >= low);
            let count = all.map_or_else(|| low.to_string(), |all| format!("{low}/{all}"));
            advise(
                format!("{count} hydrants"),
                "Suspected burst, or pumps stopped",
            )
        }
        RuleName::RefillLate => ("not refilled in time".to_owned(), None),
        RuleName::TankLeak => advise(
            "level falls while nobody draws".to_owned(),
            "Suspected leak",
        ),
        RuleName::Flatline => advise(
            "reading does not move".to_owned(),
            "Closed valve or sensor?",
        ),
        RuleName::Drift => advise(
            "sensor drifts from its neighbours".to_owned(),
            "Calibrate it",
        ),
        RuleName::Device => match facts.episode.detail {
            Some(Detail::Battery) => advise("battery runs out".to_owned(), "Change the battery"),
            Some(Detail::Tilt) => advise("stands askew".to_owned(), "Look at it"),
            Some(Detail::Tamper) => advise("was opened or struck".to_owned(), "Look at it"),
            Some(Detail::WrongScale) => advise(
                "reads in a wrong unit".to_owned(),
                "Check the sensor's settings",
            ),
            Some(Detail::Erratic) => advise("readings jump about".to_owned(), "Check the sensor"),
            _ => advise("device at fault".to_owned(), "Check the sensor"),
        },
        RuleName::Clock => advise("device clock is wrong".to_owned(), "Set the device's clock"),
        RuleName::Replay => ("sends old readings again".to_owned(), None),
        RuleName::InUse => ("in use".to_owned(), None),
        RuleName::Spike => ("reading jumped".to_owned(), None),
        RuleName::TankDrawoff => ("water is being drawn".to_owned(), None),
    }
}

fn recovered(facts: &Facts<'_>) -> String {
    let value = match facts.episode.id.rule {
        RuleName::LowStatic | RuleName::LowResidual | RuleName::HighPressure => facts
            .value(Quantity::PressureKpa)
            .map(|(kpa, _)| format!(", {} bar", bar(kpa))),
        RuleName::TankLow | RuleName::RefillLate => facts
            .value(Quantity::VolumeTotalM3)
            .map(|(m3, _)| format!(", {} m³", round(m3, MARK))),
        _ => None,
    };
    format!("recovered{}", value.unwrap_or_default())
}

/// The words of a notice.
pub(super) fn words(facts: &Facts<'_>) -> Words {
    let subject = subject(facts);
    if facts.occasion == Occasion::Cleared {
        let at = facts.episode.cleared_at.unwrap_or(facts.at);
        let said = format!("{} at {}", recovered(facts), time(at));
        let name = if facts.episode.id.source().is_some() {
            facts.subject().to_owned()
        } else {
            subject
        };
        return Words {
            tag: tag(facts),
            sentence: format!("{name} {said}"),
            shorts: vec![format!("{name} {said}")],
            lines: vec![format!("Alert: {}", facts.episode.id)],
        };
    }
    let (what, advice) = what(facts);
    let begun = facts.episode.began_at;
    let join = |place: &str| match facts.episode.id.subject {
        Subject::Zone(ref zone) if facts.episode.id.rule == RuleName::ZoneDrop => {
            format!("Area pressure drop, zone {zone}: {what}")
        }
        Subject::Source(_) => format!("{subject}{place} {what}"),
        _ => format!("{subject}: {what}"),
    };
    let replacement = facts.replacement();
    let instead =
        replacement.map(|(code, metres)| format!("Use {code}, {metres} m as the crow flies."));
    let briefly = replacement.map(|(code, metres)| format!("Use {code}, {metres} m."));
    let waited = facts.waited_min().map(long);
    let places = wheres(facts);
    let shorts = shortened(
        &places,
        |place| format!("{} at {} {}.", join(place), time(begun), date(begun)),
        &Tails {
            pressing: waited
                .as_ref()
                .map(|long| format!("Nobody has taken it in {long}.")),
            advice: advice.as_deref().map(ended),
            instead: instead.iter().chain(&briefly).cloned().collect(),
        },
    );
    let mut lines = vec![format!("Since {}, {}", time(begun), long_date(begun))];
    lines.extend(advice);
    lines.extend(instead);
    lines.extend(waited.map(|long| format!("Raised {long} ago, and nobody has taken it.")));
    lines.push(format!("Alert: {}", facts.episode.id));
    Words {
        tag: tag(facts),
        sentence: join(places.first().map_or("", String::as_str)),
        shorts,
        lines,
    }
}

/// How long, as one says it: `25 h 55 min`.
fn long(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// What a digest says.
pub(super) fn digest(counted: &Counted<'_>) -> (String, Vec<String>) {
    let mut parts = Vec::new();
    for (count, word) in [
        (counted.critical, "urgent"),
        (counted.major, "warnings"),
        (counted.other, "notes"),
        (counted.cleared, "done"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let title = format!("[DIGEST] {} messages: {}", counted.all(), parts.join(", "));
    let mut lines = vec!["The worst:".to_owned()];
    lines.extend(
        counted
            .worst
            .iter()
            .map(|worst| format!("- {}", worst.title)),
    );
    (title, lines)
}
