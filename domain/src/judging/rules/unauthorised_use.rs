//! UNAUTHORISED_USE: water is drawn, and nobody has a fire or a permit for it.
//!
//! It is asked at once ("does it belong to a fire?"), as an entry in the list; it pages when nobody
//! has answered by opening an incident or granting a permit.

use serde::{Deserialize, Serialize};

use super::ms;
use crate::judging::outcome::Severity;

/// Water drawn without a fire or a permit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnauthorisedUse {
    /// How long after the question it pages, s.
    pub page_after_s: u32,
}

impl Default for UnauthorisedUse {
    fn default() -> Self {
        Self { page_after_s: 900 }
    }
}

impl UnauthorisedUse {
    /// How long after the question it pages, ms.
    pub const fn page_after_ms(&self) -> i64 {
        ms(self.page_after_s)
    }

    /// How bad it is after so long.
    pub const fn severity(&self, asked_for_ms: i64) -> Severity {
        if asked_for_ms >= self.page_after_ms() {
            Severity::Major
        } else {
            Severity::Minor
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_question_for_a_quarter_of_an_hour_and_then_a_page() {
        let rule = UnauthorisedUse::default();
        for (minutes, severity) in [
            (0, Severity::Minor),
            (14, Severity::Minor),
            (15, Severity::Major),
            (600, Severity::Major),
        ] {
            assert_eq!(rule.severity(minutes * 60_000), severity, "{minutes}");
        }
    }
}
