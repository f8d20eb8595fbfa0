//! The words of Vietnamese: short, as crews speak; decimal comma, 24-hour time, dates dd/MM.

use firemain_domain::judging::{Detail, RuleName, Severity, Subject};
use firemain_domain::quantity::Quantity;
use firemain_domain::source::KindName;
use firemain_store::register::telling::Occasion;

use super::facts::Facts;
use super::shorten::{Tails, ended, shortened};
use super::when::{date, number, round, time};
use super::{Words, digest::Counted};

const MARK: char = ',';

fn bar(kpa: f64) -> String {
    number(kpa / 100.0, 1, MARK)
}

/// What stands in brackets.
fn tag(facts: &Facts<'_>) -> String {
    match (facts.occasion, facts.episode.severity) {
        (Occasion::Cleared, _) => "XONG".to_owned(),
        (Occasion::Command, _) => "CHỈ HUY".to_owned(),
        (Occasion::Escalated, _) => "CHƯA AI NHẬN".to_owned(),
        (Occasion::Reopened, Severity::Critical) => "KHẨN, LẠI".to_owned(),
        (Occasion::Reopened, _) => "LẠI".to_owned(),
        (_, Severity::Critical) => "KHẨN".to_owned(),
        (_, Severity::Major) => "CẢNH BÁO".to_owned(),
        (_, Severity::Minor | Severity::Info) => "TIN".to_owned(),
    }
}

const fn kind(kind: KindName) -> &'static str {
    match kind {
        KindName::Hydrant => "Trụ",
        KindName::Tank => "Bể",
        KindName::DrawPoint => "Điểm lấy nước",
    }
}

/// `P.Hoàn Kiếm` for `Phường Hoàn Kiếm`, `X.` for a commune.
fn unit(name: &str) -> String {
    for (whole, short) in [
        ("Phường ", "P."),
        ("phường ", "P."),
        ("Xã ", "X."),
        ("xã ", "X."),
    ] {
        if let Some(rest) = name.strip_prefix(whole) {
            return format!("{short}{rest}");
        }
    }
    name.to_owned()
}

/// What it is about: the source with its kind, or the zone, gateway, part.
fn subject(facts: &Facts<'_>) -> String {
    let name = facts.subject();
    match (&facts.episode.id.subject, &facts.place) {
        (Subject::Source(_), Some(place)) => format!("{} {name}", kind(place.kind)),
        (Subject::Source(_), None) => name.to_owned(),
        (Subject::Zone(_), _) => format!("Khu vực {name}"),
        (Subject::Gateway(_), _) => format!("Trạm thu {name}"),
        (Subject::Part(_), _) => format!("firemain ({name})"),
    }
}

/// Where that is, in brackets, from the fullest to nothing.
fn wheres(facts: &Facts<'_>) -> Vec<String> {
    let Some(place) = &facts.place else {
        return vec![String::new()];
    };
    let name = place.name.trim();
    let mut all = Vec::new();
    if let (Some(of), false) = (&place.unit, name.is_empty()) {
        all.push(format!(" ({name}, {})", unit(of)));
    }
    if !name.is_empty() {
        all.push(format!(" ({name})"));
    }
    all.push(String::new());
    all
}

