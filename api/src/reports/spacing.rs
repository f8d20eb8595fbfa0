//! How far hydrants stand from the next: at most 150 m (QCVN 10:2025/BCA, H.1.4).

use firemain_domain::source::{KindName, Position};
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::Ground;
use super::sources::Lived;
use super::table::{Cell, Column, Section, figure, key};

/// Metres between two hydrants at most.
pub const MOST_M: f64 = 150.0;
/// Hydrants told one by one, the loneliest first.
const MOST_TOLD: usize = 1_000;
/// Candidates looked at around a hydrant: the tree's order is that of degrees squeezed to metres.
const LOOKED_AT: usize = 8;

const SUMMARY: &[Column] = &[
    figure("hydrants", ""),
    figure("beyond_150_m", ""),
    figure("beyond_share", "%"),
    figure("furthest_m", "m"),
];
const LONELY: &[Column] = &[
    key("code"),
    figure("next_code", ""),
    figure("distance_m", "m"),
];

type Point = GeomWithData<[f64; 2], u32>;

/// How many stand further from the next, and which.
pub fn sections(ground: &Ground<'_>) -> [Section; 2] {
    let hydrant = |lived: &&Lived| {
        let was = lived.was.as_ref();
        lived.serves() && was.is_some_and(|was| was.kind == KindName::Hydrant)
    };
    // Neighbours in other units count as neighbours.
    let all: Vec<(&Lived, Position)> = ground
        .sources
        .all()
        .iter()
        .filter(hydrant)
        .filter_map(|lived| Some((lived, lived.was.as_ref()?.position)))
        .collect();
    let squeeze = all.first().map_or(1.0, |(_, p)| p.lat.to_radians().cos());
    let point = |p: Position| [p.lon * squeeze, p.lat];
    let points = all.iter().enumerate();
    let points = points.map(|(n, (_, p))| Point::new(point(*p), n as u32));
    let tree = RTree::bulk_load(points.collect());
    let mut lonely = Vec::new();
    let (mut count, mut furthest) = (0_usize, None::<f64>);
    for (n, (lived, position)) in all.iter().enumerate() {
        if !lived.in_unit {
            continue;
        }
        count += 1;
        let around = tree.nearest_neighbor_iter(point(*position));
        let others = around
            .filter(|other| other.data as usize != n)
            .take(LOOKED_AT);
        let distances = others.map(|other| {
            let (other, there) = all[other.data as usize];
            (other, position.distance_m(&there))
        });
        let next = distances.min_by(|a, b| a.1.total_cmp(&b.1));
        let distance_m = next.map_or(f64::INFINITY, |(_, m)| m);
        if distance_m.is_finite() {
            furthest = Some(furthest.unwrap_or_default().max(distance_m));
        }
        if distance_m > MOST_M {
            lonely.push((*lived, next));
        }
    }
    let beyond = lonely.len();
    let far = |next: &Option<(&Lived, f64)>| next.map_or(f64::INFINITY, |(_, m)| m);
    lonely.sort_by(|a, b| far(&b.1).total_cmp(&far(&a.1)));
    let told = lonely.into_iter().take(MOST_TOLD).map(|(lived, next)| {
        vec![
            Cell::Text(lived.code.to_string()),
            next.map_or(Cell::Nothing, |(other, _)| {
                Cell::Text(other.code.to_string())
            }),
            Cell::number(next.map(|(_, m)| m.round())),
        ]
    });
    [
        Section {
            code: "hydrant_spacing",
            columns: SUMMARY,
            rows: vec![vec![
                Cell::count(count),
                Cell::count(beyond),
                Cell::share(beyond as f64, count as f64),
                Cell::number(furthest.map(f64::round)),
            ]],
        },
        Section {
            code: "hydrants_beyond_150_m",
            columns: LONELY,
            rows: told.collect(),
        },
    ]
}
