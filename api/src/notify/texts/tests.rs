//! Golden messages: every rule, both languages, long and short, are in `golden.txt`. Set
//! `FIREMAIN_GOLDEN=write` to write them anew, and read what changed.

use firemain_domain::Timestamp;
use firemain_domain::judging::{
    Basis, Detail, EpisodeId, EpisodeState, Evidence, Measured, RuleName, Severity, Subject,
};
use firemain_domain::quantity::Quantity;
use firemain_domain::source::KindName;
use firemain_domain::telling::Language;
use firemain_store::register::telling::Occasion;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn measured(quantity: Quantity, value: f64, limit: f64) -> Measured {
    Measured {
        basis: Basis::StaticPressure,
        quantity,
        value,
        limit: Some(limit),
        margin: Some(value - limit),
        at: at("2025-11-23T08:15:00+07:00"),
    }
}

fn episode(rule: RuleName, severity: Severity) -> EpisodeState {
    let (subject, value) = match rule {
        RuleName::TankLow => (
            "BN-017",
            Some(measured(Quantity::VolumeTotalM3, 46.0, 108.0)),
        ),
        RuleName::RefillLate | RuleName::TankLeak | RuleName::TankDrawoff => ("BN-017", None),
        RuleName::DrawLow => ("HL-03", Some(measured(Quantity::LevelM, 0.7, 1.0))),
        RuleName::FlowDeficit => (
            "TR-0412",
            Some(measured(Quantity::AvailableFlowLps, 11.7, 15.0)),
        ),
        RuleName::HighPressure => (
            "TR-0412",
            Some(measured(Quantity::PressureKpa, 640.0, 590.0)),
        ),
        RuleName::LowStatic | RuleName::LowResidual => {
            ("TR-0412", Some(measured(Quantity::PressureKpa, 30.0, 98.1)))
        }
        _ => ("TR-0412", None),
    };
    let subject = match rule {
        RuleName::ZoneDrop => Subject::Zone("Hàng Bạc".into()),
        _ => Subject::Source(subject.into()),
    };
    EpisodeState {
        id: EpisodeId {
            subject,
            rule,
            n: 3,
        },
        severity,
        highest: severity,
        began_at: at("2025-11-23T08:15:00+07:00"),
        raised_at: at("2025-11-23T08:25:00+07:00"),
        cleared_at: None,
        reopened: 0,
        pages: true,
        muted_by: None,
        tells_command: false,
        evidence: Evidence {
            measured: value.into_iter().collect(),
        },
        detail: None,
        clock_off_s: None,
        incident: None,
        members: if rule == RuleName::ZoneDrop {
            (0..7).map(|n| format!("TR-{n}").into()).collect()
        } else {
            Vec::new()
        },
        paged: 1,
        paged_as: Some(severity),
        severity_since: None,
        low_hours: 0,
        heeded: None,
    }
}

fn facts(episode: &EpisodeState, occasion: Occasion) -> Facts<'_> {
    let kind = match episode.id.rule {
        RuleName::TankLow | RuleName::RefillLate | RuleName::TankLeak | RuleName::TankDrawoff => {
            KindName::Tank
        }
        RuleName::DrawLow => KindName::DrawPoint,
        _ => KindName::Hydrant,
    };
    let place = episode.id.source().map(|_| Place {
        kind,
        name: "12 Hàng Bạc".to_owned(),
        unit: Some("Phường Hoàn Kiếm".to_owned()),
        apron_mm: (kind == KindName::DrawPoint).then_some(6_000),
    });
    Facts {
        occasion,
        at: at("2025-11-24T10:20:00+07:00"),
        episode,
        nearest: place.is_some().then(|| ("TR-0415".to_owned(), 180)),
        place,
        zone_size: Some(12),
        refill_by: (kind == KindName::Tank).then(|| at("2025-11-26T08:15:00+07:00")),
    }
}

fn said(label: &str, facts: &Facts<'_>, into: &mut String) {
    for language in Language::ALL {
        let message = message(facts, language);
        assert!(gsm_units(&message.sms) <= MOST_SMS_UNITS, "{}", message.sms);
        *into += &format!(
            "== {label} {}\n{}\n-- sms {}\n{}\n\n",
            language.name(),
            message.text,
            gsm_units(&message.sms),
            message.sms
        );
    }
}

