//! The supply curve as a drawing: flow to the right on the Hazen-Williams scale (Q^1.85, on which
//! the curve is a straight line, NFPA 291), pressure upwards.

use std::fmt::Write as _;

use firemain_domain::hydraulics::{FlowTestPoint, NFPA_TARGET_KPA, NORM_TARGET_KPA};
use serde::Deserialize;

use super::FlowTestView;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 52.0;
/// The exponent of the Hazen-Williams relation: head lost ~ Q^1.85.
const SCALE: f64 = 1.0 / 0.54;
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#222}.t{font-size:15px;font-weight:600}.g{stroke:#ddd}.a{stroke:#222}.c{stroke:#0b5cad;stroke-width:2;fill:none}.l{stroke:#0b5cad;stroke-width:2;stroke-dasharray:6 4}.n{stroke:#777;stroke-dasharray:3 3}.r{stroke:#b3261e;stroke-width:2;stroke-dasharray:8 3}.p{fill:#0b5cad}";

/// In which language it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    fn number(self, value: f64) -> String {
        let text = format!("{value:.1}");
        match self {
            Self::Vi => text.replace('.', ","),
            Self::En => text,
        }
    }

    const fn words(self) -> Words {
        match self {
            Self::Vi => Words {
                title: "Đường đặc tính lưu lượng",
                flow: "Lưu lượng, L/s",
                pressure: "Áp lực, kPa",
                at_rest: "tĩnh",
                flowing: "khi xả",
                norm: "10 m cột nước",
                nfpa: "20 psi (NFPA 291)",
                owed: "yêu cầu",
                today: "ước tính hôm nay",
                only_measured: "độ sụt áp quá nhỏ, chỉ tính điểm đo",
            },
            Self::En => Words {
                title: "Supply curve",
                flow: "Flow, L/s",
                pressure: "Pressure, kPa",
                at_rest: "static",
                flowing: "residual",
                norm: "10 m of water",
                nfpa: "20 psi (NFPA 291)",
                owed: "required",
                today: "estimated today",
                only_measured: "drop too small: only the measured point counts",
            },
        }
    }
}

struct Words {
    title: &'static str,
    flow: &'static str,
    pressure: &'static str,
    at_rest: &'static str,
    flowing: &'static str,
    norm: &'static str,
    nfpa: &'static str,
    owed: &'static str,
    today: &'static str,
    only_measured: &'static str,
}

/// Where flows and pressures lie on the sheet.
struct Sheet {
    most_lps: f64,
    most_kpa: f64,
}

