//! What alerts are called in Vietnamese and in English.

use firemain_domain::judging::{EpisodeState, Measured, RuleName, Severity};
use firemain_domain::quantity::Quantity;
use firemain_store::register::bulletins::BulletinKind;

/// The languages of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl Language {
    /// As RFC 3066 writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi-VN",
            Self::En => "en",
        }
    }

    const fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// What happened, in few words.
pub fn event(rule: RuleName, language: Language) -> &'static str {
    let (vi, en) = match rule {
        RuleName::LowStatic => ("Áp lực nước thấp", "Low water pressure"),
        RuleName::LowResidual => (
            "Áp lực thấp khi đang lấy nước chữa cháy",
            "Low pressure while water is drawn",
        ),
        RuleName::HighPressure => ("Áp lực nước quá cao", "Water pressure too high"),
        RuleName::FlowDeficit => ("Thiếu lưu lượng", "Flow below requirement"),
        RuleName::InUse => ("Đang lấy nước", "Water is being drawn"),
        RuleName::TankLow => ("Bể thiếu nước", "Tank low"),
        RuleName::DrawLow => ("Mực nước điểm lấy nước quá thấp", "Draw point too low"),
        RuleName::Stale => ("Mất tín hiệu", "No signal"),
        RuleName::Spike => ("Số đo bất thường", "Spike"),
        RuleName::UnauthorisedUse => ("Lấy nước chưa rõ lý do", "Unexplained use of water"),
        RuleName::ZoneDrop => ("Sụt áp diện rộng", "Area pressure drop"),
        RuleName::TankDrawoff => ("Bể đang được lấy nước", "Tank drawn from"),
        RuleName::RefillLate => ("Bể chậm được bổ sung nước", "Tank refill late"),
        RuleName::TankLeak => ("Bể rò rỉ", "Tank leak"),
        RuleName::Flatline => ("Số đo không thay đổi", "Reading does not move"),
        RuleName::Drift => ("Cảm biến trôi số đo", "Sensor drift"),
        RuleName::Device => ("Sự cố thiết bị", "Device fault"),
        RuleName::Clock => ("Sai giờ thiết bị", "Device clock wrong"),
        RuleName::Replay => ("Số liệu lặp lại", "Old data repeated"),
    };
    language.pick(vi, en)
}

/// The headline: at most 160 characters (CAP 1.2, 3.2.2).
pub fn headline(
    alert: &EpisodeState,
    kind: BulletinKind,
    place: &str,
    language: Language,
) -> String {
    let sign = match kind {
        BulletinKind::Cancel => language.pick("[XONG]", "[DONE]"),
        _ if alert.severity == Severity::Critical => language.pick("[KHẨN]", "[URGENT]"),
        BulletinKind::Alert => language.pick("[CẢNH BÁO]", "[ALERT]"),
        BulletinKind::Update => language.pick("[CẬP NHẬT]", "[UPDATE]"),
    };
    let subject = alert.id.subject.to_string();
    let what = event(alert.id.rule, language);
    let mut line = format!("{sign} {subject}: {what}");
    if !place.is_empty() {
        line = format!("{line} ({place})");
    }
    line.chars().take(160).collect()
}

/// The numbers in a sentence.
pub fn description(alert: &EpisodeState, kind: BulletinKind, language: Language) -> String {
    let mut parts = Vec::new();
    if !alert.members.is_empty() {
        let count = alert.members.len();
        parts.push(match language {
            Language::Vi => format!("{count} nguồn nước liên quan"),
            Language::En => format!("{count} sources concerned"),
        });
    }
    for measured in alert.evidence.measured.iter().take(3) {
        parts.push(value(measured, language));
    }
    let since = firemain_domain::local_time::written(alert.began_at);
    parts.push(match language {
        Language::Vi => format!("bắt đầu lúc {since}"),
        Language::En => format!("since {since}"),
    });
    if let (BulletinKind::Cancel, Some(cleared)) = (kind, alert.cleared_at) {
        let cleared = firemain_domain::local_time::written(cleared);
        parts.push(match language {
            Language::Vi => format!("đã hết lúc {cleared}"),
            Language::En => format!("over at {cleared}"),
        });
    }
    parts.join("; ")
}

fn value(measured: &Measured, language: Language) -> String {
    let (name, unit) = (
        quantity(measured.quantity, language),
        measured.quantity.unit(),
    );
    let number = |value: f64| {
        let text = format!("{value:.1}");
        match language {
            Language::Vi => text.replace('.', ","),
            Language::En => text,
        }
    };
    let limit = measured.limit.map(|limit| match language {
        Language::Vi => format!(" (yêu cầu {})", number(limit)),
        Language::En => format!(" (required {})", number(limit)),
    });
    let value = number(measured.value);
    format!("{name} {value} {unit}{}", limit.unwrap_or_default())
}

fn quantity(quantity: Quantity, language: Language) -> String {
    let name = quantity.name();
    let plain = if name.starts_with("pressure") {
        language.pick("áp lực", "pressure")
    } else if name.contains("flow") {
        language.pick("lưu lượng", "flow")
    } else if name.starts_with("level") {
        language.pick("mực nước", "level")
    } else if name.starts_with("volume") {
        language.pick("lượng nước", "volume")
    } else {
        name
    };
    plain.to_owned()
}
