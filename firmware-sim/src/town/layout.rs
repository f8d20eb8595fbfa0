//! Streets and mains: a grid with jitter, arterials every third street, a pumping station at the
//! middle and a weaker city main that helps out when the pumps stand still.

use std::sync::Arc;

use epanet_rs::error::InputError;
use epanet_rs::model::network::Network;
use epanet_rs::model::options::HeadlossFormula;
use epanet_rs::model::units::FlowUnits;

use super::character::{Character, Feed};
use super::feed::{self, junction, pipe};
use super::{TownError, TownSettings, Zone};
use crate::noise::{between, draw};
use crate::water::Mains;

/// More zones than this share their networks' shapes.
const SHAPES: usize = 24;
const BLOCK_M: f64 = 118.0;
const GAP_M: f64 = 260.0;
/// Mean demand of the homes along one block of street, L/s: about a hundred people.
const STREET_LPS: f64 = 0.26;

/// One network's shape.
pub(super) struct Shape {
    pub(super) mains: Mains,
    pub(super) hydrants: Vec<HydrantPlace>,
    /// Side of the square it covers, m.
    pub(super) side_m: f64,
    pub(super) character: Character,
}

/// Where a hydrant stands in its network.
#[derive(Clone, Copy, Debug)]
pub(super) struct HydrantPlace {
    pub(super) node: usize,
    pub(super) x_m: f64,
    pub(super) y_m: f64,
    /// Street: row or column number and whether it is a column.
    pub(super) street: (usize, bool),
    /// House number.
    pub(super) number: usize,
    pub(super) diameter_mm: f64,
}

