//! Which sources stand near each other in one pressure zone, found without looking at all of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::Position;

/// The side of a cell, degrees: some 550 m of latitude.
const CELL_DEG: f64 = 0.005;
/// Metres in a degree of latitude, a little fewer than there are, so that no cell is missed.
const METRES_PER_DEG: f64 = 110_000.0;

/// How far away neighbours are sought, m, wider and wider.
const SOUGHT_M: [f64; 5] = [300.0, 600.0, 1_200.0, 2_400.0, 4_800.0];

type Cell = (i32, i32);
type Cells = HashMap<Cell, Vec<(u32, Position)>>;

/// Sources by zone and place.
#[derive(Clone, Debug, Default)]
pub struct Neighbourhood {
    zones: HashMap<Arc<str>, Cells>,
}

impl Neighbourhood {
    /// Enters a source; one without a zone has no neighbours.
    pub fn insert(&mut self, index: u32, zone: Option<&Arc<str>>, position: Position) {
        if let Some(zone) = zone {
            let cells = self.zones.entry(zone.clone()).or_default();
            cells
                .entry(cell(position))
                .or_default()
                .push((index, position));
        }
    }

    /// Takes a source out, as it was entered.
    pub fn remove(&mut self, index: u32, zone: Option<&Arc<str>>, position: Position) {
        let Some(zone) = zone else { return };
        let Some(cells) = self.zones.get_mut(zone) else {
            return;
        };
        if let Some(here) = cells.get_mut(&cell(position)) {
            here.retain(|(i, _)| *i != index);
            if here.is_empty() {
                cells.remove(&cell(position));
            }
        }
        if cells.is_empty() {
            self.zones.remove(zone);
        }
    }

    /// All sources of a zone, in no order.
    pub fn all(&self, zone: &str) -> impl Iterator<Item = u32> {
        let cells = self.zones.get(zone).into_iter().flatten();
        cells.flat_map(|(_, here)| here.iter().map(|(index, _)| *index))
    }

    /// Whether another source than `index` stands within `reach_m` in the zone.
    pub fn any(&self, index: u32, zone: Option<&Arc<str>>, at: Position, reach_m: f64) -> bool {
        self.within(zone, at, reach_m).any(|other| other != index)
    }

    /// The nearest sources of the zone, up to `most` of those that `counts` finds fit, the nearest
    /// first; none beyond 4.8 km.
    pub fn nearest(
        &self,
        zone: Option<&Arc<str>>,
        at: Position,
        most: usize,
        counts: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut found: Vec<(f64, u32)> = Vec::new();
        for reach_m in SOUGHT_M {
            found.clear();
            found.extend(
                self.placed(zone, at, reach_m)
                    .filter(|(_, index)| counts(*index)),
            );
            if found.len() >= most {
                break;
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        found.truncate(most);
        found.into_iter().map(|(_, index)| index).collect()
    }

    /// The sources of the zone within `reach_m`, in no order.
    pub fn within(
        &self,
        zone: Option<&Arc<str>>,
        at: Position,
        reach_m: f64,
    ) -> impl Iterator<Item = u32> {
        self.placed(zone, at, reach_m).map(|(_, index)| index)
    }

    /// The same, each with its distance, m.
    fn placed(
        &self,
        zone: Option<&Arc<str>>,
        at: Position,
        reach_m: f64,
    ) -> impl Iterator<Item = (f64, u32)> {
        let cells = zone.and_then(|zone| self.zones.get(zone));
        let (lat, lon) = cell(at);
        let lat_reach = (reach_m / METRES_PER_DEG / CELL_DEG).ceil() as i32;
        let narrow = at.lat.to_radians().cos().max(0.01);
        let lon_reach = (reach_m / METRES_PER_DEG / narrow / CELL_DEG).ceil() as i32;
        let rows = lat - lat_reach..=lat + lat_reach;
        let around = rows.flat_map(move |row| {
            (lon - lon_reach..=lon + lon_reach).map(move |column| (row, column))
        });
        cells.into_iter().flat_map(move |cells| {
            around
                .clone()
                .filter_map(|cell| cells.get(&cell))
                .flatten()
                .map(move |(index, position)| (position.distance_m(&at), *index))
                .filter(move |(distance_m, _)| *distance_m <= reach_m)
        })
    }
}

fn cell(position: Position) -> Cell {
    let number = |deg: f64| (deg / CELL_DEG).floor() as i32;
    (number(position.lat), number(position.lon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_of_the_zone_within_reach_are_neighbours() {
        let zone = |name: &str| Arc::<str>::from(name);
        let at = |lat: f64, lon: f64| Position { lat, lon };
        let mut places = Neighbourhood::default();
        places.insert(0, Some(&zone("A")), at(21.0300, 105.8500));
        places.insert(1, Some(&zone("A")), at(21.0325, 105.8500));
        places.insert(2, Some(&zone("A")), at(21.0330, 105.8500));
        places.insert(3, Some(&zone("B")), at(21.0301, 105.8500));
        places.insert(4, None, at(21.0301, 105.8500));
        places.insert(5, Some(&zone("A")), at(21.0300, 105.8475));
        let near = |places: &Neighbourhood| {
            let from = at(21.0300, 105.8500);
            let mut near: Vec<_> = places.within(Some(&zone("A")), from, 300.0).collect();
            near.sort_unstable();
            near
        };
        assert_eq!(near(&places), [0, 1, 5]);
        places.remove(1, Some(&zone("A")), at(21.0325, 105.8500));
        assert_eq!(near(&places), [0, 5]);
        assert!(!places.any(3, Some(&zone("B")), at(21.03, 105.85), 300.0));
    }

    #[test]
    fn the_nearest_that_count_are_found_however_far_they_stand() {
        let zone = Arc::<str>::from("A");
        let at = |metres: f64| Position {
            lat: 21.03 + metres / 111_195.0,
            lon: 105.85,
        };
        let mut places = Neighbourhood::default();
        for (index, metres) in [(0, 0.0), (1, 900.0), (2, 100.0), (3, 2_000.0), (4, 100.0)] {
            places.insert(index, Some(&zone), at(metres));
        }
        let nearest = |most| places.nearest(Some(&zone), at(0.0), most, |index| index != 0);
        assert_eq!(nearest(3), [2, 4, 1]);
        assert_eq!(nearest(8), [2, 4, 1, 3]);
        assert!(places.nearest(None, at(0.0), 8, |_| true).is_empty());
    }
}
