//! What the page says, in both languages at once: whoever opens it may have been forwarded it.

use crate::notify::escape_html;

/// What there is to show.
pub enum Page<'a> {
    /// The alert, and the button that takes it.
    Asks {
        /// What the message said.
        said: &'a str,
    },
    /// Somebody has it.
    Taken {
        /// What the message said.
        said: &'a str,
        /// Who.
        who: &'a str,
    },
    /// Data has cleared it.
    Over {
        /// What the message said.
        said: &'a str,
    },
    /// The link is too old.
    Expired,
    /// The link is none of ours.
    Unknown,
    /// Too many requests.
    Busy,
}

const STYLE: &str = "body{font:18px/1.45 system-ui,sans-serif;margin:0;padding:16px;max-width:40em;color:#111;background:#fff}\
h1{font-size:20px;margin:0 0 12px}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;background:#f2f4f6;padding:12px;border-radius:6px;margin:0 0 16px}\
button{font:inherit;font-weight:600;width:100%;min-height:56px;border:0;border-radius:6px;background:#a30000;color:#fff}p{margin:0 0 12px}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}pre{background:#222}button{background:#c62828}}";

/// The page.
pub fn page(what: &Page<'_>) -> String {
    let (title, body) = match what {
        Page::Asks { said } => (
            "Nhận việc · Take it",
            format!(
                "{}<form method=\"post\"><button type=\"submit\">Tôi nhận việc này · I take it</button></form>",
                alert(said)
            ),
        ),
        Page::Taken { said, who } => (
            "Đã nhận · Taken",
            format!(
                "{}<p>Người nhận · Taken by: <strong>{}</strong></p>",
                alert(said),
                escape_html(who)
            ),
        ),
        Page::Over { said } => (
            "Đã phục hồi · Over",
            format!("{}<p>Không cần làm gì thêm. · Nothing more is to be done.</p>", alert(said)),
        ),
        Page::Expired => (
            "Liên kết đã hết hạn · The link has expired",
            "<p>Hãy mở firemain để xem tình trạng hiện tại. · Open firemain to see how things stand now.</p>".to_owned(),
        ),
        Page::Unknown => (
            "Liên kết không đúng · Not a link of ours",
            "<p>Hãy mở liên kết đúng như trong tin nhắn. · Open the link exactly as it is in the message.</p>".to_owned(),
        ),
        Page::Busy => (
            "Quá nhiều yêu cầu · Too many requests",
            "<p>Hãy thử lại sau một phút. · Try again in a minute.</p>".to_owned(),
        ),
    };
    format!(
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

fn alert(said: &str) -> String {
    format!("<pre>{}</pre>", escape_html(said))
}
