//! Reports in words: Vietnamese and English, by code.

/// The languages of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

type Word = (&'static str, &'static str, &'static str);

/// Sections: code, Vietnamese, English; and short, for a sheet's tab of 31 characters.
const SECTIONS: &[(Word, &str, &str)] = &[
    (
        (
            "sources_at_end",
            "Nguồn nước cuối kỳ theo loại, tình trạng và đánh giá",
            "Sources at the end, by kind, lifecycle and verdict",
        ),
        "Nguồn nước",
        "Sources",
    ),
    (
        (
            "availability",
            "Mức sẵn sàng của nguồn nước trong kỳ",
            "Availability of sources over the period",
        ),
        "Mức sẵn sàng",
        "Availability",
    ),
    (
        (
            "alerts",
            "Cảnh báo theo quy tắc và mức độ",
            "Alerts by rule and severity",
        ),
        "Cảnh báo",
        "Alerts",
    ),
    (
        (
            "response",
            "Thời gian phản ứng với cảnh báo",
            "Response times to alerts",
        ),
        "Thời gian phản ứng",
        "Response",
    ),
    (
        (
            "flow_tests",
            "Thử lưu lượng trụ nước",
            "Flow tests of hydrants",
        ),
        "Thử lưu lượng",
        "Flow tests",
    ),
    (
        (
            "inspections",
            "Kiểm tra nguồn nước",
            "Inspections of sources",
        ),
        "Kiểm tra",
        "Inspections",
    ),
    (
        ("work", "Việc phải khắc phục", "Work to be done"),
        "Khắc phục",
        "Work",
    ),
    (
        (
            "built_against_planned",
            "Xây dựng so với kế hoạch",
            "Built against planned",
        ),
        "Xây dựng - kế hoạch",
        "Built - planned",
    ),
    (
        (
            "coverage",
            "Phạm vi phục vụ của nguồn nước",
            "Ground covered by sources",
        ),
        "Phạm vi phục vụ",
        "Coverage",
    ),
    (
        (
            "hydrant_spacing",
            "Khoảng cách giữa các trụ nước",
            "Spacing of hydrants",
        ),
        "Khoảng cách trụ",
        "Spacing",
    ),
    (
        (
            "hydrants_beyond_150_m",
            "Trụ nước cách trụ gần nhất quá 150 m",
            "Hydrants more than 150 m from the next",
        ),
        "Trụ cách quá 150 m",
        "Beyond 150 m",
    ),
];

const COLUMNS: &[Word] = &[
    ("kind", "Loại nguồn nước", "Kind"),
    ("status", "Tình trạng", "Lifecycle"),
    ("verdict", "Đánh giá", "Verdict"),
    ("sources", "Số nguồn nước", "Sources"),
    ("usable_share", "Dùng được", "Usable"),
    ("degraded_share", "Suy giảm", "Degraded"),
    ("unusable_share", "Không dùng được", "Unusable"),
    ("unknown_share", "Chưa rõ", "Unknown"),
    ("source_days", "Ngày-nguồn", "Source-days"),
    (
        "recorded_source_days",
        "Ngày-nguồn có ghi nhận",
        "Source-days recorded",
    ),
    (
        "source_days_with_data",
        "Ngày-nguồn có số liệu",
        "Source-days with data",
    ),
    ("rule", "Quy tắc", "Rule"),
    ("severity", "Mức độ", "Severity"),
    ("raised", "Phát sinh", "Raised"),
    ("paged", "Đã báo động", "Paged"),
    ("open_at_end", "Còn tồn cuối kỳ", "Open at the end"),
    ("acknowledged", "Đã nhận", "Acknowledged"),
    (
        "acknowledged_median_s",
        "Nhận: trung vị",
        "Acknowledged: median",
    ),
    (
        "acknowledged_p90_s",
        "Nhận: 90 % trong",
        "Acknowledged: 90 % within",
    ),
    ("cleared", "Đã hết", "Cleared"),
    ("cleared_median_s", "Hết: trung vị", "Cleared: median"),
    ("cleared_p90_s", "Hết: 90 % trong", "Cleared: 90 % within"),
    ("done", "Đã thực hiện", "Done"),
    ("sources_tested", "Số trụ đã thử", "Hydrants tested"),
    ("owing_flow", "Số trụ phải thử", "Hydrants that owe a flow"),
    ("due_at_end", "Đến hạn cuối kỳ", "Due at the end"),
    (
        "sources_inspected",
        "Số nguồn đã kiểm tra",
        "Sources inspected",
    ),
    ("found", "Phát hiện", "Found"),
    ("year", "Năm", "Year"),
    ("target", "Kế hoạch", "Target"),
    (
        "in_service_at_year_end",
        "Đang hoạt động cuối năm",
        "In service at year's end",
    ),
    ("short_of_target", "Còn thiếu", "Short of target"),
    (
        "put_in_service",
        "Đưa vào hoạt động trong năm",
        "Put in service",
    ),
    (
        "planned_at_year_end",
        "Đang quy hoạch cuối năm",
        "Planned at year's end",
    ),
    (
        "out_of_service_at_year_end",
        "Ngừng hoạt động cuối năm",
        "Out of service at year's end",
    ),
    ("removed", "Đã tháo dỡ trong năm", "Removed"),
    ("unit", "Mã đơn vị", "Unit"),
    ("name", "Tên", "Name"),
    ("vehicle", "Phương tiện", "Vehicle"),
    ("radius_m", "Bán kính", "Radius"),
    ("area_km2", "Diện tích", "Area"),
    (
        "covered_by_usable_share",
        "Trong tầm nguồn dùng được",
        "Covered by usable sources",
    ),
    (
        "covered_by_in_service_share",
        "Trong tầm nguồn đang hoạt động",
        "Covered by sources in service",
    ),
    (
        "uncovered_km2",
        "Ngoài tầm nguồn dùng được",
        "Not covered by usable sources",
    ),
    ("grid_step_m", "Bước lưới", "Step of the grid"),
    ("hydrants", "Số trụ nước", "Hydrants"),
    ("beyond_150_m", "Cách quá 150 m", "Beyond 150 m"),
    ("beyond_share", "Tỷ lệ", "Share"),
    ("furthest_m", "Xa nhất", "Furthest"),
    ("code", "Mã", "Code"),
    ("next_code", "Trụ gần nhất", "Next hydrant"),
    ("distance_m", "Khoảng cách", "Distance"),
];

const CODES: &[Word] = &[
    ("hydrant", "Trụ nước chữa cháy", "Hydrant"),
    ("tank", "Bể nước PCCC", "Fire tank"),
    ("draw_point", "Điểm lấy nước", "Draw point"),
    ("planned", "Quy hoạch", "Planned"),
    ("in_service", "Đang hoạt động", "In service"),
    ("out_of_service", "Ngừng hoạt động", "Out of service"),
    ("removed", "Đã tháo dỡ", "Removed"),
    ("usable", "Dùng được", "Usable"),
    ("degraded", "Suy giảm", "Degraded"),
    ("unknown", "Chưa rõ", "Unknown"),
    ("unusable", "Không dùng được", "Unusable"),
    ("not_recorded", "Không có ghi nhận", "Not recorded"),
    ("info", "Thông tin", "Info"),
    ("minor", "Nhẹ", "Minor"),
    ("major", "Nặng", "Major"),
    ("critical", "Nghiêm trọng", "Critical"),
    ("fire_engine", "Xe chữa cháy", "Fire engine"),
    ("portable_pump", "Máy bơm di động", "Portable pump"),
];

const TEXTS: &[Word] = &[
    (
        "title",
        "Báo cáo nguồn nước chữa cháy",
        "Report on firefighting water",
    ),
    ("cover", "Báo cáo", "Report"),
    ("city", "Toàn thành phố", "The whole city"),
    ("period", "Kỳ báo cáo", "Period"),
    ("from", "Từ ngày", "From"),
    ("until", "Đến hết ngày", "To the end of"),
    (
        "told_until",
        "Số liệu đến hết ngày",
        "Figures to the end of",
    ),
    ("unit", "Đơn vị hành chính", "Administrative unit"),
    ("unit_version", "Bản đồ đơn vị hành chính", "Map of units"),
    (
        "reorganised",
        "Thay đổi đơn vị hành chính trong kỳ",
        "Reorganised within the period",
    ),
    (
        "definitions",
        "Mã trong ngoặc vuông chỉ định nghĩa của chỉ tiêu trong docs/reports.md.",
        "The code in brackets leads to the definition of the figures in docs/reports.md.",
    ),
];

fn find(words: &'static [Word], code: &str) -> Option<Word> {
    words.iter().find(|word| word.0 == code).copied()
}

const fn pick(word: Word, language: Language) -> &'static str {
    match language {
        Language::Vi => word.1,
        Language::En => word.2,
    }
}

/// A code in words; one without words, such as a rule's name, as it is.
pub fn word(code: &'static str, language: Language) -> &'static str {
    find(CODES, code).map_or(code, |word| pick(word, language))
}

/// A column's title.
pub fn column_title(code: &'static str, language: Language) -> &'static str {
    find(COLUMNS, code).map_or(code, |word| pick(word, language))
}

/// A section's title.
pub fn section_title(code: &'static str, language: Language) -> &'static str {
    let found = SECTIONS.iter().find(|(word, ..)| word.0 == code);
    found.map_or(code, |(word, ..)| pick(*word, language))
}

/// A sheet's name.
pub fn sheet_title(code: &'static str, language: Language) -> &'static str {
    let found = SECTIONS.iter().find(|(word, ..)| word.0 == code);
    found.map_or(code, |(_, vi, en)| pick((code, vi, en), language))
}

/// Words of the cover.
pub fn text(code: &'static str, language: Language) -> &'static str {
    find(TEXTS, code).map_or(code, |word| pick(word, language))
}
