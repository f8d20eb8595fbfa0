//! Scopes in paths: `all`, `kind:tank`, `source:TR-0412`.

use firemain_domain::judging::RuleScope;
use firemain_domain::source::KindName;

use crate::http::problem::{Problem, ProblemKind};

/// The scope of that name.
pub(super) fn read(text: &str) -> Result<RuleScope, Problem> {
    if text == "all" {
        return Ok(RuleScope::All);
    }
    if let Some(name) = text.strip_prefix("kind:") {
        let kind = KindName::ALL.into_iter().find(|kind| kind.name() == name);
        return kind.map(RuleScope::Kind).ok_or_else(|| {
            wrong("there is no such kind: write kind:hydrant, kind:tank or kind:draw_point")
        });
    }
    match text.strip_prefix("source:") {
        Some(code) if (1..=64).contains(&code.chars().count()) => {
            Ok(RuleScope::Source(code.into()))
        }
        _ => Err(wrong(
            "a scope is `all`, `kind:hydrant`, `kind:tank`, `kind:draw_point`, or `source:` and a code",
        )),
    }
}

fn wrong(text: &str) -> Problem {
    Problem::new(ProblemKind::InvalidParameter, text)
}
