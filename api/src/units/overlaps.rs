//! Where units of one map overlap: survey lines of neighbours seldom agree to the metre.

use geo::{BooleanOps, BoundingRect, ChamberlainDuquetteArea, MultiPolygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

/// What is less than this, m², is rounding of coordinates.
const LEAST_M2: f64 = 100.0;
/// Pairs that are compared, at most.
const MOST_PAIRS: usize = 200_000;

/// Two units that overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// The how-many-th unit.
    pub one: usize,
    /// And the other, after it.
    pub other: usize,
    /// How much, m².
    pub area_m2: f64,
    /// Of the smaller of both, 0 to 1.
    pub share: f64,
}

/// Every pair that overlaps, in their order.
pub fn find(units: &[MultiPolygon]) -> Vec<Overlap> {
    let boxes = units.iter().enumerate().filter_map(|(n, unit)| {
        let bounds = unit.bounding_rect()?;
        let corners = Rectangle::from_corners(
            [bounds.min().x, bounds.min().y],
            [bounds.max().x, bounds.max().y],
        );
        Some(GeomWithData::new(corners, n))
    });
    let boxes = RTree::bulk_load(boxes.collect());
    let mut pairs = Vec::new();
    for boxed in &boxes {
        let (one, corners) = (boxed.data, boxed.geom());
        let around = AABB::from_corners(corners.lower(), corners.upper());
        let others = boxes.locate_in_envelope_intersecting(around);
        pairs.extend(
            others
                .map(|b| b.data)
                .filter(|n| *n > one)
                .map(|n| (one, n)),
        );
    }
    pairs.sort_unstable();
    pairs.truncate(MOST_PAIRS);
    pairs
        .into_iter()
        .filter_map(|(one, other)| overlap(units, one, other))
        .collect()
}

fn overlap(units: &[MultiPolygon], one: usize, other: usize) -> Option<Overlap> {
    let (a, b) = (units.get(one)?, units.get(other)?);
    let area = |polygons: &MultiPolygon| polygons.chamberlain_duquette_unsigned_area();
    let area_m2 = area(&a.intersection(b));
    let smaller = area(a).min(area(b));
    (area_m2 >= LEAST_M2).then(|| Overlap {
        one,
        other,
        area_m2,
        share: (area_m2 / smaller).min(1.0),
    })
}