/// Makes the networks and lays the zones out over the town.
pub(super) fn zones(settings: &TownSettings) -> Result<(Vec<Shape>, Vec<Zone>), TownError> {
    let count = settings.zone_count();
    let largest = settings.hydrants.div_ceil(count);
    let shapes = (0..count.min(SHAPES))
        .map(|i| {
            let character = Character::of(i, settings.varied);
            shape(draw(settings.seed, 31, i as u64), largest, character)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut zones = Vec::with_capacity(count);
    let mut first_source = 0;
    let columns = (count as f64).sqrt().ceil() as usize;
    for zone in 0..count {
        let mains = zone % shapes.len();
        let hydrants = settings.hydrants / count + usize::from(zone < settings.hydrants % count);
        let pitch = shapes[0].side_m + GAP_M;
        let from_middle = |n: usize| (n as f64 - (columns - 1) as f64 / 2.0) * pitch;
        let intermittent = zone + settings.intermittent_zones >= count;
        zones.push(Zone {
            name: format!(
                "KV-{:0width$}",
                zone + 1,
                width = if count < 100 { 2 } else { 4 }
            )
            .into(),
            mains,
            seed: draw(settings.seed, 32, zone as u64),
            hydrant_nodes: shapes[mains].hydrants[..hydrants]
                .iter()
                .map(|h| h.node)
                .collect::<Arc<[_]>>(),
            first_source,
            origin_m: (from_middle(zone % columns), from_middle(zone / columns)),
            supply_schedule: if intermittent {
                "05:00-09:00,16:00-23:00".parse().ok()
            } else {
                None
            },
        });
        first_source += hydrants;
    }
    Ok((shapes, zones))
}

/// One block of street.
struct Block {
    from: (usize, usize),
    to: (usize, usize),
    street: (usize, bool),
    rank: u64,
}

fn shape(seed: u64, hydrants: usize, character: Character) -> Result<Shape, TownError> {
    let mut side = 3_usize;
    let room = |side: usize| {
        if character.branched {
            side * side - 1
        } else {
            2 * side * (side - 1)
        }
    };
    while room(side) < hydrants + hydrants / 10 {
        side += 1;
    }
    let mut blocks = blocks(seed, side);
    if character.branched {
        blocks = tree(seed, side, blocks);
    }
    blocks.sort_by_key(|b| b.rank);
    let side_m = (side - 1) as f64 * BLOCK_M;
    build(seed, side, &blocks, hydrants, character)
        .map_err(|error| TownError::Network(format!("a generated network is not valid: {error}")))
        .and_then(|(network, hydrants)| {
            let mains = Mains::new(network).map_err(|error| {
                TownError::Network(format!("a generated network cannot be solved: {error}"))
            })?;
            Ok(Shape {
                mains,
                hydrants,
                side_m,
                character,
            })
        })
}

fn blocks(seed: u64, side: usize) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(2 * side * side);
    for line in 0..side {
        for step in 0..side - 1 {
            let rank = |column: u64| draw(seed, 33, (line * side + step) as u64 * 2 + column);
            blocks.push(Block {
                from: (step, line),
                to: (step + 1, line),
                street: (line, false),
                rank: rank(0),
            });
            blocks.push(Block {
                from: (line, step),
                to: (line, step + 1),
                street: (line, true),
                rank: rank(1),
            });
        }
    }
    blocks
}

/// Of all blocks those that make a tree over all corners, the widest mains first.
fn tree(seed: u64, side: usize, mut blocks: Vec<Block>) -> Vec<Block> {
    let width = |b: &Block| diameter_mm(seed, b.street, side) as u32;
    blocks.sort_by_key(|b| (std::cmp::Reverse(width(b)), b.rank));
    let mut trunk: Vec<usize> = (0..side * side).collect();
    blocks.retain(|block| {
        let corner = |at: (usize, usize)| at.0 * side + at.1;
        let (a, b) = (
            root(&mut trunk, corner(block.from)),
            root(&mut trunk, corner(block.to)),
        );
        trunk[a] = b;
        a != b
    });
    blocks
}

/// The corner that stands for all that are joined to `corner`.
fn root(trunk: &mut [usize], mut corner: usize) -> usize {
    while trunk[corner] != corner {
        trunk[corner] = trunk[trunk[corner]];
        corner = trunk[corner];
    }
    corner
}

fn diameter_mm(seed: u64, street: (usize, bool), side: usize) -> f64 {
    if street.0 == side / 2 {
        300.0
    } else if street.0.is_multiple_of(3) {
        200.0
    } else if draw(seed, 34, street.0 as u64 * 2 + u64::from(street.1)).is_multiple_of(3) {
        150.0
    } else {
        100.0
    }
}

fn build(
    seed: u64,
    side: usize,
    blocks: &[Block],
    hydrants: usize,
    character: Character,
) -> Result<(Network, Vec<HydrantPlace>), InputError> {
    let mut network = Network::new(FlowUnits::LPS, HeadlossFormula::HazenWilliams);
    let middle = (side - 1) as f64 * BLOCK_M / 2.0;
    let at = |(x, y): (usize, usize)| {
        let jitter = |what: u64| between(draw(seed, what, (x * 1_000 + y) as u64), -14.0, 14.0);
        (
            x as f64 * BLOCK_M - middle + jitter(35),
            y as f64 * BLOCK_M - middle + jitter(36),
        )
    };
    // Where the pressure just suffices, the ground is as flat as the delta.
    let steepest = if character.feed == Feed::EndOfLine {
        0.000_8
    } else {
        0.004
    };
    let (slope_x, slope_y) = (
        between(draw(seed, 37, 0), -steepest, steepest),
        between(draw(seed, 37, 1), -steepest, steepest),
    );
    let ground = |x: f64, y: f64, which: u64| {
        6.5 + slope_x * x + slope_y * y + between(draw(seed, 38, which), -0.4, 0.4)
    };
    for x in 0..side {
        for y in 0..side {
            let (x_m, y_m) = at((x, y));
            junction(
                &mut network,
                &format!("N{x}-{y}"),
                (x_m, y_m),
                ground(x_m, y_m, (x * 1_000 + y) as u64),
                0.05,
            )?;
        }
    }
    let mut places = Vec::with_capacity(hydrants);
    for (i, block) in blocks.iter().enumerate() {
        let (a, b) = (at(block.from), at(block.to));
        let length = (a.0 - b.0).hypot(a.1 - b.1);
        let diameter = diameter_mm(seed, block.street, side);
        let id = |n: (usize, usize)| format!("N{}-{}", n.0, n.1);
        let part = between(draw(seed, 39, i as u64), 0.35, 0.65);
        let (x_m, y_m) = (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part);
        let name = format!("H{i}");
        let node = network.nodes.len();
        junction(
            &mut network,
            &name,
            (x_m, y_m),
            ground(x_m, y_m, 5_000_000 + i as u64),
            STREET_LPS,
        )?;
        pipe(
            &mut network,
            &format!("P{i}a"),
            (&id(block.from), &name),
            length * part,
            diameter,
            false,
        )?;
        pipe(
            &mut network,
            &format!("P{i}b"),
            (&name, &id(block.to)),
            length * (1.0 - part),
            diameter,
            false,
        )?;
        if i < hydrants {
            let number = (if block.street.1 {
                block.from.1
            } else {
                block.from.0
            }) * 24
                + (part * 24.0) as usize
                + 1;
            places.push(HydrantPlace {
                node,
                x_m,
                y_m,
                street: block.street,
                number,
                diameter_mm: diameter,
            });
        }
    }
    let entry = format!("N{}-{}", side / 2, side / 2);
    let mean_lps = blocks.len() as f64 * STREET_LPS + (side * side) as f64 * 0.05;
    feed::lay(&mut network, seed, character.feed, &entry, mean_lps)?;
    Ok((network, places))
}