#[test]
fn every_rule_says_what_the_golden_messages_say() {
    let mut all = String::new();
    for rule in RuleName::ALL {
        for severity in [Severity::Major, Severity::Critical] {
            let episode = episode(rule, severity);
            let label = format!("{rule} {severity:?}");
            said(&label, &facts(&episode, Occasion::Paged), &mut all);
        }
    }
    for occasion in [Occasion::Reopened, Occasion::Command, Occasion::Escalated] {
        let episode = episode(RuleName::LowStatic, Severity::Critical);
        said(occasion.name(), &facts(&episode, occasion), &mut all);
    }
    let mut over = episode(RuleName::LowStatic, Severity::Critical);
    over.cleared_at = Some(at("2025-11-23T10:40:00+07:00"));
    over.evidence.measured = vec![measured(Quantity::PressureKpa, 210.0, 98.1)];
    said("cleared", &facts(&over, Occasion::Cleared), &mut all);
    for detail in [Detail::DryOrBroken, Detail::EveryDay] {
        let mut low = episode(RuleName::LowStatic, Severity::Major);
        low.detail = Some(detail);
        said(
            &format!("{detail:?}"),
            &facts(&low, Occasion::Paged),
            &mut all,
        );
    }
    for detail in [
        Detail::Battery,
        Detail::Tilt,
        Detail::Tamper,
        Detail::WrongScale,
        Detail::Erratic,
    ] {
        let mut device = episode(RuleName::Device, Severity::Minor);
        device.detail = Some(detail);
        said(
            &format!("{detail:?}"),
            &facts(&device, Occasion::Listed),
            &mut all,
        );
    }
    for (label, subject, detail) in [
        (
            "receiver",
            Subject::Part("receive".into()),
            Some(Detail::Receiving),
        ),
        ("channel", Subject::Part("channel:sms".into()), None),
        ("gateway", Subject::Gateway("gw-7".into()), None),
    ] {
        let mut own = episode(RuleName::Stale, Severity::Major);
        own.id.subject = subject;
        own.detail = detail;
        own.members = (0..40).map(|n| format!("TR-{n}").into()).collect();
        said(label, &facts(&own, Occasion::Paged), &mut all);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/notify/texts/golden.txt");
    if std::env::var_os("FIREMAIN_GOLDEN").is_some_and(|how| how == "write") {
        std::fs::write(path, &all).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    for (line, (said, golden)) in all.lines().zip(golden.lines()).enumerate() {
        assert_eq!(said, golden, "line {}", line + 1);
    }
    assert_eq!(all.len(), golden.len());
}

#[test]
fn the_messages_read_as_crews_were_promised() {
    let low = episode(RuleName::LowStatic, Severity::Critical);
    let low = message(&facts(&low, Occasion::Paged), Language::Vi);
    assert_eq!(
        low.sms,
        "[KHAN] Tru TR-0412 (12 Hang Bac, P.Hoan Kiem) MAT AP 0,3 bar <1,0 luc 08:15 23/11. Thay the: TR-0415 180m chim bay."
    );
    let low = episode(RuleName::LowStatic, Severity::Critical);
    let low = message(&facts(&low, Occasion::Paged), Language::En);
    assert!(
        low.sms.starts_with("[URGENT] Hydrant TR-0412 (12 Hang Bac) PRESSURE LOST 0.3 bar <1.0 at 08:15 23/11. Use TR-0415, 180 m"),
        "{}",
        low.sms
    );
    let tank = episode(RuleName::TankLow, Severity::Major);
    let tank = message(&facts(&tank, Occasion::Paged), Language::Vi);
    assert!(
        tank.text.contains("còn 46 m³ (yêu cầu 108 m³)"),
        "{}",
        tank.text
    );
    assert!(
        tank.text
            .contains("Đề nghị bổ sung nước trước 08:15 ngày 26/11")
    );
    let zone = episode(RuleName::ZoneDrop, Severity::Critical);
    let zone = message(&facts(&zone, Occasion::Paged), Language::Vi);
    assert!(
        zone.text
            .contains("Sụt áp diện rộng khu vực Hàng Bạc: 7/12 trụ"),
        "{}",
        zone.text
    );
    let silent = episode(RuleName::Stale, Severity::Major);
    let silent = message(&facts(&silent, Occasion::Paged), Language::Vi);
    assert!(
        silent
            .title
            .contains("mất tín hiệu 26 giờ, chưa rõ tình trạng"),
        "{}",
        silent.title
    );
}

#[test]
fn a_name_that_people_entered_stays_on_its_line() {
    let low = episode(RuleName::LowStatic, Severity::Critical);
    let mut facts = facts(&low, Occasion::Paged);
    facts.place.as_mut().unwrap().name = "12 Hàng Bạc (ngõ 3, trong sân khu tập thể, sau nhà văn hoá phường, cạnh trạm biến áp số 14)".into();
    let message = message(&facts, Language::Vi);
    assert!(gsm_units(&message.sms) <= MOST_SMS_UNITS);
    assert!(
        message.sms.contains("MAT AP 0,3 bar <1,0 luc 08:15 23/11"),
        "{}",
        message.sms
    );
}
