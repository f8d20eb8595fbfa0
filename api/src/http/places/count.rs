//! Counting by name.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use firemain_domain::judging::Verdict;
use firemain_domain::source::Source;
use serde::Serialize;
use utoipa::ToSchema;

use crate::board::Board;
use crate::http::ask::Page;

/// How many sources stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Standings {
    /// Sources.
    pub sources: u32,
    /// Of them usable.
    pub usable: u32,
    /// Degraded.
    pub degraded: u32,
    /// Unknown.
    pub unknown: u32,
    /// Unusable.
    pub unusable: u32,
}

impl Standings {
    /// One more.
    pub const fn count(&mut self, verdict: Verdict) {
        self.sources += 1;
        *match verdict {
            Verdict::Usable => &mut self.usable,
            Verdict::Degraded => &mut self.degraded,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Unusable => &mut self.unusable,
        } += 1;
    }
}

/// A name, and how many sources of it stand how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceView {
    /// The name.
    #[schema(example = "DMA-07")]
    pub name: String,
    /// How many.
    #[serde(flatten)]
    pub standings: Standings,
}

/// The names that `name_of` finds, in order, all on one page.
pub fn by_name(board: &Board, name_of: impl Fn(&Arc<Source>) -> Option<&str>) -> Page<PlaceView> {
    let mut places: BTreeMap<String, Standings> = BTreeMap::new();
    board.visit(None, |view| {
        if let Some(name) = name_of(view.source()) {
            match places.get_mut(name) {
                Some(place) => place.count(view.verdict()),
                None => {
                    let mut place = Standings::default();
                    place.count(view.verdict());
                    places.insert(name.to_owned(), place);
                }
            }
        }
        ControlFlow::Continue(())
    });
    let named = |(name, standings)| PlaceView { name, standings };
    Page {
        items: places.into_iter().map(named).collect(),
        next: None,
    }
}