/// What is wrong, and what to do about it.
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
            let loss = if facts.episode.severity == Severity::Critical {
                "MẤT ÁP"
            } else {
                "áp thấp"
            };
            let value = pressure.map_or_else(String::new, |p| format!(" {}", limited(p, "<")));
            match facts.episode.detail {
                Some(Detail::DryOrBroken) => {
                    advise(format!("{loss}{value}"), "Khô hoặc hỏng cảm biến")
                }
                Some(Detail::EveryDay) => {
                    advise(format!("áp thấp{value}"), "Nhiều ngày đều vào giờ này")
                }
                _ => (format!("{loss}{value}"), None),
            }
        }
        RuleName::LowResidual => {
            let value = pressure.map_or_else(String::new, |p| format!(" {}", limited(p, "<")));
            (format!("ĐANG LẤY NƯỚC, áp thấp{value}"), None)
        }
        RuleName::HighPressure => {
            let value = pressure.map_or_else(String::new, |p| format!(" {}", limited(p, ">")));
            (format!("áp quá cao{value}"), None)
        }
        RuleName::FlowDeficit => {
            let flow = facts
                .value(Quantity::AvailableFlowLps)
                .or_else(|| facts.value(Quantity::FlowLps));
            let value = flow.map_or_else(String::new, |(value, limit)| {
                let need =
                    limit.map_or_else(String::new, |l| format!(" (yêu cầu {})", round(l, MARK)));
                format!(" {} L/s{need}", number(value, 1, MARK))
            });
            (format!("thiếu lưu lượng{value}"), None)
        }
        RuleName::TankLow => {
            let value = facts.value(Quantity::VolumeTotalM3).map_or_else(
                || "thiếu nước".to_owned(),
                |(value, limit)| {
                    let need = limit
                        .map_or_else(String::new, |l| format!(" (yêu cầu {} m³)", round(l, MARK)));
                    format!("còn {} m³{need}", round(value, MARK))
                },
            );
            let advice = facts
                .refill_by
                .map(|by| format!("Đề nghị bổ sung nước trước {} ngày {}", time(by), date(by)));
            (value, advice)
        }
        RuleName::DrawLow => match facts.below_apron_m() {
            Some(below) => advise(
                format!(
                    "mực nước thấp hơn mặt bến {} m, vượt giới hạn 5 m",
                    number(below, 1, MARK)
                ),
                "Xe có thể không hút được",
            ),
            None => advise("mực nước quá thấp".to_owned(), "Xe có thể không hút được"),
        },
        RuleName::Stale if facts.episode.detail == Some(Detail::Receiving) => advise(
            "không nhận được dữ liệu cảm biến".to_owned(),
            "Kiểm tra máy chủ MQTT và mạng; tình trạng các nguồn nước chưa rõ",
        ),
        RuleName::Stale if matches!(facts.episode.id.subject, Subject::Part(_)) => advise(
            "không gửi được tin".to_owned(),
            "Kiểm tra kênh này; tin khẩn được gửi qua kênh khác",
        ),
        RuleName::Stale if facts.episode.id.source().is_none() => advise(
            format!("{} nguồn cùng mất tín hiệu", facts.episode.members.len()),
            "Kiểm tra trạm thu, mạng",
        ),
        RuleName::Stale => (
            format!("mất tín hiệu {} giờ, chưa rõ tình trạng", facts.hours()),
            None,
        ),
        RuleName::UnauthorisedUse => {
            advise("đang bị lấy nước, không rõ ai".to_owned(), "Gắn vụ cháy?")
        }
        RuleName::ZoneDrop => {
            let low = facts.episode.members.len();
            let all = facts.zone_size.filter(|all| *all >= low);
            let count = all.map_or_else(|| low.to_string(), |all| format!("{low}/{all}"));
            advise(format!("{count} trụ"), "Nghi vỡ ống hoặc dừng bơm")
        }
        RuleName::RefillLate => ("chưa bổ sung đủ nước đúng hạn".to_owned(), None),
        RuleName::TankLeak => advise(
            "mực nước hạ dần khi không lấy nước".to_owned(),
            "Nghi rò rỉ",
        ),
        RuleName::Flatline => advise("số đo không đổi".to_owned(), "Van đóng hay hỏng cảm biến?"),
        RuleName::Drift => advise(
            "cảm biến lệch dần so với xung quanh".to_owned(),
            "Hiệu chuẩn lại",
        ),
        RuleName::Device => match facts.episode.detail {
            Some(Detail::Battery) => advise("sắp hết pin".to_owned(), "Thay pin"),
            Some(Detail::Tilt) => advise("bị nghiêng".to_owned(), "Kiểm tra tại chỗ"),
            Some(Detail::Tamper) => advise("bị mở hoặc va đập".to_owned(), "Kiểm tra tại chỗ"),
            Some(Detail::WrongScale) => {
                advise("số đo sai đơn vị".to_owned(), "Kiểm tra cấu hình cảm biến")
            }
            Some(Detail::Erratic) => advise("số đo thất thường".to_owned(), "Kiểm tra cảm biến"),
            _ => advise("thiết bị có lỗi".to_owned(), "Kiểm tra cảm biến"),
        },
        RuleName::Clock => advise("đồng hồ thiết bị sai".to_owned(), "Chỉnh lại giờ thiết bị"),
        RuleName::Replay => ("gửi lại dữ liệu cũ".to_owned(), None),
        RuleName::InUse => ("đang lấy nước".to_owned(), None),
        RuleName::Spike => ("số đo nhảy vọt".to_owned(), None),
        RuleName::TankDrawoff => ("đang rút nước".to_owned(), None),
    }
}

