//! Names of streets and wards, as Hanoi has them.

/// Streets of the old quarter and around it.
pub(crate) const STREETS: [&str; 48] = [
    "Hàng Bạc", "Hàng Đào", "Hàng Ngang", "Hàng Buồm", "Hàng Mã", "Hàng Gai", "Hàng Bông", "Hàng Trống", "Hàng Bài", "Hàng Khay",
    "Hàng Than", "Hàng Cót", "Hàng Điếu", "Hàng Quạt", "Hàng Thiếc", "Lương Văn Can", "Lý Thái Tổ", "Lý Thường Kiệt", "Trần Hưng Đạo",
    "Hai Bà Trưng", "Bà Triệu", "Phố Huế", "Ngô Quyền", "Phan Chu Trinh", "Phan Bội Châu", "Quang Trung", "Nguyễn Du", "Trần Nhân Tông",
    "Lê Duẩn", "Nguyễn Thái Học", "Tràng Thi", "Tràng Tiền", "Điện Biên Phủ", "Cửa Nam", "Phùng Hưng", "Phan Đình Phùng", "Quán Thánh",
    "Thụy Khuê", "Hoàng Hoa Thám", "Đội Cấn", "Kim Mã", "Giảng Võ", "Láng Hạ", "Tôn Đức Thắng", "Khâm Thiên", "Xã Đàn", "Tây Sơn",
    "Nguyễn Trãi",
];

/// Wards since 1 July 2025.
pub(crate) const WARDS: [&str; 12] = [
    "Hoàn Kiếm", "Cửa Nam", "Ba Đình", "Ngọc Hà", "Giảng Võ", "Hai Bà Trưng", "Vĩnh Tuy", "Bạch Mai", "Đống Đa", "Kim Liên",
    "Văn Miếu – Quốc Tử Giám", "Láng",
];

/// Lakes and rivers with draw points.
pub(crate) const WATERS: [(&str, bool); 10] = [
    ("Hồ Hoàn Kiếm", false), ("Hồ Tây", false), ("Sông Hồng – bến Chương Dương", true), ("Hồ Trúc Bạch", false),
    ("Hồ Thiền Quang", false), ("Hồ Bảy Mẫu", false), ("Sông Tô Lịch", true), ("Hồ Giảng Võ", false), ("Hồ Ba Mẫu", false),
    ("Sông Hồng – bến Phúc Xá", true),
];
