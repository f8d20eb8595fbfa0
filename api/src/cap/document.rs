//! One alert as a CAP 1.2 document, its elements in the order of the standard's schema.

use firemain_domain::judging::{EpisodeState, RuleName, Severity, Subject};
use firemain_domain::local_time::rfc3339;
use firemain_domain::source::Position;
use firemain_store::register::bulletins::{Bulletin, BulletinKind};

use super::words::{Language, description, event, headline};
use super::xml::Xml;
use super::{CapSettings, NAMESPACE};

/// Metres around a source that an alert about it concerns: the service radius of a hydrant, tank or
/// pond for a fire engine (QCVN 06:2022/BXD, 5.1.5.9).
const AROUND_M: f64 = 200.0;

/// Under whose name, and where the pages are.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The settings.
    pub settings: &'a CapSettings,
    /// The address of the API, for links.
    pub url: Option<&'a str>,
}

/// What an alert is about, on the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Where people say it is.
    pub name: String,
    /// The administrative unit's code and name.
    pub unit: Option<(Option<String>, String)>,
    /// The sources it concerns.
    pub positions: Vec<Position>,
}

/// The document of a message about an alert at a place.
pub fn document(bulletin: &Bulletin, place: &Place, sender: Sender<'_>) -> String {
    let mut xml = Xml::new();
    let settings = sender.settings;
    xml.open("alert", &[("xmlns", NAMESPACE)])
        .text("identifier", &bulletin.identifier)
        .text("sender", &settings.sender)
        .text("sent", &rfc3339(bulletin.sent_at))
        .text("status", settings.status.name())
        .text("msgType", message_type(bulletin.kind))
        .text("source", "firemain")
        .text("scope", "Restricted")
        .text(
            "restriction",
            "For fire and rescue services and those who run the water sources",
        );
    if !bulletin.follows.is_empty() && bulletin.kind != BulletinKind::Alert {
        let follows = bulletin.follows.iter();
        let follows = follows.map(|(identifier, sent)| {
            format!("{},{identifier},{}", settings.sender, rfc3339(*sent))
        });
        let follows: Vec<String> = follows.collect();
        xml.text("references", &follows.join(" "));
    }
    if let Some(incident) = &bulletin.alert.incident {
        xml.text("incidents", &quoted(&incident.to_string()));
    }
    for language in [Language::Vi, Language::En] {
        info(&mut xml, bulletin, place, sender, language);
    }
    xml.close("alert");
    xml.finish()
}

fn info(xml: &mut Xml, bulletin: &Bulletin, place: &Place, sender: Sender<'_>, language: Language) {
    let (alert, kind) = (&bulletin.alert, bulletin.kind);
    xml.open("info", &[]).text("language", language.code());
    for category in categories(alert) {
        xml.text("category", category);
    }
    xml.text("event", event(alert.id.rule, language))
        .text("responseType", response(kind))
        .text("urgency", urgency(alert, kind))
        .text("severity", severity(alert.severity))
        .text("certainty", certainty(alert));
    event_code(xml, "firemain:rule", alert.id.rule.name());
    xml.text("onset", &rfc3339(alert.began_at))
        .text("senderName", "firemain")
        .text("headline", &headline(alert, kind, &place.name, language))
        .text("description", &description(alert, kind, language));
    if let Some(url) = sender.url {
        let url = url.trim_end_matches('/');
        xml.text("web", &format!("{url}/api/v1/cap/{}", bulletin.identifier));
    }
    parameters(xml, alert);
    area(xml, alert, place);
    xml.close("info");
}

fn event_code(xml: &mut Xml, name: &str, value: &str) {
    xml.open("eventCode", &[])
        .text("valueName", name)
        .text("value", value)
        .close("eventCode");
}

