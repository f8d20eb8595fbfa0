//! Writing XML: elements with text, in their order. Writing to memory cannot fail.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A document under way.
pub struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// With its declaration.
    pub fn new() -> Self {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
        let _ = writer.write_event(Event::Decl(declaration));
        Self(writer)
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        let _ = self.0.write_event(Event::Start(start));
        self
    }

    /// Closes it.
    pub fn close(&mut self, name: &str) -> &mut Self {
        let _ = self.0.write_event(Event::End(BytesEnd::new(name)));
        self
    }

    /// An element with text; characters that XML cannot carry are left out.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        let text: String = text.chars().filter(|c| is_xml(*c)).collect();
        self.open(name, &[]);
        let _ = self.0.write_event(Event::Text(BytesText::new(&text)));
        self.close(name)
    }

    /// An element with attributes only.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        let _ = self.0.write_event(Event::Empty(start));
        self
    }

    /// The document.
    pub fn finish(self) -> String {
        let mut text = String::from_utf8(self.0.into_inner()).unwrap_or_default();
        text.push('\n');
        text
    }
}

const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
