//! A unit's outline, prepared: its edges lie in bands of latitude, so that asking whether it holds a
//! place looks at a handful of them.

use geo::{BoundingRect, GeodesicArea, LinesIter, MultiPolygon};

/// Bands at most.
const MOST_BANDS: usize = 4_096;

/// An outline, prepared.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Lowest longitude and latitude.
    pub low: [f64; 2],
    /// Highest longitude and latitude.
    pub high: [f64; 2],
    bands_per_degree: f64,
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

/// An edge from its lower to its higher end: two neighbours share it to the last bit, so that a place
/// on their border belongs to one of them.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: [f64; 2],
    to: [f64; 2],
}

impl Shape {
    /// Of polygons; `None` if they hold nothing.
    pub fn of(polygons: &MultiPolygon) -> Option<Self> {
        let bounds = polygons.bounding_rect()?;
        let (low, high) = (bounds.min(), bounds.max());
        let edges: Vec<Edge> = polygons
            .lines_iter()
            .map(|line| ([line.start.x, line.start.y], [line.end.x, line.end.y]))
            .filter(|(a, b)| a[1] != b[1])
            .map(|(a, b)| if a[1] < b[1] { (a, b) } else { (b, a) })
            .map(|(from, to)| Edge { from, to })
            .collect();
        let height = high.y - low.y;
        if edges.is_empty() || height <= 0.0 {
            return None;
        }
        let bands = (edges.len() / 2).clamp(1, MOST_BANDS);
        let mut shape = Self {
            low: [low.x, low.y],
            high: [high.x, high.y],
            bands_per_degree: bands as f64 / height,
            starts: vec![0; bands + 1],
            edges: Vec::new(),
        };
        shape.sort_in(&edges, bands);
        Some(shape)
    }

    fn sort_in(&mut self, edges: &[Edge], bands: usize) {
        let span = |edge: &Edge| self.band(edge.from[1], bands)..=self.band(edge.to[1], bands);
        let mut counts = vec![0_u32; bands];
        for edge in edges {
            for band in span(edge) {
                counts[band] += 1;
            }
        }
        let mut starts = vec![0; bands + 1];
        for band in 0..bands {
            starts[band + 1] = starts[band] + counts[band];
        }
        let nothing = Edge {
            from: [0.0; 2],
            to: [0.0; 2],
        };
        let mut sorted = vec![nothing; starts[bands] as usize];
        let mut next = starts.clone();
        for edge in edges {
            for band in span(edge) {
                sorted[next[band] as usize] = *edge;
                next[band] += 1;
            }
        }
        (self.starts, self.edges) = (starts, sorted);
    }

    fn band(&self, lat: f64, bands: usize) -> usize {
        (((lat - self.low[1]) * self.bands_per_degree).max(0.0) as usize).min(bands - 1)
    }

    /// Whether it holds a place. What lies on a border belongs to one side of it.
    pub fn holds(&self, lon: f64, lat: f64) -> bool {
        let within = self.low[0] <= lon && lon <= self.high[0];
        if !within || lat < self.low[1] || lat > self.high[1] {
            return false;
        }
        let band = self.band(lat, self.starts.len() - 1);
        let edges = &self.edges[self.starts[band] as usize..self.starts[band + 1] as usize];
        let left_of = |edge: &&Edge| {
            let ([x1, y1], [x2, y2]) = (edge.from, edge.to);
            y1 <= lat && lat < y2 && lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1
        };
        edges.iter().filter(left_of).count() % 2 == 1
    }
}

/// The area of polygons on the ellipsoid, m².
pub fn area_m2(polygons: &MultiPolygon) -> f64 {
    polygons.geodesic_area_unsigned()
}
