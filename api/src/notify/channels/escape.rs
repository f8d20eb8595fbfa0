//! What people entered, made harmless for where it is put.

use std::fmt::Write;

/// Where a text is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    Plain,
    /// Within a JSON string.
    Json,
    /// Within a URL or a form (RFC 3986, 2.3).
    Url,
    /// Within XML or HTML text or an attribute.
    Markup,
    /// Within a header: one line.
    Header,
}

impl Escape {
    /// What a media type asks for.
    pub fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind {
            "application/x-www-form-urlencoded" => Self::Url,
            kind if kind.ends_with("json") => Self::Json,
            kind if kind.ends_with("xml") || kind.ends_with("html") => Self::Markup,
            _ => Self::Plain,
        }
    }

    /// A text made harmless.
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Json => {
                let quoted = serde_json::Value::String(text.to_owned()).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Url => {
                let mut all = String::with_capacity(text.len());
                for byte in text.bytes() {
                    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                        all.push(char::from(byte));
                    } else {
                        let _ = write!(all, "%{byte:02X}");
                    }
                }
                all
            }
            Self::Markup => html(text),
            Self::Header => text
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect(),
        }
    }
}

/// Text as HTML.
pub fn html(text: &str) -> String {
    let mut all = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\'' => all.push_str("&#39;"),
            c => all.push(c),
        }
    }
    all
}

/// A template with its `{{names}}` filled in, each once: what is filled in is not looked at again.
pub fn fill(template: &str, escape: Escape, values: &[(&str, &str)]) -> String {
    let mut all = String::with_capacity(template.len() + 200);
    let mut rest = template;
    while let Some(begin) = rest.find("{{") {
        all.push_str(&rest[..begin]);
        let after = &rest[begin + 2..];
        let Some(end) = after.find("}}") else {
            rest = &rest[begin..];
            break;
        };
        let name = after[..end].trim();
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => all.push_str(&escape.apply(value)),
            None => all.push_str(&rest[begin..begin + 4 + end]),
        }
        rest = &after[end + 2..];
    }
    all.push_str(rest);
    all
}

/// The names that a template uses.
pub fn names(template: &str) -> Vec<&str> {
    let parts = template.split("{{").skip(1);
    parts
        .filter_map(|part| part.split_once("}}").map(|(name, _)| name.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_enter_does_not_break_out_of_where_it_is_put() {
        let evil = "\"}\r\nBcc: a@b, <script>&'{{secret}}";
        let values = [("text", evil), ("secret", "hush")];
        let json = fill("{\"t\":\"{{text}}\"}", Escape::Json, &values);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["t"], evil);
        let form = fill("t={{text}}&x=1", Escape::Url, &values);
        assert_eq!(form.matches('&').count(), 1);
        assert!(!form.contains(['\r', '\n', ' ']));
        let markup = fill("<t>{{ text }}</t>", Escape::Markup, &values);
        assert!(!markup.contains("<script>"));
        assert!(!Escape::Header.apply(evil).contains(['\r', '\n']));
        for filled in [json, form, markup] {
            assert!(!filled.contains("hush"), "{filled}");
        }
    }
}
