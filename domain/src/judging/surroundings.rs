//! What the neighbours of a source say: whether the water around it is calm.
//!
//! The nearest three to eight sound hydrants of the same zone that report are held against what is
//! usual at each. With fewer than three, or too few that have learned it, nothing is calm.

use super::pulse::Pulse;
use super::world::World;
use crate::source::Source;
use crate::time::Timestamp;

/// Neighbours that must be known before anything is calm.
const LEAST: usize = 3;
/// Neighbours asked, the nearest.
const MOST: usize = 8;
/// From so many on one may be off, and it still is calm: it may be sick itself.
const ONE_MAY_BE_OFF: usize = 5;
/// Within so many σ a neighbour is calm.
const CALM_SIGMAS: f64 = 3.0;

/// How the water around a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calm {
    /// Too few neighbours report, or too few have learned what is usual.
    Unknown,
    /// All neighbours are within 3 σ of what is usual; of five or more one may be off.
    Calm,
    /// A neighbour is down by more than 3 σ, or too many are off.
    Moving,
}

/// What the neighbours of a source say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surroundings {
    calm: Calm,
    any_down: bool,
    reporting: usize,
    moved_kpa: [f32; MOST],
}

impl Surroundings {
    fn of(neighbours: &[Pulse]) -> Self {
        let sigmas: Vec<f64> = neighbours.iter().filter_map(Pulse::sigmas).collect();
        // Whether the newest is a spike is not known yet: it may be the water.
        let doubted = neighbours.iter().filter_map(Pulse::doubted_sigmas);
        let any_down = sigmas
            .iter()
            .copied()
            .chain(doubted)
            .any(|s| s < -CALM_SIGMAS);
        let off = sigmas.iter().filter(|s| s.abs() > CALM_SIGMAS).count();
        let may_be_off = usize::from(sigmas.len() >= ONE_MAY_BE_OFF);
        let calm = if any_down {
            Calm::Moving
        } else if sigmas.len() < LEAST {
            Calm::Unknown
        } else if off <= may_be_off {
            Calm::Calm
        } else {
            Calm::Moving
        };
        let mut moved_kpa = [0.0; MOST];
        for (moved, pulse) in moved_kpa.iter_mut().zip(neighbours) {
            *moved = pulse.moved;
        }
        Self {
            calm,
            any_down,
            reporting: neighbours.len(),
            moved_kpa,
        }
    }

    /// How the water around is.
    pub const fn calm(&self) -> Calm {
        self.calm
    }

    /// Whether a neighbour is down by more than 3 σ: then it is the water.
    pub const fn any_down(&self) -> bool {
        self.any_down
    }

    /// How many neighbours report, of the nearest eight.
    pub const fn reporting(&self) -> usize {
        self.reporting
    }

    /// How many neighbours moved by `kpa` or more within the last 1.5 to 3 h.
    pub fn moved(&self, kpa: f64) -> usize {
        let neighbours = &self.moved_kpa[..self.reporting];
        neighbours
            .iter()
            .filter(|moved| f64::from(**moved) >= kpa)
            .count()
    }
}

impl World {
    /// What the neighbours of a source say of the water at `at`: the nearest three to eight sound
    /// hydrants of its zone whose newest reading is within two of their intervals of it. One that is
    /// being drawn from is no witness. Costs a search: not for every sample.
    pub fn surroundings(&self, index: u32, source: &Source, at: Timestamp) -> Surroundings {
        let pulse = |other: u32| self.pulses.get(other as usize);
        let witness = |other: u32| {
            other != index && pulse(other).is_some_and(|p| p.sound && !p.drawing && p.is_near(at))
        };
        let zone = source.zone.as_ref();
        let nearest = self.places.nearest(zone, source.position, MOST, witness);
        let neighbours: Vec<Pulse> = nearest.into_iter().filter_map(pulse).copied().collect();
        Surroundings::of(&neighbours)
    }

    /// How much the pressure of the nearest sound hydrants of a source's zone changed in a night since
    /// each was commissioned, kPa.
    pub fn night_changes(&self, index: u32, source: &Source, night: i32) -> Vec<f32> {
        let change = |other: u32| {
            let pulse = self.pulses.get(other as usize).filter(|p| p.sound)?;
            let (of, change) = pulse.night?;
            (of == night).then_some(change)
        };
        let witness = |other: u32| other != index && change(other).is_some();
        let zone = source.zone.as_ref();
        let nearest = self.places.nearest(zone, source.position, MOST, witness);
        nearest.into_iter().filter_map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse(sigmas: Option<f32>) -> Pulse {
        Pulse::for_tests(
            200.0 + sigmas.unwrap_or(0.0) * 5.0,
            sigmas.map(|_| 200.0),
            5.0,
        )
    }

    #[test]
    fn calm_needs_three_that_know_and_of_five_one_may_be_off() {
        use super::Calm::{Calm as Still, Moving, Unknown};
        let known = |sigmas: &[f32]| sigmas.iter().map(|s| pulse(Some(*s))).collect::<Vec<_>>();
        let cases: [(&[f32], Calm); 9] = [
            (&[], Unknown),
            (&[0.0, 1.0], Unknown),
            (&[0.0, 1.0, -2.9], Still),
            (&[0.0, 1.0, 3.5], Moving),
            (&[0.0, 1.0, 2.0, 3.5], Moving),
            (&[0.0, 1.0, 2.0, -1.0, 3.5], Still),
            (&[0.0, 1.0, 2.0, 3.2, 3.5], Moving),
            (&[0.0, 1.0, 2.0, -1.0, -3.5], Moving),
            (&[-3.5], Moving),
        ];
        for (sigmas, calm) in cases {
            assert_eq!(Surroundings::of(&known(sigmas)).calm(), calm, "{sigmas:?}");
        }
        let mut unlearned = known(&[0.0, 1.0]);
        unlearned.extend([pulse(None); 6]);
        let around = Surroundings::of(&unlearned);
        assert_eq!((around.calm(), around.reporting()), (Unknown, 8));
        assert!(!around.any_down());
    }

    #[test]
    fn those_that_moved_are_counted() {
        let mut neighbours = [pulse(None); 3];
        neighbours[0].moved = 20.0;
        neighbours[2].moved = 35.0;
        let around = Surroundings::of(&neighbours);
        assert_eq!((around.moved(20.0), around.moved(30.0)), (2, 1));
        assert_eq!(Surroundings::of(&[]).moved(0.0), 0);
    }
}
