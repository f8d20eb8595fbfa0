//! Routes: which alerts go to which team.

use serde::{Deserialize, Serialize};

use super::hours::{Shift, on_duty};
use crate::judging::{RuleName, Severity};
use crate::source::KindName;
use crate::time::Timestamp;

/// The highest step of escalation: the fire area team.
pub const MOST_LEVEL: u8 = 3;

/// From alerts to a team. What is left empty takes everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its id: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub id: String,
    /// For whom it is.
    #[serde(default)]
    pub audience: Audience,
    /// At which step: 0 at once; 1 shift lead; 2 water company and commune; 3 fire area team.
    #[serde(default)]
    pub level: u8,
    /// The team that is told.
    pub team: String,
    /// By which channels; each contact by those for which they have an address.
    pub channels: Vec<String>,
    /// Only of sources in these administrative units.
    #[serde(default)]
    pub units: Vec<String>,
    /// Only of sources of these kinds.
    #[serde(default)]
    pub kinds: Vec<KindName>,
    /// Only of these rules.
    #[serde(default)]
    pub rules: Vec<RuleName>,
    /// Only if at least so severe.
    #[serde(default = "major")]
    pub at_least: Severity,
    /// Only in these hours; without any: always.
    #[serde(default)]
    pub hours: Vec<Shift>,
}

const fn major() -> Severity {
    Severity::Major
}

/// For whom a route is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Those who mend and look after sources: pages and their escalation.
    #[default]
    Team,
    /// Command at a fire: what tells command.
    Command,
    /// Those who run firemain: alerts about `firemain:…` and about gateways.
    Operators,
}

/// What a route looks at.
#[derive(Clone, Copy, Debug)]
pub struct RouteFacts<'a> {
    /// For whom the notice is.
    pub audience: Audience,
    /// At which step of escalation.
    pub level: u8,
    /// The units of the sources it is about.
    pub units: &'a [String],
    /// Their kinds.
    pub kinds: &'a [KindName],
    /// The rule.
    pub rule: RuleName,
    /// The severity.
    pub severity: Severity,
    /// When.
    pub at: Timestamp,
}

impl Route {
    /// Whether it takes that.
    pub fn takes(&self, facts: &RouteFacts<'_>) -> bool {
        self.audience == facts.audience
            && self.level == facts.level
            && facts.severity >= self.at_least
            && (self.units.is_empty() || facts.units.iter().any(|unit| self.units.contains(unit)))
            && (self.kinds.is_empty() || facts.kinds.iter().any(|kind| self.kinds.contains(kind)))
            && (self.rules.is_empty() || self.rules.contains(&facts.rule))
            && on_duty(&self.hours, facts.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_what_all_of_its_conditions_take() {
        let route = Route {
            id: "r".into(),
            audience: Audience::Team,
            level: 0,
            team: "t".into(),
            channels: vec!["sms".into()],
            units: vec!["Hoàn Kiếm".into()],
            kinds: vec![KindName::Hydrant],
            rules: vec![RuleName::LowStatic],
            at_least: Severity::Major,
            hours: Vec::new(),
        };
        let units = ["Hoàn Kiếm".to_owned()];
        let facts = RouteFacts {
            audience: Audience::Team,
            level: 0,
            units: &units,
            kinds: &[KindName::Hydrant],
            rule: RuleName::LowStatic,
            severity: Severity::Major,
            at: Timestamp::from_ms(0),
        };
        assert!(route.takes(&facts));
        let other = ["Ba Đình".to_owned()];
        for refused in [
            RouteFacts {
                audience: Audience::Command,
                ..facts
            },
            RouteFacts { level: 1, ..facts },
            RouteFacts {
                units: &other,
                ..facts
            },
            RouteFacts {
                units: &[],
                ..facts
            },
            RouteFacts {
                kinds: &[KindName::Tank],
                ..facts
            },
            RouteFacts {
                rule: RuleName::Stale,
                ..facts
            },
            RouteFacts {
                severity: Severity::Minor,
                ..facts
            },
        ] {
            assert!(!route.takes(&refused), "{refused:?}");
        }
    }
}
