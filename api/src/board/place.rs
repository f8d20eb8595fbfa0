//! Where sources stand, for the search by distance.
//!
//! A place is a point on the unit sphere: the straight line through the Earth orders as the way
//! along its surface does, so that the nearest is the nearest at any latitude and across the date
//! line. In 32 bits a place is kept to half a metre.

use firemain_domain::source::Position;
use rstar::{AABB, PointDistance, RTreeObject};

/// One source's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    at: [f32; 3],
    /// The source's slot.
    pub(super) index: u32,
}

impl Place {
    pub(super) fn new(position: Position, index: u32) -> Self {
        Self {
            at: Self::point(position),
            index,
        }
    }

    pub(super) fn point(position: Position) -> [f32; 3] {
        let (lat, lon) = (position.lat.to_radians(), position.lon.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()].map(|v| v as f32)
    }
}

impl RTreeObject for Place {
    type Envelope = AABB<[f32; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.at)
    }
}

impl PointDistance for Place {
    fn distance_2(&self, point: &[f32; 3]) -> f32 {
        self.envelope().distance_2(point)
    }
}
