//! The order of a round: the nearest next, then crossings undone (2-opt), as the crow flies.

use crate::source::Position;

/// Passes over the whole route at most; each that changes something makes it shorter.
const MOST_PASSES: usize = 100;
/// A gain below this is noise, m.
const LEAST_GAIN_M: f64 = 0.01;

/// The order in which to visit `stops` when one begins at `from`; it does not lead back.
pub fn order(from: Position, stops: &[Position]) -> Vec<usize> {
    let mut route = nearest_next(from, stops);
    for _ in 0..MOST_PASSES {
        if !undo_crossings(from, stops, &mut route) {
            break;
        }
    }
    route
}

fn nearest_next(from: Position, stops: &[Position]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..stops.len()).collect();
    let mut route = Vec::with_capacity(stops.len());
    let mut here = from;
    while !left.is_empty() {
        let far = |n: usize| here.distance_m(&stops[n]);
        let nearest = (0..left.len()).min_by(|a, b| far(left[*a]).total_cmp(&far(left[*b])));
        let next = left.remove(nearest.unwrap_or(0));
        here = stops[next];
        route.push(next);
    }
    route
}

/// Turns around every stretch that is shorter the other way; whether there was one.
fn undo_crossings(from: Position, stops: &[Position], route: &mut [usize]) -> bool {
    let mut shorter = false;
    for first in 0..route.len() {
        for last in first + 1..route.len() {
            let before = first.checked_sub(1).map_or(from, |n| stops[route[n]]);
            let (head, tail) = (stops[route[first]], stops[route[last]]);
            let mut gain_m = before.distance_m(&head) - before.distance_m(&tail);
            if let Some(after) = route.get(last + 1).map(|n| stops[*n]) {
                gain_m += tail.distance_m(&after) - head.distance_m(&after);
            }
            if gain_m > LEAST_GAIN_M {
                route[first..=last].reverse();
                shorter = true;
            }
        }
    }
    shorter
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(north: f64, east: f64) -> Position {
        Position {
            lat: 21.0 + north / 1_000.0,
            lon: 105.8 + east / 1_000.0,
        }
    }

    fn length_m(from: Position, stops: &[Position], route: &[usize]) -> f64 {
        let mut here = from;
        let mut sum = 0.0;
        for stop in route {
            sum += here.distance_m(&stops[*stop]);
            here = stops[*stop];
        }
        sum
    }

    #[test]
    fn a_street_is_walked_from_one_end_to_the_other() {
        let stops = [at(3.0, 0.0), at(1.0, 0.0), at(4.0, 0.0), at(2.0, 0.0)];
        assert_eq!(order(at(0.0, 0.0), &stops), [1, 3, 0, 2]);
        assert!(order(at(0.0, 0.0), &[]).is_empty());
    }

    #[test]
    fn where_the_nearest_next_doubles_back_the_other_way_around_is_taken() {
        // Nearest next: 1 km east, back to the west, east again, far west. Better: all of the east first.
        let stops = [at(0.0, 1.0), at(0.0, -1.2), at(0.0, 3.4), at(0.0, -9.0)];
        let from = at(0.0, 0.0);
        let greedy = nearest_next(from, &stops);
        let route = order(from, &stops);
        assert!(length_m(from, &stops, &route) < length_m(from, &stops, &greedy) - 100.0);
    }

    proptest! {
        #[test]
        fn every_stop_is_visited_once_and_no_way_is_longer_than_the_nearest_next(
            places in proptest::collection::vec((0.0..50.0, 0.0..50.0), 0..40),
        ) {
            let stops: Vec<Position> = places.into_iter().map(|(n, e)| at(n, e)).collect();
            let from = at(0.0, 0.0);
            let route = order(from, &stops);
            let mut sorted = route.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..stops.len()).collect::<Vec<_>>());
            let greedy = nearest_next(from, &stops);
            prop_assert!(length_m(from, &stops, &route) <= length_m(from, &stops, &greedy) + 0.01);
        }
    }
}
