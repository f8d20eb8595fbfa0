//! Topic filters: MQTT's `+` and `#`.

use serde::{Deserialize, Serialize};

/// A topic filter (MQTT 3.1.1, 4.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicFilter(String);

/// A topic filter that MQTT does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a topic filter: `+` and `#` stand alone in their segment, `#` only at the end"
)]
pub struct WrongFilter(String);

impl TopicFilter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When MQTT does not allow it.
    pub fn new(text: &str) -> Result<Self, WrongFilter> {
        let wrong = || WrongFilter(text.chars().take(128).collect());
        if text.is_empty() || text.len() > 65_535 || text.contains('\0') {
            return Err(wrong());
        }
        let mut segments = text.split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let wild = segment.contains(['+', '#']);
            if wild && !(segment == "+" || (segment == "#" && last)) {
                return Err(wrong());
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether a topic is covered.
    pub fn covers(&self, topic: &str) -> bool {
        // Topics of the broker's own are not meant by wildcards (MQTT 3.1.1, 4.7.2).
        if topic.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let mut topic_segments = topic.split('/');
        for filter in self.0.split('/') {
            match (filter, topic_segments.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (exact, Some(segment)) if exact == segment => {}
                _ => return false,
            }
        }
        topic_segments.next().is_none()
    }

    /// The filter as it is written; without the `$share/{group}/` that only the broker reads.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The filter as topics are held against it.
    #[must_use]
    pub fn without_share(&self) -> Self {
        let mut segments = self.0.splitn(3, '/');
        match (segments.next(), segments.next(), segments.next()) {
            (Some("$share"), Some(_), Some(rest)) => Self(rest.to_owned()),
            _ => self.clone(),
        }
    }
}

impl TryFrom<String> for TopicFilter {
    type Error = WrongFilter;
    fn try_from(text: String) -> Result<Self, WrongFilter> {
        Self::new(&text)
    }
}

impl From<TopicFilter> for String {
    fn from(filter: TopicFilter) -> Self {
        filter.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_what_mqtt_says() {
        let covers = |filter: &str, topic: &str| TopicFilter::new(filter).unwrap().covers(topic);
        assert!(covers(
            "firemain/v1/+/telemetry",
            "firemain/v1/TR-1/telemetry"
        ));
        assert!(!covers(
            "firemain/v1/+/telemetry",
            "firemain/v1/TR-1/status"
        ));
        assert!(!covers(
            "firemain/v1/+/telemetry",
            "firemain/v1/TR-1/telemetry/x"
        ));
        assert!(covers("spBv1.0/#", "spBv1.0/a/b/c"));
        assert!(covers("a/#", "a"));
        assert!(!covers("a/+", "a"));
        assert!(
            covers("#", "a/b") && !covers("#", "$SYS/uptime") && covers("$SYS/#", "$SYS/uptime")
        );
        let shared = TopicFilter::new("$share/g/a/+").unwrap();
        assert!(shared.without_share().covers("a/b"));
        for wrong in ["", "a/b+", "#/a", "a#"] {
            assert!(TopicFilter::new(wrong).is_err(), "{wrong}");
        }
    }
}
