//! The Atom feed (RFC 4287) of CAP documents, newest first.

use firemain_domain::Timestamp;
use firemain_domain::local_time::rfc3339;

use super::xml::Xml;

/// One document in the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedEntry {
    /// The document's identifier.
    pub identifier: String,
    /// Its headline.
    pub title: String,
    /// What it says in a sentence.
    pub summary: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// The feed at `url`, of `entries`, the newest first; `next` is the address of the page after.
pub fn feed(
    url: &str,
    sender: &str,
    entries: &[FeedEntry],
    next: Option<&str>,
    now: Timestamp,
) -> String {
    let updated = entries.first().map_or(now, |entry| entry.sent_at);
    let here = format!("{url}/api/v1/cap");
    let mut xml = Xml::new();
    xml.open("feed", &[("xmlns", "http://www.w3.org/2005/Atom")])
        .text("id", &format!("urn:firemain:{sender}:cap"))
        .text("title", "firemain: cảnh báo nguồn nước chữa cháy")
        .text("updated", &rfc3339(updated))
        .empty("link", &[("rel", "self"), ("href", &here)]);
    if let Some(next) = next {
        let next = format!("{here}?after={next}");
        xml.empty("link", &[("rel", "next"), ("href", &next)]);
    }
    xml.open("author", &[]).text("name", sender).close("author");
    for entry in entries {
        let href = format!("{here}/{}", entry.identifier);
        let link = [
            ("rel", "alternate"),
            ("type", "application/cap+xml"),
            ("href", &href),
        ];
        xml.open("entry", &[])
            .text("id", &format!("urn:firemain:{sender}:{}", entry.identifier))
            .text("title", &entry.title)
            .text("updated", &rfc3339(entry.sent_at))
            .text("summary", &entry.summary)
            .empty("link", &link)
            .close("entry");
    }
    xml.close("feed");
    xml.finish()
}
