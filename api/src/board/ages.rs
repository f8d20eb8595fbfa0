//! After how many intervals without data evidence is too old: as configured, or as people set it for
//! all sources, a kind, or one.

use std::collections::HashMap;

use firemain_domain::judging::RuleScope;
use firemain_domain::judging::rules::{RuleBook, Stale};
use firemain_domain::source::{KindName, Source, SourceCode};

/// Intervals of each kind, and of the sources for which rules of their own are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ages {
    kinds: [u8; 3],
    sources: HashMap<SourceCode, u8>,
}

impl Ages {
    /// The same for all.
    pub(super) fn all(stale: &Stale) -> Self {
        Self {
            kinds: [stale.verdict_intervals; 3],
            sources: HashMap::new(),
        }
    }

    /// As a book of rules has them.
    pub(crate) fn of(book: &RuleBook) -> Self {
        let mut kinds = [0; 3];
        for kind in KindName::ALL {
            kinds[kind as usize] = book.of_kind(kind).stale.verdict_intervals;
        }
        let own = book.set().iter().filter_map(|(scope, parameters)| {
            let RuleScope::Source(code) = scope else {
                return None;
            };
            let set = parameters
                .get("stale")?
                .get("verdict_intervals")?
                .as_u64()?;
            Some((code.clone(), u8::try_from(set).ok()?))
        });
        Self {
            kinds,
            sources: own.collect(),
        }
    }

    /// Intervals after which evidence of a source is too old.
    pub(super) fn intervals(&self, source: &Source) -> u8 {
        let own = if self.sources.is_empty() {
            None
        } else {
            self.sources.get(&source.code)
        };
        *own.unwrap_or(&self.kinds[source.kind_name() as usize])
    }
}