/// What the data said when it was over.
fn recovered(facts: &Facts<'_>) -> String {
    let value = match facts.episode.id.rule {
        RuleName::LowStatic | RuleName::LowResidual | RuleName::HighPressure => facts
            .value(Quantity::PressureKpa)
            .map(|(kpa, _)| format!(" {} bar", bar(kpa))),
        RuleName::TankLow | RuleName::RefillLate => facts
            .value(Quantity::VolumeTotalM3)
            .map(|(m3, _)| format!(" {} m³", round(m3, MARK))),
        _ => None,
    };
    format!("đã phục hồi{}", value.unwrap_or_default())
}

/// The words of a notice.
pub(super) fn words(facts: &Facts<'_>) -> Words {
    let subject = subject(facts);
    if facts.occasion == Occasion::Cleared {
        let at = facts.episode.cleared_at.unwrap_or(facts.at);
        let said = format!("{} lúc {}", recovered(facts), time(at));
        let name = if facts.episode.id.source().is_some() {
            facts.subject().to_owned()
        } else {
            subject
        };
        return Words {
            tag: tag(facts),
            sentence: format!("{name} {said}"),
            shorts: vec![format!("{name} {said}")],
            lines: vec![format!("Mã cảnh báo: {}", facts.episode.id)],
        };
    }
    let (what, advice) = what(facts);
    let begun = facts.episode.began_at;
    let join = |place: &str| match facts.episode.id.subject {
        Subject::Zone(ref zone) if facts.episode.id.rule == RuleName::ZoneDrop => {
            format!("Sụt áp diện rộng khu vực {zone}: {what}")
        }
        Subject::Source(_) => format!("{subject}{place} {what}"),
        _ => format!("{subject}: {what}"),
    };
    let replacement = facts.replacement();
    let instead = replacement.map(|(code, metres)| format!("Thay thế: {code} {metres}m chim bay."));
    let waited = facts.waited_min().map(long);
    let places = wheres(facts);
    let shorts = shortened(
        &places,
        |place| format!("{} lúc {} {}.", join(place), time(begun), date(begun)),
        &Tails {
            pressing: waited.as_ref().map(|long| format!("{long} chưa ai nhận.")),
            advice: advice.as_deref().map(ended),
            instead: instead.iter().cloned().collect(),
        },
    );
    let mut lines = vec![format!("Từ {} ngày {}", time(begun), date(begun))];
    lines.extend(advice);
    lines.extend(instead);
    lines.extend(waited.map(|long| format!("Báo động {long} chưa có ai nhận.")));
    lines.push(format!("Mã cảnh báo: {}", facts.episode.id));
    Words {
        tag: tag(facts),
        sentence: join(places.first().map_or("", String::as_str)),
        shorts,
        lines,
    }
}

/// How long, as one says it: `25 giờ 55 phút`.
fn long(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} phút"),
        (hours, 0) => format!("{hours} giờ"),
        (hours, minutes) => format!("{hours} giờ {minutes} phút"),
    }
}

/// What a digest says.
pub(super) fn digest(counted: &Counted<'_>) -> (String, Vec<String>) {
    let mut parts = Vec::new();
    for (count, word) in [
        (counted.critical, "khẩn"),
        (counted.major, "cảnh báo"),
        (counted.other, "tin"),
        (counted.cleared, "đã xong"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let title = format!("[TỔNG HỢP] {} tin: {}", counted.all(), parts.join(", "));
    let mut lines = vec!["Nặng nhất:".to_owned()];
    lines.extend(
        counted
            .worst
            .iter()
            .map(|worst| format!("- {}", worst.title)),
    );
    (title, lines)
}
