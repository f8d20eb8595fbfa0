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

/// A name, and how many sources of it stand how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceView {
    /// The name.
    #[schema(example = "Phường Hoàn Kiếm")]
    pub name: String,
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

/// The names that `name_of` finds, in order, all on one page.
pub fn by_name(board: &Board, name_of: impl Fn(&Arc<Source>) -> Option<&str>) -> Page<PlaceView> {
    let mut places: BTreeMap<String, PlaceView> = BTreeMap::new();
    board.visit(None, |view| {
        if let Some(name) = name_of(view.source()) {
            if !places.contains_key(name) {
                let place = PlaceView {
                    name: name.to_owned(),
                    ..PlaceView::default()
                };
                places.insert(name.to_owned(), place);
            }
            if let Some(place) = places.get_mut(name) {
                place.sources += 1;
                *match view.verdict() {
                    Verdict::Usable => &mut place.usable,
                    Verdict::Degraded => &mut place.degraded,
                    Verdict::Unknown => &mut place.unknown,
                    Verdict::Unusable => &mut place.unusable,
                } += 1;
            }
        }
        ControlFlow::Continue(())
    });
    Page {
        items: places.into_values().collect(),
        next: None,
    }
}
