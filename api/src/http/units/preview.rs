//! What a map would do: which sources move from where to where, and which lie in none.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use firemain_domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::board::Board;
use crate::units::{Ground, UnitMap, UnitOf, unit_on};

/// Codes told of each move, and of what lies outside.
const MOST_CODES: usize = 1_000;

/// Sources that go from one unit to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Move {
    /// Where they belong on the day before; `null`: nowhere.
    #[schema(example = "Phường Hàng Bạc")]
    pub from: Option<String>,
    /// Where they will belong; `null`: nowhere.
    #[schema(example = "Phường Hoàn Kiếm")]
    pub to: Option<String>,
    /// How many.
    pub sources: usize,
    /// Their codes, the first thousand.
    pub codes: Vec<String>,
}

/// What a map would do to the sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Moves {
    /// Sources that stay in their unit.
    pub staying: usize,
    /// Sources that move.
    pub moving: usize,
    /// From where to where, the most sources first.
    pub moves: Vec<Move>,
    /// Sources that lie in no unit of the map.
    pub outside: usize,
    /// Their codes, the first thousand.
    pub outside_codes: Vec<String>,
}

/// The units that sources leave and come to.
type FromTo = (Option<String>, Option<String>);

/// What becomes of the board's sources when `map` takes effect.
pub fn moves(board: &Board, map: &UnitMap) -> Moves {
    let eve: Timestamp = map.version.valid_from.plus_ms(-1);
    let before = board.units().map_at(eve);
    let mut moves = Moves::default();
    let mut by_pair: BTreeMap<FromTo, (usize, Vec<String>)> = BTreeMap::new();
    board.visit(None, |view| {
        let source = view.source();
        let (from, to) = (
            unit_on(before.as_deref(), source),
            unit_on(Some(map), source),
        );
        if to.ground == Ground::Outside {
            moves.outside += 1;
            push(&mut moves.outside_codes, &source.code);
        }
        if same(&from, &to) {
            moves.staying += 1;
        } else {
            moves.moving += 1;
            let (count, codes) = by_pair.entry((named(&from), named(&to))).or_default();
            *count += 1;
            push(codes, &source.code);
        }
        ControlFlow::Continue(())
    });
    moves.moves = by_pair
        .into_iter()
        .map(|((from, to), (sources, codes))| Move {
            from,
            to,
            sources,
            codes,
        })
        .collect();
    moves
        .moves
        .sort_by_key(|one| std::cmp::Reverse(one.sources));
    moves
}

fn named(unit: &UnitOf) -> Option<String> {
    unit.name.as_deref().map(ToOwned::to_owned)
}

/// By code where both are on maps; a name that was only entered is the same unit under its name.
fn same(from: &UnitOf, to: &UnitOf) -> bool {
    match (&from.code, &to.code) {
        (Some(from), Some(to)) => from == to,
        _ => from.name == to.name,
    }
}

fn push(codes: &mut Vec<String>, code: &str) {
    if codes.len() < MOST_CODES {
        codes.push(code.to_owned());
    }
}