/// The numbers that raised it, and what our own interface calls it.
fn parameters(xml: &mut Xml, alert: &EpisodeState) {
    let mut parameter = |name: &str, value: &str| {
        xml.open("parameter", &[])
            .text("valueName", name)
            .text("value", value)
            .close("parameter");
    };
    parameter("alert", &alert.id.to_string());
    parameter("subject", &alert.id.subject.to_string());
    parameter("rule", alert.id.rule.name());
    parameter("severity", severity_name(alert.severity));
    parameter("raised_at", &rfc3339(alert.raised_at));
    if let Some(cleared) = alert.cleared_at {
        parameter("cleared_at", &rfc3339(cleared));
    }
    for measured in &alert.evidence.measured {
        let name = measured.quantity.name();
        parameter(name, &format!("{:.3}", measured.value));
        if let Some(limit) = measured.limit {
            parameter(&format!("{name}_limit"), &format!("{limit:.3}"));
        }
        parameter(&format!("{name}_at"), &rfc3339(measured.at));
    }
    for member in &alert.members {
        parameter("member", member);
    }
}

fn area(xml: &mut Xml, alert: &EpisodeState, place: &Place) {
    let unit = place.unit.as_ref();
    let said = match (&place.name, unit) {
        (name, Some((_, unit))) if !name.is_empty() => format!("{name}, {unit}"),
        (name, None) if !name.is_empty() => name.clone(),
        (_, Some((_, unit))) => unit.clone(),
        _ => alert.id.subject.to_string(),
    };
    xml.open("area", &[]).text("areaDesc", &said);
    if let Some(circle) = circle(&place.positions) {
        xml.text("circle", &circle);
    }
    if let Some((Some(code), _)) = unit {
        xml.open("geocode", &[])
            .text("valueName", "firemain:unit")
            .text("value", code)
            .close("geocode");
    }
    xml.close("area");
}

/// The circle around all of them: `lat,lon km`.
fn circle(positions: &[Position]) -> Option<String> {
    if positions.is_empty() {
        return None;
    }
    let n = positions.len() as f64;
    let centre = Position {
        lat: positions.iter().map(|p| p.lat).sum::<f64>() / n,
        lon: positions.iter().map(|p| p.lon).sum::<f64>() / n,
    };
    let far_m = positions.iter().map(|p| p.distance_m(&centre));
    let radius_km = (far_m.fold(0.0, f64::max) + AROUND_M) / 1_000.0;
    Some(format!(
        "{:.6},{:.6} {radius_km:.3}",
        centre.lat, centre.lon
    ))
}

const fn message_type(kind: BulletinKind) -> &'static str {
    match kind {
        BulletinKind::Alert => "Alert",
        BulletinKind::Update => "Update",
        BulletinKind::Cancel => "Cancel",
    }
}

/// `Infra`; `Fire` too where water falls short while it is drawn, or command is to be told.
fn categories(alert: &EpisodeState) -> &'static [&'static str] {
    if alert.tells_command || alert.id.rule == RuleName::LowResidual {
        &["Infra", "Fire"]
    } else {
        &["Infra"]
    }
}

const fn response(kind: BulletinKind) -> &'static str {
    match kind {
        BulletinKind::Cancel => "AllClear",
        _ => "Prepare",
    }
}

/// What pages at any hour is for now; what is over is past; the rest is expected of the coming hours.
const fn urgency(alert: &EpisodeState, kind: BulletinKind) -> &'static str {
    match (kind, alert.severity) {
        (BulletinKind::Cancel, _) => "Past",
        (_, Severity::Critical) => "Immediate",
        (_, Severity::Major) => "Expected",
        (_, Severity::Minor | Severity::Info) => "Future",
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Severe",
        Severity::Major => "Moderate",
        Severity::Minor | Severity::Info => "Minor",
    }
}

const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Major => "major",
        Severity::Minor => "minor",
        Severity::Info => "info",
    }
}

/// Measured is observed; what silence, doubt or a pattern says is likely, or only possible.
fn certainty(alert: &EpisodeState) -> &'static str {
    use firemain_domain::judging::Detail;
    match (alert.id.rule, alert.detail) {
        (_, Some(Detail::DryOrBroken | Detail::ValveOrSensor)) => "Possible",
        (RuleName::Stale, _) => "Unknown",
        (RuleName::ZoneDrop | RuleName::FlowDeficit | RuleName::TankLeak, _) => "Likely",
        _ if matches!(alert.id.subject, Subject::Part(_)) => "Likely",
        _ => "Observed",
    }
}

/// In quotes where it has spaces (CAP 1.2, 3.2.1, `incidents`).
fn quoted(text: &str) -> String {
    if text.contains(char::is_whitespace) {
        format!("\"{}\"", text.replace('"', "'"))
    } else {
        text.to_owned()
    }
}