impl Sheet {
    fn x(&self, flow_lps: f64) -> f64 {
        let share = (flow_lps.max(0.0) / self.most_lps).powf(SCALE);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, kpa: f64) -> f64 {
        HEIGHT - BOTTOM - (kpa / self.most_kpa).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

/// Draws the curve of `test`.
pub(super) fn draw(
    test: &FlowTestView,
    point: FlowTestPoint,
    required_lps: Option<f64>,
    language: Language,
) -> String {
    let words = language.words();
    let to_zero_lps = if test.extrapolated {
        point
            .available_flow_lps(0.0)
            .map_or(test.flow_lps, |a| a.flow_lps)
    } else {
        test.flow_lps
    };
    let today_kpa = test.static_today_kpa.filter(|_| test.extrapolated);
    let today_lps = today_kpa.and_then(|p| point.live_estimate_lps(p, 0.0));
    let most_lps = to_zero_lps
        .max(required_lps.unwrap_or(0.0))
        .max(today_lps.unwrap_or(0.0));
    let sheet = Sheet {
        most_lps: nice(most_lps * 1.05),
        most_kpa: nice(test.static_kpa.max(today_kpa.unwrap_or(0.0)) * 1.05),
    };
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><style>{STYLE}</style><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>"#
    );
    let title = format!("{} {} · {}", words.title, test.source, day(test));
    text(&mut svg, LEFT, 24.0, "t", "start", &title);
    grid(&mut svg, &sheet, language);
    text(
        &mut svg,
        WIDTH - RIGHT,
        HEIGHT - 12.0,
        "",
        "end",
        words.flow,
    );
    text(&mut svg, LEFT, TOP - 8.0, "", "start", words.pressure);
    for (kpa, name) in [(NORM_TARGET_KPA, words.norm), (NFPA_TARGET_KPA, words.nfpa)] {
        line(
            &mut svg,
            "n",
            (LEFT, sheet.y(kpa)),
            (WIDTH - RIGHT, sheet.y(kpa)),
        );
        let above = if kpa > 120.0 { -4.0 } else { 13.0 };
        text(
            &mut svg,
            WIDTH - RIGHT - 4.0,
            sheet.y(kpa) + above,
            "",
            "end",
            name,
        );
    }
    if let Some(required) = required_lps {
        let x = sheet.x(required);
        line(&mut svg, "r", (x, sheet.y(0.0)), (x, TOP));
        let said = format!("{} {}", words.owed, language.number(required));
        text(&mut svg, x + 4.0, TOP + 12.0, "", "start", &said);
    }
    if test.extrapolated {
        let end = (sheet.x(to_zero_lps), sheet.y(0.0));
        line(&mut svg, "c", (sheet.x(0.0), sheet.y(test.static_kpa)), end);
    } else {
        let x = f64::midpoint(LEFT, WIDTH);
        text(
            &mut svg,
            x,
            HEIGHT - BOTTOM - 8.0,
            "",
            "middle",
            words.only_measured,
        );
    }
    if let (Some(kpa), Some(lps)) = (today_kpa, today_lps) {
        line(
            &mut svg,
            "l",
            (sheet.x(0.0), sheet.y(kpa)),
            (sheet.x(lps), sheet.y(0.0)),
        );
        text(
            &mut svg,
            LEFT + 6.0,
            sheet.y(kpa) + 14.0,
            "",
            "start",
            words.today,
        );
    }
    for (lps, kpa, name) in [
        (0.0, test.static_kpa, words.at_rest),
        (test.flow_lps, test.residual_kpa, words.flowing),
    ] {
        let (x, y) = (sheet.x(lps), sheet.y(kpa));
        let _ = write!(svg, r#"<circle class="p" cx="{x:.1}" cy="{y:.1}" r="4"/>"#);
        let said = format!("{name} {}", language.number(kpa));
        text(&mut svg, x + 8.0, y - 6.0, "", "start", &said);
    }
    svg.push_str("</svg>");
    svg
}

fn day(test: &FlowTestView) -> String {
    // Local time of Vietnam: UTC+7, no summer time.
    let local = test.at.plus_ms(7 * 3_600_000).to_string();
    let parts: Vec<&str> = local.get(..10).unwrap_or_default().split('-').collect();
    match parts.as_slice() {
        [year, month, day] => format!("{day}/{month}/{year}"),
        _ => String::new(),
    }
}

fn grid(svg: &mut String, sheet: &Sheet, language: Language) {
    for n in 0..=5 {
        let part = f64::from(n) / 5.0;
        let kpa = part * sheet.most_kpa;
        let class = if n == 0 { "a" } else { "g" };
        line(
            svg,
            class,
            (LEFT, sheet.y(kpa)),
            (WIDTH - RIGHT, sheet.y(kpa)),
        );
        text(
            svg,
            LEFT - 6.0,
            sheet.y(kpa) + 4.0,
            "",
            "end",
            &language.number(kpa),
        );
        let lps = part * sheet.most_lps;
        line(
            svg,
            class,
            (sheet.x(lps), sheet.y(0.0)),
            (sheet.x(lps), TOP),
        );
        // Near nothing the scale is so narrow that numbers would lie on each other.
        if n != 1 {
            let y = HEIGHT - BOTTOM + 16.0;
            text(svg, sheet.x(lps), y, "", "middle", &language.number(lps));
        }
    }
}

/// The next round number: 1, 2 or 5 of a power of ten, or a half of it.
fn nice(value: f64) -> f64 {
    let ten = 10_f64.powf(value.max(1.0).log10().floor());
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * ten >= value);
    step.unwrap_or(10.0) * ten
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = write!(
        svg,
        r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
    );
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, anchor: &str, said: &str) {
    let _ = write!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" class="{class}" text-anchor="{anchor}">"#
    );
    for c in said.chars() {
        match c {
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            '&' => svg.push_str("&amp;"),
            '"' => svg.push_str("&quot;"),
            c => svg.push(c),
        }
    }
    svg.push_str("</text>");
}
